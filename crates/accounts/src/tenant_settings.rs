//! What a tenant has otherwise than the server's defaults.
//!
//! Promise: a change is made to what the settings are at that moment, whoever else changes another of them;
//! it is in force at once in this process, and within a second in every other one that watches.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use tidegauge_facts::TenantId;

use crate::accounts::Accounts;
use crate::error::AccountsError;
use crate::idle_timeout::IdleTimeout;
use crate::list_tenants::{TenantRow, tenant_row};

/// A tenant's settings; `None` is the server's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantSettings {
    /// How long a connection may be silent before it counts as closed.
    pub idle_timeout: Option<IdleTimeout>,
}

impl Accounts {
    /// What is set for `tenant`.
    ///
    /// # Errors
    /// [`AccountsError::UnknownTenant`], or what the database reported.
    pub async fn tenant_settings(&self, tenant: &TenantId) -> Result<TenantSettings, AccountsError> {
        let mut connection = self.database.pool.acquire().await.map_err(|e| self.database.error(e))?;
        Ok(self.tenant_in(&mut connection, tenant).await?.settings)
    }

    /// Changes what is set for `tenant`, and returns it as it is listed. No tenant is made here: whose data
    /// would not come because its name was mistyped should hear of it.
    ///
    /// # Errors
    /// [`AccountsError::UnknownTenant`], or what the database reported. Nothing is changed then.
    pub async fn set_tenant_settings(
        &self,
        tenant: &TenantId,
        change: impl FnOnce(&mut TenantSettings) + Send,
    ) -> Result<TenantRow, AccountsError> {
        let mut transaction = self.database.write().await?;
        let mut row = self.tenant_in(&mut transaction, tenant).await?;
        change(&mut row.settings);
        sqlx::query(
            "INSERT INTO tenant_settings (tenant, idle_timeout_seconds, change)
             SELECT ?1, ?2, coalesce(max(change), 0) + 1 FROM tenant_settings WHERE TRUE
             ON CONFLICT (tenant) DO UPDATE
             SET idle_timeout_seconds = excluded.idle_timeout_seconds, change = excluded.change",
        )
        .bind(tenant.as_str())
        // Never out of range: an idle timeout is at most a day.
        .bind(row.settings.idle_timeout.and_then(|timeout| i64::try_from(timeout.as_secs()).ok()))
        .execute(&mut *transaction)
        .await
        .map_err(|e| self.database.error(e))?;
        self.database.commit(transaction).await?;
        self.settings_feed.after_own_change(&self.database).await;
        Ok(row)
    }

    async fn tenant_in(
        &self,
        connection: &mut SqliteConnection,
        tenant: &TenantId,
    ) -> Result<TenantRow, AccountsError> {
        let row = sqlx::query(
            "SELECT id, created_at, idle_timeout_seconds
             FROM tenants LEFT JOIN tenant_settings ON tenant = id WHERE id = ?1",
        )
        .bind(tenant.as_str())
        .fetch_optional(connection)
        .await
        .map_err(|e| self.database.error(e))?
        .ok_or_else(|| AccountsError::UnknownTenant(tenant.clone()))?;
        tenant_row(&self.database, &row)
    }
}

/// The settings in a row that has their columns; `None` when this program would not have written them.
pub(crate) fn settings_of(row: &SqliteRow) -> Option<TenantSettings> {
    let seconds: Option<i64> = row.try_get("idle_timeout_seconds").ok()?;
    let idle_timeout = |seconds| IdleTimeout::from_secs(u64::try_from(seconds).ok()?).ok();
    Some(TenantSettings {
        idle_timeout: match seconds {
            Some(seconds) => Some(idle_timeout(seconds)?),
            None => None,
        },
    })
}
