//! The audit log: who changed what, and when.
//!
//! Promise: each change of accounts stands in it, written in the transaction of the change: neither is there without
//! the other. No key's text is in it. Entries are only added (the database itself refuses anything else), so it grows
//! with the changes: some 200 bytes each, nothing for what requests do. It has no upper bound and no deletion.

use serde::Serialize;
use sqlx::Row as _;
use tidegauge_facts::TenantId;

use crate::accounts::{Accounts, now_unix_micros};
use crate::credential::Actor;
use crate::database::{Database, DatabaseConnection, DatabaseRow};
use crate::error::AccountsError;

/// Most entries of one answer.
pub const MAX_AUDIT_PAGE: usize = 1_000;
/// Longest details of an entry, in bytes of JSON: a whole list of origins fits.
pub const MAX_AUDIT_DETAILS_BYTES: usize = 64 * 1024;

/// One change, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Its number; the next change has a greater one.
    pub id: i64,
    /// When, in Unix microseconds.
    pub at: i64,
    /// Who, as [`Actor`] is displayed.
    pub actor: String,
    /// What was done, such as `key.create`.
    pub action: String,
    /// Whose it was.
    pub tenant: Option<String>,
    /// What it was done to: a key's id, a project's.
    pub target: Option<String>,
    /// What else there is to know.
    pub details: serde_json::Value,
}

/// Which entries are asked for.
#[derive(Debug, Clone)]
pub struct AuditFilter {
    /// Those of one tenant; `None` is all.
    pub tenant: Option<TenantId>,
    /// Those before the entry of this number; `None` begins with the newest.
    pub before: Option<i64>,
    /// How many, 1 to [`MAX_AUDIT_PAGE`].
    pub limit: usize,
}

impl Accounts {
    /// A page of the log, newest first.
    ///
    /// # Errors
    /// [`AccountsError::InvalidAuditPage`], or what the database reported.
    pub async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, AccountsError> {
        if !(1..=MAX_AUDIT_PAGE).contains(&filter.limit) {
            return Err(AccountsError::InvalidAuditPage);
        }
        let (before, limit) = (filter.before.unwrap_or(i64::MAX), filter.limit as i64);
        let query = match &filter.tenant {
            Some(tenant) => sqlx::query(
                "SELECT id, at, actor, action, tenant, target, details FROM audit
                 WHERE id < $1 AND tenant = $3 ORDER BY id DESC LIMIT $2",
            )
            .bind(before)
            .bind(limit)
            .bind(tenant.as_str()),
            None => sqlx::query(
                "SELECT id, at, actor, action, tenant, target, details FROM audit
                 WHERE id < $1 ORDER BY id DESC LIMIT $2",
            )
            .bind(before)
            .bind(limit),
        };
        let rows = query.fetch_all(&self.database.pool).await.map_err(|e| self.database.error(e))?;
        rows.iter().map(|row| audit_entry(&self.database, row)).collect()
    }

    /// Writes down a change that was made elsewhere, such as the deletion of a person's data.
    ///
    /// # Errors
    /// [`AccountsError::AuditDetailsTooLong`], or what the database reported.
    pub async fn record(
        &self,
        actor: &Actor,
        action: &'static str,
        tenant: Option<&TenantId>,
        target: Option<&str>,
        details: &impl Serialize,
    ) -> Result<(), AccountsError> {
        let entry = Entry::new(action, tenant, target, details)?;
        let mut transaction = self.database.write().await?;
        self.record_in(&mut transaction, actor, entry).await?;
        self.database.commit(transaction).await
    }

    /// [`Accounts::record`] inside a write transaction.
    pub(crate) async fn record_in(
        &self,
        connection: &mut DatabaseConnection,
        actor: &Actor,
        entry: Entry<'_>,
    ) -> Result<(), AccountsError> {
        sqlx::query(
            "INSERT INTO audit (id, at, actor, action, tenant, target, details)
             SELECT coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6 FROM audit",
        )
        .bind(now_unix_micros())
        .bind(actor.to_string())
        .bind(entry.action)
        .bind(entry.tenant.map(TenantId::as_str))
        .bind(entry.target)
        .bind(entry.details)
        .execute(connection)
        .await
        .map_err(|e| self.database.error(e))?;
        Ok(())
    }
}

/// What is to be written down.
pub(crate) struct Entry<'a> {
    action: &'static str,
    tenant: Option<&'a TenantId>,
    target: Option<&'a str>,
    details: String,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(
        action: &'static str,
        tenant: Option<&'a TenantId>,
        target: Option<&'a str>,
        details: &impl Serialize,
    ) -> Result<Self, AccountsError> {
        match serde_json::to_string(details) {
            Ok(details) if details.len() <= MAX_AUDIT_DETAILS_BYTES => {
                // PostgreSQL's texts hold no zero character, and JSON has it escaped.
                Ok(Self { action, tenant, target, details })
            }
            _ => Err(AccountsError::AuditDetailsTooLong),
        }
    }
}

fn audit_entry(database: &Database, row: &DatabaseRow) -> Result<AuditEntry, AccountsError> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(|e| database.error(e));
    let text_or_null = |column: &str| row.try_get::<Option<String>, _>(column).map_err(|e| database.error(e));
    Ok(AuditEntry {
        id: row.try_get("id").map_err(|e| database.error(e))?,
        at: row.try_get("at").map_err(|e| database.error(e))?,
        actor: text("actor")?,
        action: text("action")?,
        tenant: text_or_null("tenant")?,
        target: text_or_null("target")?,
        details: serde_json::from_str(&text("details")?)
            .map_err(|_| database.unreadable_row("change's details"))?,
    })
}
