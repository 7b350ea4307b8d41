//! A bare TCP connection, for requests that no HTTP client would send.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// The connection. Reading waits at most ten seconds.
pub struct Raw {
    stream: TcpStream,
}

/// What came back until the answer was whole or the connection ended.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    pub body: String,
}

impl Raw {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    /// Sends bytes; false when the other side has closed.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Says that nothing more will come.
    pub fn end(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Everything that comes until the other side closes, as text.
    ///
    /// # Panics
    /// It does not close, and says nothing for `patience`.
    pub fn rest(&mut self, patience: Duration) -> String {
        self.stream.set_read_timeout(Some(patience)).unwrap();
        let mut received = Vec::new();
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => received.extend_from_slice(&piece[..read]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("still open after {patience:?}, with {:?}", String::from_utf8_lossy(&received))
                }
                Err(_) => break,
            }
        }
        String::from_utf8_lossy(&received).into_owned()
    }

    /// The answer; `None` when the connection ended without one.
    ///
    /// # Panics
    /// Nothing came for ten seconds.
    pub fn answer(&mut self) -> Option<RawAnswer> {
        let mut received = Vec::new();
        let mut piece = [0; 4096];
        loop {
            if let Some(answer) = parse(&received, false) {
                return Some(answer);
            }
            match self.stream.read(&mut piece) {
                Ok(0) => return parse(&received, true),
                Ok(read) => received.extend_from_slice(&piece[..read]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("no answer within ten seconds, only {:?}", String::from_utf8_lossy(&received))
                }
                // A reset is an end too: the server closed with unread bytes in its hands.
                Err(_) => return parse(&received, true),
            }
        }
    }
}

fn parse(received: &[u8], has_ended: bool) -> Option<RawAnswer> {
    let text = String::from_utf8_lossy(received);
    let (head, body) = text.split_once("\r\n\r\n")?;
    if head.starts_with("HTTP/1.1 100") {
        return parse(body.as_bytes(), has_ended);
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    if !has_ended && body.len() < length.unwrap_or(usize::MAX) {
        return None;
    }
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(RawAnswer { status, body: body.to_owned() })
}
