//! The readers of tokens and of keys as a fuzz target: it takes any bytes, and panics where a reader breaks its promise.
//!
//! For tests and for `cargo fuzz`, which sets `cfg(fuzzing)`: no other build has this module. What the targets are and
//! how they are run stands in `fuzz/README.md`.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::algorithm::Algorithm;
use crate::allowed::Allowed;
use crate::claims::Rules;
use crate::compact::Compact;
use crate::config::TokensConfig;
use crate::header::{Header, MAX_KEY_ID_BYTES};
use crate::identity::{MAX_SUBJECT_BYTES, Naming};
use crate::jwk_set::{MAX_JWKS_KEYS, key_set};
use crate::key::Key;
use crate::{pem, strict_json};

const SECRET: &[u8] = b"a secret of thirty-two characters";
const NOW: i64 = 1_700_000_000_000_000;
const LEEWAY: i64 = 30_000_000;

/// A byte that says what follows: a token, the header and the claims of one (a line each) that is signed here, a key set,
/// public keys in PEM.
pub fn token(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 4 {
        0 => as_written(rest),
        1 => signed(rest),
        2 => jwks(rest),
        _ => {
            let keys = pem::public_keys(rest);
            assert!(keys.is_err() || keys.is_ok_and(|keys| !keys.is_empty()), "no key is a reason");
        }
    }
}

/// There is one way to write each token.
fn as_written(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(compact) = Compact::parse(text) else { return };
    let parts =
        [&compact.header, &compact.claims, &compact.signature].map(|part| URL_SAFE_NO_PAD.encode(part));
    assert_eq!(parts.join("."), text);
    assert_eq!(text.strip_prefix(compact.signed), Some(&*format!(".{}", parts[2])));
    _ = Header::parse(&compact.header);
}

/// A good signature makes no header and no claims good.
fn signed(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (header, claims) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    let signed = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), signed.as_bytes());
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    let Ok(compact) = Compact::parse(&token) else {
        return assert!(header.is_empty() || claims.is_empty(), "a token that is written is read");
    };
    assert_eq!((&*compact.header, &*compact.claims), (header, claims));
    let Ok(header) = Header::parse(&compact.header) else { return };
    assert!(header.key_id.as_ref().is_none_or(|id| id.len() <= MAX_KEY_ID_BYTES));
    let key = Key::secret(SECRET, &Allowed(None).for_secret());
    let is_good = key
        .checker(&header)
        .is_some_and(|checker| checker.accepts(compact.signed.as_bytes(), &compact.signature));
    assert_eq!(is_good, header.algorithm == Algorithm::HS256, "a secret is for its algorithm alone");

    let Some(claims) = strict_json::object(&compact.claims) else { return };
    let rules = Rules { issuers: Vec::new(), audiences: vec!["us".to_owned()], leeway_micros: LEEWAY };
    let Ok(expires_at) = rules.check(&claims, NOW) else { return };
    assert!(expires_at + LEEWAY > NOW, "it has not expired");
    assert!(claims.get("aud").is_some_and(|audience| audience.to_string().contains("\"us\"")));
    let Ok(naming) = Naming::new(&TokensConfig::default()) else { return };
    if let Ok(verified) = naming.identify(&claims, expires_at) {
        assert_eq!(claims.get("tenant").and_then(|tenant| tenant.as_str()), Some(verified.tenant.as_str()));
        assert_eq!(verified.project.is_some(), claims.contains_key("project"), "a project is not lost");
        assert!(verified.subject.is_none_or(|subject| subject.len() <= MAX_SUBJECT_BYTES));
    }
}

/// Each key of a set is used, or there is a reason why not.
fn jwks(data: &[u8]) {
    let Ok(set) = key_set(data, &Allowed(None)) else { return };
    assert!(set.keys.len() + set.passed_over.len() <= MAX_JWKS_KEYS);
    assert!(set.passed_over.iter().all(|(place, reason)| *place < MAX_JWKS_KEYS && !reason.is_empty()));
}

#[cfg(test)]
mod any_bytes_are_taken_by {
    tidegauge_fuzz_replay::tests! { token }
}
