//! Which API keys there are.
//!
//! Promise: neither a key's text nor its digest is read here; a key is shown by its id and first characters.

use std::sync::Arc;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use tidegauge_facts::{ProjectId, TenantId};

use crate::accounts::Accounts;
use crate::database::{Database, PAGE_ROWS};
use crate::error::AccountsError;
use crate::scopes::Scopes;

/// A key as it is listed. Times are Unix microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its public id, `key_...`.
    pub id: Arc<str>,
    /// The first characters of its text, to recognise it by.
    pub prefix: String,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Whose key it is.
    pub tenant: TenantId,
    /// The one project that it is for; `None` is every project of the tenant.
    pub project: Option<ProjectId>,
    /// What it allows.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: i64,
    /// From when on it no longer works; `None` is never.
    pub expires_at: Option<i64>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<i64>,
}

impl Accounts {
    /// Every key, revoked and expired ones too, oldest first.
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be read.
    pub async fn list_keys(&self) -> Result<Vec<KeyRow>, AccountsError> {
        let mut keys = Vec::new();
        let mut last_row = 0;
        loop {
            let rows = sqlx::query(
                "SELECT rowid AS row, id, prefix, name, tenant, project, scopes, created_at, expires_at, revoked_at
                 FROM api_keys WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
            )
            .bind(last_row)
            .bind(PAGE_ROWS as i64)
            .fetch_all(&self.database.pool)
            .await
            .map_err(|e| self.database.error(e))?;
            for row in &rows {
                keys.push(key_row(&self.database, row)?);
            }
            match rows.last() {
                Some(row) if rows.len() == PAGE_ROWS => {
                    last_row = row.try_get("row").map_err(|e| self.database.error(e))?;
                }
                _ => return Ok(keys),
            }
        }
    }
}

/// A row that has the nine columns of [`KeyRow`].
pub(crate) fn key_row(database: &Database, row: &SqliteRow) -> Result<KeyRow, AccountsError> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(|e| database.error(e));
    let text_or_null = |column: &str| row.try_get::<Option<String>, _>(column).map_err(|e| database.error(e));
    let time_or_null = |column: &str| row.try_get::<Option<i64>, _>(column).map_err(|e| database.error(e));
    Ok(KeyRow {
        id: text("id")?.into(),
        prefix: text("prefix")?,
        name: text_or_null("name")?,
        tenant: TenantId::parse(&text("tenant")?).map_err(|_| database.unreadable_row("tenant id"))?,
        project: text_or_null("project")?
            .map(|id| ProjectId::parse(&id))
            .transpose()
            .map_err(|_| database.unreadable_row("project id"))?,
        scopes: text("scopes")?.parse().map_err(|_| database.unreadable_row("set of scopes"))?,
        created_at: row.try_get("created_at").map_err(|e| database.error(e))?,
        expires_at: time_or_null("expires_at")?,
        revoked_at: time_or_null("revoked_at")?,
    })
}
