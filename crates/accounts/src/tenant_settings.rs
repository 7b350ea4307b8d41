//! What a tenant has otherwise than the server's defaults.
//!
//! Promise: a change is made to what the settings are at that moment, whoever else changes another of them;
//! it is in force at once in this process, and within a second in every other one that watches.

use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use tidegauge_facts::{IpStorage, TenantId};

use crate::accounts::Accounts;
use crate::audit::Entry;
use crate::cors_origins::CorsOrigins;
use crate::credential::Actor;
use crate::database::{DatabaseConnection, DatabaseRow};
use crate::error::AccountsError;
use crate::idle_timeout::IdleTimeout;
use crate::limits::{TenantLimits, TenantLimitsPatch};
use crate::list_tenants::{TenantRow, tenant_row};
use crate::patch::{given, given_group};
use crate::retention::{Retention, RetentionPatch};

/// What becomes of the IP addresses in a tenant's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IpAddresses {
    /// They are stored as they came.
    Whole,
    /// The network alone is stored: 24 bits of IPv4, 48 of IPv6.
    Shortened,
    /// They are not stored.
    None,
}

impl From<IpAddresses> for IpStorage {
    fn from(set: IpAddresses) -> Self {
        match set {
            IpAddresses::Whole => Self::Whole,
            IpAddresses::Shortened => Self::Shortened,
            IpAddresses::None => Self::None,
        }
    }
}

/// A tenant's settings, in JSON by these names; `None` (null, or absent) is the server's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantSettings {
    /// How long a connection may be silent before it counts as closed.
    #[serde(rename = "idle_timeout_seconds")]
    pub idle_timeout: Option<IdleTimeout>,
    /// How much it may do.
    pub limits: TenantLimits,
    /// For how many days its facts are kept.
    #[serde(rename = "retention_days")]
    pub retention: Retention,
    /// What becomes of IP addresses.
    pub ip_addresses: Option<IpAddresses>,
    /// From which web pages a browser may use its data.
    pub cors_origins: Option<CorsOrigins>,
}

/// A change of settings, in JSON by the names of [`TenantSettings`]: what is absent stays, null goes back to the
/// default (of a whole group too), a value is set. An unknown name is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantSettingsPatch {
    /// How long a connection may be silent.
    #[serde(
        rename = "idle_timeout_seconds",
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub idle_timeout: Option<Option<IdleTimeout>>,
    /// How much the tenant may do; the limits that are absent inside stay.
    #[serde(deserialize_with = "given_group", skip_serializing_if = "Option::is_none")]
    pub limits: Option<Option<TenantLimitsPatch>>,
    /// For how many days facts are kept; the tables that are absent inside stay.
    #[serde(
        rename = "retention_days",
        deserialize_with = "given_group",
        skip_serializing_if = "Option::is_none"
    )]
    pub retention: Option<Option<RetentionPatch>>,
    /// What becomes of IP addresses.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub ip_addresses: Option<Option<IpAddresses>>,
    /// From which web pages a browser may use the tenant's data; the list as a whole.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub cors_origins: Option<Option<CorsOrigins>>,
}

impl TenantSettings {
    /// Makes the change.
    pub fn apply(&mut self, patch: TenantSettingsPatch) {
        let TenantSettingsPatch { idle_timeout, limits, retention, ip_addresses, cors_origins } = patch;
        self.idle_timeout = idle_timeout.unwrap_or(self.idle_timeout);
        match limits {
            Some(Some(limits)) => limits.apply(&mut self.limits),
            Some(None) => self.limits = TenantLimits::default(),
            None => {}
        }
        match retention {
            Some(Some(retention)) => retention.apply(&mut self.retention),
            Some(None) => self.retention = Retention::default(),
            None => {}
        }
        self.ip_addresses = ip_addresses.unwrap_or(self.ip_addresses);
        if let Some(origins) = cors_origins {
            self.cors_origins = origins;
        }
    }
}

impl Accounts {
    /// What is set for `tenant`.
    ///
    /// # Errors
    /// [`AccountsError::UnknownTenant`], or what the database reported.
    pub async fn tenant_settings(&self, tenant: &TenantId) -> Result<TenantSettings, AccountsError> {
        Ok(self.tenant(tenant).await?.settings)
    }

    /// `tenant` as it is listed.
    ///
    /// # Errors
    /// [`AccountsError::UnknownTenant`], or what the database reported.
    pub async fn tenant(&self, tenant: &TenantId) -> Result<TenantRow, AccountsError> {
        let mut connection = self.database.pool.acquire().await.map_err(|e| self.database.error(e))?;
        self.tenant_in(&mut connection, tenant).await
    }

    /// Changes what is set for `tenant`, and returns it as it is listed. What is set already is no change, and nothing
    /// is written then. No tenant is made here: whose data would not come because its name was mistyped should hear of
    /// it.
    ///
    /// # Errors
    /// [`AccountsError::UnknownTenant`], or what the database reported. Nothing is changed then.
    pub async fn set_tenant_settings(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        patch: TenantSettingsPatch,
    ) -> Result<TenantRow, AccountsError> {
        let mut transaction = self.database.write().await?;
        let mut row = self.tenant_in(&mut transaction, tenant).await?;
        let entry = Entry::new("tenant.set", Some(tenant), None, &patch)?;
        let before = row.settings.clone();
        row.settings.apply(patch);
        if row.settings == before {
            return Ok(row);
        }
        let settings = serde_json::to_string(&row.settings)
            .map_err(|_| self.database.unreadable_row("tenant's setting"))?;
        sqlx::query(
            "INSERT INTO tenant_settings (tenant, settings, change)
             SELECT $1, $2, coalesce(max(change), 0) + 1 FROM tenant_settings WHERE TRUE
             ON CONFLICT (tenant) DO UPDATE SET settings = excluded.settings, change = excluded.change",
        )
        .bind(tenant.as_str())
        .bind(settings)
        .execute(&mut *transaction)
        .await
        .map_err(|e| self.database.error(e))?;
        self.record_in(&mut transaction, actor, entry).await?;
        self.database.commit(transaction).await?;
        self.settings_feed.after_own_change(&self.database).await;
        Ok(row)
    }

    pub(crate) async fn tenant_in(
        &self,
        connection: &mut DatabaseConnection,
        tenant: &TenantId,
    ) -> Result<TenantRow, AccountsError> {
        let row = sqlx::query(
            "SELECT id, created_at, settings
             FROM tenants LEFT JOIN tenant_settings ON tenant = id WHERE id = $1",
        )
        .bind(tenant.as_str())
        .fetch_optional(connection)
        .await
        .map_err(|e| self.database.error(e))?
        .ok_or_else(|| AccountsError::UnknownTenant(tenant.clone()))?;
        tenant_row(&self.database, &row)
    }
}

/// The settings in a row that has their column; `None` when this program would not have written them.
pub(crate) fn settings_of(row: &DatabaseRow) -> Option<TenantSettings> {
    let settings: Option<&str> = row.try_get("settings").ok()?;
    settings.map_or(Some(TenantSettings::default()), |json| serde_json::from_str(json).ok())
}

#[cfg(test)]
mod tests;
