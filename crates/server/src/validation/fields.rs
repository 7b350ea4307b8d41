//! The fields of a JSON object under validation.
//!
//! Promise: as pydantic does, every field is looked at before the object is refused, so that a client sees all
//! errors at once, in the order in which the fields are asked for; fields not asked for are ignored.

use std::borrow::Cow;

use super::coerce::STRING_UNICODE;
use super::error::{Ctx, ErrorDetail, Loc, Problem};
use super::json::{Json, Text};
use super::text_rule::TextRule;

/// A field that is not there, and must be.
pub const MISSING: Problem = Problem::plain("missing", "Field required");

/// An object under validation and the errors found in it so far.
pub struct Fields<'v, 'a> {
    whole: &'v Json<'a>,
    pairs: &'v [(Text<'a>, Json<'a>)],
    path: &'v [Loc],
    errors: Vec<ErrorDetail>,
}

impl<'v, 'a> Fields<'v, 'a> {
    /// The fields of a value, which must be an object; `path` leads to it.
    pub fn of(whole: &'v Json<'a>, path: &'v [Loc]) -> Result<Self, ErrorDetail> {
        match whole {
            Json::Dict(pairs) => Ok(Self { whole, pairs, path, errors: Vec::new() }),
            _ => Err(NOT_AN_OBJECT.at(path.to_vec(), whole)),
        }
    }

    /// The object itself.
    pub fn whole(&self) -> &'v Json<'a> {
        self.whole
    }

    /// The value of a field, if it is there.
    pub fn value(&self, name: &str) -> Option<&'v Json<'a>> {
        self.pairs.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
    }

    /// The way to a field.
    pub fn loc(&self, name: &'static str) -> Vec<Loc> {
        self.path.iter().copied().chain([Loc::Field(name)]).collect()
    }

    /// A text that may be absent or null; a broken rule is noted and gives `None`.
    pub fn text(&mut self, name: &'static str, rule: TextRule) -> Option<Cow<'static, str>> {
        self.optional(name, |value| text(value, rule))
    }

    /// A text that must be there; what is wrong with it is noted and gives an empty one.
    pub fn required_text(&mut self, name: &'static str, rule: TextRule) -> Cow<'static, str> {
        self.required(name, |value| text(value, rule)).unwrap_or_default()
    }

    /// A value that must be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&Json<'a>) -> Result<T, Problem>,
    ) -> Option<T> {
        if self.value(name).is_none() {
            self.errors.push(MISSING.at(self.loc(name), self.whole));
        }
        self.read(name, read)
    }

    /// A value that may be absent or null.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&Json<'a>) -> Result<T, Problem>,
    ) -> Option<T> {
        self.read(name, |value| if *value == Json::Null { Ok(None) } else { read(value).map(Some) }).flatten()
    }

    /// A value that may be absent, but not null.
    pub fn read<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&Json<'a>) -> Result<T, Problem>,
    ) -> Option<T> {
        let value = self.value(name)?;
        match read(value) {
            Ok(good) => Some(good),
            Err(problem) => {
                self.note(problem, name, value);
                None
            }
        }
    }

    /// Notes a problem of a field; `input` is what the answer echoes.
    pub fn note(&mut self, problem: Problem, name: &'static str, input: &Json<'_>) {
        self.errors.push(problem.at(self.loc(name), input));
    }

    /// Notes errors found inside a field.
    pub fn note_all(&mut self, errors: impl IntoIterator<Item = ErrorDetail>) {
        self.errors.extend(errors);
    }

    /// What was noted, in the order of the fields asked for.
    pub fn into_errors(self) -> Vec<ErrorDetail> {
        self.errors
    }
}

/// One of a set of names; `expected` is pydantic's text of the set.
pub fn choice<T>(
    value: &Json<'_>,
    from_name: fn(&str) -> Option<T>,
    expected: &'static str,
) -> Result<T, Problem> {
    let name = match value {
        Json::Str(text) if text.lone_surrogate => return Err(STRING_UNICODE),
        Json::Str(text) => from_name(&text.text),
        _ => None,
    };
    name.ok_or_else(|| Problem {
        kind: "enum",
        msg: Cow::Owned(format!("Input should be {expected}")),
        ctx: Some(Ctx::Expected(expected)),
    })
}

/// A text that keeps a rule.
pub fn text(value: &Json<'_>, rule: TextRule) -> Result<Cow<'static, str>, Problem> {
    match value {
        Json::Str(text) if text.lone_surrogate => Err(STRING_UNICODE),
        Json::Str(text) => rule.check(&text.text).map(|()| Cow::Owned(text.text.clone().into_owned())),
        _ => Err(STRING_TYPE),
    }
}

const NOT_AN_OBJECT: Problem = Problem::plain(
    "model_attributes_type",
    "Input should be a valid dictionary or object to extract fields from",
);
const STRING_TYPE: Problem = Problem::plain("string_type", "Input should be a valid string");
