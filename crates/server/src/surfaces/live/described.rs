//! The streams in the OpenAPI document. OpenAPI has no words for the messages of a stream: their data are schemas by name.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Content, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, OpenApi};

use super::routes::{self, MAX_EVENT_NAMES};
use crate::live::{End, Missed, Snapshot};
use crate::openapi::{Refusals, named_schema, one_of, parameter, reference};
use crate::problem::Problem;
use crate::validation::text_rule::PROJECT_ID;

/// The streams' part of the document.
pub fn described() -> utoipa::openapi::OpenApi {
    Described::openapi()
}

#[derive(OpenApi)]
#[openapi(
    tags((name = "live", description = "What happens now, as it happens.")),
    paths(routes::live, routes::live_tenant),
    components(schemas(Problem, LiveMessage, Snapshot, Missed, End)),
)]
struct Described;

named_schema!(
    /// The data of a stream's messages.
    LiveMessage,
    || {
        use utoipa::openapi::schema::{OneOfBuilder, Schema};
        let event = ObjectBuilder::new()
            .schema_type(Type::Object)
            .title(Some("LiveEvent"))
            .description(Some("Of `event`: a row of the view `events`; what is null is left out, `properties` is an object."));
        let all = OneOfBuilder::new()
            .description(Some("The JSON behind `data:`, by the message's `event:`: `snapshot`, `event`, `missed`, `end`."))
            .item(reference::<Snapshot>())
            .item(event)
            .item(reference::<Missed>())
            .item(reference::<End>());
        Schema::OneOf(all.build())
    }
);

/// The stream itself.
pub(super) struct Stream;

impl IntoResponses for Stream {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let text = ObjectBuilder::new().schema_type(Type::String).description(Some(
            "Server-Sent Events: `retry`, then messages with `id`, `event` and `data`; see the schema `LiveMessage`.",
        ));
        // OpenAPI 3.1 has no word for what a stream consists of; 3.2 has `itemSchema`.
        let message = json!({"$ref": "#/components/schemas/LiveMessage"});
        let text = text.extensions(Some(ExtensionsBuilder::new().add("x-message", message).build()));
        let answer = ResponseBuilder::new()
            .description("A stream that ends with a message `end`, or when the connection does")
            .content("text/event-stream", Content::new(Some(RefOr::T(text.build().into()))));
        BTreeMap::from([("200".to_owned(), answer.build().into())])
    }
}

/// Of a project's stream.
pub(super) struct LiveParams;

/// Of a tenant's.
pub(super) struct TenantParams;

impl IntoParams for LiveParams {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let project = parameter(ParameterIn::Path, "projectId", "The project", PROJECT_ID.schema());
        [vec![project], TenantParams::into_params(place)].concat()
    }
}

impl IntoParams for TenantParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let names = ArrayBuilder::new().items(text()).max_items(Some(MAX_EVENT_NAMES));
        vec![
            parameter(ParameterIn::Query, "feed", "Each event too, as it lands", one_of(["events"])),
            parameter(ParameterIn::Query, "event_name", "Of the feed only events of these names", names),
            parameter(
                ParameterIn::Query,
                "last_event_id",
                "As `Last-Event-ID`, for who can set no header",
                text(),
            ),
            parameter(
                ParameterIn::Header,
                "Last-Event-ID",
                "The id of the last message that the caller knows: the feed goes on behind it, or says `missed`",
                text(),
            ),
        ]
    }
}

const ASKER: [(u16, &str); 5] = [
    (400, "A parameter makes no sense"),
    (401, "No credential, or none that works"),
    (403, "The scope is missing"),
    (429, "The tenant or the key asks too much"),
    (503, "There is no place for another reader now"),
];

/// Of a project's stream.
pub(super) struct LiveRefusals;

/// Of a tenant's.
pub(super) struct TenantRefusals;

impl IntoResponses for LiveRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let no_project = (404, "It does not exist, is another tenant's, or is not the credential's own");
        problems().of_type::<Problem>("application/problem+json", &[no_project]).all()
    }
}

impl IntoResponses for TenantRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems().all()
    }
}

fn problems() -> Refusals {
    Refusals::default().of_type::<Problem>("application/problem+json", &ASKER)
}
