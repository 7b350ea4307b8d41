//! What the connections intake answers, in the words of `track`.

use serde::Serialize;
use tidegauge_facts::Micros;
use utoipa::ToSchema;

use crate::intake::Stored;
use crate::validation::batch::stored_sentence;
use crate::validation::error::ErrorDetail;

/// The answer to `POST /api/v1/connections`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionsStored)]
pub(super) struct ConnectionsAnswer {
    success: bool,
    connections_received: usize,
    connections_processed: usize,
    connections_failed: usize,
    message: String,
    #[schema(format = DateTime)]
    timestamp: String,
    /// With `Prefer: handling=lenient` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<crate::validation::described::ErrorDetail>>, nullable = false)]
    errors: Option<Vec<ErrorDetail>>,
}

impl ConnectionsAnswer {
    /// Every message was good.
    pub fn all_good(stored: Stored) -> Self {
        Self::new(stored, 0, None)
    }

    /// Some messages may have been bad.
    pub fn lenient(stored: Stored, failed: usize, errors: Vec<ErrorDetail>) -> Self {
        Self::new(stored, failed, Some(errors))
    }

    fn new(Stored { stored, repeated }: Stored, failed: usize, errors: Option<Vec<ErrorDetail>>) -> Self {
        Self {
            success: stored + repeated > 0,
            connections_received: stored + repeated + failed,
            connections_processed: stored + repeated,
            connections_failed: failed,
            message: stored_sentence("connection messages", stored, repeated, failed),
            timestamp: Micros::now().to_micros_text(),
            errors,
        }
    }
}
