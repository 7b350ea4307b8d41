//! The reports in the OpenAPI document: their rows, parameters and refusals, under both prefixes.

use std::collections::BTreeMap;

use tidegauge_reports::event_field::EVENT_FIELDS;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required, Response};
use utoipa::{IntoParams, IntoResponses, OpenApi, ToSchema};

use super::params::MAX_LIMIT;
use super::routes;
use crate::openapi::{Refusals, one_of, parameter};
use crate::validation::text_rule::PROJECT_ID;

/// The reports' part of the document.
pub(in crate::surfaces::grid) fn described() -> utoipa::openapi::OpenApi {
    let mut described = Described::openapi();
    for (path, item) in described.paths.paths.clone() {
        let Some(mut of_region) = item.get else { continue };
        // The same report again, under the platform's own prefix.
        of_region.operation_id = of_region.operation_id.map(|id| format!("{id}OfRegion"));
        let region = parameter(ParameterIn::Path, "region", "Any region: there is one.", PROJECT_ID.schema());
        of_region.parameters.get_or_insert_default().insert(0, region.into());
        let path = format!("/regions/{{region}}/reports{path}");
        described.paths.add_path_operation(path, vec![utoipa::openapi::HttpMethod::Get], of_region);
    }
    described
}

#[derive(OpenApi)]
#[openapi(
    tags((name = "grid", description = "Sessions and events of the last 24 hours.")),
    paths(routes::sessions, routes::events, routes::latest),
    components(schemas(GridError)),
)]
struct Described;

/// A session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "described; written by hand, to the letter of the seed")]
pub(super) struct GridSession {
    tenant_id: String,
    session_id: String,
    #[schema(format = DateTime)]
    session_created: String,
    environment: String,
    data_residency: String,
    country: String,
    space_id: String,
    app_id: String,
    #[schema(nullable = false)]
    app_version: Option<String>,
    #[schema(nullable = false)]
    installation_version: Option<String>,
    installation_id: String,
    #[schema(nullable = false)]
    device_id: Option<String>,
    client_id: String,
    ip: String,
    /// Metres.
    location_accuracy: f64,
    latitude: f64,
    longitude: f64,
    capture_id: String,
}

/// An event.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "described; written by hand, to the letter of the seed")]
pub(super) struct GridEvent {
    tenant_id: String,
    #[schema(format = DateTime)]
    event_time: String,
    data_residency: String,
    session_id: String,
    client_id: String,
    event_type: String,
    interaction: bool,
    ip: String,
    capture_id: String,
    #[schema(nullable = false)]
    product_id: Option<String>,
    #[schema(nullable = false)]
    category_id: Option<String>,
    #[schema(nullable = false)]
    int1: Option<i64>,
    #[schema(nullable = false)]
    int2: Option<i64>,
    #[schema(nullable = false)]
    int3: Option<i64>,
    #[schema(nullable = false)]
    int4: Option<i64>,
    #[schema(nullable = false)]
    int5: Option<i64>,
    #[schema(nullable = false)]
    str1: Option<String>,
    #[schema(nullable = false)]
    str2: Option<String>,
    #[schema(nullable = false)]
    str3: Option<String>,
    #[schema(nullable = false)]
    str4: Option<String>,
    #[schema(nullable = false)]
    str5: Option<String>,
    #[schema(nullable = false)]
    stateful: Option<bool>,
    /// An expiry in milliseconds.
    #[schema(nullable = false)]
    public: Option<i64>,
}

/// The newest event of a combination, and where it happened.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "described; written by hand, to the letter of the seed")]
pub(super) struct GridLatestEvent {
    installation_id: String,
    device_id: String,
    space_id: String,
    #[serde(flatten)]
    event: GridEvent,
}

/// A refusal of a report.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "described, never made")]
pub(super) struct GridError {
    status_code: u16,
    /// The status in words.
    error: String,
    /// A sentence for a person.
    message: String,
}

/// Of every report.
pub(super) struct ListParams;

/// Of the reports of events.
pub(super) struct EventParams;

/// Of `latest-event`.
pub(super) struct LatestParams;

impl IntoParams for ListParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(MAX_LIMIT));
        vec![
            parameter(ParameterIn::Path, "tenantId", "The credential's own tenant", PROJECT_ID.schema()),
            query("installationId", "Of this installation alone", text()),
            query("spaceId", "Of this space alone", text()),
            query("deviceId", "Of this device alone", text()),
            query("limit", "Rows of a page; all of the last 24 hours when absent", limit),
            query("cursor", "Where the page begins: as a `Link` with `rel=\"next\"` has given it", text()),
        ]
    }
}

impl IntoParams for EventParams {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = ListParams::into_params(place);
        let kinds = one_of(["interactive", "nonInteractive", "all"]).default(Some("all".into()));
        parameters.extend([
            query("eventType", "Of this type alone", text()),
            query("interactionType", "Whether a person caused them", kinds),
        ]);
        parameters
    }
}

impl IntoParams for LatestParams {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let columns = ArrayBuilder::new().items(one_of(EVENT_FIELDS.iter().map(|field| field.wire)));
        let told = "By what events are told apart; with commas, repeated, or as `distinctColumns[]`";
        let columns = ParameterBuilder::new()
            .name("distinctColumns")
            .parameter_in(ParameterIn::Query)
            .required(Required::True)
            .description(Some(told))
            .schema(Some(columns.min_items(Some(1))))
            .style(Some(ParameterStyle::Form))
            .explode(Some(false));
        let mut parameters = EventParams::into_params(place);
        parameters.push(columns.build());
        parameters
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn query(name: &str, told: &str, schema: ObjectBuilder) -> Parameter {
    parameter(ParameterIn::Query, name, told, schema)
}

/// Of the reports.
pub(super) struct ReportRefusals;

impl IntoResponses for ReportRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let told = [
            (400, "A parameter makes no sense, or there are too many combinations"),
            (401, "No credential, or none that works"),
            (403, "The scope is missing"),
            (404, "There is no such tenant, or it is another's"),
            (429, "The tenant or the key asks too much"),
            (503, "It cannot be answered now"),
        ];
        Refusals::default().with::<GridError>(&told).all()
    }
}
