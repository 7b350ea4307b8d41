//! Pages of other origins (Fetch standard, "CORS protocol"): each tenant says which of them may ask.
//!
//! Promise: an answer is readable to a page only when the tenant that was asked for allows the page's origin. No
//! cookie is ever looked at, so that credentials are never allowed by origin alone. A preflight carries no
//! credential: whether it is anybody's origin is all that it is told.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::limits::Allowance;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, X-API-Key, Content-Type, Accept, Prefer, Last-Event-ID, X-Request-Id, traceparent, tracestate",
);
/// What a page's script may read beyond the few headers that it always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Link, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id",
);
/// How long a browser need not ask again, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// The intake of pages' own scripts answers any origin, and its own preflights: the key is in the path.
const OPEN_TO_ALL: &str = "/signals/v1/";

/// The answer to a preflight; `None` when the request is none, or not for us to answer.
pub fn preflight(app: &App, method: &Method, headers: &HeaderMap, path: &str) -> Option<Response> {
    if method != Method::OPTIONS || path.starts_with(OPEN_TO_ALL) {
        return None;
    }
    let origin = headers.get(ORIGIN).filter(|_| headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD))?;
    let mut answer = StatusCode::NO_CONTENT.into_response();
    answer.headers_mut().append(VARY, HeaderValue::from_static("Origin"));
    if origin.to_str().is_ok_and(|origin| app.door.allowances.is_anyones_origin(origin)) {
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        answer.headers_mut().insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    Some(answer)
}

/// Lets the page read the answer, when the tenant that was asked for allows its origin. An answer to nobody, a 401,
/// says nothing about any tenant: pages of all of them may read it.
pub fn allow(app: &App, asked: Option<&Allowance>, origin: &HeaderValue, headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let is_allowed = origin.to_str().is_ok_and(|origin| match asked {
        Some(allowance) => allowance.terms.allows(origin),
        None => app.door.allowances.is_anyones_origin(origin),
    });
    if is_allowed && !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}
