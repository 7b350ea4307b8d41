//! Ending an API key before its time.
//!
//! Promise: when it returns, the key no longer works in this process, and within a second in none that
//! watches. The first revocation's time stays. No error repeats what may be a secret.

use crate::accounts::{Accounts, now_unix_micros};
use crate::error::AccountsError;
use crate::key_id::is_key_id;
use crate::key_text::{KeyDigest, KeyText, has_key_mark};
use crate::list_keys::{KeyRow, key_row};

impl Accounts {
    /// Revokes the key that `id_or_text` names: its id (`key_...`) or its whole text (`tg_...`). Revoking
    /// a revoked key changes nothing. Returns the key as it is listed.
    ///
    /// # Errors
    /// [`AccountsError`] when `id_or_text` names no key, or when the database cannot be written to.
    pub async fn revoke_key(&self, id_or_text: &str) -> Result<KeyRow, AccountsError> {
        let (digest, unknown) = if has_key_mark(id_or_text) {
            let key = KeyText::parse(id_or_text)?;
            (Some(KeyDigest::of(key.expose())), AccountsError::UnknownKeyText)
        } else if is_key_id(id_or_text) {
            (None, AccountsError::UnknownKeyId(id_or_text.to_owned()))
        } else {
            return Err(AccountsError::NoKeyName);
        };
        // A key's text reaches the database as its digest alone.
        let id = digest.is_none().then_some(id_or_text);
        let digest = digest.as_ref().map(KeyDigest::as_bytes);

        let mut transaction = self.database.write().await?;
        sqlx::query(
            "UPDATE api_keys
             SET revoked_at = ?3, change = (SELECT max(change) + 1 FROM api_keys)
             WHERE (id = ?1 OR digest = ?2) AND revoked_at IS NULL",
        )
        .bind(id)
        .bind(digest)
        .bind(now_unix_micros())
        .execute(&mut *transaction)
        .await
        .map_err(|e| self.database.error(e))?;
        let row = sqlx::query(
            "SELECT id, prefix, name, tenant, project, scopes, created_at, expires_at, revoked_at
             FROM api_keys WHERE id = ?1 OR digest = ?2",
        )
        .bind(id)
        .bind(digest)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(|e| self.database.error(e))?
        .ok_or(unknown)?;
        self.database.commit(transaction).await?;
        self.feed.after_own_change(&self.database).await;
        key_row(&self.database, &row)
    }
}
