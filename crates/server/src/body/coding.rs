//! How a body is encoded, as its `Content-Encoding` says.

use axum::http::{HeaderMap, header};

/// The coding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// None: as it is.
    Identity,
    /// gzip (RFC 1952).
    Gzip,
    /// Any other, or several, one over another.
    Other,
}

impl Coding {
    /// Of a request. Several lines of the header are one list (RFC 9110, 5.3).
    pub fn of(headers: &HeaderMap) -> Self {
        let mut lines = headers.get_all(header::CONTENT_ENCODING).iter();
        match (lines.next(), lines.next()) {
            (None, _) => Self::Identity,
            (Some(only), None) => Self::named(only.as_bytes()),
            (Some(_), Some(_)) => Self::Other,
        }
    }

    fn named(name: &[u8]) -> Self {
        match &*name.to_ascii_lowercase() {
            b"identity" => Self::Identity,
            // RFC 9110, 8.4.1.3.
            b"gzip" | b"x-gzip" => Self::Gzip,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(lines: &[&'static str]) -> Coding {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(line));
        }
        Coding::of(&headers)
    }

    #[test]
    fn one_coding_is_known_by_its_names_in_any_case() {
        for lines in [&[][..], &["identity"], &["Identity"]] {
            assert_eq!(of(lines), Coding::Identity, "{lines:?}");
        }
        for name in ["gzip", "GZip", "x-gzip", "X-GZIP"] {
            assert_eq!(of(&[name]), Coding::Gzip, "{name}");
        }
        for name in ["", "br", "deflate", "gzip, gzip", "identity, gzip"] {
            assert_eq!(of(&[name]), Coding::Other, "{name}");
        }
    }

    #[test]
    fn codings_in_several_lines_are_several() {
        for lines in [["identity", "gzip"], ["gzip", "identity"], ["gzip", "gzip"], ["identity", "br"]] {
            assert_eq!(of(&lines), Coding::Other, "{lines:?}");
        }
    }
}
