//! When each key was used last: noted in memory at each request, written down now and then.
//!
//! Promise: a note costs an atomic load, and a store at most once a second and key. A use is in the database within
//! [`SAVE_USES_EVERY`] while [`Accounts::watch`] runs, or when [`Accounts::close`] returns; a crash loses what was
//! noted since. The time in the database only grows, whichever process writes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use crate::accounts::Accounts;
use crate::error::AccountsError;

/// How often the uses that were noted are written down.
pub const SAVE_USES_EVERY: Duration = Duration::from_secs(60);
/// Uses written in one transaction: other writers get their turn between two.
const USES_AT_A_TIME: usize = 500;
/// A use within this of the one noted is not noted.
const COARSE_MICROS: i64 = 1_000_000;
const NONE: i64 = i64::MIN;

/// A key's use that is to be written down.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) key_id: Arc<str>,
    /// Unix microseconds.
    pub(crate) at: i64,
}

/// The newest use of one key that is not written down.
pub(crate) struct UseNote(AtomicI64);

impl Default for UseNote {
    fn default() -> Self {
        Self(AtomicI64::new(NONE))
    }
}

impl UseNote {
    pub(crate) fn note(&self, at: i64) {
        if at >= self.0.load(Relaxed).saturating_add(COARSE_MICROS) {
            self.0.fetch_max(at, Relaxed);
        }
    }

    pub(crate) fn unsaved(&self) -> Option<i64> {
        Some(self.0.load(Relaxed)).filter(|at| *at != NONE)
    }

    /// Forgets the use at `at`, unless a newer one was noted.
    pub(crate) fn is_saved(&self, at: i64) {
        let _ = self.0.compare_exchange(at, NONE, Relaxed, Relaxed);
    }
}

impl Accounts {
    /// Writes down the uses noted so far.
    pub(crate) async fn save_uses(&self) -> Result<(), AccountsError> {
        let ring = self.feed.ring();
        for uses in ring.unsaved_uses().chunks(USES_AT_A_TIME) {
            let mut transaction = self.database.write().await?;
            for one in uses {
                sqlx::query(
                    "UPDATE api_keys SET last_used_at = $2
                     WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
                )
                .bind(&*one.key_id)
                .bind(one.at)
                .execute(&mut *transaction)
                .await
                .map_err(|e| self.database.error(e))?;
            }
            self.database.commit(transaction).await?;
            ring.uses_are_saved(uses);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_noted_once_a_second_and_forgotten_when_it_is_written_down() {
        let note = UseNote::default();
        assert_eq!(note.unsaved(), None);
        note.note(5);
        note.note(5 + COARSE_MICROS - 1);
        assert_eq!(note.unsaved(), Some(5));
        note.note(5 + COARSE_MICROS);
        note.is_saved(5);
        assert_eq!(note.unsaved(), Some(5 + COARSE_MICROS), "a newer one stays");
        note.is_saved(5 + COARSE_MICROS);
        assert_eq!(note.unsaved(), None);
        note.note(6);
        assert_eq!(note.unsaved(), Some(6), "a clock that was set back is believed again");
    }
}
