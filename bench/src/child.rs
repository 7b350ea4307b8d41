//! The servers' lives: started by a command line on a free port, awaited until ready, stopped by
//! process id. A child is never left behind: dropping it stops it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take until it is ready.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long a server may take to end after it was asked to; then it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// A running server.
pub struct Server {
    child: Child,
    stop_signal: Signal,
    log: std::path::PathBuf,
}

impl Server {
    /// Starts `command`, its output going to `log`. `stop_signal` is what asks it to end.
    pub fn start(mut command: Command, log: &Path, stop_signal: Signal) -> anyhow::Result<Self> {
        let output = std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
        Ok(Self { child, stop_signal, log: log.to_owned() })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says so; fails with the end of the server's output if it ends before.
    pub fn await_ready(&mut self, mut ready: impl FnMut() -> bool) -> anyhow::Result<()> {
        let start = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status} before it was ready:\n{}", self.last_words());
            }
            if start.elapsed() > START_LIMIT {
                bail!("the server was not ready within {} s:\n{}", START_LIMIT.as_secs(), self.last_words());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Asks it to end and waits for that; says whether it ended well.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the server had ended by itself with {status}:\n{}", self.last_words());
        }
        if let Some(pid) = Pid::from_raw(self.child.id() as i32) {
            kill_process(pid, self.stop_signal).context("cannot signal the server")?;
        }
        let start = Instant::now();
        while self.child.try_wait()?.is_none() {
            if start.elapsed() > STOP_LIMIT {
                self.child.kill()?;
                self.child.wait()?;
                bail!("the server did not end within {} s of being asked to", STOP_LIMIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let output = std::fs::read(&self.log).unwrap_or_default();
        let tail = &output[output.len().saturating_sub(2_000)..];
        String::from_utf8_lossy(tail).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Only reached when a case failed; there is nobody left to report a second failure to.
            let _ = self.stop();
        }
    }
}

/// A loopback address that was free a moment ago.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free loopback port")?;
    Ok(listener.local_addr()?)
}
