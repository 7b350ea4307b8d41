//! The way of facts into the store: stamped, given what the sender left out, appended, awaited.
//!
//! Promise: `Ok` means durable. A refusal before that means that nothing was stored.

pub mod connections;
mod country;
pub mod events;
pub mod requests;
pub mod sessions;

use tidegauge_accounts::Principal;
use tidegauge_facts::{DEFAULT_NAME, Row};
use tidegauge_store::{Appended, Fingerprint, NotDurable, Refused};

use crate::app::App;
use crate::limits::Limited;

/// Why facts were not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// Nothing was stored.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nothing was stored: the tenant, or the key, sends more than it may.
    #[error("{0}")]
    Limited(Limited),
    /// They were appended, but the disk refused them or took too long: whether they are stored is unknown.
    #[error("whether the write is durable is unknown")]
    Unknown,
}

impl From<Limited> for IntakeError {
    fn from(limited: Limited) -> Self {
        Self::Limited(limited)
    }
}

impl From<NotDurable> for IntakeError {
    fn from(_: NotDurable) -> Self {
        Self::Unknown
    }
}

/// One request's rows, appended and on their way to the disk.
#[derive(Debug)]
#[must_use = "rows are acknowledged only once they are confirmed"]
pub struct Pending(Appended);

/// What became of a request's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Rows stored now.
    pub stored: usize,
    /// Rows whose id had been taken in before: stored then, not again.
    pub repeated: usize,
}

impl Pending {
    /// Waits until the rows are durable.
    ///
    /// # Errors
    /// [`IntakeError::Unknown`]: the disk refused them or took too long.
    pub async fn confirmed(self, app: &App) -> Result<Stored, IntakeError> {
        let Appended { stored, repeated, ticket } = self.0;
        tokio::time::timeout(app.limits.commit_timeout, ticket.committed())
            .await
            .map_err(|_| IntakeError::Unknown)??;
        Ok(Stored { stored, repeated })
    }
}

/// The project of facts that name none: the credential's, or the tenant's project `default`.
#[must_use]
pub fn project_of(principal: &Principal) -> &str {
    principal.project.as_ref().map_or(DEFAULT_NAME, |project| project.as_str())
}

/// Appends the rows of one table, all or none, waiting a bounded while for room. A row with a fingerprint is
/// left out when that fingerprint was taken in before.
///
/// # Errors
/// Nothing was stored.
pub async fn take_rows<R: Row, I: Iterator<Item = (Option<Fingerprint>, R)>>(
    app: &App,
    rows: impl Fn() -> I,
) -> Result<Pending, IntakeError> {
    match app.store.append(rows()) {
        Err(Refused::Busy) => {}
        other => return Ok(Pending(other?)),
    }
    let wait = async {
        loop {
            let mut room = std::pin::pin!(app.store.room());
            // Listening starts before the try, so that room made in between is not missed.
            room.as_mut().enable();
            match app.store.append(rows()) {
                Err(Refused::Busy) => room.await,
                other => return other,
            }
        }
    };
    let appended = tokio::time::timeout(app.limits.room_timeout, wait).await.unwrap_or(Err(Refused::Busy));
    Ok(Pending(appended?))
}
