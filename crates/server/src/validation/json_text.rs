//! JSON values back to text: as Python prints them in an error's `input`, or as they were written, for storing.
//!
//! Promise: the result is always valid JSON. What JSON cannot say is replaced: NaN and the infinities by null,
//! half a surrogate pair by U+FFFD.

use std::fmt::Write;

use super::json::{Json, Text};

/// The value as FastAPI echoes it: floats and integers in Python's form, nothing but the needed escapes.
pub fn echo(value: &Json<'_>) -> String {
    let mut out = String::new();
    write(&mut out, value, Numbers::AsPythonPrints);
    out
}

/// The value without white space and every number digit for digit as written. Never longer than what was read.
pub fn compact(value: &Json<'_>) -> String {
    let mut out = String::new();
    write(&mut out, value, Numbers::AsWritten);
    out
}

#[derive(Clone, Copy)]
enum Numbers {
    AsPythonPrints,
    AsWritten,
}

fn write(out: &mut String, value: &Json<'_>, numbers: Numbers) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Json::Int(digits) => match numbers {
            Numbers::AsPythonPrints if *digits == "-0" => out.push('0'),
            Numbers::AsPythonPrints | Numbers::AsWritten => out.push_str(digits),
        },
        Json::Float(written, number) => match numbers {
            Numbers::AsPythonPrints => python_float(out, *number),
            Numbers::AsWritten if number.is_finite() => out.push_str(written),
            Numbers::AsWritten => out.push_str("null"),
        },
        Json::Str(text) => string(out, text),
        Json::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item, numbers);
            }
            out.push(']');
        }
        Json::Dict(pairs) => {
            out.push('{');
            for (index, (key, item)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                string(out, key);
                out.push(':');
                write(out, item, numbers);
            }
            out.push('}');
        }
    }
}

fn string(out: &mut String, text: &Text<'_>) {
    out.push('"');
    for character in text.text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            // Writing to a String cannot fail.
            '\0'..' ' => _ = write!(out, "\\u{:04x}", character as u32),
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// Python's `repr`: the fewest digits that read back the same, plain from 1e-4 to below 1e16.
fn python_float(out: &mut String, number: f64) {
    let size = number.abs();
    // Writing to a String cannot fail.
    _ = if !number.is_finite() {
        out.write_str("null")
    } else if size == 0.0 || (1e-4..1e16).contains(&size) {
        write!(out, "{number:?}")
    } else {
        let short = format!("{number:e}");
        let (digits, exponent) = short.split_once('e').unwrap_or((&short, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |power| ('-', power));
        write!(out, "{digits}e{sign}{exponent:0>2}")
    };
}
