//! Why a question is not answered, as a problem (RFC 9457).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tidegauge_explore::formats::{Format, FormatError};
use tidegauge_explore::{BadQuery, ExploreError, Place};

use super::answer::Cut;
use crate::auth::Denied;
use crate::body::BodyRefused;
use crate::limits::Limited;
use crate::problem::Problem;
use crate::unavailable::Unavailable;

/// Characters of what is wrong: a sentence may quote what was sent, which may be a whole body.
const MAX_DETAIL_CHARS: usize = 1_000;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// 401, 403 or 429.
    Denied(Denied),
    /// 429: the tenant has as many questions under way as it may.
    Limited(Limited),
    /// 400, what is wrong, and where.
    Bad(String, Option<Place>),
    /// 406.
    NotAcceptable,
    /// 415.
    UnsupportedType(&'static str),
    /// 400, 408, 413, 415 or 503.
    Body(BodyRefused),
    /// 405.
    MethodNotAllowed,
    /// 503, and why.
    Unavailable(String),
}

impl Failure {
    pub fn bad(problem: impl Into<String>) -> Self {
        Self::Bad(problem.into(), None)
    }
}

impl From<BadQuery> for Failure {
    fn from(bad: BadQuery) -> Self {
        Self::bad(bad.to_string())
    }
}

impl From<ExploreError> for Failure {
    fn from(error: ExploreError) -> Self {
        match error {
            ExploreError::Bad { message, place } => Self::Bad(message, place),
            // Only a narrower question helps.
            ExploreError::TooMuchMemory => Self::bad(error.to_string()),
            ExploreError::Busy | ExploreError::TookTooLong { .. } | ExploreError::Failed => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Unfit(problem) => Self::bad(problem),
            FormatError::Arrow(_) | FormatError::Parquet(_) => {
                tracing::error!(%error, "an answer cannot be written");
                Self::Unavailable("the answer cannot be written in this format".to_owned())
            }
        }
    }
}

impl From<Cut> for Failure {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Explore(error) => error.into(),
            Cut::Format(error) => error.into(),
            Cut::TooLong | Cut::Ended => Self::Unavailable(cut.to_string()),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, detail) = match self {
            Self::Denied(denied) => return Problem::from(denied).into_response(),
            Self::Limited(limited) => return Problem::from(Denied::Limited(limited)).into_response(),
            Self::Bad(detail, place) => {
                let problem = Problem::new(StatusCode::BAD_REQUEST, shortened(detail));
                let position = place.map(|Place { line, column }| (line, column));
                return problem.at(position).into_response();
            }
            Self::NotAcceptable => {
                let known = Format::ALL.map(Format::media_type).join(", ");
                (StatusCode::NOT_ACCEPTABLE, format!("answers are {known}"))
            }
            Self::UnsupportedType(told) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, told.to_owned()),
            Self::Body(BodyRefused::TooManyAtOnce) => {
                let detail = "the server cannot take this now; try again soon";
                return Unavailable::BUSY.answer(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
            }
            Self::Unavailable(detail) => {
                return Unavailable::BUSY.answer(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
            }
            Self::Body(refused) => {
                let (status, detail) = body_refused(refused);
                (status, detail.to_owned())
            }
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "questions are asked with POST".to_owned())
            }
        };
        Problem::new(status, detail).into_response()
    }
}

fn shortened(detail: String) -> String {
    match detail.char_indices().nth(MAX_DETAIL_CHARS) {
        Some((end, _)) => format!("{}…", &detail[..end]),
        None => detail,
    }
}

fn body_refused(refused: BodyRefused) -> (StatusCode, &'static str) {
    match refused {
        BodyRefused::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        BodyRefused::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"),
        BodyRefused::Encoded => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "compressed bodies are not taken"),
        BodyRefused::CutShort | BodyRefused::TooManyAtOnce => {
            (StatusCode::BAD_REQUEST, "the body ended early")
        }
    }
}

/// Answers a method that the route has not.
pub(super) async fn method_not_allowed() -> Failure {
    Failure::MethodNotAllowed
}
