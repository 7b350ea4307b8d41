//! The intake of the platform's own client in the OpenAPI document.

use std::collections::BTreeMap;

use tidegauge_facts::limits::{MAX_COUNTRY_CHARS, MAX_EVENT_NAME_CHARS};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{
    AllOfBuilder, AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, OpenApi};

use super::answers::ErrorAnswer;
use super::fields::{Field, Kind};
use super::routes;
use crate::openapi::{Members, Refusals, named_schema, or_null, parameter, reference};
use crate::validation::text_rule::{FREE_TEXT, LABEL, LONG_LINE, TextRule};

/// The intake's part of the document.
pub(in crate::surfaces::grid) fn described() -> utoipa::openapi::OpenApi {
    Described::openapi()
}

#[derive(OpenApi)]
#[openapi(
    tags((name = "signals", description = "The platform's own client's intake; the key stands in the path.")),
    paths(routes::event, routes::session, routes::client, routes::contact),
    components(schemas(SignalRecord, ErrorAnswer))
)]
struct Described;

named_schema!(
    /// A record.
    SignalRecord,
    record
);
named_schema!(
    /// A record with an `eventType`.
    SignalEvent,
    || with(Field::EventType)
);
named_schema!(
    /// A record with a `sessionId`.
    SignalSession,
    || with(Field::SessionId)
);
named_schema!(
    /// A record with a `clientId`.
    SignalClient,
    || with(Field::ClientId)
);
named_schema!(
    /// The client calls its JSON text, and `sendBeacon` can call it nothing else.
    SignalText,
    || {
        let json = ObjectBuilder::new().schema_type(Type::String).content_media_type("application/json");
        json.content_schema(Some(reference::<SignalRecord>())).build()
    }
);

/// Every field under both its keys.
fn record() -> Members {
    let told =
        "A record of the platform's own client; keys are short or full names, and unknown ones are ignored.";
    Field::ALL.iter().fold(Members::new(told), |members, field| {
        let short = field.schema().description(Some(format!("Short for `{}`.", field.name())));
        members.optional(field.name(), field.schema()).optional(field.short(), short)
    })
}

/// A record in which this field is, under either of its keys.
fn with(field: Field) -> Schema {
    let named = |key: &str| {
        let something = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        ObjectBuilder::new().schema_type(Type::Object).property(key, something).required(key)
    };
    let either = AnyOfBuilder::new().item(named(field.name())).item(named(field.short()));
    let either = either.schema_type(SchemaType::AnyValue);
    Schema::AllOf(
        AllOfBuilder::new().item(reference::<SignalRecord>()).item(Schema::AnyOf(either.build())).build(),
    )
}

impl Field {
    /// Its rule in words of JSON Schema. Numbers and flags may be texts and the other way round, as in JavaScript.
    fn schema(self) -> ObjectBuilder {
        let number = |min: Option<isize>, max: Option<isize>| {
            or_null(Type::Number, ObjectBuilder::new()).minimum(min).maximum(max)
        };
        let time = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        match self.kind() {
            // What a route cannot do without may not be empty.
            _ if matches!(self, Self::SessionId | Self::ClientId) => {
                LABEL.schema_or_null().min_length(Some(1))
            }
            Kind::Label => LABEL.schema_or_null(),
            Kind::Country => TextRule::line(0, MAX_COUNTRY_CHARS).schema_or_null(),
            Kind::Line => LONG_LINE.schema_or_null(),
            Kind::Free => FREE_TEXT.schema_or_null(),
            Kind::EventName => TextRule::line(1, MAX_EVENT_NAME_CHARS).schema_or_null(),
            Kind::Whole => number(None, None),
            Kind::Latitude => number(Some(-90), Some(90)),
            Kind::Longitude => number(Some(-180), Some(180)),
            Kind::Metres => number(Some(0), None),
            Kind::Flag => or_null(Type::Boolean, ObjectBuilder::new()),
            Kind::Instant => or_null(Type::String, ObjectBuilder::new()).format(Some(time)),
            Kind::Ignored => ObjectBuilder::new().schema_type(SchemaType::AnyValue),
        }
    }
}

/// The key in the path.
pub(super) struct KeyParam;

impl IntoParams for KeyParam {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        vec![parameter(
            ParameterIn::Path,
            "ingestKey",
            "An API key with the scope `ingest`: the credential",
            key,
        )]
    }
}

/// Of the intake.
pub(super) struct SignalRefusals;

impl IntoResponses for SignalRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let told = [
            (400, "The body is no record, was cut short, or a field breaks its rule or is missing"),
            (401, "The key is wrong, revoked or expired"),
            (403, "The key lacks the scope, or `tenantId` is not its tenant"),
            (408, "The body took too long to arrive"),
            (413, "The body is too large"),
            (415, "The body is compressed"),
            (429, "The tenant or the key asks too much"),
            (503, "Nothing more can be taken now, or the write could not be confirmed"),
        ];
        Refusals::default().with::<ErrorAnswer<'static>>(&told).all()
    }
}
