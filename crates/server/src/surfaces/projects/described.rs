//! The `projects` surface in the OpenAPI document: its parameters, its refusals, and which of its routes there are.

use std::collections::BTreeMap;

use serde_json::json;
use tidegauge_facts::limits::MAX_LABEL_CHARS;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, OpenApi, ToSchema};

use super::parameters::{DEFAULT_WINDOW_MS, MAX_USERS, MAX_WINDOW_MS};
use super::routes;
use crate::openapi::{Members, Refusals, named_schema, one_of, parameter};
use crate::validation::text_rule::PROJECT_ID;

/// The surface's part of the document.
pub fn described() -> utoipa::openapi::OpenApi {
    Described::openapi()
}

#[derive(OpenApi)]
#[openapi(
    tags((name = "projects", description = "A project right now, and over time.")),
    paths(
        routes::tenant,
        routes::analytics,
        routes::history,
        routes::throughput,
        routes::users,
        routes::presence,
    ),
    components(schemas(ProjectError)),
)]
struct Described;

/// The `Error` model of the platform's own client.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "described, never made")]
pub(crate) struct ProjectError {
    /// A sentence for a person.
    error: String,
    /// A word for a program, such as `NOT_FOUND`.
    code: String,
    details: serde_json::Map<String, serde_json::Value>,
    #[schema(format = DateTime)]
    timestamp: String,
    /// Of the request.
    path: String,
    /// The request's `X-Request-Id`.
    request_id: String,
}

named_schema!(
    /// The body of `presence`.
    PresenceQuestion,
    || {
        let user = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_LABEL_CHARS));
        let users = ArrayBuilder::new().items(user).max_items(Some(MAX_USERS));
        Members::new("The users asked for.").required("userIds", users)
    }
);

/// Of every route of a project.
pub(super) struct ProjectParams;

/// Of `history`.
pub(super) struct HistoryParams;

/// Of `throughput`.
pub(super) struct ThroughputParams;

impl IntoParams for ProjectParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter(ParameterIn::Path, "projectId", "The project", PROJECT_ID.schema())]
    }
}

impl IntoParams for HistoryParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let period = one_of(["hour", "1h", "day", "24h", "week", "7d", "30d", "90d"]);
        let told = "How far back, and so how wide a bucket is";
        vec![parameter(ParameterIn::Query, "period", told, period.default(Some(json!("day"))))]
    }
}

impl IntoParams for ThroughputParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let window = ObjectBuilder::new().schema_type(Type::Integer).default(Some(json!(DEFAULT_WINDOW_MS)));
        let window = window.minimum(Some(1)).maximum(isize::try_from(MAX_WINDOW_MS).ok());
        vec![parameter(ParameterIn::Query, "window", "Milliseconds back from now", window)]
    }
}

/// Of a read that takes no parameters.
pub(super) struct ReadRefusals;

/// Of a read of a project.
pub(crate) struct ProjectRefusals;

/// Of a read of a project, with a parameter.
pub(super) struct QuestionRefusals;

/// Of `presence`.
pub(super) struct PresenceRefusals;

impl IntoResponses for ReadRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        Refusals::default().with::<ProjectError>(&ASKER).all()
    }
}

impl IntoResponses for ProjectRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        Refusals::default().with::<ProjectError>(&ASKER).with::<ProjectError>(&[NO_PROJECT]).all()
    }
}

impl IntoResponses for QuestionRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let told = [NO_PROJECT, (400, "The parameter makes no sense")];
        Refusals::default().with::<ProjectError>(&ASKER).with::<ProjectError>(&told).all()
    }
}

impl IntoResponses for PresenceRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let told = [
            NO_PROJECT,
            (400, "The body makes no sense, or was cut short"),
            (408, "The body took too long to arrive"),
            (413, "The body is too large"),
            (415, "The body is compressed"),
        ];
        Refusals::default().with::<ProjectError>(&ASKER).with::<ProjectError>(&told).all()
    }
}

const ASKER: [(u16, &str); 4] = [
    (401, "No credential, or none that works"),
    (403, "The scope is missing"),
    (429, "The tenant or the key asks too much"),
    (503, "It cannot be answered now"),
];
const NO_PROJECT: (u16, &str) =
    (404, "It does not exist, is another tenant's, or is not the credential's own");
