//! The id of a request, and the trace it belongs to: what a caller, a proxy and our log agree on.
//!
//! Promise: an id that is taken over is short and plain, so that it can stand in a log line and a header.

use axum::http::{HeaderMap, HeaderValue};

/// Longest `X-Request-Id` that is taken over.
const MAX_ID_BYTES: usize = 128;

/// A request's id: the caller's `X-Request-Id`, or a new UUID of version 7.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id of the request with these headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get("x-request-id").filter(|id| is_plain(id.as_bytes()));
        Self(sent.cloned().unwrap_or_else(new_id))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Invariant: it is plain ASCII.
        self.0.to_str().unwrap_or_default()
    }

    /// As a header.
    #[must_use]
    pub fn value(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// The 32 hex digits of a trace (W3C Trace Context, `traceparent`).
#[derive(Debug, Clone)]
pub struct TraceId(HeaderValue);

impl TraceId {
    /// The trace that a `traceparent` names, if it is a valid one.
    #[must_use]
    pub fn of(parent: &HeaderValue) -> Option<Self> {
        is_traceparent(parent.as_bytes()).then(|| Self(parent.clone()))
    }

    /// The trace id alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().ok().and_then(|text| text.get(3..35)).unwrap_or_default()
    }
}

fn is_plain(id: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    (1..=MAX_ID_BYTES).contains(&id.len()) && id.iter().all(is_plain) && !may_be_secret(id)
}

/// Whether a caller has put a credential where his request's id belongs: an id is told in logs.
fn may_be_secret(id: &[u8]) -> bool {
    let has = |mark: &[u8]| id.windows(mark.len()).any(|part| part == mark);
    // How API keys begin, and how the JSON of a token's header does in base64.
    has(b"tg_") || has(b"eyJ")
}

/// `version-trace-parent-flags`; version ff is none, and neither are ids of zeros. A later version may go on behind.
fn is_traceparent(text: &[u8]) -> bool {
    let is_hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b'-').collect();
    let [version, trace, parent, flags, rest @ ..] = &parts[..] else { return false };
    let lengths = (version.len(), trace.len(), parent.len(), flags.len()) == (2, 32, 16, 2);
    let is_known = *version != b"ff" && (*version != b"00" || rest.is_empty());
    let has_ids = trace.iter().any(|byte| *byte != b'0') && parent.iter().any(|byte| *byte != b'0');
    lengths && is_known && has_ids && [version, trace, parent, flags].iter().all(|part| is_hex(part))
}

fn new_id() -> HeaderValue {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text = uuid::Uuid::now_v7().hyphenated().encode_lower(&mut text);
    // Invariant: hex digits and hyphens fit a header.
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(axum::http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    fn value(text: &str) -> HeaderValue {
        text.parse().unwrap()
    }

    #[test]
    fn a_plain_id_is_taken_over_and_any_other_replaced() {
        assert_eq!(RequestId::of(&with("x-request-id", "abc-1")).as_str(), "abc-1");
        for odd in ["", "a b", "{\"a\"}", "ü", &"x".repeat(129), "tg_000g40", "x:eyJhbGciOiJIUzI1NiJ9.e30.x"]
        {
            let made = RequestId::of(&with("x-request-id", odd));
            assert_eq!(made.as_str().len(), 36, "{odd}");
        }
        assert_ne!(RequestId::of(&HeaderMap::new()).as_str(), RequestId::of(&HeaderMap::new()).as_str());
    }

    #[test]
    fn a_trace_is_that_of_a_valid_traceparent() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(TraceId::of(&value(parent)).unwrap().as_str(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let zeros = parent.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32));
        let (upper, longer, unknown) =
            (parent.to_uppercase(), format!("{parent}-x"), parent.replacen("00", "ff", 1));
        for bad in ["", "00", &zeros, &upper, &longer, &unknown, &parent[..54]] {
            assert!(TraceId::of(&value(bad)).is_none(), "{bad}");
        }
        assert!(TraceId::of(&value(&longer.replacen("00", "01", 1))).is_some());
    }
}
