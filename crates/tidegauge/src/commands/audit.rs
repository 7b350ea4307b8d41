//! `tidegauge audit`: who changed tenants, projects, keys and settings, and when.

use serde::Serialize;
use tidegauge_accounts::{AuditEntry, AuditFilter};
use tidegauge_facts::{Micros, TenantId};

use super::accounts_args::AccountsArgs;
use super::say_json;

/// Look at the audit log.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List changes, newest first.
    List {
        #[command(flatten)]
        accounts: AccountsArgs,
        /// Those of one tenant.
        #[arg(long)]
        tenant: Option<TenantId>,
        /// Those before the change with this id: the last one of the page before.
        #[arg(long, value_name = "ID")]
        before: Option<i64>,
        /// How many, 1 to 1000.
        #[arg(long, default_value_t = 100, value_name = "NUMBER")]
        limit: usize,
    },
}

pub fn run(command: Command) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run_async(command))
}

async fn run_async(command: Command) -> anyhow::Result<()> {
    let Command::List { accounts, tenant, before, limit } = command;
    let accounts = accounts.open().await?;
    let entries = accounts.audit(&AuditFilter { tenant, before, limit }).await?;
    say_json(&entries.iter().map(EntryShown::from).collect::<Vec<_>>())?;
    accounts.close().await;
    Ok(())
}

/// A change as it is printed.
#[derive(Serialize)]
struct EntryShown<'a> {
    id: i64,
    at: String,
    actor: &'a str,
    action: &'a str,
    tenant: Option<&'a str>,
    target: Option<&'a str>,
    details: &'a serde_json::Value,
}

impl<'a> From<&'a AuditEntry> for EntryShown<'a> {
    fn from(entry: &'a AuditEntry) -> Self {
        Self {
            id: entry.id,
            at: Micros(entry.at).to_millis_text(),
            actor: &entry.actor,
            action: &entry.action,
            tenant: entry.tenant.as_deref(),
            target: entry.target.as_deref(),
            details: &entry.details,
        }
    }
}
