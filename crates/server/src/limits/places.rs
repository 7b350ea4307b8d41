//! Places for what lasts: open connections, reports under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many of something there are at this moment; clones count the same.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<AtomicU64>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Place(Arc<AtomicU64>);

impl Places {
    /// One more, when there are fewer than `most`.
    #[must_use]
    pub fn enter(&self, most: u64) -> Option<Place> {
        let more = |taken| (taken < most).then_some(taken + 1);
        let entered = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        entered.is_ok().then(|| Place(Arc::clone(&self.0)))
    }

    /// How many are taken.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_there_are_places_enter_and_who_leaves_makes_room() {
        let places = Places::default();
        let first = places.enter(2).unwrap();
        let _second = places.clone().enter(2).unwrap();
        assert!(places.enter(2).is_none());
        drop(first);
        assert!(places.enter(2).is_some());
        assert_eq!(places.taken(), 1);
    }
}
