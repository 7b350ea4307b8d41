//! The server under test: started from `--server`'s command line, with a fresh data directory and the key it wrote there.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::Signal;

use crate::child::{Server, free_address};
use crate::cli::Options;
use crate::control::answers_ok;
use crate::directory::Directory;

/// What bounds a server's callers is out of the way: they are one process, one tenant and one address here. The bounds
/// are looked at all the same, so that what they cost is measured.
const UNBOUNDED: [(&str, &str); 4] = [
    ("TIDEGAUGE_MAX_CONNECTIONS_PER_ADDRESS", "1000000"),
    ("TIDEGAUGE_TENANT_REQUESTS_PER_SECOND", "1000000000000"),
    ("TIDEGAUGE_TENANT_EVENTS_PER_SECOND", "1000000000000"),
    ("TIDEGAUGE_TENANT_BYTES_PER_SECOND", "1000000000000"),
];

/// A running Tidegauge.
pub struct Tidegauge {
    /// The process.
    pub server: Server,
    /// Where it listens.
    pub address: SocketAddr,
    /// The header line that lets requests in, line break included.
    pub authorization: String,
    /// Its data directory.
    pub data: PathBuf,
    launch: Launch,
    /// Holds the data directory; declared last, so that the server has ended when it is removed.
    _directory: Directory,
}

impl Tidegauge {
    /// Starts it and waits until `GET /healthz` answers 200.
    pub fn start(options: &Options) -> anyhow::Result<Self> {
        Self::start_with(options, &[])
    }

    /// The same, with these variables in its environment.
    pub fn start_with(options: &Options, settings: &[(&'static str, &'static str)]) -> anyhow::Result<Self> {
        let directory = Directory::fresh(&options.work_dir)?;
        let data = directory.path().join("data");
        std::fs::create_dir(&data)?;
        let launch = Launch {
            template: options.server.clone(),
            settings: settings.to_vec(),
            log: directory.path().join("server.log"),
            data: data.clone(),
        };
        let (server, address) = launch.start()?;
        let key_file = data.join("admin.key");
        let key = std::fs::read_to_string(&key_file)
            .with_context(|| format!("the server did not write {}", key_file.display()))?;
        let authorization = format!("authorization: Bearer {}\r\n", key.trim());
        Ok(Self { server, address, authorization, data, launch, _directory: directory })
    }

    /// The key that the server made.
    pub fn key(&self) -> &str {
        self.authorization.trim_end().rsplit(' ').next().unwrap_or_default()
    }

    /// Stops it and starts it on the same data, at another address; says how long the start took.
    pub fn restart(&mut self) -> anyhow::Result<Duration> {
        self.server.stop()?;
        let start = Instant::now();
        (self.server, self.address) = self.launch.start()?;
        Ok(start.elapsed())
    }
}

/// How it is started.
struct Launch {
    template: String,
    settings: Vec<(&'static str, &'static str)>,
    log: PathBuf,
    data: PathBuf,
}

impl Launch {
    fn start(&self) -> anyhow::Result<(Server, SocketAddr)> {
        let address = free_address()?;
        let mut command = fill_in(&self.template, address, &self.data)?;
        command.envs(UNBOUNDED).envs(self.settings.iter().copied());
        let mut server = Server::start(command, &self.log, Signal::TERM)?;
        server.await_ready(|| answers_ok(address, "/healthz"))?;
        Ok((server, address))
    }
}

fn fill_in(template: &str, address: SocketAddr, data: &Path) -> anyhow::Result<Command> {
    let data = data.to_str().context("the work directory's name is not UTF-8")?;
    let mut words = template.split_whitespace().map(|word| {
        word.replace("{listen}", &address.to_string())
            .replace("{port}", &address.port().to_string())
            .replace("{data}", data)
    });
    let mut command = Command::new(words.next().context("--server is empty")?);
    command.args(words);
    Ok(command)
}
