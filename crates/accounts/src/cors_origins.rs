//! From which web pages a browser may use a tenant's data (CORS).
//!
//! Promise: an origin that exists is written exactly as browsers write it in `Origin` (RFC 6454, section 6.2), so
//! that comparing texts is enough; there are at most [`MAX_CORS_ORIGINS`] of a tenant, each once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Most origins of a tenant.
pub const MAX_CORS_ORIGINS: usize = 50;
/// Longest origin, in bytes: a host name is at most 253.
pub const MAX_ORIGIN_BYTES: usize = 300;

/// Why a text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin is https://HOST or http://HOST, with :PORT where it is not the usual one, in lower case and without a \
     path; or * for every page"
)]
pub struct InvalidOrigin;

/// An origin such as `https://app.example.com` or `http://localhost:5173`, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CorsOrigin(Arc<str>);

impl CorsOrigin {
    /// As browsers write it, or `*`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when every page is meant.
    #[must_use]
    pub fn is_any(&self) -> bool {
        &*self.0 == "*"
    }
}

impl FromStr for CorsOrigin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        (text == "*" || is_origin(text)).then(|| Self(text.into())).ok_or(InvalidOrigin)
    }
}

impl TryFrom<String> for CorsOrigin {
    type Error = InvalidOrigin;

    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        text.parse()
    }
}

impl From<CorsOrigin> for String {
    fn from(origin: CorsOrigin) -> Self {
        origin.0.as_ref().to_owned()
    }
}

impl fmt::Display for CorsOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_origin(text: &str) -> bool {
    if text.len() > MAX_ORIGIN_BYTES {
        return false;
    }
    let (rest, usual_port) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, "443"),
        (None, Some(rest)) => (rest, "80"),
        (None, None) => return false,
    };
    // An IPv6 address has colons of its own, inside its brackets.
    let host_end = rest.find(']').map_or(0, |at| at + 1);
    let (host, port) = match rest[host_end..].find(':') {
        Some(colon) => (&rest[..host_end + colon], Some(&rest[host_end + colon + 1..])),
        None => (rest, None),
    };
    is_host(host) && port.is_none_or(|port| port != usual_port && is_port(port))
}

/// A browser writes a port without zeros in front, and leaves the usual one out.
fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port != 0 && port.to_string() == text)
}

/// A name in ASCII (an international one as browsers write it, `xn--...`) or an address as browsers write it.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address);
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    !host.is_empty() && host.split('.').all(is_label)
}

/// Why origins are no list of a tenant's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCorsOrigins {
    /// One of them is none.
    #[error(transparent)]
    Origin(#[from] InvalidOrigin),
    /// More than [`MAX_CORS_ORIGINS`].
    #[error("a tenant has at most {MAX_CORS_ORIGINS} origins")]
    TooMany,
    /// One stands there twice.
    #[error("an origin stands there twice: {0}")]
    Twice(CorsOrigin),
}

/// A tenant's origins; none of them is that no page may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<CorsOrigin>", into = "Vec<CorsOrigin>")]
pub struct CorsOrigins(Arc<[CorsOrigin]>);

impl CorsOrigins {
    /// The origins, in the order in which they were given.
    #[must_use]
    pub fn as_slice(&self) -> &[CorsOrigin] {
        &self.0
    }

    /// Whether a page of `origin`, as the header `Origin` has it, may.
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        self.0.iter().any(|allowed| allowed.is_any() || allowed.as_str() == origin)
    }
}

impl TryFrom<Vec<CorsOrigin>> for CorsOrigins {
    type Error = InvalidCorsOrigins;

    fn try_from(origins: Vec<CorsOrigin>) -> Result<Self, InvalidCorsOrigins> {
        if origins.len() > MAX_CORS_ORIGINS {
            return Err(InvalidCorsOrigins::TooMany);
        }
        let twice = origins.iter().enumerate().find(|(at, origin)| origins[..*at].contains(origin));
        match twice {
            Some((_, origin)) => Err(InvalidCorsOrigins::Twice(origin.clone())),
            None => Ok(Self(origins.into())),
        }
    }
}

impl From<CorsOrigins> for Vec<CorsOrigin> {
    fn from(origins: CorsOrigins) -> Self {
        origins.0.to_vec()
    }
}

/// Separated by commas, as the command line has them; nothing is no origin.
impl FromStr for CorsOrigins {
    type Err = InvalidCorsOrigins;

    fn from_str(text: &str) -> Result<Self, InvalidCorsOrigins> {
        let origins = text.split(',').filter(|_| !text.is_empty()).map(|origin| origin.trim().parse());
        origins.collect::<Result<Vec<_>, _>>()?.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_writes() {
        let good = [
            "*",
            "https://app.example.com",
            "http://localhost:5173",
            "https://xn--mnchen-3ya.de",
            "http://127.0.0.1",
            "https://[2001:db8::1]:8443",
            "https://a_b.example",
            "https://example.com:80",
        ];
        for text in good {
            assert_eq!(text.parse::<CorsOrigin>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let bad = [
            "",
            "null",
            "app.example.com",
            "https://",
            "https://App.example.com",
            "HTTPS://app.example.com",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://user@app.example.com",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "https://app.example.com:0",
            "https://app.example.com:",
            "https://app.example.com:08443",
            "https://app.example.com:65536",
            "https://*.example.com",
            "https://münchen.de",
            "https://a b",
            "https://a..b",
            "https://-a.b",
            "https://[::1",
            "https://[2001:DB8::1]",
            "https://[::1]x:1",
            "ftp://a.example",
            "https://a.example\n",
            &format!("https://{}example", "a.".repeat(200)),
        ];
        for text in bad {
            assert_eq!(text.parse::<CorsOrigin>(), Err(InvalidOrigin), "{text}");
        }
    }

    #[test]
    fn a_list_is_bounded_and_has_each_once() {
        let list =
            |count: usize| (0..count).map(|n| format!("https://a{n}.example")).collect::<Vec<_>>().join(",");
        assert_eq!(list(MAX_CORS_ORIGINS).parse::<CorsOrigins>().unwrap().as_slice().len(), MAX_CORS_ORIGINS);
        assert_eq!(list(MAX_CORS_ORIGINS + 1).parse::<CorsOrigins>(), Err(InvalidCorsOrigins::TooMany));
        let twice = "https://a.example,https://a.example".parse::<CorsOrigins>();
        assert!(matches!(twice, Err(InvalidCorsOrigins::Twice(_))));
        assert_eq!("".parse::<CorsOrigins>().unwrap().as_slice(), []);
        assert!(",".parse::<CorsOrigins>().is_err());
    }

    #[test]
    fn a_page_may_when_its_origin_is_there_exactly_or_all_may() {
        let origins: CorsOrigins = "https://a.example, http://localhost:5173".parse().unwrap();
        for (origin, is_allowed) in [
            ("https://a.example", true),
            ("http://localhost:5173", true),
            ("http://a.example", false),
            ("https://b.a.example", false),
            ("https://a.example:8443", false),
            ("null", false),
        ] {
            assert_eq!(origins.allow(origin), is_allowed, "{origin}");
        }
        assert!("*".parse::<CorsOrigins>().unwrap().allow("https://any.example"));
    }
}
