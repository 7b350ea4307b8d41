//! `tidegauge top`: what a server is doing right now, in a terminal.

mod board;
mod digits;
mod event_stream;
mod follow;
mod once;
mod screen;
mod server;
mod show;
mod snapshot;
mod theme;

use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use tidegauge_facts::ProjectId;

use self::server::Server;
use super::gateway::{file, one_line};

/// Where a data directory keeps the key of its first start.
const ADMIN_KEY_FILE: &str = "admin.key";

/// Watch what a running server is doing: connections, events and requests as they come.
///
/// Keys: q ends, p pauses, f shows and hides the events, Tab goes to the next project. Where standard output is no terminal
/// it prints one line and ends.
#[derive(clap::Args)]
pub struct Args {
    /// Where the server is; a path that a proxy puts before its own is part of it.
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "TIDEGAUGE_URL")]
    url: String,
    /// A key with the scope `read`, or a token. A process's arguments can be seen by others: better is the variable, or a
    /// file.
    #[arg(long, env = "TIDEGAUGE_KEY", hide_env_values = true)]
    key: Option<String>,
    /// A file with the key.
    #[arg(long, value_name = "FILE", env = "TIDEGAUGE_KEY_FILE", conflicts_with = "key")]
    key_file: Option<PathBuf>,
    /// The server's data directory: the key of its first start is in it.
    #[arg(long, value_name = "DIRECTORY", env = "TIDEGAUGE_DATA")]
    data: Option<PathBuf>,
    /// A file with the certificate (PEM) of the authority that has signed the server's, instead of the system's authorities.
    #[arg(long, value_name = "FILE")]
    server_ca: Option<PathBuf>,
    /// The project to begin with [default: all].
    #[arg(long)]
    project: Option<ProjectId>,
    /// Print one line and end.
    #[arg(long)]
    once: bool,
    /// Print one line of JSON and end.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let authority = args.server_ca.as_deref().map(file).transpose()?;
    let server = Server::new(&args.url, args.key()?, authority.as_deref())?;
    let project = args.project.as_ref().map(|project| project.as_str().to_owned());
    if args.once || args.json || !std::io::stdout().is_terminal() {
        return once::print(&server, project.as_deref(), args.json);
    }
    show::run(server, project)
}

impl Args {
    /// The key: the one that is nearest.
    fn key(&self) -> anyhow::Result<String> {
        let key = match (&self.key, &self.key_file, &self.data) {
            (Some(key), _, _) => key.trim().to_owned(),
            (None, Some(file), _) => one_line(file)?,
            (None, None, Some(data)) => {
                one_line(&data.join(ADMIN_KEY_FILE)).context("--data is to be the server's data directory")?
            }
            (None, None, None) => {
                bail!(
                    "a key is needed: in TIDEGAUGE_KEY, in the file of --key-file, or in the data directory of --data"
                )
            }
        };
        if key.is_empty() || key.contains(|char: char| char.is_control() || !char.is_ascii()) {
            bail!("the key is no line of ASCII text");
        }
        Ok(key)
    }
}
