//! A field's value under the field's rules.
//!
//! Leniency follows JavaScript: a number or a flag where text is expected becomes its text, a text that is a number
//! or a flag is taken for one, and an empty text is as good as nothing, but in `str1` to `str5`. The client posts
//! with `sendBeacon`, which shows no answer: what is refused for its looks is lost.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde_json::value::RawValue;
use tidegauge_facts::limits::{MAX_COUNTRY_CHARS, MAX_EVENT_NAME_CHARS, MAX_LABEL_CHARS, MAX_TEXT_CHARS};

use super::fields::Kind;
use super::instant;
use super::scalar::Scalar;

/// Longest number, in characters; JavaScript writes none longer than 25.
const MAX_NUMBER_CHARS: usize = 64;

/// Up to here a float tells every whole number from the next.
const MAX_EXACT: u64 = 1 << 53;

/// A value that keeps its field's rules.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    /// `exact` is the number's text when no whole number of 64 bits is the same number.
    Whole {
        nearest: i64,
        exact: Option<Cow<'a, str>>,
    },
    Decimal(f64),
    Flag(bool),
    /// Microseconds since the epoch.
    Instant(i64),
}

/// What is wrong with a value; completes a sentence that begins with the field's name.
pub(super) type Reason = Cow<'static, str>;

/// The value of JSON that is not null, or nothing for a text that is as good as nothing.
pub(super) fn read_value(json: &str, kind: Kind) -> Result<Option<Value<'_>>, Reason> {
    if kind == Kind::Ignored {
        return Ok(None);
    }
    let scalar = Scalar::parse(json).ok_or("may not be a list or an object")?;
    if kind != Kind::Free && matches!(&scalar, Scalar::Text(text) if text.is_empty()) {
        return Ok(None);
    }
    let value = match kind {
        Kind::Label => one_line(scalar, MAX_LABEL_CHARS)?,
        Kind::Country => one_line(scalar, MAX_COUNTRY_CHARS)?,
        Kind::Line => one_line(scalar, MAX_TEXT_CHARS)?,
        Kind::EventName => one_line(scalar, MAX_EVENT_NAME_CHARS)?,
        Kind::Free => text(scalar, MAX_TEXT_CHARS, |byte| matches!(byte, b'\t' | b'\n' | b'\r'))?,
        Kind::Whole => whole(scalar)?,
        Kind::Latitude => decimal(scalar, -90.0..=90.0, "should be -90 to 90 degrees")?,
        Kind::Longitude => decimal(scalar, -180.0..=180.0, "should be -180 to 180 degrees")?,
        Kind::Metres => decimal(scalar, 0.0..=f64::MAX, "should be 0 metres or more")?,
        Kind::Flag => flag(scalar)?,
        Kind::Instant => Value::Instant(instant::from_scalar(&scalar).ok_or(instant::EXPECTED)?),
        Kind::Ignored => return Ok(None),
    };
    Ok(Some(value))
}

fn one_line(scalar: Scalar<'_>, max_chars: usize) -> Result<Value<'_>, Reason> {
    text(scalar, max_chars, |_| false)
}

fn text(scalar: Scalar<'_>, max_chars: usize, allows: fn(u8) -> bool) -> Result<Value<'_>, Reason> {
    let text = match scalar {
        Scalar::Text(text) => text,
        Scalar::Number(number) => Cow::Borrowed(number),
        Scalar::Flag(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
    };
    // Most texts are shorter in bytes than the bound is in characters, so few are counted.
    if text.len() > max_chars && text.chars().count() > max_chars {
        return Err(format!("has more than {max_chars} characters").into());
    }
    if text.bytes().any(|byte| byte.is_ascii_control() && !allows(byte)) {
        return Err("may not contain control characters".into());
    }
    Ok(Value::Text(text))
}

fn whole(scalar: Scalar<'_>) -> Result<Value<'_>, Reason> {
    let (text, number) = number(scalar)?;
    if let Ok(nearest) = text.parse() {
        return Ok(Value::Whole { nearest, exact: None });
    }
    // A float becomes the nearest integer of 64 bits, also beyond their ends.
    #[allow(clippy::cast_possible_truncation)]
    let nearest = number.round() as i64;
    #[allow(clippy::cast_precision_loss, clippy::float_cmp)]
    let is_exact = nearest as f64 == number && nearest.unsigned_abs() <= MAX_EXACT;
    Ok(Value::Whole { nearest, exact: (!is_exact).then_some(text) })
}

fn decimal<'a>(
    scalar: Scalar<'a>,
    range: RangeInclusive<f64>,
    expected: &'static str,
) -> Result<Value<'a>, Reason> {
    let (_, number) = number(scalar)?;
    if range.contains(&number) { Ok(Value::Decimal(number)) } else { Err(expected.into()) }
}

/// A number, and its text in JSON's grammar.
fn number(scalar: Scalar<'_>) -> Result<(Cow<'_, str>, f64), Reason> {
    let text = match scalar {
        Scalar::Number(text) => Cow::Borrowed(text),
        Scalar::Text(text) => text,
        Scalar::Flag(_) => return Err("should be a number".into()),
    };
    if text.len() > MAX_NUMBER_CHARS {
        return Err(format!("should be a number of at most {MAX_NUMBER_CHARS} characters").into());
    }
    // JSON's grammar is narrower than that of Rust, which reads the value exactly.
    let is_json = serde_json::from_str::<&RawValue>(&text).is_ok_and(|raw| raw.get().len() == text.len());
    match text.parse::<f64>() {
        Ok(number) if is_json && number.is_finite() => Ok((text, number)),
        _ => Err("should be a number".into()),
    }
}

fn flag(scalar: Scalar<'_>) -> Result<Value<'_>, Reason> {
    match &scalar {
        Scalar::Flag(flag) => Ok(Value::Flag(*flag)),
        Scalar::Text(text) if text == "true" => Ok(Value::Flag(true)),
        Scalar::Text(text) if text == "false" => Ok(Value::Flag(false)),
        _ => Err("should be true or false".into()),
    }
}
