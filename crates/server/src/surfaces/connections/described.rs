//! The `connections` surface in the OpenAPI document: its bodies, parameters and refusals, and which of its routes
//! there are.

use std::collections::BTreeMap;

use serde_json::json;
use tidegauge_facts::connections::State;
use tidegauge_facts::limits::{MAX_BATCH_CONNECTIONS, MAX_CONNECTION_LABEL_CHARS, MAX_LABEL_CHARS};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, OpenApi};

use super::message::{CONNECTION_ID, KEY, OPTIONAL_LABEL, REQUIRED_LABEL};
use super::parameters::{DEFAULT_LIMIT, MAX_LIMIT, MAX_MINUTES, event_type};
use super::{intake, live, reads};
use crate::openapi::{Members, Refusals, batch_of, named_schema, one_of, or_null, parameter};
use crate::problem::Problem;
use crate::surfaces::projects::described::ProjectError;
use crate::validation::described::{Errors, time_or_null};
use crate::validation::number_rule::NOT_NEGATIVE;
use crate::validation::text_rule::{LABEL, PROJECT_ID, TextRule};

/// The surface's part of the document.
pub fn described() -> utoipa::openapi::OpenApi {
    Described::openapi().merge_from(Errors::openapi())
}

#[derive(OpenApi)]
#[openapi(
    tags((name = "connections", description = "The tenant's connections: told, held as WebSockets, and reported.")),
    paths(intake::connections, reads::summary, reads::query, reads::events, live::connect),
    components(schemas(Problem)),
)]
struct Described;

named_schema!(
    /// A message about a connection.
    ConnectionMessage,
    message
);
named_schema!(
    /// Several.
    ConnectionMessageBatch,
    || batch_of::<ConnectionMessage>("1 to 100 messages, all or nothing.", "connections", MAX_BATCH_CONNECTIONS),
    ConnectionMessage
);

fn message() -> Members {
    let address = or_null(Type::String, ObjectBuilder::new()).description(Some("An IPv4 or IPv6 address."));
    Members::new(
        "What happened to a connection. Unknown fields are ignored; state follows `at`, not arrival.",
    )
    .required("connection_id", CONNECTION_ID.schema())
    .required("state", one_of([State::Open, State::Activity, State::Close].map(State::as_str)))
    .required("service_name", REQUIRED_LABEL.schema())
    .required("protocol_name", REQUIRED_LABEL.schema())
    .required("data_center", REQUIRED_LABEL.schema())
    .optional("at", time_or_null("When it happened; the server's clock when absent, UTC without an offset."))
    .optional("api_key", KEY.schema_or_null().description(Some("Stored hashed; a retry may leave it out.")))
    .optional("user_id", LABEL.schema_or_null())
    .optional("project_id", PROJECT_ID.schema_or_null())
    .optional("ip", address.format(Some(SchemaFormat::Custom("ip".to_owned()))))
    .each(["bytes_in", "bytes_out"], || NOT_NEGATIVE.schema_or_null())
    .each(["close_reason", "host"], || OPTIONAL_LABEL.schema_or_null())
    .example(json!({"connection_id": "c-1", "state": "open", "service_name": "ticker", "protocol_name": "ws",
            "data_center": "eu-1"}))
}

/// Which connections, and of what period.
pub(super) struct PeriodParams;

/// The same, of single connections.
pub(super) struct ListParams;

/// The same, of what happened to them.
pub(super) struct EventParams;

/// Of the WebSocket.
pub(super) struct SocketParams;

type PlaceOf = fn() -> Option<ParameterIn>;

impl IntoParams for PeriodParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let minutes = whole(1, MAX_MINUTES);
        let instant = || typed(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        let label = || typed(Type::String).max_length(Some(MAX_LABEL_CHARS));
        vec![
            query(
                "minutes",
                "Minutes back from now; a day without any period. Not beside timeStart and timeEnd.",
                minutes,
            ),
            query("timeStart", "RFC 3339; with timeEnd or alone. Not after timeEnd.", instant()),
            query("timeEnd", "RFC 3339; with timeStart or alone.", instant()),
            query("serviceName", "Of this service alone", label()),
            query("protocolName", "Of this protocol alone", label()),
            query("dataCenter", "Of this data center alone", label()),
        ]
    }
}

impl IntoParams for ListParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = one_by_one();
        parameters.push(query(
            "activeOnly",
            "Only those that are open now",
            typed(Type::Boolean).default(Some(json!(false))),
        ));
        parameters
    }
}

impl IntoParams for EventParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = one_by_one();
        let kinds = [State::Open, State::Activity, State::Close].map(event_type);
        parameters.push(query("eventType", "Only what happened in this way", one_of(kinds)));
        parameters
    }
}

impl IntoParams for SocketParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let label = || TextRule::line(0, MAX_CONNECTION_LABEL_CHARS).schema();
        vec![
            parameter(ParameterIn::Path, "projectId", "The project", PROJECT_ID.schema()),
            query("service", "The connection's service", label().default(Some(json!("realtime")))),
            query("data_center", "Its data center", label().default(Some(json!("default")))),
            query("user_id", "Whose it is", LABEL.schema()),
        ]
    }
}

fn one_by_one() -> Vec<Parameter> {
    let nowhere: PlaceOf = || None;
    let key = typed(Type::String).format(Some(SchemaFormat::Custom("uuid".to_owned())));
    let most = i64::try_from(MAX_LIMIT).unwrap_or(i64::MAX);
    let mut parameters = PeriodParams::into_params(nowhere);
    parameters.extend([
        query("apiKeyId", "Of the key that `apikeyId` names", key),
        query(
            "connectionId",
            "Of this connection alone",
            typed(Type::String).max_length(Some(MAX_LABEL_CHARS)),
        ),
        query("limit", "Rows, the newest first", whole(1, most).default(Some(json!(DEFAULT_LIMIT)))),
    ]);
    parameters
}

fn query(name: &str, told: &str, schema: ObjectBuilder) -> Parameter {
    parameter(ParameterIn::Query, name, told, schema)
}

fn typed(of: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(of)
}

fn whole(min: isize, max: i64) -> ObjectBuilder {
    typed(Type::Integer).minimum(Some(min)).maximum(isize::try_from(max).ok())
}

/// Of the reports.
pub(super) struct ReportRefusals;

impl IntoResponses for ReportRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let told = [
            (400, "A parameter makes no sense, or the period is named twice or ends before it starts"),
            (429, "The tenant or the key asks too much"),
            (503, "It cannot be answered now"),
        ];
        let denied = [(401, "No credential, or none that works"), (403, "The scope is missing")];
        Refusals::default().bare(&denied).of_type::<Problem>("application/problem+json", &told).all()
    }
}

/// Of the WebSocket, before it is one.
pub(super) struct SocketRefusals;

impl IntoResponses for SocketRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let told = [
            (400, "A parameter makes no sense, or the handshake is incomplete"),
            (401, "No credential, or none that works"),
            (403, "The scope is missing"),
            (404, "It is no project's id, or not that of the credential's project"),
            (422, "The tenant has as many projects as it may have"),
            (426, "The request asks for no WebSocket, or for another version than 13"),
            (429, "The tenant has as many connections open as it may, or asks too much"),
            (503, "The server holds as many as it can"),
        ];
        Refusals::default().with::<ProjectError>(&told).all()
    }
}
