//! pydantic's lax readings of integers and booleans: `"1_000"`, `1.0`, `"yes"` and their kind.
//!
//! Promise: same value or same error as pydantic 2.14 for every JSON value, except that integers are bounded
//! to 64 bits, which pydantic's are not: beyond them it is `int_parsing_size`.

use super::error::Problem;
use super::json::Json;

/// A string that holds half a surrogate pair, wherever a declared field needs text.
pub const STRING_UNICODE: Problem = Problem::plain(
    "string_unicode",
    "Input should be a valid string, unable to parse raw data as a unicode string",
);

/// A number that no `f64` holds, where one is needed.
pub const NOT_FINITE: Problem = Problem::plain("finite_number", "Input should be a finite number");

const INT_TYPE: Problem = Problem::plain("int_type", "Input should be a valid integer");
const INT_FROM_FLOAT: Problem =
    Problem::plain("int_from_float", "Input should be a valid integer, got a number with a fractional part");
const INT_PARSING: Problem =
    Problem::plain("int_parsing", "Input should be a valid integer, unable to parse string as an integer");
const INT_SIZE: Problem =
    Problem::plain("int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size");
const BOOL_TYPE: Problem = Problem::plain("bool_type", "Input should be a valid boolean");
const BOOL_PARSING: Problem =
    Problem::plain("bool_parsing", "Input should be a valid boolean, unable to interpret input");

/// The integer a value stands for.
pub fn int(value: &Json<'_>) -> Result<i64, Problem> {
    match value {
        Json::Bool(flag) => Ok(i64::from(*flag)),
        Json::Int(digits) => digits.parse().map_err(|_| INT_SIZE),
        Json::Float(_, number) => int_from_float(*number),
        Json::Str(text) if text.lone_surrogate => Err(STRING_UNICODE),
        Json::Str(text) => int_from_str(&text.text),
        Json::Null | Json::List(_) | Json::Dict(_) => Err(INT_TYPE),
    }
}

/// The truth a value stands for.
pub fn bool(value: &Json<'_>) -> Result<bool, Problem> {
    match value {
        Json::Bool(flag) => Ok(*flag),
        Json::Str(text) if text.lone_surrogate => Err(STRING_UNICODE),
        Json::Str(text) => bool_from_str(&text.text),
        Json::Int(digits) => match digits.parse::<i64>() {
            Ok(number) => bool_from_int(number),
            Err(_) => Err(BOOL_TYPE),
        },
        Json::Float(_, number) => int_from_float(*number).map_err(|_| BOOL_TYPE).and_then(bool_from_int),
        Json::Null | Json::List(_) | Json::Dict(_) => Err(BOOL_TYPE),
    }
}

fn int_from_float(number: f64) -> Result<i64, Problem> {
    if !number.is_finite() {
        Err(NOT_FINITE)
    } else if number.fract() != 0.0 {
        Err(INT_FROM_FLOAT)
    } else if (i64::MIN as f64) < number && number < (i64::MAX as f64) {
        Ok(number as i64)
    } else {
        Err(INT_SIZE)
    }
}

fn bool_from_int(number: i64) -> Result<bool, Problem> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(BOOL_PARSING),
    }
}

fn bool_from_str(text: &str) -> Result<bool, Problem> {
    let is_one_of = |words: [&str; 6]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(["0", "f", "n", "no", "off", "false"]) {
        Ok(false)
    } else if is_one_of(["1", "t", "y", "on", "yes", "true"]) {
        Ok(true)
    } else {
        Err(BOOL_PARSING)
    }
}

/// Python reads no longer integer than this, so pydantic does not either.
const MAX_INT_DIGITS: usize = 4300;

fn int_from_str(text: &str) -> Result<i64, Problem> {
    match json_int(text) {
        Some(result) => result,
        // A tidied text that is still too long is, to pydantic, no integer at all.
        None => match tidied(text).filter(|tidy| tidy.trim_start_matches('-').len() <= MAX_INT_DIGITS) {
            Some(tidy) => json_int(&tidy).unwrap_or(Err(INT_PARSING)),
            None => Err(INT_PARSING),
        },
    }
}

/// The text as a JSON integer; `None` if it is not one.
fn json_int(text: &str) -> Option<Result<i64, Problem>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    canonical.then(|| {
        if digits.len() > MAX_INT_DIGITS { Err(INT_SIZE) } else { text.parse().map_err(|_| INT_SIZE) }
    })
}

/// The JSON integer pydantic sees in a text with spaces around it, a plus, leading zeros, single underscores
/// between digits, or `.0` at the end; `None` where it sees none.
fn tidied(text: &str) -> Option<String> {
    let text = text.trim();
    let text = match text.strip_prefix('+') {
        Some(rest) if rest.starts_with('-') => return None,
        Some(rest) => rest,
        None => text,
    };
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) if rest.starts_with(['-', '+']) => return None,
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let mut digits = without_leading_zeros(digits)?;
    if let Some((whole, fraction)) = digits.split_once('.')
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte == b'0')
    {
        digits = whole;
    }
    let misplaced = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    let digits = if misplaced { digits.to_owned() } else { digits.replace('_', "") };
    Some(format!("{sign}{digits}"))
}

/// Drops zeros and underscores in front, but keeps one zero where nothing else would stand before the end or a dot.
fn without_leading_zeros(digits: &str) -> Option<&str> {
    if digits.starts_with(|first: char| matches!(first, '1'..='9' | '-')) {
        return Some(digits);
    }
    if !digits.starts_with('0') {
        return None;
    }
    for (at, byte) in digits.bytes().enumerate().skip(1) {
        match byte {
            b'0' | b'_' => {}
            b'1'..=b'9' | b'-' => return digits.get(at..),
            b'.' => return digits.get(at - 1..),
            _ => return None,
        }
    }
    digits.get(digits.len() - 1..)
}
