//! Why a report is refused, in one shape: `{"statusCode", "error", "message"}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tidegauge_reports::ReportError;
use tidegauge_store::StoreError;

use crate::auth::Denied;
use crate::limits::Limited;

/// How long to wait before another try, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Why there is no report.
#[derive(Debug)]
pub(super) enum Failure {
    /// 401 or 403.
    Denied(Denied),
    /// 404: there is no such tenant, or it is another's.
    NoSuchTenant,
    /// 405.
    MethodNotAllowed,
    /// 400, and what is wrong.
    BadRequest(String),
    /// 429: the tenant has as many reports under way as it may.
    Limited(Limited),
    /// 503: as many reports as are allowed are under way.
    TooManyReports,
    /// 503: the report asks for more sessions than can be held.
    TooManySessions(String),
    /// 503: it took longer than it may.
    TookTooLong(String),
    /// 503: facts cannot be read.
    Unreadable,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorAnswer<'a> {
    status_code: u16,
    error: &'a str,
    message: &'a str,
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::TooManyCombinations(_) | ReportError::TooManyRows(_) => {
                Self::BadRequest(error.to_string())
            }
            ReportError::TooManySessions(_) => Self::TooManySessions(error.to_string()),
            ReportError::Store(StoreError::TooMuchMemory { .. }) => Self::BadRequest(error.to_string()),
            ReportError::Store(StoreError::TookTooLong { .. }) => Self::TookTooLong(error.to_string()),
            ReportError::Store(_) | ReportError::Arrow(_) => {
                tracing::error!(%error, "a report cannot be answered");
                Self::Unreadable
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Self::Denied(Denied::Limited(limited)) | Self::Limited(limited) = &self {
            return limited.answer(body(StatusCode::TOO_MANY_REQUESTS, &limited.to_string()));
        }
        let (status, message) = match &self {
            Self::Denied(Denied::NoCredential) => (StatusCode::UNAUTHORIZED, "a credential is required"),
            Self::Denied(Denied::BadCredential) => (StatusCode::UNAUTHORIZED, "the credential is not valid"),
            Self::Denied(Denied::NoScope) => (StatusCode::FORBIDDEN, "the credential may not read reports"),
            Self::Denied(Denied::Limited(_)) | Self::Limited(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "too much at once")
            }
            Self::NoSuchTenant => (StatusCode::NOT_FOUND, "there is no such tenant"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "reports are read with GET"),
            Self::BadRequest(message) => (StatusCode::BAD_REQUEST, &**message),
            Self::TooManyReports => (StatusCode::SERVICE_UNAVAILABLE, "too many reports are under way"),
            Self::TooManySessions(message) | Self::TookTooLong(message) => {
                (StatusCode::SERVICE_UNAVAILABLE, &**message)
            }
            Self::Unreadable => (StatusCode::SERVICE_UNAVAILABLE, "some of the data cannot be read"),
        };
        let mut response = (status, body(status, message)).into_response();
        let header = match status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, HeaderValue::from_static("GET, HEAD"))),
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, RETRY_AFTER)),
            _ => None,
        };
        response.headers_mut().extend(header);
        response
    }
}

fn body(status: StatusCode, message: &str) -> Json<ErrorAnswer<'_>> {
    let error = status.canonical_reason().unwrap_or("Error");
    Json(ErrorAnswer { status_code: status.as_u16(), error, message })
}
