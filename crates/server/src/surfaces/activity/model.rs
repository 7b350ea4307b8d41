//! The request model on a JSON value: the authority over bodies of `POST /api/v1/requests`, and the words of a refusal.
//!
//! Promise: total over any bytes; whatever [`super::wire`] accepts is accepted here as an equal request. As pydantic
//! does, it looks at every field before it refuses; unknown fields are ignored. Speed is not its concern.

use std::borrow::Cow;

use tidegauge_facts::limits::{MAX_BATCH_REQUESTS, MAX_TAGS};

use super::field::{API_ID, COUNTRY, MILLIS, PATH, REQUEST_ID, content_length, response_code, timestamp};
use super::request::{ApiRequest, Latency};
use crate::validation::batch::{self, Batch};
use crate::validation::error::{BodyError, ErrorDetail, Loc, Problem};
use crate::validation::fields::{Fields, text};
use crate::validation::json::Json;
use crate::validation::number_rule::NOT_NEGATIVE;
use crate::validation::text_rule::{LABEL, LONG_LINE, PROJECT_ID};
use crate::validation::{body, coerce, datetime, ip_address};

/// The list's name in a body.
pub const REQUESTS: &str = "requests";

/// Reads a body of `POST /api/v1/requests`: 1 to [`MAX_BATCH_REQUESTS`] outcomes, in the body's order. An error here
/// is one of the frame (not JSON, no list, too many) and refuses the whole body even under lenient handling.
pub fn strict_batch(
    bytes: &[u8],
    content_type: Option<&str>,
) -> Result<Batch<ApiRequest<'static>>, BodyError> {
    let value = body::read(bytes, content_type)?;
    let path = [Loc::Field("body")];
    let fields = Fields::of(&value, &path).map_err(|detail| BodyError::Invalid(vec![detail]))?;
    let requests = batch::list(&fields, REQUESTS, MAX_BATCH_REQUESTS, request);
    Batch::framed(requests, fields.into_errors())
}

fn request(value: &Json<'_>, path: &[Loc]) -> Result<ApiRequest<'static>, Vec<ErrorDetail>> {
    let mut fields = Fields::of(value, path).map_err(|detail| vec![detail])?;
    // The order of these lines is the order of the errors.
    let request = ApiRequest {
        api_id: fields.required_text("api_id", API_ID),
        path: fields.required_text("path", PATH),
        timestamp: fields.optional("timestamp", |value| timestamp(datetime::from_json(value)?)),
        method: fields.text("method", LABEL),
        host: fields.text("host", LABEL),
        raw_path: fields.text("raw_path", LONG_LINE),
        response_code: fields.optional("response_code", |value| response_code(coerce::int(value)?)).flatten(),
        api_key: fields.text("api_key", LABEL),
        alias: fields.text("alias", LABEL),
        oauth_id: fields.text("oauth_id", LABEL),
        api_name: fields.text("api_name", LABEL),
        api_version: fields.text("api_version", LABEL),
        request_time: fields.optional("request_time", |value| MILLIS.read(value)),
        latency: latency(&mut fields),
        ip_address: fields.optional("ip_address", address).flatten(),
        country: fields.text("country", COUNTRY),
        tags: tags(&mut fields),
        user_agent: fields.text("user_agent", LONG_LINE),
        content_length: fields
            .optional("content_length", |value| content_length(coerce::int(value)?))
            .flatten(),
        bytes_in: fields.optional("bytes_in", |value| NOT_NEGATIVE.read(value)),
        bytes_out: fields.optional("bytes_out", |value| NOT_NEGATIVE.read(value)),
        request_id: fields.text("request_id", REQUEST_ID),
        project_id: fields.text("project_id", PROJECT_ID),
    };
    let errors = fields.into_errors();
    if errors.is_empty() { Ok(request) } else { Err(errors) }
}

fn latency(fields: &mut Fields<'_, '_>) -> Latency {
    const NAME: &str = "latency";
    let Some(value) = fields.value(NAME).filter(|value| **value != Json::Null) else {
        return Latency::default();
    };
    let path = fields.loc(NAME);
    match Fields::of(value, &path) {
        Err(detail) => {
            fields.note_all([detail]);
            Latency::default()
        }
        Ok(mut inner) => {
            let [total, upstream, gateway] =
                ["total", "upstream", "gateway"].map(|name| inner.optional(name, |value| MILLIS.read(value)));
            fields.note_all(inner.into_errors());
            Latency { total, upstream, gateway }
        }
    }
}

/// An address; an empty text is what a gateway writes that knows none.
fn address(value: &Json<'_>) -> Result<Option<Cow<'static, str>>, Problem> {
    match value {
        Json::Str(text) if text.text.is_empty() => Ok(None),
        _ => ip_address::from_json(value).map(|address| Some(Cow::Owned(address))),
    }
}

fn tags(fields: &mut Fields<'_, '_>) -> Vec<Cow<'static, str>> {
    const NAME: &str = "tags";
    let Some(value) = fields.value(NAME).filter(|value| **value != Json::Null) else { return Vec::new() };
    let items = match batch::at_most(value, MAX_TAGS) {
        Ok(items) => items,
        Err(problem) => {
            fields.note(problem, NAME, value);
            return Vec::new();
        }
    };
    let mut tags = Vec::with_capacity(items.len());
    let mut errors = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match text(item, LABEL) {
            Ok(tag) => tags.push(tag),
            Err(problem) => {
                let mut loc = fields.loc(NAME);
                loc.push(Loc::Index(index));
                errors.push(problem.at(loc, item));
            }
        }
    }
    fields.note_all(errors);
    tags
}
