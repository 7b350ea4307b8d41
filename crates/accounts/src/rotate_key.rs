//! Putting a new key in an old one's place, with a while in which both work.
//!
//! Promise: the new key may what the old one may, and lives as long as the old one was given; the old one ends with
//! the overlap, or earlier if it would have anyway. Of several rotations of one key at once, one is done.

use std::time::Duration;

use serde_json::json;
use tidegauge_facts::{Micros, TenantId};

use crate::accounts::{Accounts, now_unix_micros};
use crate::audit::Entry;
use crate::create_key::{KeyRequest, NewKey, new_key};
use crate::credential::Actor;
use crate::error::AccountsError;
use crate::key_name::KeyName;
use crate::list_keys::KeyRow;

/// Longest time for which a rotated key goes on working.
pub const MAX_ROTATION_OVERLAP: Duration = Duration::from_secs(90 * 86_400);

impl Accounts {
    /// Makes a key in the place of the one that `id_or_text` names, among all keys or among those of `tenant`: with
    /// its tenant, project, scopes, name, limits and length of life. The old one works for `overlap` longer, zero is
    /// not at all.
    ///
    /// # Errors
    /// [`AccountsError::OverlapTooLong`]; [`AccountsError::KeyEnded`] and [`AccountsError::KeyReplaced`] of a key that
    /// was revoked, has expired or was rotated before; when `id_or_text` names no key, or the database cannot be
    /// written to. Nothing is changed then.
    pub async fn rotate_key(
        &self,
        actor: &Actor,
        tenant: Option<&TenantId>,
        id_or_text: &str,
        overlap: Duration,
    ) -> Result<NewKey, AccountsError> {
        if overlap > MAX_ROTATION_OVERLAP {
            return Err(AccountsError::OverlapTooLong);
        }
        let name = KeyName::id_or_text(id_or_text)?;
        let mut transaction = self.database.write().await?;
        let old = self.key_in(&mut transaction, tenant, &name).await?;
        let now = now_unix_micros();
        check(&old, now)?;
        let key = new_key(like(&old))?;
        let new_row = self.insert_key_in(&mut transaction, &key, Some(&old.id)).await?;
        let ends_at = now.saturating_add(i64::try_from(overlap.as_micros()).unwrap_or(i64::MAX));
        let ends_at = old.expires_at.map_or(ends_at, |end| end.min(ends_at));
        let old_row = sqlx::query(
            "UPDATE api_keys
             SET expires_at = $2, replaced_by = $3, change = (SELECT max(change) + 1 FROM api_keys)
             WHERE id = $1
             RETURNING change, id, digest, tenant, project, scopes, limits, expires_at, revoked_at",
        )
        .bind(&*old.id)
        .bind(ends_at)
        .bind(&*key.id)
        .fetch_one(&mut *transaction)
        .await
        .map_err(|e| self.database.error(e))?;
        let details = json!({ "replaced_by": key.id, "expires_at": Micros(ends_at).to_millis_text() });
        let entry = Entry::new("key.rotate", Some(&old.tenant), Some(&old.id), &details)?;
        self.record_in(&mut transaction, actor, entry).await?;
        self.database.commit(transaction).await?;
        self.feed.after_own_change(&self.database, &[new_row, old_row]).await;
        Ok(key)
    }
}

fn check(old: &KeyRow, now: i64) -> Result<(), AccountsError> {
    if let Some(by) = &old.replaced_by {
        return Err(AccountsError::KeyReplaced { key: old.id.to_string(), by: by.to_string() });
    }
    if old.revoked_at.is_some() || old.expires_at.is_some_and(|end| end <= now) {
        return Err(AccountsError::KeyEnded(old.id.to_string()));
    }
    Ok(())
}

fn like(old: &KeyRow) -> KeyRequest {
    let life = |end: i64| Duration::from_micros(end.saturating_sub(old.created_at).try_into().unwrap_or(0));
    KeyRequest {
        tenant: old.tenant.clone(),
        project: old.project.clone(),
        scopes: old.scopes,
        expires_in: old.expires_at.map(life),
        name: old.name.clone(),
        limits: old.limits,
    }
}
