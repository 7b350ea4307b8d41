//! Repeats: which clients' ids have been taken in lately (spec section 3).
//!
//! Promise: an id is known for 24 h or until [`DEFAULT_MAX_IDS`] newer ones came, whichever ends first.
//! Memory: at most about 36 bytes an id (a 16-byte fingerprint, its second, its place in the index), 300 MB
//! at the default; an id is kept as a keyed 128-bit hash, so that nobody can make two ids meet.

use std::collections::VecDeque;
use std::hash::Hasher as _;

use hashbrown::HashTable;
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use tidegauge_facts::Table;

/// Ids remembered unless configured otherwise.
pub const DEFAULT_MAX_IDS: usize = 8_000_000;
/// How long an id is remembered, in seconds.
pub const WINDOW_SECONDS: u32 = 24 * 3600;
/// The ids are spread over so many parts, so that none takes long to grow.
const SHARDS: usize = 64;
/// What a part holds beyond its even share: hashing spreads ids almost, not quite, evenly.
const SHARD_SLACK: f64 = 1.02;

/// A client's id within its tenant, project and table, as a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    pub(crate) fn bits(self) -> u128 {
        self.0
    }
}

/// Makes fingerprints, with keys of this process's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fingerprinter {
    keys: (u64, u64),
}

impl Fingerprinter {
    pub fn new() -> Self {
        Self { keys: uuid::Uuid::new_v4().as_u64_pair() }
    }

    /// Fingerprints that another process with the same keys makes too.
    pub fn with_keys(keys: (u64, u64)) -> Self {
        Self { keys }
    }

    pub fn of(&self, tenant: &str, project: &str, table: Table, id: &str) -> Fingerprint {
        let mut hasher = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
        hasher.write_u8(table as u8);
        // The lengths keep (`a`, `bc`) and (`ab`, `c`) apart.
        for text in [tenant, project] {
            hasher.write_usize(text.len());
            hasher.write(text.as_bytes());
        }
        hasher.write(id.as_bytes());
        Fingerprint(hasher.finish128().as_u128())
    }
}

/// The ids taken in lately.
pub(crate) struct Dedupe {
    shards: Vec<Shard>,
    max_per_shard: usize,
}

#[derive(Default)]
struct Shard {
    /// Oldest first. `first` is the running number of the front.
    ids: VecDeque<u128>,
    seconds: VecDeque<u32>,
    first: u32,
    index: HashTable<u32>,
}

impl Dedupe {
    pub fn new(max_ids: usize) -> Self {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let max_per_shard = (max_ids as f64 / SHARDS as f64 * SHARD_SLACK).ceil() as usize;
        let shards = (0..SHARDS).map(|_| Shard::default()).collect();
        Self { shards, max_per_shard: max_per_shard.max(1) }
    }

    /// Notes an id taken in at `now` (seconds since the epoch); false when it is a repeat.
    pub fn insert(&mut self, id: Fingerprint, now: u32) -> bool {
        let shard = &mut self.shards[(id.0 >> 64) as usize % SHARDS];
        shard.expire(now.saturating_sub(WINDOW_SECONDS));
        if shard.contains(id.0) {
            return false;
        }
        if shard.ids.len() >= self.max_per_shard {
            shard.forget_oldest();
        }
        shard.push(id.0, now);
        true
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.ids.len()).sum()
    }
}

impl Shard {
    fn contains(&self, id: u128) -> bool {
        self.index.find(id as u64, |number| self.at(*number) == Some(id)).is_some()
    }

    fn at(&self, number: u32) -> Option<u128> {
        self.ids.get(number.wrapping_sub(self.first) as usize).copied()
    }

    fn push(&mut self, id: u128, now: u32) {
        // Invariant: a part holds far fewer than 2^32 ids, so running numbers never meet.
        let number = self.first.wrapping_add(self.ids.len() as u32);
        self.ids.push_back(id);
        self.seconds.push_back(now);
        let (ids, first) = (&self.ids, self.first);
        self.index.insert_unique(id as u64, number, |number| {
            ids.get(number.wrapping_sub(first) as usize).map_or(0, |id| *id as u64)
        });
    }

    fn expire(&mut self, before: u32) {
        while self.seconds.front().is_some_and(|second| *second < before) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(id) = self.ids.front().copied() else { return };
        let oldest = self.first;
        if let Ok(entry) = self.index.find_entry(id as u64, |number| *number == oldest) {
            entry.remove();
        }
        self.ids.pop_front();
        self.seconds.pop_front();
        self.first = self.first.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Fingerprint {
        Fingerprinter { keys: (1, 2) }.of("t", "p", Table::Events, text)
    }

    #[test]
    fn a_repeat_is_known_until_the_window_ends() {
        let mut dedupe = Dedupe::new(1000);
        assert!(dedupe.insert(id("a"), 100));
        assert!(!dedupe.insert(id("a"), 100 + WINDOW_SECONDS));
        assert!(dedupe.insert(id("a"), 101 + WINDOW_SECONDS));
        assert!(!dedupe.insert(id("a"), 102 + WINDOW_SECONDS));
    }

    #[test]
    fn no_more_ids_are_kept_than_allowed_and_the_oldest_go_first() {
        let mut dedupe = Dedupe::new(64_000);
        for i in 0..200_000 {
            assert!(dedupe.insert(id(&i.to_string()), 1));
        }
        assert!((63_000..=66_000).contains(&dedupe.len()), "{}", dedupe.len());
        assert!((180_000..200_000).all(|i| !dedupe.insert(id(&i.to_string()), 1)));
        assert!(dedupe.insert(id("0"), 1));
    }

    #[test]
    fn tenants_projects_and_tables_do_not_meet() {
        let of = Fingerprinter { keys: (1, 2) };
        assert_ne!(of.of("a", "bc", Table::Events, "d"), of.of("ab", "c", Table::Events, "d"));
        assert_ne!(of.of("a", "b", Table::Events, "cd"), of.of("a", "bc", Table::Events, "d"));
        assert_ne!(of.of("a", "p", Table::Events, "b"), of.of("a", "p", Table::Requests, "b"));
    }
}
