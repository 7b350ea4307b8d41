//! Making an API key.
//!
//! Promise: the key's text is in the returned [`NewKey`] and nowhere else; the key works at once in this
//! process, and within a second in every other one that watches.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sqlx::Row as _;
use tidegauge_facts::{Micros, ProjectId, TenantId};

use crate::accounts::{Accounts, now_unix_micros};
use crate::audit::Entry;
use crate::credential::Actor;
use crate::database::{DatabaseConnection, DatabaseRow};
use crate::error::AccountsError;
use crate::expiry::MAX_EXPIRY;
use crate::key_id::random_key_id;
use crate::key_text::{KeyDigest, KeyText};
use crate::limits::KeyLimits;
use crate::scopes::Scopes;

/// Most keys of a database, revoked and expired ones included: their rows stay.
pub const MAX_KEYS: i64 = 1_000_000;
/// Most keys of a tenant that work: neither revoked nor expired.
///
/// It is so much less than [`MAX_KEYS`] that no tenant's administrator can use up what all share, and so much more than
/// a tenant's programs need that nobody meets it who revokes what is not used any more.
pub const MAX_WORKING_KEYS_PER_TENANT: i64 = 10_000;
/// Most keys of a tenant, revoked and expired ones included. Their rows stay, for the log's sake, and so their number
/// has to be bounded too; it leaves room to replace each key that can work nine times.
pub const MAX_KEYS_PER_TENANT: i64 = 100_000;
/// Longest name of a key, in characters.
pub const MAX_KEY_NAME_CHARS: usize = 200;

/// What a new key shall be.
#[derive(Debug, Clone)]
pub struct KeyRequest {
    /// Whose key it is; made when it does not exist.
    pub tenant: TenantId,
    /// The one project that it is for, made when it does not exist; `None` is every project of the tenant.
    pub project: Option<ProjectId>,
    /// What it allows; at least one.
    pub scopes: Scopes,
    /// How long it works from now on; `None` is for ever.
    pub expires_in: Option<Duration>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Its own limits, beside the tenant's.
    pub limits: KeyLimits,
}

/// A key that was just made. `Debug` hides its text.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The key itself, for the one time that it is shown.
    pub text: KeyText,
    /// Its public id, `key_...`.
    pub id: Arc<str>,
    /// Whose key it is.
    pub tenant: TenantId,
    /// The one project that it is for; `None` is every project of the tenant.
    pub project: Option<ProjectId>,
    /// What it allows.
    pub scopes: Scopes,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Its own limits, beside the tenant's.
    pub limits: KeyLimits,
    /// When it was made, in Unix microseconds.
    pub created_at: i64,
    /// The Unix microsecond from which on it no longer works.
    pub expires_at: Option<i64>,
}

impl Accounts {
    /// Makes a key, and its tenant, the tenant's project `default` and its project as far as they are missing.
    ///
    /// # Errors
    /// [`AccountsError`] when the request has no scope, an unusable name or too long a life, when a bound
    /// is reached, or when the database cannot be written to. Nothing is made then.
    pub async fn create_key(&self, actor: &Actor, request: KeyRequest) -> Result<NewKey, AccountsError> {
        check(&request)?;
        let mut transaction = self.database.write().await?;
        let (key, row) = self.create_key_in(&mut transaction, actor, request).await?;
        self.database.commit(transaction).await?;
        self.known_projects.forget(&key.tenant);
        self.feed.after_own_change(&self.database, &[row]).await;
        Ok(key)
    }

    /// The writing of [`Accounts::create_key`], inside a write transaction and for a checked request; with the key's row.
    pub(crate) async fn create_key_in(
        &self,
        connection: &mut DatabaseConnection,
        actor: &Actor,
        request: KeyRequest,
    ) -> Result<(NewKey, DatabaseRow), AccountsError> {
        self.ensure_in(connection, actor, &request.tenant, request.project.as_ref()).await?;
        let key = new_key(request)?;
        let row = self.insert_key_in(connection, &key, None).await?;
        let details = json!({
            "project": key.project.as_ref().map(ProjectId::as_str),
            "scopes": key.scopes,
            "name": key.name,
            "expires_at": key.expires_at.map(|at| Micros(at).to_millis_text()),
            "limits": key.limits,
        });
        let entry = Entry::new("key.create", Some(&key.tenant), Some(&key.id), &details)?;
        self.record_in(connection, actor, entry).await?;
        Ok((key, row))
    }

    /// Adds a key's row, and returns it. A key that it `replaces` does not count among those that work.
    pub(crate) async fn insert_key_in(
        &self,
        connection: &mut DatabaseConnection,
        key: &NewKey,
        replaces: Option<&str>,
    ) -> Result<DatabaseRow, AccountsError> {
        let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM api_keys")
            .fetch_one(&mut *connection)
            .await
            .map_err(|e| self.database.error(e))?;
        if keys >= self.bounds.keys {
            return Err(AccountsError::TooManyKeys);
        }
        self.check_room_of_tenant(connection, key, replaces).await?;
        let limits =
            serde_json::to_string(&key.limits).map_err(|_| self.database.unreadable_row("key's limits"))?;
        sqlx::query(
            "INSERT INTO api_keys
                 (id, digest, prefix, name, tenant, project, scopes, limits, created_at, expires_at, change)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, coalesce(max(change), 0) + 1 FROM api_keys
             RETURNING change, id, digest, tenant, project, scopes, limits, expires_at, revoked_at",
        )
        .bind(&*key.id)
        .bind(KeyDigest::of(key.text.expose()).as_bytes())
        .bind(key.text.shown_prefix())
        .bind(key.name.as_deref())
        .bind(key.tenant.as_str())
        .bind(key.project.as_ref().map(ProjectId::as_str))
        .bind(key.scopes.to_string())
        .bind(limits)
        .bind(key.created_at)
        .bind(key.expires_at)
        .fetch_one(connection)
        .await
        .map_err(|e| self.database.error(e))
    }

    async fn check_room_of_tenant(
        &self,
        connection: &mut DatabaseConnection,
        key: &NewKey,
        replaces: Option<&str>,
    ) -> Result<(), AccountsError> {
        let counts = sqlx::query(
            "SELECT count(*) AS keys,
                 count(CASE WHEN revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) AND id <> $3
                       THEN 1 END) AS working
             FROM api_keys WHERE tenant = $1",
        )
        .bind(key.tenant.as_str())
        .bind(key.created_at)
        .bind(replaces.unwrap_or_default())
        .fetch_one(connection)
        .await
        .map_err(|e| self.database.error(e))?;
        let count = |column| counts.try_get::<i64, _>(column).map_err(|e| self.database.error(e));
        let tenant = || key.tenant.clone();
        if count("keys")? >= self.bounds.keys_per_tenant {
            return Err(AccountsError::TooManyKeysOfTenant(tenant(), self.bounds.keys_per_tenant));
        }
        if count("working")? >= self.bounds.working_keys_per_tenant {
            return Err(AccountsError::TooManyWorkingKeys(tenant(), self.bounds.working_keys_per_tenant));
        }
        Ok(())
    }
}

fn check(request: &KeyRequest) -> Result<(), AccountsError> {
    if request.scopes.is_empty() {
        return Err(AccountsError::NoScopes);
    }
    if request.expires_in.is_some_and(|life| life > MAX_EXPIRY) {
        return Err(AccountsError::ExpiryTooLong);
    }
    let is_usable = |name: &String| {
        (1..=MAX_KEY_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control)
    };
    if request.name.as_ref().is_some_and(|name| !is_usable(name)) {
        return Err(AccountsError::InvalidKeyName);
    }
    Ok(())
}

pub(crate) fn new_key(request: KeyRequest) -> Result<NewKey, AccountsError> {
    let created_at = now_unix_micros();
    // Never out of range: `check` bounds it by MAX_EXPIRY, about 2^52 µs.
    let micros = |life: Duration| i64::try_from(life.as_micros()).unwrap_or(i64::MAX);
    Ok(NewKey {
        text: KeyText::random()?,
        id: random_key_id()?,
        tenant: request.tenant,
        project: request.project,
        scopes: request.scopes,
        name: request.name,
        limits: request.limits,
        created_at,
        expires_at: request.expires_in.map(|life| created_at.saturating_add(micros(life))),
    })
}

#[cfg(test)]
mod tests;
