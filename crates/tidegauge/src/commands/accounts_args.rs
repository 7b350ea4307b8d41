//! Where the accounts are and who changes them, as every command that touches them is told.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tidegauge_accounts::{Accounts, Actor, DATABASE_FILE, DatabaseUrl, Location};
use tidegauge_store::backup::refuse_unready;

use super::gateway::one_line;
use super::wrong_usage;

/// The data directory, and the database if there is one.
#[derive(Debug, Clone, clap::Args)]
pub struct AccountsArgs {
    /// The data directory.
    #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
    pub data: PathBuf,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// A PostgreSQL for the accounts.
#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseArgs {
    /// A PostgreSQL database for tenants, keys, settings and the audit log, instead of a file in the data directory:
    /// postgres://USER:PASSWORD@HOST:PORT/DATABASE.
    #[arg(long, value_name = "URL", env = "TIDEGAUGE_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// A file with that URL, so that the password is on no command line.
    #[arg(long, value_name = "FILE", env = "TIDEGAUGE_DATABASE_URL_FILE")]
    database_url_file: Option<PathBuf>,
}

impl AccountsArgs {
    /// Opens the accounts.
    pub async fn open(&self) -> anyhow::Result<Accounts> {
        self.database.open(&self.data).await
    }

    /// Opens the accounts, making the directory: a key may be made before the first start.
    pub async fn open_or_make(&self) -> anyhow::Result<Accounts> {
        std::fs::create_dir_all(&self.data)
            .with_context(|| format!("cannot make {}", self.data.display()))?;
        self.open().await
    }
}

impl DatabaseArgs {
    /// Opens the accounts of the server whose data directory is `data`. A backup is none, though it holds accounts.
    pub async fn open(&self, data: &Path) -> anyhow::Result<Accounts> {
        refuse_unready(data)?;
        Ok(Accounts::open(self.location(data)?).await?)
    }

    /// Opens the accounts, unless they are to be in the data directory and there are none: none are made.
    pub async fn open_if_any(&self, data: &Path) -> anyhow::Result<Option<Accounts>> {
        match self.location(data)? {
            Location::Directory(data) if !data.join(DATABASE_FILE).exists() => Ok(None),
            _ => self.open(data).await.map(Some),
        }
    }

    fn location(&self, data: &Path) -> anyhow::Result<Location> {
        // A variable that is set to nothing is one that is not set.
        let url = self.database_url.as_ref().filter(|url| !url.is_empty());
        let file = self.database_url_file.as_ref().filter(|file| !file.as_os_str().is_empty());
        let url = match (url, file) {
            (None, None) => return Ok(data.into()),
            (Some(_), Some(_)) => {
                wrong_usage(&"a database URL and a file with one are both given; one is enough")
            }
            (Some(url), None) => url.clone(),
            (None, Some(file)) => one_line(file)?,
        };
        if let (true, Some(file)) = (url.is_empty(), file) {
            bail!("{} is empty", file.display());
        }
        Ok(url.parse::<DatabaseUrl>()?.into())
    }
}

/// Who runs this, by the name that the system has for the user, or the user's number.
pub fn me() -> Actor {
    let id = rustix::process::getuid().as_raw();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let is_me = |line: &&str| line.split(':').nth(2) == Some(&id.to_string());
    let name = users.lines().find(is_me).and_then(|line| line.split(':').next());
    Actor::CommandLine(name.map_or_else(|| format!("uid {id}").into(), Into::into))
}
