//! What a refused body is answered with: FastAPI's `detail` entries.
//!
//! Promise: an [`ErrorDetail`] serializes to the bytes FastAPI 0.165 would send for the same error, keys in the
//! order type, loc, msg, input, ctx. Turning a [`BodyError`] into an HTTP answer is left to the handlers.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::json::Json;
use super::json_text;

/// Why a whole body was refused.
#[derive(Debug, Clone)]
pub enum BodyError {
    /// Not UTF-8: HTTP 400, `{"detail":"There was an error parsing the body"}`.
    Unparsable,
    /// HTTP 422, `{"detail": [...]}`; never empty.
    Invalid(Vec<ErrorDetail>),
}

/// One entry of `detail`.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorDetail {
    /// pydantic's error type, as `string_too_short`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The way to the value, from `"body"` on.
    pub loc: Vec<Loc>,
    /// The sentence for a person.
    pub msg: Cow<'static, str>,
    /// The refused value, echoed as Python would print it.
    pub input: Box<RawValue>,
    /// The figures of the rule that was broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Ctx>,
}

/// One step of an error's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Loc {
    /// A declared field, or `"body"`.
    Field(&'static str),
    /// A place in a list, or a character of the body in `json_invalid`.
    Index(usize),
}

/// The figures of a broken rule; one shape for each that pydantic has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ctx {
    /// `{"min_length": n}`
    MinLength(usize),
    /// `{"max_length": n}`
    MaxLength(usize),
    /// `{"ge": n}`
    AtLeast(i64),
    /// `{"le": n}`
    AtMost(i64),
    /// `{"pattern": "..."}`
    Pattern(&'static str),
    /// `{"expected": "'a' or 'b'"}`
    Expected(&'static str),
    /// `{"error": "..."}`
    Error(&'static str),
    /// `{"field_type": "List", "min_length": n, "actual_length": m}`
    TooFew {
        /// pydantic's word for the container.
        field_type: &'static str,
        /// The least allowed.
        min: usize,
        /// What was there.
        actual: usize,
    },
    /// `{"field_type": "List", "max_length": n, "actual_length": m}`
    TooMany {
        /// pydantic's word for the container.
        field_type: &'static str,
        /// The most allowed.
        max: usize,
        /// What was there.
        actual: usize,
    },
}

impl Serialize for Ctx {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::MinLength(n) => map.serialize_entry("min_length", n)?,
            Self::MaxLength(n) => map.serialize_entry("max_length", n)?,
            Self::AtLeast(n) => map.serialize_entry("ge", n)?,
            Self::AtMost(n) => map.serialize_entry("le", n)?,
            Self::Pattern(text) => map.serialize_entry("pattern", text)?,
            Self::Expected(text) => map.serialize_entry("expected", text)?,
            Self::Error(text) => map.serialize_entry("error", text)?,
            Self::TooFew { field_type, min, actual } => {
                map.serialize_entry("field_type", field_type)?;
                map.serialize_entry("min_length", min)?;
                map.serialize_entry("actual_length", actual)?;
            }
            Self::TooMany { field_type, max, actual } => {
                map.serialize_entry("field_type", field_type)?;
                map.serialize_entry("max_length", max)?;
                map.serialize_entry("actual_length", actual)?;
            }
        }
        map.end()
    }
}

/// A broken rule before it is known where: an [`ErrorDetail`] without `loc` and `input`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// pydantic's error type.
    pub kind: &'static str,
    /// The sentence for a person.
    pub msg: Cow<'static, str>,
    /// The figures of the rule.
    pub ctx: Option<Ctx>,
}

impl Problem {
    /// A problem without figures.
    pub const fn plain(kind: &'static str, msg: &'static str) -> Self {
        Self { kind, msg: Cow::Borrowed(msg), ctx: None }
    }

    /// Says where the problem is and echoes the value that has it.
    pub fn at(self, loc: Vec<Loc>, input: &Json<'_>) -> ErrorDetail {
        let echo = json_text::echo(input);
        // The echo is our own writer's JSON, so the fallback is never taken; it only spares a panic path.
        let input = RawValue::from_string(echo).unwrap_or_else(|_| RawValue::NULL.to_owned());
        ErrorDetail { kind: self.kind, loc, msg: self.msg, input, ctx: self.ctx }
    }
}
