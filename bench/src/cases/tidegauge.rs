//! The server under test: started from `--server`'s command line, with a fresh data directory and the key it wrote there.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use rustix::process::Signal;

use crate::child::{Server, free_address};
use crate::cli::Options;
use crate::control::answers_ok;
use crate::directory::Directory;

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
    /// Holds the data directory; declared last, so that the server has ended when it is removed.
    _directory: Directory,
}

impl Tidegauge {
    /// Starts it and waits until `GET /healthz` answers 200.
    pub fn start(options: &Options) -> anyhow::Result<Self> {
        let directory = Directory::fresh(&options.work_dir)?;
        let data = directory.path().join("data");
        std::fs::create_dir(&data)?;
        let address = free_address()?;
        let command = fill_in(&options.server, address, &data)?;
        let mut server = Server::start(command, &directory.path().join("server.log"), Signal::TERM)?;
        server.await_ready(|| answers_ok(address, "/healthz"))?;
        let key_file = data.join("admin.key");
        let key = std::fs::read_to_string(&key_file)
            .with_context(|| format!("the server did not write {}", key_file.display()))?;
        let authorization = format!("authorization: Bearer {}\r\n", key.trim());
        Ok(Self { server, address, authorization, data, _directory: directory })
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
