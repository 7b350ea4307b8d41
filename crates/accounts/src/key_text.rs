//! The text of an API key: `tg_`, 256 random bits in base32, and a checksum in base32.
//!
//! Promise: a mistyped key is told from a real one without a lookup, and neither a key's text nor its
//! digest shows up in `Debug` output. Reading the text takes the explicit [`KeyText::expose`].

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::base32;
use crate::error::AccountsError;

const MARK: &str = "tg_";
const RANDOM_BYTES: usize = 32;
const RANDOM_CHARS: usize = 52;
const CHECKSUM_CHARS: usize = 7;
const CHECKSUM_START: usize = MARK.len() + RANDOM_CHARS;

/// Length of a key, in characters (and bytes: it is ASCII).
pub const KEY_TEXT_CHARS: usize = CHECKSUM_START + CHECKSUM_CHARS;

/// How many of a key's first characters are kept to recognise it by: `tg_` and 30 of its 256 bits.
pub const SHOWN_PREFIX_CHARS: usize = MARK.len() + 6;

/// A text that is no API key: wrong length, alphabet or checksum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no API key: one is {MARK} and {} more characters, and its checksum must fit; copy it again, whole", KEY_TEXT_CHARS - MARK.len())]
pub struct InvalidKeyText;

/// An API key as its owner holds it. It is a secret: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

impl KeyText {
    /// A new key from the operating system's random source.
    pub(crate) fn random() -> Result<Self, AccountsError> {
        let mut bits = [0; RANDOM_BYTES];
        getrandom::fill(&mut bits).map_err(AccountsError::Random)?;
        Ok(Self::from_bits(bits))
    }

    fn from_bits(bits: [u8; RANDOM_BYTES]) -> Self {
        let mut text = String::with_capacity(KEY_TEXT_CHARS);
        text.push_str(MARK);
        text.extend(base32::encode::<RANDOM_CHARS>(&bits).map(char::from));
        let checksum = checksum_of(text.as_bytes());
        text.extend(checksum.map(char::from));
        Self(text)
    }

    /// The key that `text` is, when it has a key's shape and its checksum fits.
    ///
    /// # Errors
    /// [`InvalidKeyText`] otherwise.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyText> {
        has_key_shape(text).then(|| Self(text.to_owned())).ok_or(InvalidKeyText)
    }

    /// The secret itself, for the one time that it is shown to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first [`SHOWN_PREFIX_CHARS`] characters: enough to recognise a key, far from enough to use it.
    pub(crate) fn shown_prefix(&self) -> &str {
        &self.0[..SHOWN_PREFIX_CHARS]
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(hidden)")
    }
}

/// True when `text` begins like a key, right or mistyped.
pub(crate) fn has_key_mark(text: &str) -> bool {
    text.starts_with(MARK)
}

/// True when `text` has a key's length, mark, alphabet and checksum.
pub(crate) fn has_key_shape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == KEY_TEXT_CHARS
        && has_key_mark(text)
        && base32::is_base32(&bytes[MARK.len()..])
        && checksum_of(&bytes[..CHECKSUM_START]) == bytes[CHECKSUM_START..]
}

/// CRC-32 (IEEE) of what precedes, which no single or neighbouring pair of wrong characters leaves as it was.
fn checksum_of(front: &[u8]) -> [u8; CHECKSUM_CHARS] {
    base32::encode(&crc32fast::hash(front).to_be_bytes())
}

/// The SHA-256 of a key's whole text: the only form in which a key is stored.
#[derive(Clone, Copy)]
pub(crate) struct KeyDigest([u8; 32]);

/// The front half of a digest, by which the ring finds a key before it compares the whole.
pub(crate) type DigestFront = [u8; 16];

impl KeyDigest {
    pub(crate) fn of(key_text: &str) -> Self {
        Self(Sha256::digest(key_text.as_bytes()).into())
    }

    pub(crate) const fn from_array(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn front(&self) -> DigestFront {
        std::array::from_fn(|i| self.0[i])
    }

    /// Equality in a time that does not depend on where the two differ.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_it_was_written() {
        for _ in 0..1000 {
            let key = KeyText::random().unwrap();
            assert_eq!(key.expose().len(), KEY_TEXT_CHARS);
            assert_eq!(KeyText::parse(key.expose()).unwrap(), key);
        }
    }

    #[test]
    fn the_format_is_fixed() {
        // Both computed with Python's zlib.crc32 and big integers.
        assert_eq!(
            KeyText::from_bits(std::array::from_fn(|i| i as u8)).expose(),
            "tg_000g40r40m30e209185gr38e1w8124gk2gahc5rr34d1p70x3rfgxpzm8dg"
        );
        assert_eq!(
            KeyText::from_bits([0xff; 32]).expose(),
            "tg_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzgx3mtcd0"
        );
    }

    #[test]
    fn every_single_character_typo_is_refused() {
        let key = KeyText::random().unwrap();
        for at in 0..KEY_TEXT_CHARS {
            for wrong in (0..128u8).filter(|b| *b != key.expose().as_bytes()[at]) {
                let mut text = key.expose().as_bytes().to_vec();
                text[at] = wrong;
                let text = String::from_utf8(text).unwrap();
                assert_eq!(KeyText::parse(&text), Err(InvalidKeyText), "{wrong} at {at}");
            }
        }
    }

    #[test]
    fn swapped_neighbours_and_lost_or_added_characters_are_refused() {
        let key = KeyText::random().unwrap();
        let text = key.expose();
        for at in 0..KEY_TEXT_CHARS - 1 {
            let mut bytes = text.as_bytes().to_vec();
            bytes.swap(at, at + 1);
            let swapped = String::from_utf8(bytes).unwrap();
            assert!(swapped == text || !has_key_shape(&swapped), "{at}");
        }
        for at in 0..KEY_TEXT_CHARS {
            let lost = format!("{}{}", &text[..at], &text[at + 1..]);
            let added = format!("{}0{}", &text[..at], &text[at..]);
            assert!(!has_key_shape(&lost) && !has_key_shape(&added));
        }
        for other in ["", "tg_", "ü", &text.to_uppercase(), &format!(" {text}"), &"ä".repeat(31)] {
            assert!(!has_key_shape(other), "{other}");
        }
    }

    #[test]
    fn debug_output_hides_the_key() {
        let key = KeyText::random().unwrap();
        assert_eq!(format!("{key:?}"), "KeyText(hidden)");
    }
}
