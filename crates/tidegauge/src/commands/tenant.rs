//! `tidegauge tenant`: lists the tenants and sets what each has of its own, beside a running server or without one.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tidegauge_accounts::{IdleTimeout, TenantRow, parse_duration};
use tidegauge_facts::{Micros, TenantId};

use super::{open_accounts, say_json};

/// List tenants and set what each has of its own. A running server honours the change within a second.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Set what a tenant has otherwise than the server's defaults.
    Set {
        /// The data directory.
        #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
        data: PathBuf,
        /// Whose setting; the tenant must exist.
        #[arg(long)]
        tenant: TenantId,
        /// How long its connections may be silent before they count as closed: such as 10m, up to 24h, or `default`
        /// for the server's.
        #[arg(long, value_parser = own_or_default)]
        idle_timeout: OwnOrDefault,
    },
    /// List the tenants with their settings.
    List {
        /// The data directory.
        #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
        data: PathBuf,
    },
}

/// A length of time of the tenant's own, or the server's.
#[derive(Debug, Clone, Copy)]
pub enum OwnOrDefault {
    Own(Duration),
    Default,
}

fn own_or_default(text: &str) -> Result<OwnOrDefault, String> {
    match text {
        "default" => Ok(OwnOrDefault::Default),
        text => parse_duration(text).map(OwnOrDefault::Own).map_err(|error| format!("{error}; or default")),
    }
}

pub fn run(command: Command) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run_async(command))
}

async fn run_async(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Set { data, tenant, idle_timeout } => {
            let idle_timeout = match idle_timeout {
                OwnOrDefault::Own(time) => Some(IdleTimeout::from_secs(time.as_secs())?),
                OwnOrDefault::Default => None,
            };
            let accounts = open_accounts(&data).await?;
            let set = accounts.set_tenant_settings(&tenant, |settings| settings.idle_timeout = idle_timeout);
            say_json(&TenantShown::from(&set.await?))?;
            accounts.close().await;
        }
        Command::List { data } => {
            let accounts = open_accounts(&data).await?;
            let tenants = accounts.list_tenants().await?;
            say_json(&tenants.iter().map(TenantShown::from).collect::<Vec<_>>())?;
            accounts.close().await;
        }
    }
    Ok(())
}

/// A tenant as it is printed; a setting that is null is the server's default.
#[derive(Serialize)]
struct TenantShown<'a> {
    tenant: &'a str,
    created_at: String,
    idle_timeout_seconds: Option<u64>,
}

impl<'a> From<&'a TenantRow> for TenantShown<'a> {
    fn from(row: &'a TenantRow) -> Self {
        Self {
            tenant: row.id.as_str(),
            created_at: Micros(row.created_at).to_millis_text(),
            idle_timeout_seconds: row.settings.idle_timeout.map(IdleTimeout::as_secs),
        }
    }
}
