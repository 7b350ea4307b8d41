//! What a browser is told about every answer (OWASP REST Security Cheat Sheet): data is not to be kept, guessed at,
//! framed, or run.
//!
//! A handler that says otherwise (a page's files) is left as it is.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};

/// A year, as browsers' preload lists ask for.
const OVER_TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Sets what the handler has not set.
pub fn set(headers: &mut HeaderMap, is_secure: bool) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    if is_secure {
        headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(OVER_TLS_ONLY);
    }
}
