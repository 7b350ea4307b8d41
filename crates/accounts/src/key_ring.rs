//! The API keys in memory, for the path that every request takes.
//!
//! Promise: [`KeyRing::authenticate`] does no I/O and allocates nothing, and compares in constant time.
//! It answers from what the ring was last told; keeping it told is `ring_feed`'s and `watch`'s, and writing down
//! the uses that it notes is `last_used`'s.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use tidegauge_facts::{ProjectId, TenantId};

use crate::credential::Credential;
use crate::key_text::{DigestFront, KeyDigest, has_key_shape};
use crate::last_used::{Use, UseNote};
use crate::limits::KeyLimits;
use crate::scopes::Scopes;

/// Whom a caller stands for, by a key or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The tenant whose data it may reach.
    pub tenant: TenantId,
    /// The one project that it is for; `None` is every project of the tenant.
    pub project: Option<ProjectId>,
    /// What it may do.
    pub scopes: Scopes,
    /// The key's own limits, beside the tenant's; a token has none.
    pub limits: KeyLimits,
    /// The key or the token itself, by a name fit for logs.
    pub credential: Credential,
}

/// The keys that are not revoked; clones share them.
#[derive(Clone, Default)]
pub struct KeyRing {
    keys: Arc<RwLock<Keys>>,
}

#[derive(Default)]
struct Keys {
    live: HashMap<DigestFront, RingKey>,
    /// What was noted of keys that have ended since, until it is written down.
    ended: Vec<Use>,
}

/// One key of the ring.
pub(crate) struct RingKey {
    digest: KeyDigest,
    expires_at: Option<i64>,
    principal: Arc<Principal>,
    used: UseNote,
}

impl RingKey {
    pub(crate) fn new(digest: KeyDigest, expires_at: Option<i64>, principal: Principal) -> Self {
        Self { digest, expires_at, principal: Arc::new(principal), used: UseNote::default() }
    }

    /// Its use that is not written down yet.
    fn unsaved(&self) -> Option<Use> {
        match &self.principal.credential {
            Credential::Key(id) => self.used.unsaved().map(|at| Use { key_id: Arc::clone(id), at }),
            Credential::Token(_) => None,
        }
    }
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
        let key = keys.live.get(&digest.front())?;
        let works = key.digest.is_same(&digest) && key.expires_at.is_none_or(|end| now_unix_micros < end);
        works.then(|| {
            key.used.note(now_unix_micros);
            Arc::clone(&key.principal)
        })
    }

    /// Whether the key of this SHA-256, which was authenticated before, still works: it is not revoked, nor
    /// expired. For what outlives the request that carried the key.
    #[must_use]
    pub fn still_works(&self, sha256: &[u8; 32], now_unix_micros: i64) -> bool {
        let digest = KeyDigest::from_array(*sha256);
        self.keys.read().live.get(&digest.front()).is_some_and(|key| {
            key.digest.is_same(&digest) && key.expires_at.is_none_or(|end| now_unix_micros < end)
        })
    }

    /// How many keys the ring holds: those not revoked, whether expired or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.read().live.len()
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
                RingChange::Live(key) => {
                    if let Some(before) =
                        keys.live.get(&key.digest.front()).and_then(|key| key.used.unsaved())
                    {
                        key.used.note(before);
                    }
                    keys.live.insert(key.digest.front(), key);
                }
                RingChange::Ended(digest) => {
                    let ended = keys.live.remove(&digest.front()).and_then(|key| key.unsaved());
                    keys.ended.extend(ended);
                }
            }
        }
    }

    /// The uses that are not written down yet.
    pub(crate) fn unsaved_uses(&self) -> Vec<Use> {
        let keys = self.keys.read();
        keys.live.values().filter_map(RingKey::unsaved).chain(keys.ended.iter().cloned()).collect()
    }

    /// Forgets uses that were written down; what was noted meanwhile stays.
    pub(crate) fn uses_are_saved(&self, saved: &[Use]) {
        let saved: HashMap<&str, i64> = saved.iter().map(|one| (&*one.key_id, one.at)).collect();
        let mut keys = self.keys.write();
        keys.ended.retain(|one| saved.get(&*one.key_id).is_none_or(|at| *at < one.at));
        for key in keys.live.values() {
            if let Some(at) = key.unsaved().and_then(|one| saved.get(&*one.key_id).copied()) {
                key.used.is_saved(at);
            }
        }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("keys", &self.len()).finish_non_exhaustive()
    }
}
