//! `tidegauge key`: makes, lists and revokes API keys, beside a running server or without one.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use tidegauge_accounts::{Accounts, KeyRequest, KeyRow, NewKey, Scopes, parse_expiry};
use tidegauge_facts::{Micros, ProjectId, TenantId};

use super::{open_accounts, say_json};

/// Make, list and revoke API keys. A running server honours the change within a second.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a key; its secret is shown this once.
    Create {
        /// The data directory.
        #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
        data: PathBuf,
        /// Whose key; a tenant that does not exist is made.
        #[arg(long)]
        tenant: TenantId,
        /// The one project it is for; all of the tenant's without this.
        #[arg(long)]
        project: Option<ProjectId>,
        /// What it may do: one or more of ingest, read, admin.
        #[arg(long = "scope")]
        scopes: Scopes,
        /// When it ends, such as 90d, 12h or 30m from now; never without this.
        #[arg(long, value_parser = parse_expiry)]
        expires: Option<std::time::Duration>,
        /// A name to know it by.
        #[arg(long)]
        name: Option<String>,
    },
    /// List the keys, without their secrets.
    List {
        /// The data directory.
        #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
        data: PathBuf,
    },
    /// Revoke a key.
    Revoke {
        /// The data directory.
        #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
        data: PathBuf,
        /// The key's id, as listed, or the key itself.
        key: String,
    },
}

pub fn run(command: Command) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run_async(command))
}

async fn run_async(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create { data, tenant, project, scopes, expires, name } => {
            let accounts = open_or_make(&data).await?;
            let request = KeyRequest { tenant, project, scopes, expires_in: expires, name };
            let key = accounts.create_key(request).await?;
            say_json(&KeyShown::from(&key))?;
            accounts.close().await;
        }
        Command::List { data } => {
            let accounts = open_accounts(&data).await?;
            let keys = accounts.list_keys().await?;
            say_json(&keys.iter().map(KeyShown::from).collect::<Vec<_>>())?;
            accounts.close().await;
        }
        Command::Revoke { data, key } => {
            let accounts = open_accounts(&data).await?;
            say_json(&KeyShown::from(&accounts.revoke_key(&key).await?))?;
            accounts.close().await;
        }
    }
    Ok(())
}

/// Opens the accounts, making the directory: a key may be made before the first start.
async fn open_or_make(data: &Path) -> anyhow::Result<Accounts> {
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    open_accounts(data).await
}

/// A key as it is printed; its secret only when it has just been made.
#[derive(Serialize)]
struct KeyShown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<&'a str>,
    tenant: &'a str,
    project: Option<&'a str>,
    scopes: Scopes,
    name: Option<&'a str>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
}

impl<'a> From<&'a NewKey> for KeyShown<'a> {
    fn from(key: &'a NewKey) -> Self {
        Self {
            key: Some(key.text.expose()),
            id: &key.id,
            prefix: None,
            tenant: key.tenant.as_str(),
            project: key.project.as_ref().map(ProjectId::as_str),
            scopes: key.scopes,
            name: key.name.as_deref(),
            created_at: instant(key.created_at),
            expires_at: key.expires_at.map(instant),
            revoked_at: None,
        }
    }
}

impl<'a> From<&'a KeyRow> for KeyShown<'a> {
    fn from(row: &'a KeyRow) -> Self {
        Self {
            key: None,
            id: &row.id,
            prefix: Some(&row.prefix),
            tenant: row.tenant.as_str(),
            project: row.project.as_ref().map(ProjectId::as_str),
            scopes: row.scopes,
            name: row.name.as_deref(),
            created_at: instant(row.created_at),
            expires_at: row.expires_at.map(instant),
            revoked_at: row.revoked_at.map(instant),
        }
    }
}

fn instant(micros: i64) -> String {
    Micros(micros).to_millis_text()
}
