//! A WebSocket client, for the sockets that the server holds.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error, Message, WebSocket};

/// The client. Reading waits at most twenty seconds.
pub struct Socket {
    pub inner: WebSocket<TcpStream>,
}

/// How a connection ended, as its client saw it.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a close frame of this code and reason.
    Closed(u16, String),
    /// Without one.
    Dropped,
}

/// What the server answered instead of an upgrade.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub body: Value,
}

impl Socket {
    /// Opens `path` with these headers.
    pub fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Self, Refused> {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            let name: tungstenite::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match tungstenite::client(request, stream) {
            Ok((inner, response)) => {
                assert_eq!(response.status(), 101);
                Ok(Self { inner })
            }
            Err(tungstenite::HandshakeError::Failure(Error::Http(response))) => {
                let body = response.body().as_deref().unwrap_or_default();
                let body = serde_json::from_slice(body).unwrap_or(Value::Null);
                Err(Refused { status: response.status().as_u16(), body })
            }
            Err(error) => panic!("{path}: {error}"),
        }
    }

    /// The next text, as JSON. Pings are answered meanwhile.
    pub fn text(&mut self) -> Value {
        loop {
            match self.inner.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?} where a text was awaited"),
            }
        }
    }

    pub fn send_text(&mut self, text: &str) {
        self.inner.send(Message::text(text)).unwrap();
    }

    /// Says goodbye and waits until the server has.
    pub fn close(mut self) {
        self.inner.close(None).unwrap();
        self.end();
    }

    /// Reads until the connection has ended.
    pub fn end(&mut self) -> Ended {
        let mut ended = Ended::Dropped;
        loop {
            match self.inner.read() {
                Ok(Message::Close(Some(CloseFrame { code, reason }))) => {
                    ended = Ended::Closed(code.into(), reason.to_string());
                }
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    panic!("still connected after twenty seconds")
                }
                Err(_) => return ended,
            }
        }
    }
}
