//! Reports that may have to read files: on a thread where waiting for a disk is no harm.

use std::sync::Arc;

use tidegauge_store::{Store, StoreError};

use crate::app::App;

/// A report could not be read. What went wrong is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the report cannot be read now")]
pub struct Unread;

/// The report.
///
/// # Errors
/// Something cannot be read.
pub async fn read<T: Send + 'static>(
    app: &App,
    report: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Unread> {
    let store = Arc::clone(&app.store);
    match tokio::task::spawn_blocking(move || report(&store)).await {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(error)) => {
            tracing::error!(%error, "a report cannot be read");
            Err(Unread)
        }
        Err(error) => {
            tracing::error!(%error, "a report ended early");
            Err(Unread)
        }
    }
}
