//! The `track` surface in the OpenAPI document: its bodies, and which of its routes there are.

use serde_json::json;
use utoipa::OpenApi;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
use utoipa::openapi::{Schema, schema};

use super::event::{Category, MAX_BATCH_EVENTS, MAX_PROPERTIES_BYTES, Priority};
use super::field::{COUNTRY, EVENT_ID, EVENT_NAME};
use super::routes;
use crate::openapi::{Members, batch_of, named_schema, one_of};
use crate::validation::described::{Errors, flag_or_null, time_or_null};
use crate::validation::number_rule;
use crate::validation::text_rule::{FREE_TEXT, LABEL, LONG_LINE, PROJECT_ID};

/// The surface's part of the document.
pub fn described() -> utoipa::openapi::OpenApi {
    Described::openapi().merge_from(Errors::openapi())
}

#[derive(OpenApi)]
#[openapi(
    tags((name = "track", description = "Takes events in, and tells how many.")),
    paths(routes::track, routes::track_batch, routes::stats, routes::health),
)]
struct Described;

named_schema!(
    /// One event.
    TrackEvent,
    event
);
named_schema!(
    /// Several.
    TrackEventBatch,
    event_batch,
    TrackEvent
);

fn event() -> Members {
    Members::new("One event. Unknown fields are ignored.")
        .required("event_name", EVENT_NAME.schema())
        .optional(
            "category",
            one_of(Category::ALL.iter().map(|one| one.as_str())).default(Some(json!("user_action"))),
        )
        .optional(
            "priority",
            one_of(Priority::ALL.iter().map(|one| one.as_str())).default(Some(json!("medium"))),
        )
        .optional("properties", properties())
        .optional(
            "timestamp",
            time_or_null("When it happened; the server's clock when absent, UTC without an offset."),
        )
        .each(["session_id"], || LABEL.schema_or_null())
        .each(["page_url", "referrer", "user_agent"], || LONG_LINE.schema_or_null())
        .optional(
            "event_id",
            EVENT_ID.schema_or_null().description(Some("The client's own id: makes a retry safe.")),
        )
        .optional("project_id", PROJECT_ID.schema_or_null())
        .each(["client_id", "user_id", "installation_id", "device_id"], || LABEL.schema_or_null())
        .each(["space_id", "app_id", "environment"], || LABEL.schema_or_null())
        .optional("country", COUNTRY.schema_or_null())
        .optional("interaction", flag_or_null())
        .each(["capture_id", "product_id", "category_id"], || LABEL.schema_or_null())
        .each(["int1", "int2", "int3", "int4", "int5"], || number_rule::ANY.schema_or_null())
        .each(["str1", "str2", "str3", "str4", "str5"], || FREE_TEXT.schema_or_null())
        .optional("stateful", flag_or_null())
        .optional("public", number_rule::ANY.schema_or_null())
        .example(json!({"event_name": "page_view", "category": "page_view", "properties": {"title": "Home"}}))
}

fn properties() -> ObjectBuilder {
    let told =
        format!("Any JSON, up to {MAX_PROPERTIES_BYTES} bytes, nested up to 128 levels, without U+0000.");
    let anything = AdditionalProperties::<Schema>::FreeForm(true);
    ObjectBuilder::new()
        .schema_type(schema::SchemaType::new(Type::Object))
        .additional_properties(Some(anything))
        .description(Some(told))
}

fn event_batch() -> Members {
    batch_of::<TrackEvent>("1 to 100 events, all or nothing.", "events", MAX_BATCH_EVENTS)
        .optional("client_id", LABEL.schema_or_null().description(Some("Goes to the events that have none.")))
}
