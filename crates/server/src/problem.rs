//! Problem details (RFC 9457): how routes that are our own, not a seed's, say what is wrong.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::{IntoResponses, ToSchema};

use crate::auth::Denied;
use crate::limits::Limited;
use crate::openapi::Refusals;

/// A problem.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    #[schema(value_type = String)]
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    position: Option<Position>,
    #[serde(skip)]
    #[schema(ignore)]
    limited: Option<Limited>,
}

/// Where in a text that was sent; both count from 1.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Position {
    line: u64,
    /// Characters.
    column: u64,
}

impl Problem {
    /// A problem of this status; its title is the status's own phrase.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self {
            title,
            status: status.as_u16(),
            detail: detail.into(),
            request_id: None,
            position: None,
            limited: None,
        }
    }

    /// The same, at this line and column of the text that was sent.
    #[must_use]
    pub fn at(self, position: Option<(u64, u64)>) -> Self {
        Self { position: position.map(|(line, column)| Position { line, column }), ..self }
    }

    /// The answer that this problem became, with the request's id in it.
    #[must_use]
    pub fn with_request_id(mut self, id: &str, answer: Response) -> Response {
        self.request_id = Some(id.to_owned());
        let Ok(body) = serde_json::to_vec(&self) else { return answer };
        let (mut parts, _) = answer.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(body))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match &self.limited {
            Some(limited) => limited.answer(axum::Json(&self)),
            None => (status, axum::Json(&self)).into_response(),
        };
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, 15.5.2: a 401 must say how to authenticate.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let problem_json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, problem_json);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let (status, detail) = match denied {
            Denied::NoCredential => (StatusCode::UNAUTHORIZED, "a credential is required"),
            Denied::BadCredential => (StatusCode::UNAUTHORIZED, "the credential is not valid"),
            Denied::NoScope => (StatusCode::FORBIDDEN, "the credential may not do this"),
            Denied::Limited(limited) => return limited.into(),
        };
        Self::new(status, detail)
    }
}

impl From<Limited> for Problem {
    fn from(limited: Limited) -> Self {
        Self { limited: Some(limited), ..Self::new(StatusCode::TOO_MANY_REQUESTS, limited.to_string()) }
    }
}

/// How every route of our own refuses: for the OpenAPI document.
pub struct OwnRefusals;

impl IntoResponses for OwnRefusals {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let told = [
            (401, "No credential, or none that works"),
            (403, "The credential may not do this"),
            (429, "The tenant or the key asks too much"),
        ];
        Refusals::default().of_type::<Problem>("application/problem+json", &told).all()
    }
}

/// Answers a method that a route of our own has not.
pub async fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this route does not answer this method")
}

/// Answers what no route answers.
pub async fn no_such_route() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing at this path")
}
