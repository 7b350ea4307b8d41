//! When the server takes nothing more, 503, or nothing more of this tenant, 429: why, and when to come back. How it is worded around is each surface's.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tidegauge_store::Refused;

use crate::intake::IntakeError;
use crate::limits::Limited;

/// Seconds after which a refused write may be tried again.
const RETRY_SOON: HeaderValue = HeaderValue::from_static("1");
/// The same, where a person has to do something first.
const RETRY_LATER: HeaderValue = HeaderValue::from_static("30");

/// Why, and when again.
#[derive(Debug, Clone)]
pub struct Unavailable {
    /// A sentence for the caller.
    pub reason: &'static str,
    retry_after: HeaderValue,
    limited: Option<Limited>,
}

impl Unavailable {
    /// More comes than can be taken.
    pub const BUSY: Self =
        Self { reason: "The server is busy; nothing was stored", retry_after: RETRY_SOON, limited: None };

    /// The answer: 503, or 429, with `Retry-After` and this body.
    pub fn answer(&self, body: impl IntoResponse) -> Response {
        if let Some(limited) = &self.limited {
            return limited.answer(body);
        }
        let mut response = (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, self.retry_after.clone());
        response
    }
}

impl From<IntakeError> for Unavailable {
    fn from(error: IntakeError) -> Self {
        let reason = match error {
            IntakeError::Refused(Refused::Busy) => return Self::BUSY,
            IntakeError::Refused(Refused::DiskFull) => "The server's disk is almost full; nothing was stored",
            IntakeError::Refused(Refused::Stopped) => "The server takes no writes; nothing was stored",
            IntakeError::Limited(limited) => {
                let reason = "More is sent than may be sent; nothing was stored, try again later";
                return Self { reason, retry_after: RETRY_SOON, limited: Some(limited) };
            }
            IntakeError::Unknown => "The write could not be confirmed; whether it is stored is unknown",
        };
        Self { reason, retry_after: RETRY_LATER, limited: None }
    }
}
