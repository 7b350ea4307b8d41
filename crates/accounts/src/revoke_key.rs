//! Ending an API key before its time.
//!
//! Promise: when it returns, the key no longer works in this process, and within a second in none that
//! watches. The first revocation's time stays. No error repeats what may be a secret.

use serde_json::json;
use tidegauge_facts::TenantId;

use crate::accounts::{Accounts, now_unix_micros};
use crate::audit::Entry;
use crate::credential::Actor;
use crate::error::AccountsError;
use crate::key_name::KeyName;
use crate::list_keys::KeyRow;

impl Accounts {
    /// Revokes the key that `id_or_text` names: its id (`key_...`) or its whole text (`tg_...`); among all keys, or
    /// among those of `tenant`. Revoking a revoked key changes nothing. Returns the key as it is listed.
    ///
    /// # Errors
    /// [`AccountsError`] when `id_or_text` names no key, or when the database cannot be written to.
    pub async fn revoke_key(
        &self,
        actor: &Actor,
        tenant: Option<&TenantId>,
        id_or_text: &str,
    ) -> Result<KeyRow, AccountsError> {
        let name = KeyName::id_or_text(id_or_text)?;
        let mut transaction = self.database.write().await?;
        let mut key = self.key_in(&mut transaction, tenant, &name).await?;
        if key.revoked_at.is_some() {
            return Ok(key);
        }
        key.revoked_at = Some(now_unix_micros());
        let row = sqlx::query(
            "UPDATE api_keys SET revoked_at = $2, change = (SELECT max(change) + 1 FROM api_keys) WHERE id = $1
             RETURNING change, id, digest, tenant, project, scopes, limits, expires_at, revoked_at",
        )
        .bind(&*key.id)
        .bind(key.revoked_at)
        .fetch_one(&mut *transaction)
        .await
        .map_err(|e| self.database.error(e))?;
        let entry = Entry::new("key.revoke", Some(&key.tenant), Some(&key.id), &json!({}))?;
        self.record_in(&mut transaction, actor, entry).await?;
        self.database.commit(transaction).await?;
        self.feed.after_own_change(&self.database, &[row]).await;
        Ok(key)
    }
}
