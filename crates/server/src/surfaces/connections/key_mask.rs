//! API keys in a body: hashed, and masked where they stood, before anything else looks at the body.
//!
//! Promise: after [`mask_keys`] the body's value holds no key's text, so that no error can echo one (spec section 2:
//! a credential never appears in an error).

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::validation::json::{Json, Text};

/// The field that holds a key.
pub const API_KEY: &str = "api_key";

/// Masks every key of a body and returns those of the items of its list `list`, hashed, in the list's order.
///
/// A mask is as long as what it hides and keeps its control characters, so that it keeps and breaks the same rules.
/// A body that is one string, because it was not called JSON, may hold keys anywhere: it is hidden as a whole.
pub fn mask_keys(body: &mut Json<'_>, list: &str) -> Vec<Option<String>> {
    if matches!(body, Json::Str(_)) {
        *body = text("(not shown)");
        return Vec::new();
    }
    let hashes = match field(body, list) {
        Some(Json::List(items)) => items.iter().map(hash_in).collect(),
        _ => Vec::new(),
    };
    mask(body);
    hashes
}

/// SHA-256 in hex: the form in which a key is kept.
pub fn sha256_hex(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()).into())
}

/// 32 bytes in hex.
pub fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut out, byte| {
        // Writing to a String cannot fail.
        _ = write!(out, "{byte:02x}");
        out
    })
}

fn hash_in(item: &Json<'_>) -> Option<String> {
    match field(item, API_KEY) {
        Some(Json::Str(key)) => Some(sha256_hex(&key.text)),
        _ => None,
    }
}

fn field<'v, 'a>(value: &'v Json<'a>, name: &str) -> Option<&'v Json<'a>> {
    let Json::Dict(pairs) = value else { return None };
    pairs.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
}

/// Recursion ends: the reader bounds nesting.
fn mask(value: &mut Json<'_>) {
    match value {
        Json::List(items) => items.iter_mut().for_each(mask),
        Json::Dict(pairs) => {
            for (name, value) in pairs {
                match value {
                    _ if name.text != API_KEY => mask(value),
                    Json::Str(key) => {
                        let masked = |c: char| if c.is_ascii_control() { c } else { '*' };
                        key.text = Cow::Owned(key.text.chars().map(masked).collect());
                    }
                    Json::Null => {}
                    // What is no text is refused, but it may hold a key all the same.
                    _ => *value = Json::Int("0"),
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Int(_) | Json::Float(..) | Json::Str(_) => {}
    }
}

fn text(text: &'static str) -> Json<'static> {
    Json::Str(Text { text: Cow::Borrowed(text), lone_surrogate: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validation::{json, json_text};

    fn masked(body: &str) -> (String, Vec<Option<String>>) {
        let mut value = json::parse(body).unwrap();
        let hashes = mask_keys(&mut value, "connections");
        (json_text::echo(&value), hashes)
    }

    #[test]
    fn keys_are_hashed_in_order_and_masked_wherever_they_stand() {
        let (echo, hashes) = masked(
            r#"{"connections":[{"api_key":"abc"},7,{"a":[{"api_key":"é\u0001x"}]},{"api_key":12},{"api_key":["k"]}],"api_key":"q"}"#,
        );
        let expected = r#"{"connections":[{"api_key":"***"},7,{"a":[{"api_key":"*\u0001*"}]},{"api_key":0},{"api_key":0}],"api_key":"*"}"#;
        assert_eq!(echo, expected);
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hashes, [Some(abc.to_owned()), None, None, None, None]);
    }

    #[test]
    fn a_body_that_is_one_string_is_hidden_as_a_whole() {
        let (echo, hashes) = masked(r#""{\"connections\":[{\"api_key\":\"abc\"}]}""#);
        assert_eq!((echo.as_str(), hashes.len()), (r#""(not shown)""#, 0));
    }
}
