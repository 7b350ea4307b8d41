//! The API keys in memory, for the path that every request takes.
//!
//! Promise: [`KeyRing::authenticate`] does no I/O and allocates nothing, and compares in constant time.
//! It answers from what the ring was last told; keeping it told is `ring_feed`'s and `watch`'s, and writing down
//! the uses that it notes is `last_used`'s.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
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
    /// When the credential ends by itself, in Unix microseconds; `None` is never.
    pub expires_at: Option<i64>,
}

/// The keys that are not revoked; clones share them.
#[derive(Clone, Default)]
pub struct KeyRing {
    keys: Arc<RwLock<HashMap<DigestFront, RingKey>>>,
    /// What was noted of keys that have ended since, until it is written down.
    ended: Arc<Mutex<Vec<Use>>>,
}

/// What a key is compared with that is not in the ring.
const NO_DIGEST: KeyDigest = KeyDigest::from_array([0; 32]);

/// One key of the ring.
pub(crate) struct RingKey {
    digest: KeyDigest,
    principal: Arc<Principal>,
    used: UseNote,
}

impl RingKey {
    pub(crate) fn new(digest: KeyDigest, principal: Principal) -> Self {
        Self { digest, principal: Arc::new(principal), used: UseNote::default() }
    }

    fn is_expired(&self, now_unix_micros: i64) -> bool {
        self.principal.expires_at.is_some_and(|end| now_unix_micros >= end)
    }

    /// Its use that is not written down yet.
    fn unsaved(&self) -> Option<Use> {
        match &self.principal.credential {
            Credential::Key(id) => {
                self.used.unsaved().map(|at| Use { front: self.digest.front(), key_id: Arc::clone(id), at })
            }
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
        let key = keys.get(&digest.front());
        // Where there is none the comparison is made all the same, so that its time tells nothing.
        let is_same = key.map_or(&NO_DIGEST, |key| &key.digest).is_same(&digest);
        let key = key.filter(|key| is_same && !key.is_expired(now_unix_micros))?;
        key.used.note(now_unix_micros);
        Some(Arc::clone(&key.principal))
    }

    /// Whether the key of this SHA-256, which was authenticated before, still works: it is not revoked, nor
    /// expired. For what outlives the request that carried the key.
    #[must_use]
    pub fn still_works(&self, sha256: &[u8; 32], now_unix_micros: i64) -> bool {
        let digest = KeyDigest::from_array(*sha256);
        let keys = self.keys.read();
        keys.get(&digest.front())
            .is_some_and(|key| key.digest.is_same(&digest) && !key.is_expired(now_unix_micros))
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
                RingChange::Live(key) => {
                    if let Some(before) = keys.get(&key.digest.front()).and_then(|key| key.used.unsaved()) {
                        key.used.note(before);
                    }
                    keys.insert(key.digest.front(), key);
                }
                RingChange::Ended(digest) => {
                    let ended = keys.remove(&digest.front()).and_then(|key| key.unsaved());
                    self.ended.lock().extend(ended);
                }
            }
        }
    }

    /// Holds what comes of `changes`, and no other key any more.
    pub(crate) fn replace(&self, changes: impl IntoIterator<Item = RingChange>) {
        let anew = Self::default();
        anew.apply(changes);
        let mut anew = std::mem::take(&mut *anew.keys.write());
        let mut keys = self.keys.write();
        for (front, key) in keys.iter() {
            match (anew.get_mut(front), key.used.unsaved()) {
                (Some(same), Some(before)) => same.used.note(before),
                (Some(_), None) => {}
                (None, _) => self.ended.lock().extend(key.unsaved()),
            }
        }
        *keys = anew;
    }

    /// The uses that are not written down yet.
    pub(crate) fn unsaved_uses(&self) -> Vec<Use> {
        let mut uses = self.ended.lock().clone();
        uses.extend(self.keys.read().values().filter_map(RingKey::unsaved));
        uses
    }

    /// Forgets uses that were written down; what was noted meanwhile stays.
    pub(crate) fn uses_are_saved(&self, saved: &[Use]) {
        let is_saved = |one: &Use| saved.iter().any(|done| done.key_id == one.key_id && done.at >= one.at);
        self.ended.lock().retain(|one| !is_saved(one));
        let keys = self.keys.read();
        for one in saved {
            if let Some(key) = keys.get(&one.front) {
                key.used.is_saved(one.at);
            }
        }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("keys", &self.len()).finish_non_exhaustive()
    }
}
