//! The rules of the declared string fields: length in characters, alphabet, control characters.
//!
//! Promise: every parser of a field asks the same rule, so that no two can disagree about a string.
//! Lengths and texts are pydantic's; the ban on control characters is Tidegauge's own decision.

use std::borrow::Cow;

use tidegauge_facts::limits::{MAX_LABEL_CHARS, MAX_TEXT_CHARS};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::error::{Ctx, Problem};
use crate::openapi::or_null;

/// What one string field allows.
#[derive(Debug, Clone, Copy)]
pub struct TextRule {
    min_chars: usize,
    max_chars: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No control characters.
    Line,
    /// No control characters but tab and line ends.
    Lines,
    /// The alphabet of tenant and project ids.
    OpaqueId,
}

const ID_PATTERN: &str = "^[A-Za-z0-9_.:-]{1,128}$";
const ID_MAX: usize = 128;

/// `project_id`.
pub const PROJECT_ID: TextRule = TextRule { min_chars: 1, max_chars: ID_MAX, kind: Kind::OpaqueId };
/// `session_id`, `client_id` and every other id and label.
pub const LABEL: TextRule = TextRule::line(0, MAX_LABEL_CHARS);
/// `page_url`, `referrer`, `user_agent`.
pub const LONG_LINE: TextRule = TextRule::line(0, MAX_TEXT_CHARS);
/// `str1` to `str5`.
pub const FREE_TEXT: TextRule = TextRule { min_chars: 0, max_chars: MAX_TEXT_CHARS, kind: Kind::Lines };

/// The error for a control character in a field, or for U+0000 in `properties`.
pub const CONTROL_CHARACTER: Problem =
    Problem::plain("string_control_character", "String should not contain control characters");

impl TextRule {
    /// One line of `min_chars` to `max_chars` characters.
    pub const fn line(min_chars: usize, max_chars: usize) -> Self {
        Self { min_chars, max_chars, kind: Kind::Line }
    }

    /// Whether a text already known to be free of control characters keeps the rule.
    pub fn accepts_printable(&self, text: &str) -> bool {
        match self.kind {
            Kind::OpaqueId => is_opaque_id(text),
            // Most texts are shorter in bytes than the limit is in characters, so few are counted.
            Kind::Line | Kind::Lines => {
                text.len() >= self.min_chars
                    && (text.len() <= self.max_chars || text.chars().count() <= self.max_chars)
            }
        }
    }

    /// The first rule the text breaks, in pydantic's order, our own last.
    pub fn check(&self, text: &str) -> Result<(), Problem> {
        if self.kind == Kind::OpaqueId {
            return if is_opaque_id(text) { Ok(()) } else { Err(pattern_problem()) };
        }
        if text.len() > self.max_chars && text.chars().count() > self.max_chars {
            return Err(too_long(self.max_chars));
        }
        if text.len() < self.min_chars {
            return Err(too_short(self.min_chars));
        }
        if text.bytes().any(|byte| self.forbids(byte)) {
            return Err(CONTROL_CHARACTER);
        }
        Ok(())
    }

    /// The rule in words of JSON Schema.
    pub fn schema(self) -> ObjectBuilder {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let pattern = match self.kind {
            Kind::OpaqueId => return text.pattern(Some(ID_PATTERN)),
            Kind::Line => r"^[^\x00-\x1f\x7f]*$",
            Kind::Lines => r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
        };
        let text = text.pattern(Some(pattern)).max_length(Some(self.max_chars));
        if self.min_chars > 0 { text.min_length(Some(self.min_chars)) } else { text }
    }

    /// The same, where null is as good as nothing.
    pub fn schema_or_null(self) -> ObjectBuilder {
        or_null(Type::String, self.schema())
    }

    fn forbids(&self, byte: u8) -> bool {
        let line_layout = matches!(byte, b'\t' | b'\n' | b'\r');
        byte.is_ascii_control() && !(self.kind == Kind::Lines && line_layout)
    }
}

fn is_opaque_id(text: &str) -> bool {
    let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-');
    (1..=ID_MAX).contains(&text.len()) && text.bytes().all(in_alphabet)
}

fn pattern_problem() -> Problem {
    Problem {
        kind: "string_pattern_mismatch",
        msg: Cow::Owned(format!("String should match pattern '{ID_PATTERN}'")),
        ctx: Some(Ctx::Pattern(ID_PATTERN)),
    }
}

fn too_long(max: usize) -> Problem {
    Problem {
        kind: "string_too_long",
        msg: Cow::Owned(format!("String should have at most {max} characters")),
        ctx: Some(Ctx::MaxLength(max)),
    }
}

fn too_short(min: usize) -> Problem {
    let plural = if min == 1 { "" } else { "s" };
    Problem {
        kind: "string_too_short",
        msg: Cow::Owned(format!("String should have at least {min} character{plural}")),
        ctx: Some(Ctx::MinLength(min)),
    }
}
