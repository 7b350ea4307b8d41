//! When a connector tries again after trouble, and when no more.

use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::{Fatal, Mode};
use crate::backoff::Backoff;
use crate::sink::Trouble;

/// Why work under way ended early.
pub(super) enum Break {
    /// It is to stop.
    Stopped,
    /// A person has to do something.
    Fatal(Fatal),
    /// Begin again with a read.
    Again,
}

/// When to try again, and when no more.
pub(super) struct Pace<'a> {
    mode: Mode,
    stop: &'a CancellationToken,
    backoff: Backoff,
    troubled: Option<Instant>,
}

impl<'a> Pace<'a> {
    pub fn new(mode: Mode, stop: &'a CancellationToken) -> Self {
        Self { mode, stop, backoff: Backoff::default(), troubled: None }
    }

    /// Cancelled when the connector is to stop.
    pub fn stop(&self) -> &'a CancellationToken {
        self.stop
    }

    /// Something was done to its end, or nothing was to be done: the next trouble is a new one. An answer on the way
    /// is not enough: a Redis that refuses writes reads well.
    pub fn went_well(&mut self) {
        if self.troubled.take().is_some() {
            tracing::info!("working again");
        }
        self.backoff = Backoff::default();
    }

    /// Waits before the next try; an error when there is to be none.
    pub async fn wait(&mut self, trouble: Trouble) -> Result<(), Break> {
        let (reason, retry_after) = match trouble {
            Trouble::Lasting(reason) => return Err(Break::Fatal(Fatal(reason))),
            Trouble::Passing { reason, retry_after } => (reason, retry_after),
        };
        let since = *self.troubled.get_or_insert_with(Instant::now);
        let wait = self.backoff.next(retry_after);
        if let Mode::Once { patience } = self.mode
            && since.elapsed() + wait > patience
        {
            return Err(Break::Fatal(Fatal(format!("{reason} (given up; the records are still in Redis)"))));
        }
        tracing::warn!(wait_ms = wait.as_millis() as u64, "{reason}; trying again");
        match tokio::time::timeout(wait, self.stop.cancelled()).await {
            Ok(()) => Err(Break::Stopped),
            Err(_) => Ok(()),
        }
    }
}
