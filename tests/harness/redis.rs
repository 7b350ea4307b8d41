//! A real Redis on a free loopback port, in a directory of its own, stopped by its process id.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::wait_for;

/// The server. Tests speak to it over a socket in its directory, whatever it asks of others.
pub struct Redis {
    place: TempDir,
    args: Vec<String>,
    pub port: u16,
    child: Child,
}

/// What Redis answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Nil,
    Number(i64),
    Text(Vec<u8>),
    List(Vec<Reply>),
    Error(String),
}

impl Redis {
    /// Starts it and waits until it answers; everything written survives [`Redis::restart`].
    pub fn start(args: &[&str]) -> Self {
        Self::start_on(|port| format!("--port {port}"), args)
    }

    /// Starts it with TLS alone, by the certificate and key in these files.
    pub fn start_with_tls(certificate: &str, key: &str) -> Self {
        let files = ["--tls-cert-file", certificate, "--tls-key-file", key];
        let args = [&files[..], &["--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"]].concat();
        Self::start_on(|port| format!("--port 0 --tls-port {port}"), &args)
    }

    fn start_on(listen: impl Fn(u16) -> String, args: &[&str]) -> Self {
        // Another program may take a port between the look and the start: then another one.
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let place = tempfile::tempdir().unwrap();
            let listen = listen(port);
            let args = listen.split(' ').chain(args.iter().copied()).map(str::to_owned).collect();
            if let Some(redis) = Self::try_start(place, args, port) {
                return redis;
            }
        }
        panic!("no Redis started")
    }

    fn try_start(place: TempDir, args: Vec<String>, port: u16) -> Option<Self> {
        let child = spawn(&place, &args);
        let mut redis = Self { place, args, port, child };
        let answers = wait_for("Redis to answer", Duration::from_secs(20), || {
            if redis.child.try_wait().unwrap().is_some() {
                return Some(false);
            }
            (redis.try_command(&[b"PING"])? == Reply::Text(b"PONG".to_vec())).then_some(true)
        });
        answers.then_some(redis)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The answer to a command, which must be none of an error.
    pub fn command(&self, parts: &[&[u8]]) -> Reply {
        match self.try_command(parts) {
            Some(Reply::Error(error)) => panic!("{error}"),
            Some(reply) => reply,
            None => panic!("Redis is gone"),
        }
    }

    fn try_command(&self, parts: &[&[u8]]) -> Option<Reply> {
        let mut stream = UnixStream::connect(socket(&self.place)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut request = format!("*{}\r\n", parts.len()).into_bytes();
        for part in parts {
            request.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
            request.extend_from_slice(part);
            request.extend_from_slice(b"\r\n");
        }
        stream.write_all(&request).ok()?;
        reply(&mut BufReader::new(stream))
    }

    /// Puts records at the end of a list, as the gateway does.
    pub fn push(&self, list: &str, records: &[Vec<u8>]) {
        for some in records.chunks(500) {
            let mut parts: Vec<&[u8]> = vec![b"RPUSH", list.as_bytes()];
            parts.extend(some.iter().map(Vec::as_slice));
            self.command(&parts);
        }
    }

    pub fn list(&self, list: &str) -> Vec<Vec<u8>> {
        match self.command(&[b"LRANGE", list.as_bytes(), b"0", b"-1"]) {
            Reply::List(items) => items
                .into_iter()
                .map(|item| match item {
                    Reply::Text(text) => text,
                    other => panic!("{other:?}"),
                })
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    pub fn length(&self, list: &str) -> i64 {
        match self.command(&[b"LLEN", list.as_bytes()]) {
            Reply::Number(number) => number,
            other => panic!("{other:?}"),
        }
    }

    /// Kills it, so that it is out of reach.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again, where it was and with what it had.
    pub fn restart(&mut self) {
        self.stop();
        self.child = spawn(&self.place, &self.args);
        wait_for("Redis to answer again", Duration::from_secs(20), || {
            (self.try_command(&[b"PING"])? == Reply::Text(b"PONG".to_vec())).then_some(())
        });
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn socket(place: &TempDir) -> PathBuf {
    place.path().join("socket")
}

fn spawn(place: &TempDir, args: &[String]) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        .arg("--dir")
        .arg(place.path())
        .arg("--unixsocket")
        .arg(socket(place))
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a redis-server, which tests/install-redis installs")
}

fn reply(from: &mut BufReader<UnixStream>) -> Option<Reply> {
    let mut line = String::new();
    from.read_line(&mut line).ok()?;
    let (kind, rest) = line.trim_end().split_at_checked(1)?;
    Some(match kind {
        "+" => Reply::Text(rest.as_bytes().to_vec()),
        "-" => Reply::Error(rest.to_owned()),
        ":" => Reply::Number(rest.parse().unwrap()),
        "$" => match rest.parse::<usize>() {
            Err(_) => Reply::Nil,
            Ok(length) => {
                let mut text = vec![0; length + 2];
                from.read_exact(&mut text).ok()?;
                text.truncate(length);
                Reply::Text(text)
            }
        },
        "*" => {
            let length: i64 = rest.parse().unwrap();
            Reply::List((0..length).map(|_| reply(from)).collect::<Option<_>>()?)
        }
        other => panic!("{other:?}"),
    })
}
