//! The memory that one question may bring together: its own bound, within one that all share.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool, MemoryReservation};

/// So many bytes, and what of them is taken.
#[derive(Debug)]
pub(crate) struct Bytes {
    most: usize,
    taken: AtomicUsize,
}

impl Bytes {
    pub fn new(most: usize) -> Self {
        Self { most, taken: AtomicUsize::new(0) }
    }

    fn take(&self, bytes: usize) -> bool {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.most);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn take_anyway(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

/// One question's memory. Nothing is written to disk instead: what does not fit is refused.
#[derive(Debug)]
pub(crate) struct QuestionMemory {
    own: Bytes,
    shared: Arc<Bytes>,
}

impl QuestionMemory {
    pub fn new(own: usize, shared: Arc<Bytes>) -> Self {
        Self { own: Bytes::new(own), shared }
    }
}

impl Display for QuestionMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.reserved(), self.own.most)
    }
}

impl MemoryPool for QuestionMemory {
    fn name(&self) -> &str {
        "question"
    }

    fn grow(&self, _reservation: &MemoryReservation, additional: usize) {
        self.own.take_anyway(additional);
        self.shared.take_anyway(additional);
    }

    fn shrink(&self, _reservation: &MemoryReservation, shrink: usize) {
        self.own.give_back(shrink);
        self.shared.give_back(shrink);
    }

    fn try_grow(&self, _reservation: &MemoryReservation, additional: usize) -> Result<()> {
        if !self.own.take(additional) {
            return Err(DataFusionError::ResourcesExhausted("the question's memory".into()));
        }
        if !self.shared.take(additional) {
            self.own.give_back(additional);
            return Err(DataFusionError::ResourcesExhausted("the memory of all questions".into()));
        }
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.own.taken.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.own.most)
    }
}
