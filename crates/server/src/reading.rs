//! Reports that may have to read files: on threads where waiting for a disk is no harm, a bounded number at once.

use std::sync::Arc;
use std::time::Duration;

use tidegauge_reports::ReportError;
use tidegauge_store::{Reader, StoreError};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::auth::Caller;
use crate::limits::Limited;

/// Reports read at once; further ones wait.
pub const MAX_READS: usize = 32;
/// How long one waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// Places for reports that are read; clones share them.
#[derive(Debug, Clone)]
pub struct Reads(Arc<Semaphore>);

impl Reads {
    /// How many are being read.
    #[must_use]
    pub fn under_way(&self) -> usize {
        MAX_READS - self.0.available_permits()
    }
}

impl Default for Reads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_READS)))
    }
}

/// Why there is no report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// Its turn did not come: 503.
    #[error("too many reports are being read; try again soon")]
    Busy,
    /// More would have to be brought together than is allowed: 503, and a narrower question helps.
    #[error("the period holds more connections than can be counted at once; ask for a shorter one")]
    TooMuch,
    /// More rows would have to be put together than is allowed: 400, because only a narrower question helps.
    #[error("the report has more rows than can be put together at once; ask for a shorter period")]
    TooManyRows,
    /// It took longer than it may: 503.
    #[error("the report took longer than {0} s; ask for a shorter period")]
    TookTooLong(u64),
    /// It would bring more together than it may: 400, because only a narrower question helps.
    #[error("the report would take more memory than it may; ask for less")]
    TooMuchMemory,
    /// Its tenant has as many under way as it may: 429.
    #[error("{0}")]
    Limited(Limited),
    /// Something could not be read; what it was is in the log: 503.
    #[error("the report cannot be read now")]
    Failed,
}

/// The report.
///
/// # Errors
/// See [`Unread`].
pub async fn read<T: Send + 'static>(
    app: &App,
    caller: &Caller,
    report: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Unread> {
    read_report(app, caller, |store| Ok(report(store)?)).await
}

/// The report, where more than the store may fail.
///
/// # Errors
/// See [`Unread`].
pub async fn read_report<T: Send + 'static>(
    app: &App,
    caller: &Caller,
    report: impl FnOnce(&Reader<'_>) -> Result<T, ReportError> + Send + 'static,
) -> Result<T, Unread> {
    // The tenant's own turn first: who waits among his own keeps no place from others.
    let own_turn = caller.allowance.report().await.map_err(Unread::Limited)?;
    let turn = Arc::clone(&app.reads.0).acquire_owned();
    let turn = tokio::time::timeout(TURN_TIMEOUT, turn).await.map_err(|_| Unread::Busy)?;
    let (store, budget) = (Arc::clone(&app.store), caller.allowance.budget());
    // The place goes with the work, also when nobody waits for it any more.
    let span = tracing::Span::current();
    let work = move || (span.in_scope(|| report(&Reader::new(&store, budget))), turn, own_turn).0;
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(ReportError::Store(StoreError::TooMuch { .. }))) => Err(Unread::TooMuch),
        Ok(Err(ReportError::Store(StoreError::TookTooLong { seconds }))) => Err(Unread::TookTooLong(seconds)),
        Ok(Err(ReportError::Store(StoreError::TooMuchMemory { .. }))) => Err(Unread::TooMuchMemory),
        Ok(Err(ReportError::TooManyRows(_))) => Err(Unread::TooManyRows),
        Ok(Err(error)) => {
            tracing::error!(%error, "a report cannot be read");
            Err(Unread::Failed)
        }
        Err(error) => {
            tracing::error!(%error, "a report ended early");
            Err(Unread::Failed)
        }
    }
}
