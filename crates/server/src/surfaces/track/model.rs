//! The event model on a JSON value: which fields there are, in which order their errors come, what each accepts.
//!
//! Promise: as pydantic does, it looks at every field before it refuses, so a client sees all errors at once;
//! unknown fields are ignored. Bytes and JSON text are left to [`super::strict`].

use std::borrow::Cow;

use super::event::{Category, MAX_PROPERTIES_BYTES, OwnedEvent, Priority};
use super::field::{COUNTRY, EVENT_ID, EVENT_NAME};
use crate::validation::coerce::{self, NOT_FINITE};
use crate::validation::error::{Ctx, ErrorDetail, Loc, Problem};
use crate::validation::fields::{Fields, choice};
use crate::validation::json::{Json, Text};
use crate::validation::text_rule::{self as rule, CONTROL_CHARACTER};
use crate::validation::{datetime, json_text, scan};

/// The event a value stands for, or every error in it; `path` leads to the value.
pub fn event(value: &Json<'_>, path: &[Loc]) -> Result<OwnedEvent, Vec<ErrorDetail>> {
    let mut fields = Fields::of(value, path).map_err(|detail| vec![detail])?;
    let blank = OwnedEvent::blank();
    // The order of these lines is the order of the errors.
    let event = OwnedEvent {
        event_name: fields.required_text("event_name", EVENT_NAME),
        category: fields.read("category", category).unwrap_or(blank.category),
        priority: fields.read("priority", priority).unwrap_or(blank.priority),
        properties: read_properties(&mut fields).map_or(blank.properties, Cow::Owned),
        timestamp: fields.optional("timestamp", datetime::from_json),
        session_id: fields.text("session_id", rule::LABEL),
        page_url: fields.text("page_url", rule::LONG_LINE),
        referrer: fields.text("referrer", rule::LONG_LINE),
        user_agent: fields.text("user_agent", rule::LONG_LINE),
        event_id: fields.text("event_id", EVENT_ID),
        project_id: fields.text("project_id", rule::PROJECT_ID),
        client_id: fields.text("client_id", rule::LABEL),
        user_id: fields.text("user_id", rule::LABEL),
        installation_id: fields.text("installation_id", rule::LABEL),
        device_id: fields.text("device_id", rule::LABEL),
        space_id: fields.text("space_id", rule::LABEL),
        app_id: fields.text("app_id", rule::LABEL),
        environment: fields.text("environment", rule::LABEL),
        country: fields.text("country", COUNTRY),
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

fn category(value: &Json<'_>) -> Result<Category, Problem> {
    const EXPECTED: &str =
        "'page_view', 'user_action', 'trading', 'auth', 'error', 'performance', 'feature' or 'system'";
    choice(value, Category::from_name, EXPECTED)
}

fn priority(value: &Json<'_>) -> Result<Priority, Problem> {
    choice(value, Priority::from_name, "'low', 'medium', 'high' or 'critical'")
}

fn read_properties(fields: &mut Fields<'_, '_>) -> Option<String> {
    let value = fields.value("properties")?;
    match properties(value) {
        Ok(text) => Some(text),
        Err(problem) => {
            // The number that is not finite has no JSON to be echoed in.
            let input = if problem == NOT_FINITE { &Json::Null } else { value };
            fields.note(problem, "properties", input);
            None
        }
    }
}

const DICT_TYPE: Problem = Problem::plain("dict_type", "Input should be a valid dictionary");

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
