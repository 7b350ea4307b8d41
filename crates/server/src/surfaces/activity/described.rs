//! The `activity` surface in the OpenAPI document: its bodies, and its reports, which are one handler.

use serde_json::json;
use tidegauge_facts::limits::{MAX_BATCH_REQUESTS, MAX_TAGS};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Content, OpenApi as Document};
use utoipa::{IntoResponses, OpenApi};

use super::failure::StatusMessage;
use super::field::{API_ID, COUNTRY, MILLIS, PATH, REQUEST_ID};
use super::intake;
use super::order::By;
use super::reports::{DAYS, REPORTS, Route};
use super::rows::ActivityAnswer;
use crate::openapi::{Members, Refusals, batch_of, named_schema, one_of, or_null, parameter, reference};
use crate::validation::described::{Errors, time_or_null};
use crate::validation::number_rule::NOT_NEGATIVE;
use crate::validation::text_rule::{LABEL, LONG_LINE, PROJECT_ID};

/// The surface's part of the document.
pub fn described() -> Document {
    let mut described = Described::openapi().merge_from(Errors::openapi());
    for route in &REPORTS {
        let path = format!("{}/{DAYS}", route.path);
        described.paths.add_path_operation(path, vec![HttpMethod::Get], report(route));
    }
    described
}

#[derive(OpenApi)]
#[openapi(
    tags((name = "activity", description = "API requests taken in, and the traffic of keys, OAuth clients and APIs.")),
    paths(intake::requests),
    components(schemas(ActivityAnswer, StatusMessage)),
)]
struct Described;

named_schema!(
    /// An API request.
    ApiRequest,
    request
);
named_schema!(
    /// Several.
    ApiRequestBatch,
    || batch_of::<ApiRequest>("1 to 1000 requests, all or nothing.", "requests", MAX_BATCH_REQUESTS),
    ApiRequest
);

fn request() -> Members {
    let millis = || MILLIS.schema_or_null().description(Some("Milliseconds."));
    let latency = ["total", "upstream", "gateway"];
    let latency = latency.into_iter().fold(ObjectBuilder::new(), |of, name| of.property(name, millis()));
    let address =
        or_null(Type::String, ObjectBuilder::new()).format(Some(SchemaFormat::Custom("ip".to_owned())));
    let tags = ArrayBuilder::new().items(LABEL.schema()).max_items(Some(MAX_TAGS));
    Members::new("A request that a gateway has answered. Unknown fields are ignored.")
        .required("api_id", API_ID.schema())
        .required("path", PATH.schema())
        .optional("timestamp", time_or_null("When it was answered; the server's clock when absent."))
        .each(["method", "host"], || LABEL.schema_or_null())
        .optional("raw_path", LONG_LINE.schema_or_null())
        .optional("response_code", response_code())
        .optional(
            "api_key",
            LABEL.schema_or_null().description(Some("Already a hash, as the gateway sends it.")),
        )
        .each(["alias", "oauth_id", "api_name", "api_version"], || LABEL.schema_or_null())
        .optional("request_time", millis())
        .optional("latency", or_null(Type::Object, latency))
        .optional("ip_address", address.description(Some("An IPv4 or IPv6 address.")))
        .optional("country", COUNTRY.schema_or_null())
        .optional("tags", tags.schema_type(SchemaType::from_iter([Type::Array, Type::Null])))
        .optional("user_agent", LONG_LINE.schema_or_null())
        .optional(
            "content_length",
            NOT_NEGATIVE.schema_or_null().minimum(Some(-1)).description(Some("-1: unknown.")),
        )
        .each(["bytes_in", "bytes_out"], || NOT_NEGATIVE.schema_or_null())
        .optional("request_id", REQUEST_ID.schema_or_null().description(Some("Makes a retry safe.")))
        .optional("project_id", PROJECT_ID.schema_or_null())
        .example(json!({"api_id": "basket", "path": "/items", "method": "GET", "response_code": 200}))
}

fn response_code() -> Schema {
    let whole = || ObjectBuilder::new().schema_type(Type::Integer);
    let told = "A status; 0 when the gateway got none, -1 for network statistics, which are no hit.";
    let either = AnyOfBuilder::new()
        .item(whole().minimum(Some(100)).maximum(Some(999)))
        .item(or_null(Type::Integer, whole()).enum_values(Some([json!(-1), json!(0), json!(null)])))
        .schema_type(SchemaType::AnyValue)
        .description(Some(told));
    Schema::AnyOf(either.build())
}

/// A report over whole UTC days.
fn report(route: &Route) -> OperationBuilder {
    let content = Content::new(Some(reference::<ActivityAnswer>()));
    let rows =
        ResponseBuilder::new().description("A page of rows").content("application/json", content).build();
    let operation = OperationBuilder::new()
        .operation_id(Some(route.operation_id))
        .tag("activity")
        .summary(Some(route.summary))
        .parameters(Some(named_in(route.path).chain(days()).chain(query())))
        .response("200", rows);
    ReportRefusals::responses()
        .into_iter()
        .fold(operation, |operation, (status, answer)| operation.response(status, answer))
}

/// What a path names beside its days.
fn named_in(path: &str) -> impl Iterator<Item = Parameter> {
    let told = [
        ("key", "The key, as the gateway hashes it"),
        ("client", "The OAuth client"),
        ("api", "The API's id"),
    ];
    let named = told.into_iter().filter(move |(name, _)| path.contains(&format!("{{{name}}}")));
    named.map(|(name, told)| {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        parameter(ParameterIn::Path, name, told, text)
    })
}

fn days() -> impl Iterator<Item = Parameter> {
    let ends = [("start", "The first day"), ("end", "The last day, not before the first")];
    ends.into_iter().flat_map(|(end, told)| {
        [("day", 31), ("month", 12), ("year", 9999)].map(|(part, max)| {
            let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(max));
            parameter(ParameterIn::Path, &format!("{end}_{part}"), &format!("{told}'s {part}"), number)
        })
    })
}

fn query() -> impl Iterator<Item = Parameter> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let whole = || ObjectBuilder::new().schema_type(Type::Integer);
    let of_two = whole().enum_values(Some([1, -1])).default(Some(json!(1)));
    let page = whole().format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64))).default(Some(json!(1)));
    [
        (
            "res",
            "By the hour, day or month; without it, the whole period in one",
            one_of(["hour", "day", "month"]),
        ),
        ("api", "Of this API alone", text()),
        ("tags", "Of requests that have all of these tags, separated by commas, at most 100", text()),
        ("by", "What the rows are ordered by", one_of(By::NAMES).default(Some(json!("hits")))),
        ("sort", "1: the most first; -1: the least first", of_two),
        ("p", "The page, from 1, of 10 rows; 0 or less: everything as one", page),
    ]
    .into_iter()
    .map(|(name, told, schema)| parameter(ParameterIn::Query, name, told, schema))
}

/// Of the reports.
struct ReportRefusals;

impl IntoResponses for ReportRefusals {
    fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
        let told = [
            (400, "There is no such date, the period ends before it starts, or a parameter makes no sense"),
            (401, "No credential, or none that works"),
            (403, "The scope is missing"),
            (429, "The tenant or the key asks too much"),
            (503, "It cannot be answered now"),
        ];
        Refusals::default().with::<StatusMessage>(&told).all()
    }
}
