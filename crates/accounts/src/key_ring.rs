//! The API keys in memory, for the path that every request takes.
//!
//! Promise: [`KeyRing::authenticate`] does no I/O and allocates nothing, and compares in constant time.
//! It answers from what the ring was last told; keeping it told is `ring_feed`'s and `watch`'s.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use tidegauge_facts::{ProjectId, TenantId};

use crate::key_text::{DigestFront, KeyDigest, has_key_shape};
use crate::scopes::Scopes;

/// Whom a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The tenant whose data it may reach.
    pub tenant: TenantId,
    /// The one project that it is for; `None` is every project of the tenant.
    pub project: Option<ProjectId>,
    /// What it may do.
    pub scopes: Scopes,
    /// The key's public id, fit for logs.
    pub key_id: Arc<str>,
}

/// The keys that are not revoked; clones share them.
#[derive(Clone, Default)]
pub struct KeyRing {
    keys: Arc<RwLock<HashMap<DigestFront, RingKey>>>,
}

/// One key of the ring.
pub(crate) struct RingKey {
    pub(crate) digest: KeyDigest,
    pub(crate) expires_at: Option<i64>,
    pub(crate) principal: Arc<Principal>,
}

/// What became of a key.
pub(crate) enum RingChange {
    Live(RingKey),
    Ended(KeyDigest),
}

impl KeyRing {
    /// Whom `presented` stands for at `now_unix_micros`; `None` when it is no key, an unknown one, a
    /// revoked one or an expired one.
    #[must_use]
    pub fn authenticate(&self, presented: &str, now_unix_micros: i64) -> Option<Arc<Principal>> {
        if !has_key_shape(presented) {
            return None;
        }
        let digest = KeyDigest::of(presented);
        let keys = self.keys.read();
        let key = keys.get(&digest.front())?;
        let works = key.digest.is_same(&digest) && key.expires_at.is_none_or(|end| now_unix_micros < end);
        works.then(|| Arc::clone(&key.principal))
    }

    /// Whether the key of this SHA-256, which was authenticated before, still works: it is not revoked, nor
    /// expired. For what outlives the request that carried the key.
    #[must_use]
    pub fn still_works(&self, sha256: &[u8; 32], now_unix_micros: i64) -> bool {
        let digest = KeyDigest::from_array(*sha256);
        self.keys.read().get(&digest.front()).is_some_and(|key| {
            key.digest.is_same(&digest) && key.expires_at.is_none_or(|end| now_unix_micros < end)
        })
    }

    /// How many keys the ring holds: those not revoked, whether expired or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.read().len()
    }

    /// True when the ring holds no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn apply(&self, changes: impl IntoIterator<Item = RingChange>) {
        let mut keys = self.keys.write();
        for change in changes {
            match change {
                RingChange::Live(key) => drop(keys.insert(key.digest.front(), key)),
                RingChange::Ended(digest) => drop(keys.remove(&digest.front())),
            }
        }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("keys", &self.len()).finish_non_exhaustive()
    }
}
