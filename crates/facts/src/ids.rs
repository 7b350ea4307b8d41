//! Opaque ids: a tenant's and a project's (spec section 1), and the ids the server makes for facts.
//!
//! Promise: a `TenantId` or `ProjectId` that exists has passed the alphabet and length rule; nothing
//! further in checks it again.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

/// Longest tenant or project id, in bytes (and characters: the alphabet is ASCII).
pub const MAX_ID_LENGTH: usize = 128;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to {MAX_ID_LENGTH} characters of A-Z a-z 0-9 _ - . :")]
pub struct InvalidId;

/// True when `text` is 1 to 128 characters of `A-Z a-z 0-9 _ - . :`.
#[must_use]
pub fn is_valid_id(text: &str) -> bool {
    (1..=MAX_ID_LENGTH).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'))
}

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id, when `text` follows the rule of [`is_valid_id`].
            ///
            /// # Errors
            /// [`InvalidId`] when it does not.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                is_valid_id(text).then(|| Self(text.into())).ok_or(InvalidId)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Default for $name {
            /// The one that every data directory has from its first start.
            fn default() -> Self {
                Self(DEFAULT_NAME.into())
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
    };
}

opaque_id!(
    /// The customer whose data it is.
    TenantId
);
opaque_id!(
    /// A part of a tenant.
    ProjectId
);

/// The tenant and the project that every data directory has from its first start (spec section 9).
pub const DEFAULT_NAME: &str = "default";

/// Makes the ids of one request's facts: a UUIDv7 (RFC 9562) that counts upwards, so that a batch's
/// ids share their front and cost a few bytes each on disk.
#[derive(Debug, Clone, Copy)]
pub struct FactIds {
    next: u128,
}

/// A fact's id as text: the 36 characters of a UUID.
pub type FactIdText = [u8; 36];

impl FactIds {
    /// A fresh series, starting at a random UUIDv7 of this moment.
    #[must_use]
    pub fn start() -> Self {
        Self { next: Uuid::now_v7().as_u128() }
    }

    /// Writes the next id into `text` and returns it as a string.
    ///
    /// The low 62 bits count; they start random, and a request's facts are far fewer than what is
    /// left of them, but for one chance in 2^48: then the carry stays inside those bits.
    pub fn next_into<'a>(&mut self, text: &'a mut FactIdText) -> &'a str {
        const COUNTER: u128 = (1 << 62) - 1;
        let id = self.next;
        self.next = (id & !COUNTER) | ((id + 1) & COUNTER);
        Uuid::from_u128(id).hyphenated().encode_lower(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_alphabet_and_the_length() {
        for good in ["a", "685ad30be129932fbb7a1047", "proj_AGudIl5ciUid", "A.b-c:d_9", &"x".repeat(128)] {
            assert!(TenantId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "a b", "ä", "a/b", "a\0", "a%2f", &"x".repeat(129)] {
            assert_eq!(ProjectId::parse(bad), Err(InvalidId), "{bad}");
        }
    }

    #[test]
    fn a_series_counts_up_and_stays_version_7() {
        let mut ids = FactIds::start();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            let mut text = [0; 36];
            let id = ids.next_into(&mut text).to_owned();
            assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 7);
            assert!(seen.insert(id));
        }
    }

    #[test]
    fn a_series_at_the_end_of_its_counter_stays_inside_it() {
        let mut ids = FactIds { next: Uuid::now_v7().as_u128() | ((1 << 62) - 1) };
        let (mut a, mut b) = ([0; 36], [0; 36]);
        assert_eq!(ids.next_into(&mut a)[..19], ids.next_into(&mut b)[..19]);
    }
}
