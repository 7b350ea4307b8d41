//! Which tenants there are, and what is set for each.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use tidegauge_facts::TenantId;

use crate::accounts::Accounts;
use crate::database::{Database, PAGE_ROWS};
use crate::error::AccountsError;
use crate::tenant_settings::{TenantSettings, settings_of};

/// A tenant as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRow {
    /// Its id.
    pub id: TenantId,
    /// When it was made, in Unix microseconds.
    pub created_at: i64,
    /// What it has otherwise than the server's defaults.
    pub settings: TenantSettings,
}

impl Accounts {
    /// Every tenant, sorted by id.
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be read.
    pub async fn list_tenants(&self) -> Result<Vec<TenantRow>, AccountsError> {
        let mut tenants: Vec<TenantRow> = Vec::new();
        loop {
            let rows = sqlx::query(
                "SELECT id, created_at, idle_timeout_seconds
                 FROM tenants LEFT JOIN tenant_settings ON tenant = id
                 WHERE id > ?1 ORDER BY id LIMIT ?2",
            )
            // No id is empty.
            .bind(tenants.last().map_or("", |tenant| tenant.id.as_str()))
            .bind(PAGE_ROWS as i64)
            .fetch_all(&self.database.pool)
            .await
            .map_err(|e| self.database.error(e))?;
            for row in &rows {
                tenants.push(tenant_row(&self.database, row)?);
            }
            if rows.len() < PAGE_ROWS {
                return Ok(tenants);
            }
        }
    }
}

/// A row that has the columns of [`TenantRow`].
pub(crate) fn tenant_row(database: &Database, row: &SqliteRow) -> Result<TenantRow, AccountsError> {
    let id: &str = row.try_get("id").map_err(|e| database.error(e))?;
    Ok(TenantRow {
        id: TenantId::parse(id).map_err(|_| database.unreadable_row("tenant id"))?,
        created_at: row.try_get("created_at").map_err(|e| database.error(e))?,
        settings: settings_of(row).ok_or_else(|| database.unreadable_row("tenant's setting"))?,
    })
}
