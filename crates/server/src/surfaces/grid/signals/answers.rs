//! What this intake answers: small JSON for what was stored, and `{"error": "..."}` for what was not.
//!
//! Promise: an error never holds the key, the path, or anything of the body but a field's name.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::record::Invalid;
use crate::auth::Denied;
use crate::body::BodyRefused;
use crate::intake::IntakeError;
use crate::unavailable::Unavailable;

/// The answer to an event; with a contact's id when the event identified one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignalEventStored)]
pub(super) struct EventAnswer {
    pub event_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact_id: Option<String>,
}

/// The answer to a session, new or repeated.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignalSessionStored)]
pub(super) struct SessionAnswer {
    pub session_id: String,
}

/// The answer to the description of a client.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignalClientStored)]
pub(super) struct ClientAnswer {
    pub client_id: String,
}

/// The answer to the question for a session's contact.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignalContact)]
pub(super) struct ContactAnswer {
    pub contact_id: String,
}

/// Why a request is refused; nothing of it was stored, but perhaps after [`IntakeError::Unknown`].
#[derive(Debug)]
pub(super) enum Failure {
    Denied(Denied),
    OtherTenant,
    Body(BodyRefused),
    Invalid(Invalid),
    Intake(IntakeError),
    NoSuchRoute,
    MethodNotAllowed,
}

/// A refusal of a record.
#[derive(Serialize, ToSchema)]
#[schema(as = SignalError)]
pub(super) struct ErrorAnswer<'a> {
    error: &'a str,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Denied(denied) => return denied_answer(denied),
            Self::OtherTenant => (StatusCode::FORBIDDEN, "tenantId does not belong to this key"),
            Self::Invalid(invalid) => return answer(StatusCode::BAD_REQUEST, &invalid.to_string()),
            Self::Body(refused) => return body_answer(refused),
            Self::Intake(error) => return unavailable(&Unavailable::from(error)),
            Self::NoSuchRoute => (StatusCode::NOT_FOUND, "there is nothing at this path"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "only POST is answered here"),
        };
        answer(status, error)
    }
}

fn denied_answer(denied: Denied) -> Response {
    match denied {
        Denied::NoCredential | Denied::BadCredential => {
            let mut response = answer(StatusCode::UNAUTHORIZED, "the ingest key in the path is not valid");
            // RFC 9110, 15.5.2: a 401 names a scheme.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        Denied::NoScope => answer(StatusCode::FORBIDDEN, "this key may not ingest"),
        Denied::Limited(limited) => limited.answer(axum::Json(ErrorAnswer { error: &limited.to_string() })),
    }
}

fn body_answer(refused: BodyRefused) -> Response {
    let (status, error) = match refused {
        BodyRefused::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        BodyRefused::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"),
        BodyRefused::CutShort => (StatusCode::BAD_REQUEST, "the body was cut short"),
        BodyRefused::Encoded => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "a compressed body is not accepted"),
        BodyRefused::TooManyAtOnce => return unavailable(&Unavailable::BUSY),
    };
    answer(status, error)
}

fn unavailable(unavailable: &Unavailable) -> Response {
    unavailable.answer(axum::Json(ErrorAnswer { error: unavailable.reason }))
}

fn answer(status: StatusCode, error: &str) -> Response {
    (status, axum::Json(ErrorAnswer { error })).into_response()
}
