//! Whether a caller's copy still holds (RFC 9110, 13.1.2).

use axum::http::{HeaderMap, header};

/// Whether `If-None-Match` names this tag, quotes included, or any.
pub fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let sent = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = sent.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == "*" || tag == etag)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_tag_is_known_by_itself_in_a_list_and_as_a_weak_one() {
        let asked_with = |sent: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in sent {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(line));
            }
            is_known(&headers, "\"a1\"")
        };
        for known in [&["\"a1\""][..], &["*"], &["\"b\", W/\"a1\""], &["\"b\"", "\"a1\""]] {
            assert!(asked_with(known), "{known:?}");
        }
        for unknown in [&[][..], &[""], &["a1"], &["\"a1"], &["\"A1\""], &["\"a1\"x"], &["\"a1-gzip\""]] {
            assert!(!asked_with(unknown), "{unknown:?}");
        }
    }
}
