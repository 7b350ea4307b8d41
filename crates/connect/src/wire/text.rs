//! Texts that need not be UTF-8: a Go string is bytes, and a caller of the gateway decides about many of them.
//!
//! Promise: every byte that is no part of a character is written as a URL writes it (`%FF`); nothing else changes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A text, made of whatever bytes a record has.
#[derive(Debug, Default)]
pub(super) struct Text(pub String);

/// The bytes as a text.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// A text that says something.
pub(super) fn said(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| text(bytes))
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Text, E> {
                Ok(Text(value.to_owned()))
            }

            // What MessagePack calls a text and is none comes as bytes.
            fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Text, E> {
                Ok(Text(text(value)))
            }
        }
        deserializer.deserialize_str(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_characters_are_written_as_in_a_url() {
        assert_eq!(text("/é\t".as_bytes()), "/é\t");
        assert_eq!(text(b"/\xff\xc3("), "/%FF%C3(");
        assert_eq!(text(b"\xed\xa0\x80"), "%ED%A0%80");
        assert_eq!(said(b""), None);
    }
}
