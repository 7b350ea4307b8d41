//! What a token's header may say (RFC 7515 section 4).
//!
//! Promise: of the header only `alg`, `kid`, `typ`, `crit` and `b64` are looked at. Keys and addresses of keys in it
//! (`jwk`, `jku`, `x5u`, `x5c`) are ignored rather than refused: there are issuers that put `jku` or `x5c` into all
//! their tokens, and what is never read can lead nowhere.

use serde_json::{Map, Value};

use crate::algorithm::Algorithm;
use crate::refused::Refused;
use crate::strict_json;

/// Longest `kid` of a token or of a key, in bytes.
pub const MAX_KEY_ID_BYTES: usize = 256;

/// What a token claims about its signature.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    /// A text to compare with, and nothing else.
    pub(crate) key_id: Option<String>,
}

impl Header {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let members = strict_json::object(bytes).ok_or(Refused::Header)?;
        // `b64` counts only where `crit` names it (RFC 7797 section 6); alone it may mean that somebody signed other
        // bytes than these.
        if members.contains_key("crit") || members.contains_key("b64") {
            return Err(Refused::Extension);
        }
        if text(&members, "typ")?.is_some_and(|kind| !is_access_token(kind)) {
            return Err(Refused::Type);
        }
        let algorithm = text(&members, "alg")?.ok_or(Refused::Header)?;
        let algorithm = algorithm.parse().map_err(|_| Refused::Algorithm)?;
        let key_id = text(&members, "kid")?.map(str::to_owned);
        if key_id.as_ref().is_some_and(|id| id.len() > MAX_KEY_ID_BYTES) {
            return Err(Refused::Header);
        }
        Ok(Self { algorithm, key_id })
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refused> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refused::Header),
    }
}

/// `JWT`, or `at+jwt` as RFC 9068 has it, in any case and with or without `application/`. Anything else that its
/// issuer signs with the same key (a logout notice, a proof of possession) says of itself that it is no such token.
fn is_access_token(kind: &str) -> bool {
    const PREFIX: &str = "application/";
    let is_prefixed = kind.get(..PREFIX.len()).is_some_and(|front| front.eq_ignore_ascii_case(PREFIX));
    let kind = if is_prefixed { &kind[PREFIX.len()..] } else { kind };
    kind.eq_ignore_ascii_case("jwt") || kind.eq_ignore_ascii_case("at+jwt")
}
