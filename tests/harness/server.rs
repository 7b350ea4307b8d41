//! One run of `tidegauge serve`. The process is stopped by its id, whatever becomes of the test.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::client::Client;
use super::raw::Raw;
use super::wait_for;

const BINARY: &str = env!("CARGO_BIN_EXE_tidegauge");
/// A debug build on a machine busy with other tests may need a while.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// And it makes up days of history before it listens.
const DEMO_PATIENCE: Duration = Duration::from_secs(600);

/// A server to be started.
pub struct Start {
    command: Command,
    data: PathBuf,
    patience: Duration,
}

impl Start {
    pub fn new(data: &Path, args: &[&str]) -> Self {
        Self::of("serve", data, args)
    }

    /// `tidegauge demo`: a server with a history, and with traffic that goes on.
    pub fn demo(data: &Path, args: &[&str]) -> Self {
        Self { patience: DEMO_PATIENCE, ..Self::of("demo", data, args) }
    }

    fn of(what: &str, data: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(BINARY);
        listening_args(&mut command, what, data, args);
        Self { command, data: data.to_owned(), patience: START_PATIENCE }.cleaned()
    }

    /// The same server, in a process that may write no file longer than this.
    pub fn with_longest_file(data: &Path, kibibytes: u64, args: &[&str]) -> Self {
        let mut command = Command::new("bash");
        // Without the trap the signal would end the process where a full disk only fails the write.
        let script = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" \"$@\"");
        command.args(["-c", &script, BINARY]);
        listening_args(&mut command, "serve", data, args);
        Self { command, data: data.to_owned(), patience: START_PATIENCE }.cleaned()
    }

    /// A demo that is kept nowhere: its directory is one in `temporary`.
    pub fn passing_demo(temporary: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(BINARY);
        command.args(["demo", "--listen", "127.0.0.1:0"]).args(args).env("TMPDIR", temporary);
        Self { command, data: temporary.to_owned(), patience: DEMO_PATIENCE }.cleaned()
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    fn cleaned(mut self) -> Self {
        clean(&mut self.command);
        self
    }

    /// Starts it and does not wait.
    pub fn spawn(mut self) -> Starting {
        let (lines, listening) = mpsc::channel();
        let process = Process::spawn(&mut self.command, Some(lines));
        Starting { process, listening, data: self.data, patience: self.patience }
    }

    /// Starts it and waits until it listens.
    pub fn listening(self) -> Server {
        self.spawn().listening()
    }
}

fn clean(command: &mut Command) {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TIDEGAUGE_")) {
        command.env_remove(name);
    }
}

fn listening_args(command: &mut Command, what: &str, data: &Path, args: &[&str]) {
    command.args([what, "--listen", "127.0.0.1:0", "--data"]).arg(data).args(args);
}

/// A server that may not listen yet, or never will.
pub struct Starting {
    pub process: Process,
    listening: mpsc::Receiver<SocketAddr>,
    data: PathBuf,
    patience: Duration,
}

impl Starting {
    pub fn listening(mut self) -> Server {
        match self.listening.recv_timeout(self.patience) {
            Ok(address) => Server { process: self.process, address, data: self.data },
            Err(_) => {
                self.process.kill();
                panic!("the server did not start: {}", self.process.stderr.text())
            }
        }
    }
}

/// A server that listens.
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
    data: PathBuf,
}

impl Server {
    /// A client with connections of its own and the admin key.
    pub fn client(&self) -> Client {
        self.client_with(&self.admin_key())
    }

    /// The key that the first start wrote.
    pub fn admin_key(&self) -> String {
        std::fs::read_to_string(self.data.join("admin.key")).unwrap().trim().to_owned()
    }

    pub fn client_with(&self, key: &str) -> Client {
        Client::new(self.address, Some(key))
    }

    pub fn client_without_key(&self) -> Client {
        Client::new(self.address, None)
    }

    pub fn raw(&self) -> Raw {
        Raw::connect(self.address)
    }

    pub fn stdout(&self) -> String {
        self.process.stdout.text()
    }

    pub fn stderr(&self) -> String {
        self.process.stderr.text()
    }

    /// SIGHUP.
    pub fn hang_up(&self) {
        kill_process(Pid::from_child(&self.process.child), Signal::HUP).unwrap();
    }

    /// `kill -9`, at once.
    pub fn kill(mut self) -> Output {
        self.process.kill();
        self.process.output()
    }

    /// SIGTERM; the server must end by itself and in time, with exit code 0.
    pub fn stop(mut self) -> Output {
        self.process.terminate();
        let status = self.process.wait(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0), "{}", self.stderr());
        self.process.output()
    }
}

/// What a server printed in its whole life.
#[derive(Debug)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
}

/// The process, and what it prints.
pub struct Process {
    child: Child,
    ended: Option<ExitStatus>,
    stdout: Captured,
    stderr: Captured,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts the binary with these arguments, and no variable of ours but these.
    pub fn tidegauge(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(BINARY);
        clean(&mut command);
        command.args(args).envs(variables.iter().copied());
        Self::spawn(&mut command, None)
    }

    fn spawn(command: &mut Command, listening: Option<mpsc::Sender<SocketAddr>>) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (Captured::default(), Captured::default());
        let readers = [
            stdout.follow(child.stdout.take().unwrap(), listening),
            stderr.follow(child.stderr.take().unwrap(), None),
        ];
        Self { child, ended: None, stdout, stderr, readers: readers.into() }
    }

    pub fn kill(&mut self) {
        if self.ended.is_none() {
            let _ = self.child.kill();
            self.ended = self.child.wait().ok();
        }
    }

    /// The process's id.
    pub fn id(&self) -> i32 {
        self.child.id().cast_signed()
    }

    pub fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let start = Instant::now();
        while self.ended.is_none() && start.elapsed() < patience {
            self.ended = self.child.try_wait().unwrap();
            thread::sleep(Duration::from_millis(5));
        }
        self.ended.unwrap_or_else(|| panic!("still running after {patience:?}: {}", self.stderr.text()))
    }

    /// Everything it printed; it must have ended. A panic in the server is never right.
    pub fn output(&mut self) -> Output {
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        let output = Output { stdout: self.stdout.text(), stderr: self.stderr.text() };
        assert!(!output.stderr.contains("panicked at"), "the server panicked: {}", output.stderr);
        output
    }

    /// Waits until standard error holds the text.
    pub fn wait_for_stderr(&self, text: &str) {
        wait_for(&format!("{text:?} on standard error"), Duration::from_secs(20), || {
            self.stderr.text().contains(text).then_some(())
        });
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if !thread::panicking() {
            self.output();
        }
    }
}

/// A stream of the process, kept as it comes.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<String>>);

impl Captured {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    fn follow<R: Read + Send + 'static>(
        &self,
        stream: R,
        listening: Option<mpsc::Sender<SocketAddr>>,
    ) -> JoinHandle<()> {
        let Self(text) = self.clone();
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let shown = String::from_utf8_lossy(&line);
                text.lock().unwrap().push_str(&shown);
                let url = shown.split_once(" listens on ").and_then(|(_, url)| url.split_once("://"));
                if let (Some(sender), Some((_, address))) = (&listening, url) {
                    let _ = sender.send(address.trim().parse().unwrap());
                }
                line.clear();
            }
        })
    }
}
