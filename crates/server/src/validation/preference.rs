//! `Prefer: handling=lenient` (RFC 7240): store what is good of a batch, and say what was not.

use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

/// True when a `Prefer` header asks for `handling=lenient`.
pub fn is_lenient(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|preference| preference.split(';').next()?.split_once('='))
        .any(|(name, value)| {
            name.trim().eq_ignore_ascii_case("handling") && value.trim().trim_matches('"') == "lenient"
        })
}

/// The answer, saying that the preference was honoured.
pub fn honoured(mut response: Response) -> Response {
    response.headers_mut().insert("preference-applied", HeaderValue::from_static("handling=lenient"));
    response
}
