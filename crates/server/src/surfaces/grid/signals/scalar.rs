//! A JSON value that is neither a list nor an object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, Visitor};

/// A value as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Flag(bool),
    /// The number's own text.
    Number(&'a str),
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// The value of well-formed JSON that is not null; `None` for a list or an object.
    pub fn parse(json: &'a str) -> Option<Self> {
        match json.as_bytes().first()? {
            b'"' => Some(Self::Text(text(json))),
            b't' => Some(Self::Flag(true)),
            b'f' => Some(Self::Flag(false)),
            b'[' | b'{' => None,
            _ => Some(Self::Number(json)),
        }
    }
}

/// The text of a JSON string.
fn text(json: &str) -> Cow<'_, str> {
    let inside = &json[1..json.len() - 1];
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    let bytes = serde_json::Deserializer::from_str(json).deserialize_bytes(Bytes).unwrap_or_default();
    Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|error| without_lone_surrogates(&error.into_bytes())))
}

/// Half a surrogate pair becomes U+FFFD: JavaScript cuts texts in the middle of a character and sends the half,
/// and the rest of the event is worth keeping. In the bytes it is three that no UTF-8 holds, the first of them ED.
fn without_lone_surrogates(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if chunk.invalid().first() == Some(&0xed) {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_every_character_and_half_a_pair_becomes_one_replacement() {
        for (json, expected) in [
            (r#""plain ä 🙂""#, "plain ä 🙂"),
            (r#""a\n\"b\"\u00e4\/""#, "a\n\"b\"ä/"),
            (r#""\ud83d\ude42""#, "🙂"),
            (r#""cut \ud83d""#, "cut \u{fffd}"),
            (r#""\ude42\ud83d x\ufffd\ufffd\ufffd""#, "\u{fffd}\u{fffd} x\u{fffd}\u{fffd}\u{fffd}"),
            (r#""""#, ""),
        ] {
            assert_eq!(Scalar::parse(json), Some(Scalar::Text(expected.into())), "{json}");
        }
        assert_eq!(Scalar::parse("-1.5e3"), Some(Scalar::Number("-1.5e3")));
        assert_eq!(Scalar::parse("true"), Some(Scalar::Flag(true)));
        assert_eq!(Scalar::parse("[]"), None);
    }
}
