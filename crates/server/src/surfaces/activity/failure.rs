//! How the reports say what is wrong: the platform's `{"Status", "Message", "Meta"}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::BadQuestion;
use crate::auth::Denied;
use crate::reading::Unread;
use crate::unavailable::Unavailable;

/// Why a report is not answered.
#[derive(Debug)]
pub(super) enum Failure {
    /// 401 or 403.
    Denied(Denied),
    /// 400.
    BadQuestion(BadQuestion),
    /// 405.
    MethodNotAllowed,
    /// 503; 400 where a narrower question can be answered.
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

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "a report cannot be written");
        Self::Unread(Unread::Failed)
    }
}

/// The platform's body of an error.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ActivityError)]
pub(super) struct StatusMessage {
    /// `Error`.
    status: &'static str,
    /// A sentence for a person.
    message: String,
    /// Always null.
    #[schema(value_type = Option<Object>, required)]
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
            Self::Denied(Denied::Limited(limited)) | Self::Unread(Unread::Limited(limited)) => {
                return limited.answer(body(limited.to_string()));
            }
            Self::BadQuestion(bad) => (StatusCode::BAD_REQUEST, bad.to_string()),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "This route answers GET".to_owned()),
            // Asked again as it is, it would be refused again.
            Self::Unread(unread @ (Unread::TooManyRows | Unread::TooMuchMemory)) => {
                (StatusCode::BAD_REQUEST, unread.to_string())
            }
            Self::Unread(unread) => {
                return Unavailable::BUSY.answer(body(unread.to_string()));
            }
        };
        let mut response = (status, body(message)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, 15.5.2: a 401 must say how to authenticate.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn body(message: String) -> Json<StatusMessage> {
    Json(StatusMessage { status: "Error", message, meta: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_rows_are_the_questions_fault_and_what_cannot_be_read_now_is_to_be_asked_again() {
        let answer = Failure::Unread(Unread::TooManyRows).into_response();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers().get(header::RETRY_AFTER), None);
        for unread in [Unread::Busy, Unread::TooMuch, Unread::Failed] {
            let answer = Failure::Unread(unread).into_response();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
        }
    }
}
