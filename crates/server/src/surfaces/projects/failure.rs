//! How the `projects` surface says what is wrong: the `Error` model of the platform's own client (`mudbase`).

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tidegauge_facts::Micros;

use crate::auth::Denied;
use crate::body::BodyRefused;
use crate::front_door::RequestId;
use crate::limits::Limited;
use crate::query::BadQuery;
use crate::reading::Unread;
use crate::unavailable::Unavailable;

/// Why a request of this surface fails, and at which path.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: FailureKind,
    path: String,
    request_id: RequestId,
}

/// What went wrong.
#[derive(Debug, Clone)]
pub(crate) enum FailureKind {
    Denied(Denied),
    NoSuchProject,
    MethodNotAllowed,
    /// The request makes no sense; a sentence says why.
    Invalid(String),
    Body(BodyRefused),
    Query(BadQuery),
    TooManyProjects,
    /// Its tenant or its key has as much as it may.
    Limited(Limited),
    Unavailable,
    /// The route speaks WebSocket, and the request asks for none, or for another version.
    UpgradeRequired,
    /// The request asks for a WebSocket, but not as RFC 6455 has it.
    BadUpgrade,
}

impl From<Unread> for FailureKind {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Limited(limited) => Self::Limited(limited),
            // Asked again as it is, it would be refused again.
            Unread::TooManyRows | Unread::TooMuchMemory => Self::Invalid(unread.to_string()),
            _ => Self::Unavailable,
        }
    }
}

/// The client's `Error` model.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorAnswer<'a> {
    error: &'a str,
    code: &'a str,
    details: serde_json::Map<String, serde_json::Value>,
    timestamp: String,
    path: &'a str,
    request_id: &'a str,
}

impl Failure {
    /// At this path, of the request with these headers.
    pub fn new(kind: FailureKind, path: &str, headers: &HeaderMap) -> Self {
        Self { kind, path: path.to_owned(), request_id: RequestId::of(headers) }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let told;
        let (status, code, error) = match &self.kind {
            FailureKind::Denied(Denied::NoCredential | Denied::BadCredential) => {
                (StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Authentication required")
            }
            FailureKind::Denied(Denied::NoScope) => {
                (StatusCode::FORBIDDEN, "FORBIDDEN", "Insufficient permissions")
            }
            FailureKind::Denied(Denied::Limited(limited)) | FailureKind::Limited(limited) => {
                told = limited.to_string();
                (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", &*told)
            }
            FailureKind::NoSuchProject => (StatusCode::NOT_FOUND, "NOT_FOUND", "Project not found"),
            FailureKind::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "Method not allowed")
            }
            FailureKind::Invalid(sentence) => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR", &**sentence),
            FailureKind::Body(refused) => body_refused(*refused),
            FailureKind::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "Temporarily unavailable")
            }
            FailureKind::TooManyProjects => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "TOO_MANY_PROJECTS",
                "The tenant has as many projects as it may have",
            ),
            FailureKind::Query(bad) => {
                told = bad.to_string();
                (StatusCode::BAD_REQUEST, "VALIDATION_ERROR", &*told)
            }
            FailureKind::UpgradeRequired => {
                (StatusCode::UPGRADE_REQUIRED, "UPGRADE_REQUIRED", "This route speaks WebSocket, version 13")
            }
            FailureKind::BadUpgrade => {
                (StatusCode::BAD_REQUEST, "BAD_REQUEST", "The WebSocket handshake is incomplete")
            }
        };
        let answer = ErrorAnswer {
            error,
            code,
            details: serde_json::Map::new(),
            timestamp: Micros::now().to_millis_text(),
            path: &self.path,
            request_id: self.request_id.as_str(),
        };
        let mut response = match &self.kind {
            FailureKind::Denied(Denied::Limited(limited)) | FailureKind::Limited(limited) => {
                limited.answer(axum::Json(answer))
            }
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Unavailable::BUSY.answer(axum::Json(answer)),
            _ => (status, axum::Json(answer)).into_response(),
        };
        let headers = response.headers_mut();
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::UPGRADE_REQUIRED => {
                // RFC 9110, 15.5.22, and RFC 6455, 4.4.
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            _ => {}
        }
        response
    }
}

fn body_refused(refused: BodyRefused) -> (StatusCode, &'static str, &'static str) {
    match refused {
        BodyRefused::TooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "The body is too large")
        }
        BodyRefused::Encoded => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "Compressed bodies are not taken")
        }
        BodyRefused::TooSlow => {
            (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "The body took too long to arrive")
        }
        BodyRefused::CutShort => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR", "The body ended early"),
        BodyRefused::TooManyAtOnce => {
            (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "Temporarily unavailable")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_much_is_the_questions_fault_and_what_cannot_be_read_now_is_to_be_asked_again() {
        let answer = |kind| Failure::new(kind, "/p", &HeaderMap::new()).into_response();
        for unread in [Unread::TooManyRows, Unread::TooMuchMemory] {
            let answer = answer(unread.into());
            assert_eq!((answer.status().as_u16(), answer.headers().get(header::RETRY_AFTER)), (400, None));
        }
        for unread in [Unread::TooMuch, Unread::TookTooLong(60), Unread::Busy, Unread::Failed] {
            let answer = answer(unread.into());
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()[header::RETRY_AFTER]),
                (503, &HeaderValue::from_static("1"))
            );
        }
        let busy = answer(FailureKind::Body(BodyRefused::TooManyAtOnce));
        assert!(busy.headers().contains_key(header::RETRY_AFTER));
    }
}
