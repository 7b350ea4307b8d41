//! Whether a `Content-Type` means JSON, by the rule FastAPI 0.165 uses.
//!
//! Promise: true exactly where FastAPI would decode the body as JSON; a body of any other kind, or of none,
//! is refused as one string. Parameters such as `charset` are not looked at.

use axum::http::{HeaderMap, header};

/// A request's `Content-Type`, where it is text.
pub fn of(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

/// Whether FastAPI would read a body of this `Content-Type` as JSON.
pub fn is_json(content_type: Option<&str>) -> bool {
    let Some(value) = content_type else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim();
    let Some((main, sub)) = essence.split_once('/') else { return false };
    let sub = sub.to_ascii_lowercase();
    main.eq_ignore_ascii_case("application")
        && (sub == "json" || sub.ends_with("+json"))
        && !sub.contains('/')
}
