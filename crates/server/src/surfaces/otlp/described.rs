//! `/v1/traces` in the OpenAPI document: OTLP's own messages, as far as they are looked at, and `google.rpc.Status`.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Content, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi, PartialSchema as _, ToSchema};

use super::encoding::Encoding;
use super::routes;
use crate::openapi::{Members, Refusals, named_schema, reference};

/// The surface's part of the document.
pub fn described() -> utoipa::openapi::OpenApi {
    Described::openapi()
}

#[derive(OpenApi)]
#[openapi(
    tags((name = "otlp", description = "OpenTelemetry's protocol over HTTP, traces only.")),
    paths(routes::traces),
    components(schemas(ExportTraceServiceRequest, ExportTraceServiceResponse, RpcStatus)),
)]
struct Described;

named_schema!(
    /// An export of spans.
    ExportTraceServiceRequest,
    || {
        let told = "Spans by resource (OTLP/HTTP 1.x). Those of HTTP servers become requests; the rest is passed over.";
        Members::new(told).optional("resourceSpans", list(resource_spans())).example(json!({"resourceSpans": []}))
    }
);
named_schema!(
    /// The same in protobuf.
    ProtobufMessage,
    || ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::Custom("binary".to_owned())))
);

fn resource_spans() -> Members {
    let resource = Members::new("What sends them.").optional("attributes", attributes());
    let scope = Members::new("Those of one library.").optional("spans", list(span()));
    Members::new("The spans of one resource.")
        .optional("resource", resource)
        .optional("scopeSpans", list(scope))
}

fn span() -> Members {
    let hex = |digits: usize| text().pattern(Some(format!("^[0-9a-fA-F]{{{digits}}}$")));
    // 64 bits are text in protobuf's JSON.
    let nanos =
        || text().pattern(Some("^[0-9]{1,19}$")).description(Some("Nanoseconds since 1970, as text."));
    let code = || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    Members::new("A span. One that cannot be read is rejected alone, and counted in the answer.")
        .optional("traceId", hex(32))
        .optional("spanId", hex(16))
        .optional("name", text())
        .optional("kind", code().maximum(Some(5)))
        .optional("startTimeUnixNano", nanos())
        .optional("endTimeUnixNano", nanos())
        .optional("attributes", attributes())
        .optional("status", Members::new("How it ended.").optional("code", code().maximum(Some(2))))
}

fn attributes() -> ArrayBuilder {
    let value = Members::new("Of one kind.")
        .optional("stringValue", text())
        .optional("intValue", text().pattern(Some("^-?[0-9]{1,18}$")));
    list(Members::new("An attribute.").optional("key", text()).optional("value", value))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn list(of: Members) -> ArrayBuilder {
    ArrayBuilder::new().items(RefOr::T(of.build()))
}

/// What became of an export.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "described; written by hand, in either encoding")]
pub(super) struct ExportTraceServiceResponse {
    /// There when spans were rejected.
    #[schema(nullable = false)]
    partial_success: Option<PartialSuccess>,
}

/// How many spans were rejected, and why the first of them.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ExportTracePartialSuccess)]
#[expect(dead_code, reason = "described; written by hand, in either encoding")]
pub(super) struct PartialSuccess {
    /// A whole number as text.
    rejected_spans: String,
    error_message: String,
}

/// `google.rpc.Status`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described; written by hand, in either encoding")]
pub(super) struct RpcStatus {
    /// `google.rpc.Code`.
    code: i32,
    message: String,
}

/// What is answered, in the request's own encoding.
pub(super) struct Answers;

impl IntoResponses for Answers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let refused = [
            (400, "The body is no export"),
            (401, "No credential, or none that works"),
            (403, "The scope is missing"),
            (413, "The export is too large, or has too many requests"),
            (415, "Neither encoding, or compressed with anything but gzip"),
            (
                429,
                "The tenant or the key asks too much; nothing, or a part, was stored: send all of it again",
            ),
            (503, "Nothing more can be taken now, or it came too slowly: send it again"),
        ];
        let taken = in_either::<ExportTraceServiceResponse>();
        let answers = Refusals::default().and(200, "Every request of the export is stored", taken);
        refused
            .iter()
            .fold(answers, |answers, (status, when)| answers.and(*status, when, in_either::<RpcStatus>()))
            .all()
    }
}

fn in_either<T: ToSchema>() -> ResponseBuilder {
    ResponseBuilder::new()
        .content(Encoding::Json.content_type(), Content::new(Some(reference::<T>())))
        .content(Encoding::Protobuf.content_type(), Content::new(Some(ProtobufMessage::schema())))
}
