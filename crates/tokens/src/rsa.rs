//! Which RSA keys are used.
//!
//! Promise: none that is too short to be safe or too long to be quick, and none whose exponent makes signing easy.

use std::ops::RangeInclusive;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::RsaPublicKeyComponents;

/// How long a modulus may be, in bits (RFC 7518 section 3.3 asks for 2,048 at least).
const MODULUS_BITS: RangeInclusive<usize> = 2048..=8192;
/// Longest exponent, in bytes; nearly all keys have 65,537.
const MAX_EXPONENT_BYTES: usize = 4;

/// The SubjectPublicKeyInfo of a key of this modulus and exponent, big-endian; `None` when it is not to be used.
pub(crate) fn from_components(n: &[u8], e: &[u8]) -> Option<Vec<u8>> {
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    if !is_odd(n) || !is_odd(e) || e == [1] || e.len() > MAX_EXPONENT_BYTES {
        return None;
    }
    // Refuses leading zeros, as RFC 7518 section 2 does.
    let der = RsaPublicKeyComponents { n, e }.as_der().ok()?;
    has_good_length(der.as_ref()).then(|| der.as_ref().to_vec())
}

/// Whether the modulus of a SubjectPublicKeyInfo is neither too short nor too long.
pub(crate) fn has_good_length(public_key_der: &[u8]) -> bool {
    PublicEncryptingKey::from_der(public_key_der).is_ok_and(|key| MODULUS_BITS.contains(&key.key_size_bits()))
}
