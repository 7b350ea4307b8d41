//! Asking a report and reading its answer as it comes: nothing of it is kept but what the caller looks at, so that a list
//! of a million rows costs the client no memory. Times count from before the request is sent.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

/// Longest wait for more of an answer.
const LIMIT: Duration = Duration::from_secs(120);
/// Bytes read at a time.
const READ: usize = 256 * 1024;
/// Longest head of an answer, and longest line before a chunk.
const MAX_HEAD: usize = 16 * 1024;

/// One keep-alive connection.
pub struct Asker {
    stream: TcpStream,
    address: SocketAddr,
    headers: String,
    buffer: Vec<u8>,
    filled: usize,
    read: usize,
}

/// What an answer took.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// Until its first byte behind the head was here.
    pub first_byte: Duration,
    /// Until its last one was.
    pub total: Duration,
    /// Bytes of its body.
    pub bytes: u64,
}

impl Asker {
    /// Connects; `headers` are whole lines.
    pub fn connect(address: SocketAddr, headers: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, LIMIT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        Ok(Self { stream, address, headers: headers.to_owned(), buffer: vec![0; READ], filled: 0, read: 0 })
    }

    /// Sends `GET path` and hands the body's bytes to `look` as they come; anything but a 200 is an error.
    pub fn ask(&mut self, path: &str, mut look: impl FnMut(&[u8])) -> anyhow::Result<Took> {
        (self.filled, self.read) = (0, 0);
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{}\r\n", self.address, self.headers);
        let start = Instant::now();
        self.stream.write_all(request.as_bytes())?;
        let (status, framing) = self.head()?;
        if self.read == self.filled {
            self.more()?;
        }
        let first_byte = start.elapsed();
        let mut bytes = 0;
        let mut refusal = Vec::new();
        let mut take = |piece: &[u8]| {
            bytes += piece.len() as u64;
            match status {
                200 => look(piece),
                _ => refusal.extend_from_slice(piece),
            }
        };
        match framing {
            Framing::Length(length) => self.exactly(length, &mut take)?,
            Framing::Chunked => loop {
                let size = self.chunk_size()?;
                self.exactly(size, &mut take)?;
                // The line end behind each chunk, the last one included.
                self.exactly(2, &mut |_| ())?;
                if size == 0 {
                    break;
                }
            },
        }
        let total = start.elapsed();
        ensure!(status == 200, "GET {path} answered {status}: {}", String::from_utf8_lossy(&refusal));
        Ok(Took { first_byte, total, bytes })
    }

    fn head(&mut self) -> anyhow::Result<(u16, Framing)> {
        loop {
            self.more()?;
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut head = httparse::Response::new(&mut headers);
            let parsed = head.parse(&self.buffer[..self.filled]).context("the answer is not HTTP")?;
            let httparse::Status::Complete(end) = parsed else {
                ensure!(self.filled < MAX_HEAD, "the answer's head is longer than {MAX_HEAD} bytes");
                continue;
            };
            let of = |name: &str| {
                let header = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
                header.and_then(|header| str::from_utf8(header.value).ok())
            };
            let framing = match of("content-length").and_then(|length| length.trim().parse().ok()) {
                Some(length) => Framing::Length(length),
                None => Framing::Chunked,
            };
            self.read = end;
            return Ok((head.code.unwrap_or(0), framing));
        }
    }

    /// Reads what has come, behind what is there; makes room first.
    fn more(&mut self) -> anyhow::Result<()> {
        if self.read > 0 {
            self.buffer.copy_within(self.read..self.filled, 0);
            self.filled -= self.read;
            self.read = 0;
        }
        let read = self.stream.read(&mut self.buffer[self.filled..]).context("cannot read the answer")?;
        ensure!(read > 0, "the connection was closed before the answer was complete");
        self.filled += read;
        Ok(())
    }

    fn exactly(&mut self, mut length: u64, take: &mut impl FnMut(&[u8])) -> anyhow::Result<()> {
        while length > 0 {
            if self.read == self.filled {
                self.more()?;
            }
            let here = length.min((self.filled - self.read) as u64);
            take(&self.buffer[self.read..self.read + here as usize]);
            self.read += here as usize;
            length -= here;
        }
        Ok(())
    }

    fn chunk_size(&mut self) -> anyhow::Result<u64> {
        loop {
            match httparse::parse_chunk_size(&self.buffer[self.read..self.filled]) {
                Ok(httparse::Status::Complete((line, size))) => {
                    self.read += line;
                    return Ok(size);
                }
                Ok(httparse::Status::Partial) => {
                    ensure!(self.filled - self.read < MAX_HEAD, "a chunk's line is too long");
                    self.more()?;
                }
                Err(_) => bail!("the answer's chunks are malformed"),
            }
        }
    }
}

enum Framing {
    Length(u64),
    Chunked,
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Answers one request with `pieces`, a pause between them, so that they come apart.
    fn answered(pieces: &'static [&'static str]) -> anyhow::Result<(String, Took)> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            let _ = stream.read(&mut [0; 1024]).unwrap();
            for piece in pieces {
                stream.write_all(piece.as_bytes()).unwrap();
                std::thread::yield_now();
            }
        });
        let mut text = String::new();
        let took = Asker::connect(address, "x-one: 1\r\n")?
            .ask("/x", |piece| text.push_str(str::from_utf8(piece).unwrap()));
        server.join().unwrap();
        Ok((text, took?))
    }

    #[test]
    fn chunks_and_lengths_are_read_to_their_end_however_they_come() {
        let whole =
            &["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"];
        let apart = &[
            "HTTP/1.1 200 OK\r\ntransfer-enc",
            "oding: chunked\r\n\r\n",
            "3",
            "\r\nab",
            "c\r",
            "\n2\r\nde\r\n0\r",
            "\n\r\n",
        ];
        let length = &["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", "cde"];
        for pieces in [&whole[..], &apart[..], &length[..]] {
            let (text, took) = answered(pieces).unwrap();
            assert_eq!((&*text, took.bytes), ("abcde", 5));
        }
    }

    #[test]
    fn a_cut_answer_and_a_refusal_are_errors() {
        assert!(answered(&["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"]).is_err());
        let refused = answered(&["HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nlate"]);
        assert!(refused.unwrap_err().to_string().contains("503: late"));
    }
}
