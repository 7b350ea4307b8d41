//! A small HTTP server on a free loopback port that answers with keys, or misbehaves.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;

use super::mint::set;

/// What the server does with a request.
#[derive(Clone)]
pub enum Answer {
    Status(u16),
    Body(String),
    Redirect(String),
    /// Nothing, for as long as the client waits.
    Hang,
    /// A head, and nothing after it.
    HangInBody,
    /// A body without an end.
    Endless,
}

/// The server.
pub struct KeyServer {
    port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    answer: Answer,
    requests: usize,
    hanging: Vec<TcpStream>,
}

impl KeyServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state =
            Arc::new(Mutex::new(State { answer: Answer::Status(500), requests: 0, hanging: Vec::new() }));
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &served);
            }
        });
        Self { port, state }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/keys?access=hidden", self.port)
    }

    pub fn answer(&self, answer: Answer) {
        self.state.lock().answer = answer;
    }

    pub fn answer_keys(&self, keys: &[Value]) {
        self.answer(Answer::Body(set(keys)));
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        self.state.lock().requests
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let mut state = state.lock();
    state.requests += 1;
    let answer = state.answer.clone();
    // The client may be gone, or have heard enough.
    let mut write = |text: &str| stream.write_all(text.as_bytes()).is_ok();
    match answer {
        Answer::Status(status) => {
            write(&format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
        }
        Answer::Body(body) => write(&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )),
        Answer::Redirect(to) => write(&format!(
            "HTTP/1.1 302 X\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )),
        Answer::Endless => {
            write("HTTP/1.1 200 OK\r\n\r\n{\"keys\":[");
            while write(&" ".repeat(64 * 1024)) {}
            false
        }
        Answer::HangInBody => {
            write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
            state.hanging.push(stream);
            false
        }
        Answer::Hang => {
            state.hanging.push(stream);
            false
        }
    };
}
