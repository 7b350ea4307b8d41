//! How writes that follow FastAPI's conventions, and reads beside them, refuse: for the OpenAPI document.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, OpenApi, ToSchema};

use crate::openapi::{Refusals, or_null};

/// A refusal in a sentence.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described, never made")]
pub struct DetailError {
    detail: String,
}

/// A body that breaks rules: every one of them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described, never made")]
pub struct ValidationError {
    detail: Vec<ErrorDetail>,
}

/// A broken rule, as pydantic words it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described, never made")]
pub struct ErrorDetail {
    /// pydantic's error type, such as `string_too_short`.
    r#type: String,
    /// The way to the value, from `body` on: names, and places in lists.
    loc: Vec<Step>,
    /// A sentence for a person.
    msg: String,
    /// The value that was refused.
    input: serde_json::Value,
    /// The figures of the rule.
    #[schema(value_type = Option<Object>, nullable = false)]
    ctx: Option<serde_json::Value>,
}

/// A step of the way.
#[derive(ToSchema)]
#[schema(as = ErrorStep)]
#[serde(untagged)]
#[expect(dead_code, reason = "described, never made")]
pub enum Step {
    /// A field.
    Field(String),
    /// A place in a list.
    Place(u64),
}

/// The schemas of these refusals.
#[derive(OpenApi)]
#[openapi(components(schemas(DetailError, ValidationError)))]
pub struct Errors;

/// Of a write.
pub struct WriteRefusals;

impl IntoResponses for WriteRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let body = [
            (400, "The body is not UTF-8, or was cut short"),
            (408, "The body took too long to arrive"),
            (413, "The body is too large"),
            (415, "The body is compressed"),
        ];
        let refusals = Refusals::default().with::<DetailError>(&ASKER).with::<DetailError>(&body);
        refusals.with::<ValidationError>(&[(422, "The body breaks a rule")]).all()
    }
}

/// Of a read that takes no parameters.
pub struct ReadRefusals;

impl IntoResponses for ReadRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        Refusals::default().with::<DetailError>(&ASKER[..3]).all()
    }
}

const ASKER: [(u16, &str); 4] = [
    (401, "No credential, or a wrong, revoked or expired one"),
    (403, "The credential lacks the scope"),
    (429, "The tenant or the key asks too much"),
    (503, "Nothing more can be taken now, or the write could not be confirmed"),
];

/// A time, or null. Dates, and Unix times in seconds or milliseconds, are taken too.
pub fn time_or_null(description: &str) -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    or_null(Type::String, ObjectBuilder::new()).format(Some(format)).description(Some(description))
}

/// Yes, no, or null.
pub fn flag_or_null() -> ObjectBuilder {
    or_null(Type::Boolean, ObjectBuilder::new())
}

/// `Prefer: handling=lenient` (RFC 7240).
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "described, never made")]
pub struct Prefer {
    /// `handling=lenient`: what is good of a batch is stored, what is not is counted and listed in `errors`.
    #[param(rename = "Prefer", required = false, example = "handling=lenient")]
    prefer: String,
}
