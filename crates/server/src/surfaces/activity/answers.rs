//! What the requests intake answers, in the words of `track` and `connections`.

use serde::Serialize;
use tidegauge_facts::Micros;
use utoipa::ToSchema;

use crate::intake::Stored;
use crate::validation::batch::stored_sentence;
use crate::validation::error::ErrorDetail;

/// The answer to `POST /api/v1/requests`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiRequestsStored)]
pub(super) struct RequestsAnswer {
    success: bool,
    requests_received: usize,
    requests_processed: usize,
    /// Of those processed: stored before, not again. A sender that resumes counts with it.
    requests_repeated: usize,
    requests_failed: usize,
    message: String,
    #[schema(format = DateTime)]
    timestamp: String,
    /// With `Prefer: handling=lenient` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<crate::validation::described::ErrorDetail>>, nullable = false)]
    errors: Option<Vec<ErrorDetail>>,
}

impl RequestsAnswer {
    /// Every request was good.
    pub fn all_good(stored: Stored, at: Micros) -> Self {
        Self::new(stored, 0, at, None)
    }

    /// Some requests may have been bad.
    pub fn lenient(stored: Stored, failed: usize, at: Micros, errors: Vec<ErrorDetail>) -> Self {
        Self::new(stored, failed, at, Some(errors))
    }

    fn new(
        Stored { stored, repeated }: Stored,
        failed: usize,
        at: Micros,
        errors: Option<Vec<ErrorDetail>>,
    ) -> Self {
        Self {
            success: stored + repeated > 0,
            requests_received: stored + repeated + failed,
            requests_processed: stored + repeated,
            requests_repeated: repeated,
            requests_failed: failed,
            message: stored_sentence("requests", stored, repeated, failed),
            timestamp: at.to_micros_text(),
            errors,
        }
    }
}
