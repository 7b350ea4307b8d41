//! A client of Server-Sent Events, by hand: what the server sends, as it sends it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// The client. Reading waits at most twenty seconds.
pub struct Stream {
    reader: BufReader<TcpStream>,
    /// The answer's head.
    pub head: String,
    text: Vec<u8>,
    /// The id of the last message that had one.
    pub last_id: Option<String>,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    pub kind: String,
    pub id: Option<String>,
    pub data: Value,
}

impl Stream {
    /// Opens `path` with these headers.
    pub fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        Self::try_open(address, path, headers)
            .unwrap_or_else(|(status, body)| panic!("{path}: {status} {body}"))
    }

    /// As [`Stream::open`]; or status and body of what was answered instead.
    pub fn try_open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Self, (u16, Value)> {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{more}\r\n").as_bytes()).unwrap();
        let mut reader = BufReader::new(socket);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0, "{path}: only {head:?}");
        }
        let head = head.to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        if status == 200 {
            return Ok(Self { reader, head, text: Vec::new(), last_id: None });
        }
        let length = head
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        Err((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    /// The next message; `None` when the stream has ended well.
    pub fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                if let Some(message) = self.message(std::str::from_utf8(&block).unwrap()) {
                    return Some(message);
                }
                continue;
            }
            let mut size = String::new();
            self.reader.read_line(&mut size).unwrap();
            let size =
                usize::from_str_radix(size.trim(), 16).unwrap_or_else(|_| panic!("no chunk: {size:?}"));
            let mut chunk = vec![0; size + 2];
            self.reader.read_exact(&mut chunk).unwrap();
            if size == 0 {
                return None;
            }
            self.text.extend_from_slice(&chunk[..size]);
        }
    }

    /// The next message of this kind; others are passed over, but no end.
    pub fn next_of(&mut self, kind: &str) -> Message {
        loop {
            let message = self.next().unwrap_or_else(|| panic!("the stream ended before {kind}"));
            if message.kind == kind {
                return message;
            }
            assert_ne!(message.kind, "end", "{message:?} before {kind}");
        }
    }

    /// The names of the next so many events.
    pub fn names(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.next_of("event").data["event_name"].as_str().unwrap().to_owned()).collect()
    }

    /// The reason in the last message, after which nothing comes.
    pub fn end(&mut self) -> String {
        loop {
            let message = self.next().expect("a message `end`");
            if message.kind == "end" {
                assert!(self.next().is_none(), "something comes after the end");
                return message.data["reason"].as_str().unwrap().to_owned();
            }
        }
    }

    /// Nothing is read while this is used.
    pub fn socket(&self) -> &TcpStream {
        self.reader.get_ref()
    }

    fn message(&mut self, block: &str) -> Option<Message> {
        let field = |name: &str| {
            let mut values = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            let value = values.next().map(str::to_owned);
            assert!(values.next().is_none(), "{name} twice: {block}");
            value
        };
        let id = field("id");
        self.last_id = id.clone().or_else(|| self.last_id.take());
        let kind = field("event")?;
        let data =
            serde_json::from_str(&field("data").unwrap()).unwrap_or_else(|error| panic!("{error}: {block}"));
        Some(Message { kind, id, data })
    }
}
