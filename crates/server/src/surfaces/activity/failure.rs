//! How the reports say what is wrong: the platform's `{"Status", "Message", "Meta"}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::parameters::BadQuestion;
use crate::auth::Denied;
use crate::reading::Unread;

/// Why a report is not answered.
#[derive(Debug)]
pub(super) enum Failure {
    /// 401 or 403.
    Denied(Denied),
    /// 400.
    BadQuestion(BadQuestion),
    /// 405.
    MethodNotAllowed,
    /// 503.
    Unread(Unread),
}

impl From<BadQuestion> for Failure {
    fn from(bad: BadQuestion) -> Self {
        Self::BadQuestion(bad)
    }
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        Self::Unread(unread)
    }
}

/// The platform's body of an error.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatusMessage {
    status: &'static str,
    message: String,
    meta: Option<()>,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Self::Denied(Denied::NoCredential | Denied::BadCredential) => {
                (StatusCode::UNAUTHORIZED, "Not authorised".to_owned())
            }
            Self::Denied(Denied::NoScope) => {
                (StatusCode::FORBIDDEN, "Access to this is not allowed".to_owned())
            }
            Self::BadQuestion(bad) => (StatusCode::BAD_REQUEST, bad.to_string()),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "This route answers GET".to_owned()),
            Self::Unread(unread) => (StatusCode::SERVICE_UNAVAILABLE, unread.to_string()),
        };
        let mut response =
            (status, Json(StatusMessage { status: "Error", message, meta: None })).into_response();
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, 15.5.2: a 401 must say how to authenticate.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
