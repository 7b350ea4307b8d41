//! A refusal for asking too much: 429 with `Retry-After` (RFC 9110) and the RateLimit fields
//! (draft-ietf-httpapi-ratelimit-headers-10). How it is worded around is each surface's.

use std::fmt;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::rate::Left;

/// What is left of a rate.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What there is a limit on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// Requests a second.
    Requests,
    /// Facts a second: events, sessions, messages about connections, API requests.
    Events,
    /// Bytes of bodies a second.
    Bytes,
    /// Connections that the server holds open.
    Connections,
    /// Reports under way.
    Reports,
}

/// Who asks too much of what, and when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// Of what.
    pub kind: Kind,
    /// The limit: a second, or at once.
    pub limit: u64,
    /// After what time it may be tried again.
    pub retry_after: Duration,
}

impl Kind {
    /// Its name, as the headers, metrics and settings have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    fn is_rate(self) -> bool {
        matches!(self, Self::Requests | Self::Events | Self::Bytes)
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (limit, seconds) = (self.limit, self.seconds());
        match self.kind {
            Kind::Requests => write!(f, "More than {limit} requests a second; try again in {seconds} s"),
            Kind::Events => write!(f, "More than {limit} events a second; try again in {seconds} s"),
            Kind::Bytes => write!(f, "More than {limit} bytes a second; try again in {seconds} s"),
            Kind::Connections => write!(f, "More than {limit} open connections; close some first"),
            Kind::Reports => write!(f, "More than {limit} reports at once; wait for one to end"),
        }
    }
}

impl Limited {
    /// The answer: 429 with this body, and when to come back.
    pub fn answer(&self, body: impl IntoResponse) -> Response {
        let mut response = (StatusCode::TOO_MANY_REQUESTS, body).into_response();
        // For whoever counts refusals.
        response.extensions_mut().insert(self.kind);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(self.seconds()));
        let left = Left { units: 0, whole_after: self.retry_after };
        set_fields(response.headers_mut(), self.kind, self.limit, left);
        response
    }

    /// Whole seconds, rounded up: who waits so long is not refused for coming early.
    fn seconds(&self) -> u64 {
        whole_seconds(self.retry_after).max(1)
    }
}

/// Tells a caller how much of a limit is left.
pub fn set_fields(headers: &mut HeaderMap, kind: Kind, limit: u64, left: Left) {
    let (name, window) = (kind.name(), if kind.is_rate() { ";w=1" } else { "" });
    let state = format!("\"{name}\";r={};t={}", left.units, whole_seconds(left.whole_after));
    // Invariant: digits, lower-case letters and the marks around them fit a header.
    if let (Ok(policy), Ok(state)) =
        (HeaderValue::try_from(format!("\"{name}\";q={limit}{window}")), HeaderValue::try_from(state))
    {
        headers.insert(RATE_LIMIT_POLICY, policy);
        headers.insert(RATE_LIMIT, state);
    }
}

fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_how_long_to_wait_and_what_the_limit_is() {
        let limited = Limited { kind: Kind::Events, limit: 100, retry_after: Duration::from_millis(2_001) };
        let response = limited.answer("slow down");
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "3");
        assert_eq!(response.headers()["ratelimit-policy"], "\"events\";q=100;w=1");
        assert_eq!(response.headers()["ratelimit"], "\"events\";r=0;t=3");
        assert_eq!(limited.to_string(), "More than 100 events a second; try again in 3 s");
    }
}
