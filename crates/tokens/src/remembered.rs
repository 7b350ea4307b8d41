//! Tokens that were found good, so that a signature is checked once and not at each request.
//!
//! Promise: at most [`MAX_REMEMBERED`] of them, none longer than it is good, and none that was checked with keys that
//! have changed since. What is kept is a token's SHA-256: to find an entry is to know the token.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::identity::Verified;

/// Most tokens remembered; beyond, those not used for longest are checked anew.
pub const MAX_REMEMBERED: usize = 8192;
/// There are two halves: a full one becomes the old one, whose entries are forgotten unless they are used.
const MAX_HALF: usize = MAX_REMEMBERED / 2;

/// The SHA-256 of a token.
pub(crate) type Digest = [u8; 32];

/// Good tokens.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<Halves>);

#[derive(Default)]
struct Halves {
    keys: KeysVersion,
    young: HashMap<Digest, Entry>,
    old: HashMap<Digest, Entry>,
}

/// Counts how often the keys have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct KeysVersion(u64);

#[derive(Clone)]
struct Entry {
    verified: Arc<Verified>,
    good_until: i64,
}

impl Remembered {
    pub(crate) fn find(&self, digest: &Digest, now_unix_micros: i64) -> Option<Arc<Verified>> {
        let mut halves = self.0.lock();
        let entry = match halves.young.get(digest) {
            Some(entry) => entry.clone(),
            None => {
                let entry = halves.old.remove(digest)?;
                halves.keep(*digest, entry.clone());
                entry
            }
        };
        (now_unix_micros < entry.good_until).then_some(entry.verified)
    }

    /// To be asked for before the keys are looked at.
    pub(crate) fn keys_version(&self) -> KeysVersion {
        self.0.lock().keys
    }

    /// Keeps a token that was checked with the keys of `checked_with`, unless they have changed meanwhile.
    pub(crate) fn keep(
        &self,
        digest: Digest,
        verified: Arc<Verified>,
        good_until: i64,
        checked_with: KeysVersion,
    ) {
        let mut halves = self.0.lock();
        if halves.keys == checked_with {
            halves.keep(digest, Entry { verified, good_until });
        }
    }

    /// To be called after the keys have changed.
    pub(crate) fn forget_all(&self) {
        let mut halves = self.0.lock();
        halves.keys.0 += 1;
        halves.young.clear();
        halves.old.clear();
    }
}

impl Halves {
    fn keep(&mut self, digest: Digest, entry: Entry) {
        if self.young.len() >= MAX_HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest, entry);
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_accounts::Scopes;
    use tidegauge_facts::TenantId;

    use super::*;

    fn verified() -> Arc<Verified> {
        let tenant = TenantId::parse("t").unwrap();
        Arc::new(Verified { tenant, project: None, scopes: Scopes::ALL, subject: None, expires_at: 10 })
    }

    fn digest(number: usize) -> Digest {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        digest
    }

    #[test]
    fn a_token_is_remembered_while_it_is_good_and_its_key_unchanged() {
        let tokens = Remembered::default();
        tokens.keep(digest(1), verified(), 10, tokens.keys_version());
        assert!(tokens.find(&digest(1), 9).is_some());
        assert!(tokens.find(&digest(1), 10).is_none() && tokens.find(&digest(2), 9).is_none());
        let before = tokens.keys_version();
        tokens.forget_all();
        assert!(tokens.find(&digest(1), 9).is_none());
        tokens.keep(digest(1), verified(), 10, before);
        assert!(tokens.find(&digest(1), 9).is_none(), "it was checked with keys that are gone");
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let tokens = Remembered::default();
        for number in 0..3 * MAX_REMEMBERED {
            tokens.keep(digest(number), verified(), 10, tokens.keys_version());
            assert!(tokens.find(&digest(0), 9).is_some(), "{number}");
        }
        let halves = tokens.0.lock();
        assert!(halves.young.len() + halves.old.len() <= MAX_REMEMBERED);
    }
}
