//! A server that takes requests as Tidegauge's route does, remembers them, and fails when it is told to.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

pub const KEY: &str = "the-key-of-the-stub";

/// The server. It ends with the test's process.
pub struct TakesRequests {
    address: SocketAddr,
    state: Arc<State>,
}

/// What a request to the server meets, by its number from 0.
type Fate = dyn Fn(usize) -> Meets + Send + Sync;

pub enum Meets {
    /// It is stored and answered.
    Storing,
    /// It is stored, and the connection is cut before the answer.
    Silence,
    /// It is answered with this status and further header lines, and not stored.
    Refusal(u16, &'static str),
}

struct State {
    fate: Box<Fate>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    calls: usize,
    requests: HashMap<String, Value>,
}

impl TakesRequests {
    pub fn start(fate: impl Fn(usize) -> Meets + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State { fate: Box::new(fate), kept: Mutex::default() });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&shared);
                thread::spawn(move || state.serve(stream.unwrap()));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn calls(&self) -> usize {
        self.state.kept.lock().unwrap().calls
    }

    /// The requests that are stored, by their paths; two of the same path fail the test.
    pub fn by_path(&self) -> HashMap<String, Value> {
        let kept = self.state.kept.lock().unwrap();
        let mut by_path = HashMap::new();
        for request in kept.requests.values() {
            let path = request["path"].as_str().unwrap().to_owned();
            assert_eq!(by_path.insert(path, request.clone()), None, "stored twice");
        }
        by_path
    }
}

impl State {
    /// The requests of one connection, until it ends.
    fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some((head, body)) = read(&mut stream) {
            assert!(head[0].starts_with("POST /api/v1/requests HTTP/1.1"), "{head:?}");
            let answer = self.answer(&head, &body);
            let Some(answer) = answer else { return };
            if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, head: &[String], body: &[u8]) -> Option<String> {
        let number = {
            let mut kept = self.kept.lock().unwrap();
            kept.calls += 1;
            kept.calls - 1
        };
        let has = |line: &str| head.iter().any(|header| header.eq_ignore_ascii_case(line));
        if !has(&format!("authorization: Bearer {KEY}")) {
            return Some("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n".to_owned());
        }
        assert!(has("prefer: handling=lenient") && has("content-type: application/json"), "{head:?}");
        let fate = (self.fate)(number);
        if let Meets::Refusal(status, headers) = fate {
            return Some(format!("HTTP/1.1 {status} No\r\n{headers}content-length: 0\r\n\r\n"));
        }
        let answer = self.store(body).to_string();
        if matches!(fate, Meets::Silence) {
            return None;
        }
        let length = answer.len();
        Some(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{answer}"
        ))
    }

    /// Refuses what has the alias `refused`, as Tidegauge words it.
    fn store(&self, body: &[u8]) -> Value {
        let body: Value = serde_json::from_slice(body).unwrap();
        let requests = body["requests"].as_array().unwrap();
        assert!((1..=1000).contains(&requests.len()));
        let mut kept = self.kept.lock().unwrap();
        let mut errors = Vec::new();
        for (index, request) in requests.iter().enumerate() {
            if request["alias"] == "refused" {
                errors.push(json!({"type": "x", "loc": ["body", "requests", index, "alias"],
                    "msg": "Input should be better", "input": "secret-input"}));
            } else {
                kept.requests.insert(request["request_id"].as_str().unwrap().to_owned(), request.clone());
            }
        }
        let failed = errors.len();
        json!({"success": true, "requests_received": requests.len(), "requests_failed": failed,
            "requests_processed": requests.len() - failed, "errors": errors, "message": "", "timestamp": ""})
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<(Vec<String>, Vec<u8>)> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length =
        head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}
