//! Why a report has no answer.

use tidegauge_store::StoreError;

/// Why a report has no answer, or none to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A part of the facts cannot be read. An answer without them would be wrong.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rows could not be put together.
    #[error("cannot put rows together: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// More sessions would have to be held than is allowed.
    #[error("more than {0} sessions would have to be looked at")]
    TooManySessions(usize),
    /// An answer would have more rows than are put together.
    #[error("the answer would have more than {0} rows: ask for less")]
    TooManyRows(usize),
    /// More distinct combinations would have to be held than is allowed.
    #[error("distinctColumns has more than {0} different combinations")]
    TooManyCombinations(usize),
}
