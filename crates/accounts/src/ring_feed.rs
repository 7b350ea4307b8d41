//! Bringing the ring up to what the database says.
//!
//! Promise: what this process changed is in the ring when the change returns, whether or not the database can be read
//! afterwards; what others changed follows by the numbers of the changes (`changes`), by one reader at a time, a page at
//! a time, so that a change among a million keys costs what changed and not a million rows.

use sqlx::Row as _;
use tidegauge_facts::{ProjectId, TenantId};
use tokio::sync::Mutex;

use crate::changes::Changes;
use crate::credential::Credential;
use crate::database::{Database, DatabaseRow};
use crate::error::AccountsError;
use crate::key_ring::{KeyRing, Principal, RingChange, RingKey};
use crate::key_text::KeyDigest;

const CHANGED_KEYS: &str = "
    SELECT change, id AS row_name, id, digest, tenant, project, scopes, limits, expires_at, revoked_at
    FROM api_keys WHERE change >= $1 ORDER BY change LIMIT $2";

/// A ring and how far it has come.
#[derive(Default)]
pub(crate) struct RingFeed {
    ring: KeyRing,
    /// What was read; `None` while nobody has asked for the ring.
    changes: Mutex<Option<Changes>>,
}

impl RingFeed {
    pub(crate) fn ring(&self) -> KeyRing {
        self.ring.clone()
    }

    /// Applies every change since the last one applied. What was applied before an error stays applied.
    pub(crate) async fn catch_up(&self, database: &Database) -> Result<(), AccountsError> {
        let mut changes = self.changes.lock().await;
        self.read_on(database, changes.get_or_insert_default()).await
    }

    /// Puts keys' rows, as this process has just committed them, in the ring that is in use, if there is one; and then
    /// what else has changed. The change itself is done, so that a failure of the latter is logged and not returned;
    /// the watch tries again.
    pub(crate) async fn after_own_change(&self, database: &Database, rows: &[DatabaseRow]) {
        let mut changes = self.changes.lock().await;
        let Some(changes) = &mut *changes else { return };
        let own = rows.iter().filter_map(|row| {
            let number: i64 = row.try_get("change").ok()?;
            // One that was read already may have been revoked since; that a key has ended stays true.
            ring_change(row).filter(|own| matches!(own, RingChange::Ended(_)) || number > changes.number())
        });
        self.ring.apply(own.collect::<Vec<_>>());
        if let Err(error) = self.read_on(database, changes).await {
            tracing::warn!(%error, "the keys in memory lag behind the accounts database");
        }
    }

    async fn read_on(&self, database: &Database, changes: &mut Changes) -> Result<(), AccountsError> {
        loop {
            let Some(page) = changes.next(database, CHANGED_KEYS).await? else {
                return self.read_anew(database, changes).await;
            };
            self.ring.apply(page.rows.iter().filter_map(ring_change).collect::<Vec<_>>());
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// Reads all keys, and has the ring hold these and no others. Until then the ring stays as it is.
    async fn read_anew(&self, database: &Database, changes: &mut Changes) -> Result<(), AccountsError> {
        tracing::warn!("the accounts database lacks changes that it had before; all API keys are read anew");
        let (mut anew, mut keys) = (Changes::default(), Vec::new());
        // If it goes back once more meanwhile, the next look begins again.
        while let Some(page) = anew.next(database, CHANGED_KEYS).await? {
            keys.extend(page.rows.iter().filter_map(ring_change));
            if page.is_last {
                self.ring.replace(keys);
                *changes = anew;
                break;
            }
        }
        Ok(())
    }
}

/// What a row means for the ring. A row that cannot be read lets nobody in, and keeps nobody else out.
/// An expired key stays: whether it has expired is asked at each request, of a clock that may be set back.
fn ring_change(row: &DatabaseRow) -> Option<RingChange> {
    let digest = row.try_get::<&[u8], _>("digest").ok().and_then(KeyDigest::from_bytes)?;
    let Some(key) = ring_key(row, digest) else {
        let key_id = row.try_get("id").unwrap_or("unknown");
        tracing::error!(key_id, "an API key in the accounts database cannot be read and does not work");
        return Some(RingChange::Ended(digest));
    };
    let is_live = row.try_get("revoked_at").is_ok_and(|at: Option<i64>| at.is_none());
    Some(if is_live { RingChange::Live(key) } else { RingChange::Ended(digest) })
}

fn ring_key(row: &DatabaseRow, digest: KeyDigest) -> Option<RingKey> {
    let project: Option<&str> = row.try_get("project").ok()?;
    Some(RingKey::new(
        digest,
        Principal {
            tenant: TenantId::parse(row.try_get("tenant").ok()?).ok()?,
            project: project.map(ProjectId::parse).transpose().ok()?,
            scopes: row.try_get::<&str, _>("scopes").ok()?.parse().ok()?,
            limits: serde_json::from_str(row.try_get("limits").ok()?).ok()?,
            credential: Credential::Key(row.try_get::<&str, _>("id").ok()?.into()),
            expires_at: row.try_get("expires_at").ok()?,
        },
    ))
}

#[cfg(test)]
mod tests;
