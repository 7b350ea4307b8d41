//! A JSON Web Key Set (RFC 7517 section 5).
//!
//! Promise: a key that cannot be used does not keep the others from being used; a document that is no set is an
//! error, so that the keys known before stay.

use serde_json::Value;

use crate::allowed::Allowed;
use crate::jwk;
use crate::key::Key;
use crate::strict_json;

/// Longest key set that is read, in bytes.
pub const MAX_JWKS_BYTES: usize = 512 * 1024;
/// Most keys of a set.
pub const MAX_JWKS_KEYS: usize = 128;

/// What a set came to.
pub(crate) struct KeySet {
    pub(crate) keys: Vec<Key>,
    /// Why the others are not used: each key's place in the set, from 0, and the reason.
    pub(crate) passed_over: Vec<(usize, &'static str)>,
}

/// The keys of a set, or what is wrong with it, as the end of a sentence that begins with where it is from.
pub(crate) fn key_set(document: &[u8], allowed: &Allowed) -> Result<KeySet, &'static str> {
    let members =
        strict_json::object(document).ok_or("holds no JSON object, or one in which a name stands twice")?;
    let Some(Value::Array(list)) = members.get("keys") else {
        return Err("holds no key set: it has no list named keys");
    };
    if list.len() > MAX_JWKS_KEYS {
        return Err("holds more keys than are read");
    }
    let mut set = KeySet { keys: Vec::new(), passed_over: Vec::new() };
    for (place, member) in list.iter().enumerate() {
        match jwk::key(member, allowed) {
            Ok(key) => set.keys.push(key),
            Err(reason) => set.passed_over.push((place, reason)),
        }
    }
    Ok(set)
}
