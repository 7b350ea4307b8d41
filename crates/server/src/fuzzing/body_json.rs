//! JSON as Python reads it, and the answers that are made of it.

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::validation::error::BodyError;
use crate::validation::json::{self, Json};
use crate::validation::json_text;

/// Any text: what another reader of JSON takes is taken; what is written again is JSON, the same value, and not longer.
pub fn validation_json(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let parsed = json::parse(text);
    let by_serde: Result<Value, _> = serde_json::from_str(text);
    let value = match parsed {
        Ok(value) => value,
        Err(error) => {
            assert!(error.at <= text.chars().count(), "a fault is in the text");
            assert!(by_serde.is_err(), "RFC 8259's JSON is taken");
            return;
        }
    };
    let echo = json_text::echo(&value);
    assert!(serde_json::from_str::<IgnoredAny>(&echo).is_ok(), "an echo is JSON: {echo}");
    let compact = json_text::compact(&value);
    let again = json::parse(&compact);
    assert_eq!(again.as_ref().map(json_text::compact), Ok(compact.clone()), "compact text is a fixed point");
    if is_finite(&value) {
        assert!(compact.len() <= text.len(), "compact text is not longer: {compact}");
    }
}

/// Why a body is refused, as it is answered: JSON that says something.
pub(crate) fn answered(error: &BodyError) -> String {
    let BodyError::Invalid(details) = error else { return String::new() };
    assert!(!details.is_empty(), "a refusal has a reason");
    let answer = serde_json::to_string(details).unwrap_or_default();
    // Not as values: an integer may be longer than any of theirs.
    assert!(serde_json::from_str::<Vec<IgnoredAny>>(&answer).is_ok(), "an answer is JSON: {answer}");
    answer
}

/// Whether no number has to be replaced by null, which may be longer.
fn is_finite(value: &Json<'_>) -> bool {
    match value {
        Json::Float(_, number) => number.is_finite(),
        Json::List(items) => items.iter().all(is_finite),
        Json::Dict(pairs) => pairs.iter().all(|(_, item)| is_finite(item)),
        Json::Null | Json::Bool(_) | Json::Int(_) | Json::Str(_) => true,
    }
}
