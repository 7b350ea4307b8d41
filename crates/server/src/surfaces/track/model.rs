//! The event model on a JSON value: which fields there are, in which order their errors come, what each accepts.
//!
//! Promise: as pydantic does, it looks at every field before it refuses, so a client sees all errors at once;
//! unknown fields are ignored. Bytes and JSON text are left to [`super::strict`].

use std::borrow::Cow;

use super::coerce::{self, NOT_FINITE, STRING_UNICODE};
use super::datetime;
use super::error::{Ctx, ErrorDetail, Loc, Problem};
use super::event::{Category, MAX_PROPERTIES_BYTES, OwnedEvent, Priority};
use super::json::{Json, Text};
use super::json_text;
use super::scan;
use super::strict::MISSING;
use super::text_rule::{self as rule, CONTROL_CHARACTER, TextRule};

/// The event a value stands for, or every error in it; `path` leads to the value.
pub fn event(value: &Json<'_>, path: &[Loc]) -> Result<OwnedEvent, Vec<ErrorDetail>> {
    let mut fields = Fields::of(value, path).map_err(|detail| vec![detail])?;
    let blank = OwnedEvent::blank();
    // The order of these lines is the order of the errors.
    let event = OwnedEvent {
        event_name: fields.required_text("event_name", rule::EVENT_NAME, value),
        category: fields.read("category", category).unwrap_or(blank.category),
        priority: fields.read("priority", priority).unwrap_or(blank.priority),
        properties: fields.properties().map_or(blank.properties, Cow::Owned),
        timestamp: fields.optional("timestamp", datetime::from_json),
        session_id: fields.text("session_id", rule::LABEL),
        page_url: fields.text("page_url", rule::LONG_LINE),
        referrer: fields.text("referrer", rule::LONG_LINE),
        user_agent: fields.text("user_agent", rule::LONG_LINE),
        event_id: fields.text("event_id", rule::EVENT_ID),
        project_id: fields.text("project_id", rule::PROJECT_ID),
        client_id: fields.text("client_id", rule::LABEL),
        user_id: fields.text("user_id", rule::LABEL),
        installation_id: fields.text("installation_id", rule::LABEL),
        device_id: fields.text("device_id", rule::LABEL),
        space_id: fields.text("space_id", rule::LABEL),
        app_id: fields.text("app_id", rule::LABEL),
        environment: fields.text("environment", rule::LABEL),
        country: fields.text("country", rule::COUNTRY),
        interaction: fields.optional("interaction", coerce::bool),
        capture_id: fields.text("capture_id", rule::LABEL),
        product_id: fields.text("product_id", rule::LABEL),
        category_id: fields.text("category_id", rule::LABEL),
        ints: ["int1", "int2", "int3", "int4", "int5"].map(|name| fields.optional(name, coerce::int)),
        strs: ["str1", "str2", "str3", "str4", "str5"].map(|name| fields.text(name, rule::FREE_TEXT)),
        stateful: fields.optional("stateful", coerce::bool),
        public: fields.optional("public", coerce::int),
    };
    let errors = fields.into_errors();
    if errors.is_empty() { Ok(event) } else { Err(errors) }
}

/// An object under validation and the errors found in it so far.
pub struct Fields<'v, 'a> {
    pairs: &'v [(Text<'a>, Json<'a>)],
    path: &'v [Loc],
    errors: Vec<ErrorDetail>,
}

impl<'v, 'a> Fields<'v, 'a> {
    /// The fields of a value, which must be an object.
    pub fn of(value: &'v Json<'a>, path: &'v [Loc]) -> Result<Self, ErrorDetail> {
        match value {
            Json::Dict(pairs) => Ok(Self { pairs, path, errors: Vec::new() }),
            _ => Err(NOT_AN_OBJECT.at(path.to_vec(), value)),
        }
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

    /// What was noted, in the order of the fields asked for.
    pub fn into_errors(self) -> Vec<ErrorDetail> {
        self.errors
    }

    fn required_text(&mut self, name: &'static str, rule: TextRule, whole: &Json<'a>) -> Cow<'static, str> {
        if self.value(name).is_none() {
            self.errors.push(MISSING.at(self.loc(name), whole));
        }
        self.read(name, |value| text(value, rule)).unwrap_or_default()
    }

    fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&Json<'a>) -> Result<T, Problem>,
    ) -> Option<T> {
        self.read(name, |value| if *value == Json::Null { Ok(None) } else { read(value).map(Some) }).flatten()
    }

    fn read<T>(&mut self, name: &'static str, read: impl Fn(&Json<'a>) -> Result<T, Problem>) -> Option<T> {
        let value = self.value(name)?;
        match read(value) {
            Ok(good) => Some(good),
            Err(problem) => {
                self.errors.push(problem.at(self.loc(name), value));
                None
            }
        }
    }

    fn properties(&mut self) -> Option<String> {
        let value = self.value("properties")?;
        match properties(value) {
            Ok(text) => Some(text),
            Err(problem) => {
                // The number that is not finite has no JSON to be echoed in.
                let input = if problem == NOT_FINITE { &Json::Null } else { value };
                self.errors.push(problem.at(self.loc("properties"), input));
                None
            }
        }
    }
}

const NOT_AN_OBJECT: Problem = Problem::plain(
    "model_attributes_type",
    "Input should be a valid dictionary or object to extract fields from",
);
const STRING_TYPE: Problem = Problem::plain("string_type", "Input should be a valid string");
const DICT_TYPE: Problem = Problem::plain("dict_type", "Input should be a valid dictionary");

fn text(value: &Json<'_>, rule: TextRule) -> Result<Cow<'static, str>, Problem> {
    match value {
        Json::Str(text) if text.lone_surrogate => Err(STRING_UNICODE),
        Json::Str(text) => rule.check(&text.text).map(|()| Cow::Owned(text.text.clone().into_owned())),
        _ => Err(STRING_TYPE),
    }
}

fn category(value: &Json<'_>) -> Result<Category, Problem> {
    const EXPECTED: &str =
        "'page_view', 'user_action', 'trading', 'auth', 'error', 'performance', 'feature' or 'system'";
    choice(value, Category::from_name, EXPECTED)
}

fn priority(value: &Json<'_>) -> Result<Priority, Problem> {
    choice(value, Priority::from_name, "'low', 'medium', 'high' or 'critical'")
}

fn choice<T>(
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

fn properties(value: &Json<'_>) -> Result<String, Problem> {
    if !matches!(value, Json::Dict(_)) {
        return Err(DICT_TYPE);
    }
    storable(value)?;
    let text = json_text::compact(value);
    if text.len() > MAX_PROPERTIES_BYTES {
        let actual = text.len();
        return Err(Problem {
            kind: "too_long",
            msg: Cow::Owned(format!(
                "Dictionary should have at most {MAX_PROPERTIES_BYTES} bytes after validation, not {actual}"
            )),
            ctx: Some(Ctx::TooMany { field_type: "Dictionary", max: MAX_PROPERTIES_BYTES, actual }),
        });
    }
    Ok(text)
}

/// Refuses what no reader of the stored text could take: U+0000, and numbers that are no `f64`.
fn storable(value: &Json<'_>) -> Result<(), Problem> {
    let clean = |text: &Text<'_>| if text.text.contains('\0') { Err(CONTROL_CHARACTER) } else { Ok(()) };
    match value {
        Json::Null | Json::Bool(_) => Ok(()),
        Json::Int(digits) if scan::is_finite(digits, false) => Ok(()),
        Json::Float(_, number) if number.is_finite() => Ok(()),
        Json::Int(_) | Json::Float(..) => Err(NOT_FINITE),
        Json::Str(text) => clean(text),
        Json::List(items) => items.iter().try_for_each(storable),
        Json::Dict(pairs) => {
            pairs.iter().try_for_each(|(key, item)| clean(key).and_then(|()| storable(item)))
        }
    }
}
