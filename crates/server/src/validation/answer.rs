//! FastAPI's error bodies: how a write that follows its conventions is refused, from the credential to the disk.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::BodyError;
use crate::auth::Denied;
use crate::body::BodyRefused;
use crate::intake::IntakeError;
use crate::limits::Limited;
use crate::unavailable::Unavailable;

/// Why a write fails, or a read beside it.
#[derive(Debug)]
pub enum Failure {
    /// 401, 403 or 429.
    Denied(Denied),
    /// 400, 408, 413, 415 or 503.
    Body(BodyRefused),
    /// 400 or 422.
    Invalid(BodyError),
    /// 429 or 503.
    Intake(IntakeError, Again),
    /// 405.
    MethodNotAllowed,
}

/// How a write whose fate is unknown is sent again so that it is there once: a sentence for the client.
pub type Again = &'static str;

/// FastAPI's error body.
#[derive(Serialize)]
struct ErrorAnswer<D> {
    detail: D,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Denied(denied) => denied_answer(denied),
            Self::Body(refused) => body_answer(refused),
            Self::Invalid(BodyError::Unparsable) => {
                plain(StatusCode::BAD_REQUEST, "There was an error parsing the body")
            }
            Self::Invalid(BodyError::Invalid(detail)) => {
                (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(ErrorAnswer { detail })).into_response()
            }
            Self::Intake(error, again) => intake_answer(error, again),
            Self::MethodNotAllowed => plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
        }
    }
}

fn denied_answer(denied: Denied) -> Response {
    let (status, detail) = match denied {
        Denied::NoCredential => (StatusCode::UNAUTHORIZED, "Not authenticated"),
        Denied::BadCredential => (StatusCode::UNAUTHORIZED, "Invalid authentication credentials"),
        Denied::NoScope => (StatusCode::FORBIDDEN, "Not enough permissions"),
        Denied::Limited(limited) => return limited_answer(limited),
    };
    with_header(plain(status, detail), header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

fn body_answer(refused: BodyRefused) -> Response {
    match refused {
        BodyRefused::TooLarge => plain(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
        BodyRefused::TooSlow => plain(StatusCode::REQUEST_TIMEOUT, "The body took too long to arrive"),
        BodyRefused::CutShort => plain(StatusCode::BAD_REQUEST, "There was an error parsing the body"),
        BodyRefused::Encoded => {
            plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "A compressed body is not accepted")
        }
        BodyRefused::TooManyAtOnce => unavailable(&Unavailable::BUSY, Unavailable::BUSY.reason),
    }
}

fn intake_answer(error: IntakeError, again: Again) -> Response {
    let why = Unavailable::from(error);
    let detail = match error {
        IntakeError::Limited(limited) => return limited_answer(limited),
        IntakeError::Refused(_) => why.reason,
        IntakeError::Unknown => again,
    };
    unavailable(&why, detail)
}

fn limited_answer(limited: Limited) -> Response {
    limited.answer(axum::Json(ErrorAnswer { detail: limited.to_string() }))
}

fn unavailable(why: &Unavailable, detail: &'static str) -> Response {
    why.answer(axum::Json(ErrorAnswer { detail }))
}

fn plain(status: StatusCode, detail: &'static str) -> Response {
    (status, axum::Json(ErrorAnswer { detail })).into_response()
}

fn with_header(mut response: Response, name: header::HeaderName, value: HeaderValue) -> Response {
    response.headers_mut().insert(name, value);
    response
}
