//! What one report may take: time, and memory for what it brings together.
//!
//! Promise: whoever reads by a bounded [`Reader`] is stopped at the first piece of rows that comes after the time is
//! over, and at the first byte too many that he says he brings together. The pieces themselves, which are bounded
//! whatever is asked, do not count.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::StoreError;
use crate::snapshot::{Snapshot, View};
use crate::store::Store;

/// The bounds of one report, and what of them is used up.
#[derive(Debug)]
pub struct Budget {
    time: Duration,
    bytes: u64,
    begun: Mutex<Instant>,
    taken: AtomicU64,
}

impl Budget {
    /// So much time from now on, and so many bytes.
    #[must_use]
    pub fn new(time: Duration, bytes: u64) -> Self {
        Self { time, bytes, begun: Mutex::new(Instant::now()), taken: AtomicU64::new(0) }
    }

    /// No bounds: for what the store does for itself, and for tests.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(Duration::MAX, u64::MAX)
    }

    /// The time it was given.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.time
    }

    /// The bytes it was given.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether there is time left.
    ///
    /// # Errors
    /// [`StoreError::TookTooLong`].
    pub fn check(&self) -> Result<(), StoreError> {
        match self.begun.lock().elapsed() <= self.time {
            true => Ok(()),
            false => Err(StoreError::TookTooLong { seconds: self.time.as_secs() }),
        }
    }

    /// Counts what is brought together, for as long as the report lasts.
    ///
    /// # Errors
    /// [`StoreError::TooMuchMemory`].
    pub fn take(&self, bytes: usize) -> Result<(), StoreError> {
        let taken = self.taken.fetch_add(bytes as u64, Ordering::Relaxed).saturating_add(bytes as u64);
        match taken <= self.bytes {
            true => Ok(()),
            false => Err(StoreError::TooMuchMemory { bytes: self.bytes }),
        }
    }

    /// Begins the time anew: an answer that is written while it is read waits for its reader in between.
    pub fn go_on(&self) {
        *self.begun.lock() = Instant::now();
    }
}

/// A store as one report reads it, within its budget.
#[derive(Debug)]
pub struct Reader<'s> {
    store: &'s Store,
    budget: Arc<Budget>,
}

impl<'s> Reader<'s> {
    /// A reader with these bounds.
    #[must_use]
    pub fn new(store: &'s Store, budget: Budget) -> Self {
        Self { store, budget: Arc::new(budget) }
    }

    /// As [`Store::look`].
    pub fn look<T>(&self, at: impl FnOnce(&View) -> T) -> T {
        self.store.look(at)
    }

    /// The four tables as of now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.bounded(self.look(View::snapshot))
    }

    /// A snapshot of the store, within this reader's budget.
    #[must_use]
    pub fn bounded(&self, snapshot: Snapshot) -> Snapshot {
        snapshot.within(Arc::clone(&self.budget))
    }
}

impl<'s> From<&'s Store> for Reader<'s> {
    fn from(store: &'s Store) -> Self {
        Self::new(store, Budget::unlimited())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_counted_up_to_the_bound_and_time_begins_anew() {
        let budget = Budget::new(Duration::ZERO, 100);
        assert!(budget.take(60).is_ok() && budget.take(40).is_ok());
        assert!(matches!(budget.take(1), Err(StoreError::TooMuchMemory { bytes: 100 })));
        std::thread::yield_now();
        assert!(matches!(budget.check(), Err(StoreError::TookTooLong { seconds: 0 })));
        let budget = Budget::unlimited();
        budget.go_on();
        assert!(budget.check().is_ok());
    }
}
