//! Which tenants there are, and what is set for each.

use sqlx::Row as _;
use tidegauge_facts::TenantId;

use crate::accounts::Accounts;
use crate::database::{Database, DatabaseRow, PAGE_ROWS};
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
    /// Every tenant, sorted by id; there can be [`MAX_TENANTS`](crate::MAX_TENANTS).
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be read.
    pub async fn list_tenants(&self) -> Result<Vec<TenantRow>, AccountsError> {
        let mut tenants: Vec<TenantRow> = Vec::new();
        loop {
            let page = self.tenants_after(tenants.last().map(|tenant| &tenant.id), PAGE_ROWS).await?;
            let is_last = page.len() < PAGE_ROWS;
            tenants.extend(page);
            if is_last {
                return Ok(tenants);
            }
        }
    }

    /// The tenants after `after`, which need not exist, sorted by id: `most` of them, or all that there are.
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be read.
    pub async fn tenants_after(
        &self,
        after: Option<&TenantId>,
        most: usize,
    ) -> Result<Vec<TenantRow>, AccountsError> {
        let rows = sqlx::query(
            "SELECT id, created_at, settings
             FROM tenants LEFT JOIN tenant_settings ON tenant = id
             WHERE id > $1 ORDER BY id LIMIT $2",
        )
        // No id is empty.
        .bind(after.map_or("", TenantId::as_str))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&self.database.pool)
        .await
        .map_err(|e| self.database.error(e))?;
        rows.iter().map(|row| tenant_row(&self.database, row)).collect()
    }
}

/// A row that has the columns of [`TenantRow`].
pub(crate) fn tenant_row(database: &Database, row: &DatabaseRow) -> Result<TenantRow, AccountsError> {
    let id: &str = row.try_get("id").map_err(|e| database.error(e))?;
    Ok(TenantRow {
        id: TenantId::parse(id).map_err(|_| database.unreadable_row("tenant id"))?,
        created_at: row.try_get("created_at").map_err(|e| database.error(e))?,
        settings: settings_of(row).ok_or_else(|| database.unreadable_settings(id))?,
    })
}
