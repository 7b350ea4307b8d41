//! Whether a token's claims allow it to be used here and now: `exp`, `nbf`, `iss`, `aud` (RFC 7519 section 4.1).
//!
//! Promise: a claim that is looked at and has another type than the RFC gives it is refused, never converted.

use serde_json::{Map, Value};

use crate::refused::Refused;

/// The end of the year 9999, in Unix seconds. Beyond it lie mistakes, milliseconds among them.
const MAX_SECONDS: u64 = 253_402_300_799;
const MICROS: i64 = 1_000_000;

/// What is required of claims.
#[derive(Debug)]
pub(crate) struct Rules {
    /// One of them must be `iss`; none is no check.
    pub(crate) issuers: Vec<String>,
    /// One of them must be in `aud`; none is no check.
    pub(crate) audiences: Vec<String>,
    pub(crate) leeway_micros: i64,
}

impl Rules {
    /// When the token expires, in Unix microseconds, leeway not counted.
    pub(crate) fn check(&self, claims: &Map<String, Value>, now_unix_micros: i64) -> Result<i64, Refused> {
        let expires_at = instant(claims, "exp")?.ok_or(Refused::NoExpiry)?;
        if now_unix_micros >= self.last_use(expires_at) {
            return Err(Refused::Expired);
        }
        let not_before = instant(claims, "nbf")?;
        if not_before.is_some_and(|start| now_unix_micros < start.saturating_sub(self.leeway_micros)) {
            return Err(Refused::NotYet);
        }
        if !self.issuers.is_empty() && !is_one_of(&self.issuers, claims.get("iss").and_then(Value::as_str)) {
            return Err(Refused::Issuer);
        }
        if !self.audiences.is_empty() && !self.is_for_us(claims.get("aud")) {
            return Err(Refused::Audience);
        }
        Ok(expires_at)
    }

    /// The Unix microsecond from which on a token that expires at `expires_at` is refused.
    pub(crate) fn last_use(&self, expires_at: i64) -> i64 {
        expires_at.saturating_add(self.leeway_micros)
    }

    /// A text, or a list of texts and nothing else.
    fn is_for_us(&self, audience: Option<&Value>) -> bool {
        match audience {
            Some(Value::String(audience)) => is_one_of(&self.audiences, Some(audience)),
            Some(Value::Array(list)) => {
                list.iter().all(Value::is_string)
                    && list.iter().any(|audience| is_one_of(&self.audiences, audience.as_str()))
            }
            _ => false,
        }
    }
}

fn is_one_of(names: &[String], name: Option<&str>) -> bool {
    name.is_some_and(|name| names.iter().any(|known| known == name))
}

/// A NumericDate: seconds since 1970, whole or not (RFC 7519 section 2), as Unix microseconds.
fn instant(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refused> {
    let number = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number,
        Some(_) => return Err(Refused::Claims),
    };
    let micros = match (number.as_u64(), number.as_f64()) {
        (Some(seconds), _) if seconds <= MAX_SECONDS => {
            i64::try_from(seconds).ok().map(|whole| whole * MICROS)
        }
        (None, Some(seconds)) if (0.0..=MAX_SECONDS as f64).contains(&seconds) => {
            Some((seconds * MICROS as f64) as i64)
        }
        _ => None,
    };
    micros.map(Some).ok_or(Refused::Claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Option<i64>, Refused> {
        let Value::Object(claims) = serde_json::from_str(json).unwrap() else { panic!("{json}") };
        instant(&claims, "exp")
    }

    #[test]
    fn instants_are_whole_or_broken_seconds() {
        assert_eq!(read("{}"), Ok(None));
        assert_eq!(read(r#"{"exp":0}"#), Ok(Some(0)));
        assert_eq!(read(r#"{"exp":1700000000}"#), Ok(Some(1_700_000_000_000_000)));
        assert_eq!(read(r#"{"exp":1700000000.25}"#), Ok(Some(1_700_000_000_250_000)));
        assert_eq!(read(r#"{"exp":1.7e9}"#), Ok(Some(1_700_000_000_000_000)));
        assert_eq!(read(r#"{"exp":253402300799}"#), Ok(Some(253_402_300_799_000_000)));
    }

    #[test]
    fn absurd_numbers_and_other_types_are_refused() {
        for value in [
            "-1",
            "-0.5",
            "-1e300",
            "1e300",
            "253402300800",
            "18446744073709551615",
            "18446744073709551616",
            "1700000000000",
            "\"1700000000\"",
            "null",
            "true",
            "[1700000000]",
            "{}",
        ] {
            assert_eq!(read(&format!(r#"{{"exp":{value}}}"#)), Err(Refused::Claims), "{value}");
        }
    }
}
