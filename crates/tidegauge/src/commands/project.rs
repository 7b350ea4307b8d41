//! `tidegauge project`: makes and lists a tenant's projects, beside a running server or without one.

use serde::Serialize;
use tidegauge_accounts::ProjectRow;
use tidegauge_facts::{Micros, ProjectId, TenantId};

use super::accounts_args::{AccountsArgs, me};
use super::say_json;

/// Make and list a tenant's projects.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a project.
    Create {
        #[command(flatten)]
        accounts: AccountsArgs,
        /// Whose project; the tenant must exist.
        #[arg(long)]
        tenant: TenantId,
        /// The project's id.
        project: ProjectId,
    },
    /// List a tenant's projects.
    List {
        #[command(flatten)]
        accounts: AccountsArgs,
        /// Whose projects.
        #[arg(long)]
        tenant: TenantId,
    },
}

pub fn run(command: Command) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run_async(command))
}

async fn run_async(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create { accounts, tenant, project } => {
            let accounts = accounts.open().await?;
            let row = accounts.create_project(&me(), &tenant, &project).await?;
            say_json(&ProjectShown::new(&tenant, &row))?;
            accounts.close().await;
        }
        Command::List { accounts, tenant } => {
            let accounts = accounts.open().await?;
            let rows = accounts.list_projects(&tenant).await?;
            say_json(&rows.iter().map(|row| ProjectShown::new(&tenant, row)).collect::<Vec<_>>())?;
            accounts.close().await;
        }
    }
    Ok(())
}

/// A project as it is printed.
#[derive(Serialize)]
struct ProjectShown<'a> {
    tenant: &'a str,
    project: &'a str,
    created_at: String,
}

impl<'a> ProjectShown<'a> {
    fn new(tenant: &'a TenantId, row: &'a ProjectRow) -> Self {
        Self {
            tenant: tenant.as_str(),
            project: row.id.as_str(),
            created_at: Micros(row.created_at).to_millis_text(),
        }
    }
}
