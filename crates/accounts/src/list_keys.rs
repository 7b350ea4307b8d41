//! Which API keys there are.
//!
//! Promise: neither a key's text nor its digest is read here; a key is shown by its id and first characters.

use std::sync::Arc;

use sqlx::Row as _;
use tidegauge_facts::{ProjectId, TenantId};

use crate::accounts::Accounts;
use crate::database::{Database, DatabaseConnection, DatabaseRow, PAGE_ROWS};
use crate::error::AccountsError;
use crate::key_name::KeyName;
use crate::key_text::KeyDigest;
use crate::limits::KeyLimits;
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
    /// Its own limits, beside the tenant's.
    pub limits: KeyLimits,
    /// When it was made.
    pub created_at: i64,
    /// From when on it no longer works; `None` is never.
    pub expires_at: Option<i64>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<i64>,
    /// When it was used last, to a minute or two; `None` is never.
    pub last_used_at: Option<i64>,
    /// The id of the key that took its place when it was rotated.
    pub replaced_by: Option<Arc<str>>,
}

impl Accounts {
    /// Every key, or every key of one tenant, revoked and expired ones too, oldest first.
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be read.
    pub async fn list_keys(&self, tenant: Option<&TenantId>) -> Result<Vec<KeyRow>, AccountsError> {
        let mut keys: Vec<KeyRow> = Vec::new();
        loop {
            let after = keys.last().map(|key| (key.created_at, Arc::clone(&key.id)));
            let page = self.page(tenant, after, PAGE_ROWS).await?;
            let is_last = page.len() < PAGE_ROWS;
            keys.extend(page);
            if is_last {
                return Ok(keys);
            }
        }
    }

    /// The keys, or those of one tenant, after the one with the id `after`, oldest first: `most` of them, or all that
    /// there are.
    ///
    /// # Errors
    /// [`AccountsError::UnknownKeyId`] when there is no key `after` among them, or what the database reported.
    pub async fn keys_after(
        &self,
        tenant: Option<&TenantId>,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<KeyRow>, AccountsError> {
        let after = match after {
            Some(id) => Some(self.key(tenant, id).await?).map(|key| (key.created_at, key.id)),
            None => None,
        };
        self.page(tenant, after, most).await
    }

    /// The key with this id, among all or among one tenant's.
    ///
    /// # Errors
    /// [`AccountsError::UnknownKeyId`], or what the database reported.
    pub async fn key(&self, tenant: Option<&TenantId>, id: &str) -> Result<KeyRow, AccountsError> {
        let name = KeyName::id(id)?;
        let mut connection = self.database.pool.acquire().await.map_err(|e| self.database.error(e))?;
        self.key_in(&mut connection, tenant, &name).await
    }

    /// [`Accounts::key`] on a connection, by any name.
    pub(crate) async fn key_in(
        &self,
        connection: &mut DatabaseConnection,
        tenant: Option<&TenantId>,
        name: &KeyName<'_>,
    ) -> Result<KeyRow, AccountsError> {
        let row = sqlx::query(
            "SELECT id, prefix, name, tenant, project, scopes, limits, created_at, expires_at, revoked_at,
                 last_used_at, replaced_by
             FROM api_keys WHERE id = $1 OR digest = $2",
        )
        .bind(name.id)
        .bind(name.digest.as_ref().map(KeyDigest::as_bytes))
        .fetch_optional(connection)
        .await
        .map_err(|e| self.database.error(e))?
        .ok_or_else(|| name.unknown())?;
        let key = key_row(&self.database, &row)?;
        // Another tenant's key is exactly one that does not exist.
        if tenant.is_none_or(|tenant| *tenant == key.tenant) { Ok(key) } else { Err(name.unknown()) }
    }

    async fn page(
        &self,
        tenant: Option<&TenantId>,
        after: Option<(i64, Arc<str>)>,
        most: usize,
    ) -> Result<Vec<KeyRow>, AccountsError> {
        let (created_at, id) = after.unwrap_or((i64::MIN, "".into()));
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let query = match tenant {
            Some(tenant) => sqlx::query(
                "SELECT id, prefix, name, tenant, project, scopes, limits, created_at, expires_at, revoked_at,
                     last_used_at, replaced_by
                 FROM api_keys WHERE (created_at, id) > ($1, $2) AND tenant = $4
                 ORDER BY created_at, id LIMIT $3",
            )
            .bind(created_at)
            .bind(&*id)
            .bind(most)
            .bind(tenant.as_str()),
            None => sqlx::query(
                "SELECT id, prefix, name, tenant, project, scopes, limits, created_at, expires_at, revoked_at,
                     last_used_at, replaced_by
                 FROM api_keys WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3",
            )
            .bind(created_at)
            .bind(&*id)
            .bind(most),
        };
        let rows = query.fetch_all(&self.database.pool).await.map_err(|e| self.database.error(e))?;
        rows.iter().map(|row| key_row(&self.database, row)).collect()
    }
}

/// A row that has the columns of [`KeyRow`].
fn key_row(database: &Database, row: &DatabaseRow) -> Result<KeyRow, AccountsError> {
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
        limits: serde_json::from_str(&text("limits")?)
            .map_err(|_| database.unreadable_row("key's limits"))?,
        created_at: row.try_get("created_at").map_err(|e| database.error(e))?,
        expires_at: time_or_null("expires_at")?,
        revoked_at: time_or_null("revoked_at")?,
        last_used_at: time_or_null("last_used_at")?,
        replaced_by: text_or_null("replaced_by")?.map(Into::into),
    })
}
