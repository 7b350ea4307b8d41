//! A token's outer form: three parts of base64url between dots (RFC 7515 section 3.1).
//!
//! Promise: there is one way to write each token. Padding, white space, the other alphabet, and bits that no byte
//! needs are refused, so that nobody makes a second text of the same token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::refused::Refused;

/// Longest token that is looked at, in bytes: most HTTP servers take no longer head.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// True when `text` is to be treated as a token rather than as an API key, whether it is a good one or not: it has a
/// dot, which no API key has.
#[must_use]
pub fn looks_like_a_token(text: &str) -> bool {
    text.as_bytes().contains(&b'.')
}

/// A token cut into its parts.
pub(crate) struct Compact<'a> {
    /// What was signed: header and claims as they were written, and the dot between them.
    pub(crate) signed: &'a str,
    pub(crate) header: Vec<u8>,
    /// Not to be read before the signature was found good.
    pub(crate) claims: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    pub(crate) fn parse(token: &'a str) -> Result<Self, Refused> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Form)?;
        // A fourth part leaves a dot in one of these, which is no base64url.
        let (header, claims) = signed.split_once('.').ok_or(Refused::Form)?;
        Ok(Self { signed, header: decode(header)?, claims: decode(claims)?, signature: decode(signature)? })
    }
}

/// Base64url without padding, as strictly as it is meant: the engine refuses padding and leftover bits.
fn decode(part: &str) -> Result<Vec<u8>, Refused> {
    match URL_SAFE_NO_PAD.decode(part) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(Refused::Form),
    }
}
