//! The WebSockets that the server holds: how many, and their end when it stops.
//!
//! Promise: once [`Sockets::stop`] was called, every socket ends by itself, and [`Sockets::drained`] resolves when the
//! last one's end is durable. A socket counts from before its upgrade is answered.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// All sockets of the process; clones share them.
#[derive(Debug, Clone)]
pub struct Sockets {
    tracker: TaskTracker,
    stopping: CancellationToken,
    max: usize,
    host: Option<Arc<str>>,
}

impl Sockets {
    /// None yet, and never more than `max` at once.
    #[must_use]
    pub fn new(max: usize) -> Self {
        let machine = rustix::system::uname();
        let host = machine.nodename().to_str().ok().filter(|name| !name.is_empty());
        Self {
            tracker: TaskTracker::new(),
            stopping: CancellationToken::new(),
            max,
            host: host.map(Arc::from),
        }
    }

    /// A place for one more, kept while it lives; `None` when there are as many as may be, or the server stops.
    #[must_use]
    pub fn enter(&self) -> Option<TaskTrackerToken> {
        // Two that enter at once may both see the last place: the bound is on memory, and holds within a few.
        (self.tracker.len() < self.max && !self.stopping.is_cancelled()).then(|| self.tracker.token())
    }

    /// How many there are.
    #[must_use]
    pub fn open(&self) -> usize {
        self.tracker.len()
    }

    /// Cancelled when the server stops.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// The machine's name, if it has one.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Asks every socket to end.
    pub fn stop(&self) {
        self.stopping.cancel();
        self.tracker.close();
    }

    /// Resolves when all have ended, or `patience` is over; says which.
    pub async fn drained(&self, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_than_allowed_enter_and_none_once_the_server_stops() {
        let sockets = Sockets::new(2);
        let (first, _second) = (sockets.enter().unwrap(), sockets.enter().unwrap());
        assert!(sockets.enter().is_none());
        drop(first);
        let third = sockets.enter().unwrap();
        sockets.stop();
        assert!(!sockets.drained(Duration::ZERO).await);
        drop((third, _second));
        assert!(sockets.enter().is_none());
        assert!(sockets.drained(Duration::from_secs(10)).await);
    }
}
