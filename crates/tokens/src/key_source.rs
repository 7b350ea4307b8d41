//! A key set that changes: a file or a URL, read again and again.
//!
//! Promise: the keys known last stay while it cannot be read, which is logged once when it begins and once when it
//! ends. It is read by one at a time, and for tokens of unknown keys at most once in [`UNKNOWN_KEY_EVERY`], whoever
//! sends them and however many.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::allowed::Allowed;
use crate::jwk_set::key_set;
use crate::key::Key;
use crate::place::Place;
use crate::remembered::{Digest, Remembered};

/// How often a file is looked at.
pub const FILE_LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often a token that names an unknown key may make a URL's keys be fetched.
pub const UNKNOWN_KEY_EVERY: Duration = Duration::from_secs(60);
/// How soon a fetch that failed is tried again.
pub const RETRY_EVERY: Duration = Duration::from_secs(60);

/// When a source is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Between two regular readings.
    pub(crate) every: Duration,
    /// After one that failed, if that is sooner.
    pub(crate) retry_every: Duration,
    /// Between two readings for tokens of unknown keys.
    pub(crate) unknown_key_every: Duration,
}

impl Pace {
    pub(crate) const FILE: Self =
        Self { every: FILE_LOOK_EVERY, retry_every: FILE_LOOK_EVERY, unknown_key_every: FILE_LOOK_EVERY };

    pub(crate) const fn url(every: Duration) -> Self {
        Self { every, retry_every: RETRY_EVERY, unknown_key_every: UNKNOWN_KEY_EVERY }
    }
}

/// A file or URL, and the keys it held last.
pub(crate) struct KeySource {
    place: Place,
    pace: Pace,
    allowed: Allowed,
    remembered: Arc<Remembered>,
    keys: RwLock<Arc<[Key]>>,
    /// Held while reading, so that there is one reader.
    reading: Mutex<Reading>,
}

#[derive(Default)]
struct Reading {
    /// The document that the keys are from.
    document: Option<Digest>,
    is_failing: bool,
    last_for_unknown_key: Option<Instant>,
}

impl KeySource {
    /// `remembered` is forgotten whenever the keys change.
    pub(crate) fn new(place: Place, pace: Pace, allowed: Allowed, remembered: Arc<Remembered>) -> Self {
        let reading = Mutex::default();
        Self { place, pace, allowed, remembered, keys: RwLock::new(Arc::new([])), reading }
    }

    /// The keys known last.
    pub(crate) fn keys(&self) -> Arc<[Key]> {
        Arc::clone(&self.keys.read())
    }

    /// Begins with the keys of a source of the same place, until it is read itself.
    pub(crate) fn take_over(&self, former: &Self) {
        if self.place == former.place {
            *self.keys.write() = former.keys();
        }
    }

    /// Reads it once; an error is the end of a sentence that begins with where it is.
    pub(crate) async fn must_read(&self) -> Result<(), String> {
        self.read(&mut *self.reading.lock().await).await
    }

    /// Reads it once, and logs what is wrong with it.
    pub(crate) async fn try_to_read(&self) {
        self.read_again(&mut *self.reading.lock().await).await;
    }

    /// Reads it for ever.
    pub(crate) async fn keep_reading(self: Arc<Self>) {
        loop {
            let is_failing = self.reading.lock().await.is_failing;
            let every = self.pace.every;
            tokio::time::sleep(if is_failing { every.min(self.pace.retry_every) } else { every }).await;
            self.try_to_read().await;
        }
    }

    /// Reads it if a token of an unknown key may make it so, or waits while it is being read. In a task of its own, so that
    /// a caller who goes away, and has used up the turn of this minute, does not end it.
    pub(crate) async fn read_for_unknown_key(self: &Arc<Self>) {
        if self.reading.try_lock().is_ok_and(|reading| !self.is_turn(&reading)) {
            return;
        }
        let source = Arc::clone(self);
        let reading = tokio::spawn(async move {
            let mut reading = source.reading.lock().await;
            if source.is_turn(&reading) {
                reading.last_for_unknown_key = Some(Instant::now());
                source.read_again(&mut reading).await;
            }
        });
        // An error is a panic in there, after which the keys are what they were.
        let _ = reading.await;
    }

    fn is_turn(&self, reading: &Reading) -> bool {
        reading.last_for_unknown_key.is_none_or(|last| last.elapsed() >= self.pace.unknown_key_every)
    }

    async fn read_again(&self, reading: &mut Reading) {
        let outcome = self.read(reading).await;
        match &outcome {
            Ok(()) if reading.is_failing => {
                tracing::info!(from = %self.place, "the keys that tokens are verified with can be read again");
            }
            Err(reason) if !reading.is_failing => {
                tracing::error!(from = %self.place, reason, "the keys that tokens are verified with cannot be read; those known before go on working");
            }
            _ => {}
        }
        reading.is_failing = outcome.is_err();
    }

    async fn read(&self, reading: &mut Reading) -> Result<(), String> {
        let document = self.place.read().await?;
        let digest = Digest::from(Sha256::digest(&document));
        if reading.document == Some(digest) {
            return Ok(());
        }
        let set = key_set(&document, &self.allowed)?;
        for (place, reason) in &set.passed_over {
            tracing::info!(from = %self.place, place, reason, "a key of the set is passed over");
        }
        match set.keys.len() {
            0 => {
                tracing::warn!(from = %self.place, "of the keys that tokens are verified with none can be used")
            }
            usable => {
                tracing::info!(from = %self.place, usable, "the keys that tokens are verified with were read")
            }
        }
        *self.keys.write() = set.keys.into();
        // In this order: who has looked at the former keys finds that they have changed.
        self.remembered.forget_all();
        reading.document = Some(digest);
        Ok(())
    }
}
