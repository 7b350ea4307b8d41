//! `tidegauge tenant`: makes and lists tenants and sets what each has of its own, beside a running server or without one.

mod settings_args;

use serde::Serialize;
use tidegauge_accounts::{TenantRow, TenantSettings};
use tidegauge_facts::{Micros, TenantId};

use self::settings_args::SettingsArgs;
use super::accounts_args::{AccountsArgs, me};
use super::say_json;

/// Make and list tenants and set what each has of its own. A running server honours the change within a second.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a tenant, with its project `default`.
    Create {
        #[command(flatten)]
        accounts: AccountsArgs,
        /// The tenant's id.
        tenant: TenantId,
    },
    /// Set what a tenant has otherwise than the server's defaults; what is not named stays.
    Set {
        #[command(flatten)]
        accounts: AccountsArgs,
        /// Whose settings; the tenant must exist.
        #[arg(long)]
        tenant: TenantId,
        #[command(flatten)]
        settings: Box<SettingsArgs>,
    },
    /// Show one tenant with its settings.
    Show {
        #[command(flatten)]
        accounts: AccountsArgs,
        /// The tenant's id.
        tenant: TenantId,
    },
    /// List the tenants with their settings.
    List {
        #[command(flatten)]
        accounts: AccountsArgs,
    },
}

pub fn run(command: Command) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run_async(command))
}

async fn run_async(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create { accounts, tenant } => {
            let accounts = accounts.open_or_make().await?;
            say_json(&TenantShown::from(&accounts.create_tenant(&me(), &tenant).await?))?;
            accounts.close().await;
        }
        Command::Set { accounts, tenant, settings } => {
            let accounts = accounts.open().await?;
            let set = accounts.set_tenant_settings(&me(), &tenant, settings.patch()).await?;
            say_json(&TenantShown::from(&set))?;
            accounts.close().await;
        }
        Command::Show { accounts, tenant } => {
            let accounts = accounts.open().await?;
            say_json(&TenantShown::from(&accounts.tenant(&tenant).await?))?;
            accounts.close().await;
        }
        Command::List { accounts } => {
            let accounts = accounts.open().await?;
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
    #[serde(flatten)]
    settings: &'a TenantSettings,
}

impl<'a> From<&'a TenantRow> for TenantShown<'a> {
    fn from(row: &'a TenantRow) -> Self {
        Self {
            tenant: row.id.as_str(),
            created_at: Micros(row.created_at).to_millis_text(),
            settings: &row.settings,
        }
    }
}
