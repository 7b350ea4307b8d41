//! A key's public name: `key_` and 16 random base32 characters, for lists, logs and revoking.
//!
//! Promise: it says nothing about the key's text.

use std::sync::Arc;

use crate::base32;
use crate::error::AccountsError;

const MARK: &str = "key_";
const RANDOM_BYTES: usize = 10;
const RANDOM_CHARS: usize = 16;

/// A new id; 80 random bits, so that no two keys of a database share one.
pub(crate) fn random_key_id() -> Result<Arc<str>, AccountsError> {
    let mut bits = [0; RANDOM_BYTES];
    getrandom::fill(&mut bits).map_err(AccountsError::Random)?;
    let mut id = String::with_capacity(MARK.len() + RANDOM_CHARS);
    id.push_str(MARK);
    id.extend(base32::encode::<RANDOM_CHARS>(&bits).map(char::from));
    Ok(id.into())
}

/// True when `text` could be a key's id, and so is safe to repeat in an error.
pub(crate) fn is_key_id(text: &str) -> bool {
    text.strip_prefix(MARK)
        .is_some_and(|rest| rest.len() == RANDOM_CHARS && base32::is_base32(rest.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_recognised_and_a_key_is_not_taken_for_one() {
        let id = random_key_id().unwrap();
        assert!(is_key_id(&id), "{id}");
        for other in ["", "key_", "key_0123", "tg_0123456789abcdef", &format!("{id}0"), &id.to_uppercase()] {
            assert!(!is_key_id(other), "{other}");
        }
    }
}
