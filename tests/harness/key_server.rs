//! An issuer's key set at a URL, which can go away and come back.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

/// The server, on a free loopback port; its thread ends with the process.
pub struct KeyServer {
    port: u16,
    served: Arc<Mutex<Served>>,
}

#[derive(Default)]
struct Served {
    keys: Option<String>,
    asked: usize,
}

impl KeyServer {
    /// Serves this key set.
    pub fn start(keys: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = Arc::new(Mutex::new(Served { keys: Some(keys), asked: 0 }));
        let serving = Arc::clone(&served);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let mut served = serving.lock().unwrap();
                served.asked += 1;
                if let Some(keys) = &served.keys {
                    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length:";
                    let _ = write!(stream, "{head} {}\r\n\r\n{keys}", keys.len());
                }
            }
        });
        Self { port, served }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/keys", self.port)
    }

    /// Answers nobody any more, until it serves keys again.
    pub fn go_away(&self) {
        self.served.lock().unwrap().keys = None;
    }

    pub fn serve(&self, keys: String) {
        self.served.lock().unwrap().keys = Some(keys);
    }

    /// How often it was asked, whether it answered or not.
    pub fn asked(&self) -> usize {
        self.served.lock().unwrap().asked
    }
}
