//! Bringing the ring up to what the database says.
//!
//! Promise: the ring only moves forward. Each change of a key has a number (`api_keys.change`), handed out
//! under the write lock; one reader at a time asks for those after the last it applied, a page at a time,
//! so that a change among a million keys costs what changed and not a million rows.

use sqlx::Row as _;
use tidegauge_facts::{ProjectId, TenantId};
use tokio::sync::Mutex;

use crate::credential::Credential;
use crate::database::{Database, DatabaseRow, PAGE_ROWS};
use crate::error::AccountsError;
use crate::key_ring::{KeyRing, Principal, RingChange, RingKey};
use crate::key_text::KeyDigest;

/// A ring and how far it has come.
#[derive(Default)]
pub(crate) struct RingFeed {
    ring: KeyRing,
    /// The last change applied; `None` while nobody has asked for the ring.
    last_change: Mutex<Option<i64>>,
}

impl RingFeed {
    pub(crate) fn ring(&self) -> KeyRing {
        self.ring.clone()
    }

    /// Applies every change since the last one applied. What was applied before an error stays applied.
    pub(crate) async fn catch_up(&self, database: &Database) -> Result<(), AccountsError> {
        let mut last_change = self.last_change.lock().await;
        self.read_on(database, &mut last_change).await
    }

    /// [`RingFeed::catch_up`] when there is a ring in use. The change itself is done, so that a failure
    /// here is logged and not returned; the watch, which sees this commit too, tries again.
    pub(crate) async fn after_own_change(&self, database: &Database) {
        let mut last_change = self.last_change.lock().await;
        if last_change.is_none() {
            return;
        }
        if let Err(error) = self.read_on(database, &mut last_change).await {
            tracing::warn!(%error, "the keys in memory lag behind the accounts database");
        }
    }

    async fn read_on(&self, database: &Database, last_change: &mut Option<i64>) -> Result<(), AccountsError> {
        loop {
            let rows = sqlx::query(
                "SELECT change, id, digest, tenant, project, scopes, limits, expires_at, revoked_at
                 FROM api_keys WHERE change > $1 ORDER BY change LIMIT $2",
            )
            .bind(last_change.unwrap_or(0))
            .bind(PAGE_ROWS as i64)
            .fetch_all(&database.pool)
            .await
            .map_err(|e| database.error(e))?;
            let changes: Vec<RingChange> = rows.iter().filter_map(ring_change).collect();
            self.ring.apply(changes);
            let seen =
                rows.last().map(|row| row.try_get("change")).transpose().map_err(|e| database.error(e))?;
            *last_change = Some(seen.or(*last_change).unwrap_or(0));
            if rows.len() < PAGE_ROWS {
                return Ok(());
            }
        }
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
        row.try_get("expires_at").ok()?,
        Principal {
            tenant: TenantId::parse(row.try_get("tenant").ok()?).ok()?,
            project: project.map(ProjectId::parse).transpose().ok()?,
            scopes: row.try_get::<&str, _>("scopes").ok()?.parse().ok()?,
            limits: serde_json::from_str(row.try_get("limits").ok()?).ok()?,
            credential: Credential::Key(row.try_get::<&str, _>("id").ok()?.into()),
        },
    ))
}
