//! How a caller names a key: by its id (`key_...`) or by its whole text (`tg_...`).
//!
//! Promise: no error repeats what may be a secret, and a key's text reaches the database as its digest alone.

use crate::error::AccountsError;
use crate::key_id::is_key_id;
use crate::key_text::{KeyDigest, KeyText, has_key_mark};

/// One of the two.
pub(crate) struct KeyName<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) digest: Option<KeyDigest>,
}

impl<'a> KeyName<'a> {
    /// Either.
    pub(crate) fn id_or_text(text: &'a str) -> Result<Self, AccountsError> {
        if has_key_mark(text) {
            let key = KeyText::parse(text)?;
            return Ok(Self { id: None, digest: Some(KeyDigest::of(key.expose())) });
        }
        Self::id(text)
    }

    /// An id alone.
    pub(crate) fn id(text: &'a str) -> Result<Self, AccountsError> {
        if is_key_id(text) {
            Ok(Self { id: Some(text), digest: None })
        } else {
            Err(AccountsError::NoKeyName)
        }
    }

    /// What to say when there is no such key.
    pub(crate) fn unknown(&self) -> AccountsError {
        self.id.map_or(AccountsError::UnknownKeyText, |id| AccountsError::UnknownKeyId(id.to_owned()))
    }
}
