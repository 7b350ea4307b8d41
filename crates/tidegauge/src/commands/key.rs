//! `tidegauge key`: makes, lists, rotates and revokes API keys, beside a running server or without one.

use std::time::Duration;

use serde::Serialize;
use tidegauge_accounts::{
    BytesPerSecond, EventsPerSecond, KeyLimits, KeyRequest, KeyRow, NewKey, RequestsPerSecond, Scopes,
    parse_duration, parse_expiry,
};
use tidegauge_facts::{Micros, ProjectId, TenantId};

use super::accounts_args::{AccountsArgs, me};
use super::say_json;

/// Make, list, rotate and revoke API keys. A running server honours the change within a second.
#[derive(clap::Subcommand)]
pub enum Command {
    Create(CreateArgs),
    /// List the keys, without their secrets.
    List {
        #[command(flatten)]
        accounts: AccountsArgs,
        /// Those of one tenant.
        #[arg(long)]
        tenant: Option<TenantId>,
    },
    /// Put a new key in the place of an old one, with what it may and how long it lives; its secret is shown this once.
    Rotate {
        #[command(flatten)]
        accounts: AccountsArgs,
        /// The old key's id, as listed, or the key itself.
        key: String,
        /// How long the old key goes on working beside the new one, up to 90d; without this it ends at once.
        #[arg(long, value_parser = parse_duration, default_value = "0s")]
        overlap: Duration,
    },
    /// Revoke a key.
    Revoke {
        #[command(flatten)]
        accounts: AccountsArgs,
        /// The key's id, as listed, or the key itself.
        key: String,
    },
}

/// Make a key; its secret is shown this once.
#[derive(clap::Args)]
pub struct CreateArgs {
    #[command(flatten)]
    accounts: AccountsArgs,
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
    expires: Option<Duration>,
    /// A name to know it by.
    #[arg(long)]
    name: Option<String>,
    /// Most HTTP requests per second with this key, beside the tenant's limit.
    #[arg(long, value_name = "NUMBER")]
    requests_per_second: Option<RequestsPerSecond>,
    /// Most facts per second with this key, beside the tenant's limit.
    #[arg(long, value_name = "NUMBER")]
    events_per_second: Option<EventsPerSecond>,
    /// Most bytes of bodies per second with this key, beside the tenant's limit.
    #[arg(long, value_name = "NUMBER")]
    bytes_per_second: Option<BytesPerSecond>,
}

pub fn run(command: Command) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run_async(command))
}

async fn run_async(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create(args) => {
            let accounts = args.accounts.open_or_make().await?;
            let key = accounts.create_key(&me(), args.request()).await?;
            say_json(&KeyShown::from(&key))?;
            accounts.close().await;
        }
        Command::List { accounts, tenant } => {
            let accounts = accounts.open().await?;
            let keys = accounts.list_keys(tenant.as_ref()).await?;
            say_json(&keys.iter().map(KeyShown::from).collect::<Vec<_>>())?;
            accounts.close().await;
        }
        Command::Rotate { accounts, key, overlap } => {
            let accounts = accounts.open().await?;
            say_json(&KeyShown::from(&accounts.rotate_key(&me(), None, &key, overlap).await?))?;
            accounts.close().await;
        }
        Command::Revoke { accounts, key } => {
            let accounts = accounts.open().await?;
            say_json(&KeyShown::from(&accounts.revoke_key(&me(), None, &key).await?))?;
            accounts.close().await;
        }
    }
    Ok(())
}

impl CreateArgs {
    fn request(self) -> KeyRequest {
        KeyRequest {
            tenant: self.tenant,
            project: self.project,
            scopes: self.scopes,
            expires_in: self.expires,
            name: self.name,
            limits: KeyLimits {
                requests_per_second: self.requests_per_second,
                events_per_second: self.events_per_second,
                bytes_per_second: self.bytes_per_second,
            },
        }
    }
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
    limits: KeyLimits,
    name: Option<&'a str>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_used_at: Option<String>,
    replaced_by: Option<&'a str>,
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
            limits: key.limits,
            name: key.name.as_deref(),
            created_at: instant(key.created_at),
            expires_at: key.expires_at.map(instant),
            revoked_at: None,
            last_used_at: None,
            replaced_by: None,
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
            limits: row.limits,
            name: row.name.as_deref(),
            created_at: instant(row.created_at),
            expires_at: row.expires_at.map(instant),
            revoked_at: row.revoked_at.map(instant),
            last_used_at: row.last_used_at.map(instant),
            replaced_by: row.replaced_by.as_deref(),
        }
    }
}

fn instant(micros: i64) -> String {
    Micros(micros).to_millis_text()
}
