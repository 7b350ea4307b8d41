//! Administration in the OpenAPI document: its bodies, parameters and refusals, and which of its routes there are.

use std::collections::BTreeMap;

use serde_json::json;
use tidegauge_accounts::{MAX_EXPIRY, MAX_KEY_NAME_CHARS, MAX_ROTATION_OVERLAP, Scope};
use tidegauge_store::MAX_PERSON_BYTES;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{
    ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, OpenApi, ToSchema};

use super::audit::AuditAnswer;
use super::erasures::ErasureAnswer;
use super::input::{DEFAULT_LIMIT, MAX_LIMIT};
use super::keys::KeyAnswer;
use super::projects::ProjectAnswer;
use super::settings_schema::{KeyLimits, whole};
use super::tenants::TenantAnswer;
use super::{audit, erasures, keys, projects, store, tenants};
use crate::openapi::{Members, Refusals, named_schema, one_of, or_null, parameter, reference};
use crate::problem::Problem;
use crate::validation::text_rule::PROJECT_ID;

/// Administration's part of the document.
pub fn described() -> utoipa::openapi::OpenApi {
    Described::openapi()
}

#[derive(OpenApi)]
#[openapi(
    tags((name = "administration", description = "A tenant's administrators administer their own tenant, the operator every one: settings, projects, keys, erasures, and who changed what.")),
    paths(
        tenants::list, tenants::create, tenants::show, tenants::change, projects::list, projects::create,
        keys::list, keys::create, keys::show, keys::revoke, keys::rotate, audit::of_all, audit::of_tenant,
        erasures::list, erasures::request, erasures::show, store::store,
    ),
    components(schemas(Problem)),
)]
struct Described;

named_schema!(
    /// A tenant to be made.
    NewTenant,
    || Members::new("A tenant to be made.").required("id", PROJECT_ID.schema()).closed()
        .example(json!({"id": "acme"}))
);
named_schema!(
    /// A project to be made.
    NewProject,
    || Members::new("A project to be made.").required("id", PROJECT_ID.schema()).closed()
        .example(json!({"id": "web"}))
);
named_schema!(
    /// A key to be made.
    NewKeyRequest, new_key, KeyLimits
);
named_schema!(
    /// How a key is rotated.
    KeyRotation,
    || {
        let seconds = whole(0, MAX_ROTATION_OVERLAP.as_secs()).description(Some("How long the old key goes on working."));
        Members::new("How a key is rotated.").required("overlap_seconds", seconds).closed()
    }
);
named_schema!(
    /// Who is to be forgotten.
    ErasureRequest, erasure
);
named_schema!(
    /// A page of tenants.
    TenantList, page_of::<TenantAnswer>, TenantAnswer
);
named_schema!(
    /// A tenant's projects.
    ProjectList, page_of::<ProjectAnswer>, ProjectAnswer
);
named_schema!(
    /// A page of keys.
    KeyList, page_of::<KeyAnswer>, KeyAnswer
);
named_schema!(
    /// A page of the audit log.
    AuditList, page_of::<AuditAnswer>, AuditAnswer
);
named_schema!(
    /// A tenant's erasures.
    ErasureList, page_of::<ErasureAnswer>, ErasureAnswer
);

fn page_of<T: ToSchema>() -> Members {
    let next = text_or_null().description(Some("The `cursor` of the next page; null on the last."));
    Members::new("A page of a list.")
        .required("items", ArrayBuilder::new().items(reference::<T>()))
        .required("next", next)
}

fn new_key() -> Members {
    let scopes = ArrayBuilder::new().items(one_of(Scope::ALL.map(Scope::as_str))).min_items(Some(1));
    let project = or_null(Type::String, PROJECT_ID.schema());
    // Unicode's control characters, both blocks of them.
    let name = text_or_null()
        .min_length(Some(1))
        .max_length(Some(MAX_KEY_NAME_CHARS))
        .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*$"));
    let life = or_null(Type::Integer, whole(1, MAX_EXPIRY.as_secs()));
    Members::new("A key to be made.")
        .required("scopes", scopes.description(Some("What it may do; `admin` does not include the others.")))
        .optional(
            "project",
            project.description(Some("The one project that it is for; every one when null.")),
        )
        .optional("name", name.description(Some("What you call it.")))
        .optional("expires_in_seconds", life.description(Some("How long it works; for ever when null.")))
        .optional("limits", reference::<KeyLimits>())
        .closed()
        .example(json!({"scopes": ["ingest"], "project": "web", "name": "the shop's pages"}))
}

/// Exactly one of three names.
fn erasure() -> Schema {
    let names = ["user_id", "client_id", "session_id"];
    let of = |named: &str| {
        let id = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        let told = format!("At most {MAX_PERSON_BYTES} bytes of UTF-8.");
        let id = id.max_length(Some(MAX_PERSON_BYTES)).description(Some(told));
        let person = Members::new("The person of this id.").required(named, id);
        let others = names.into_iter().filter(|name| *name != named);
        person.each(others, || ObjectBuilder::new().schema_type(Type::Null)).closed().build()
    };
    let all = names.into_iter().fold(OneOfBuilder::new(), |all, name| all.item(of(name)));
    let all = all.description(Some("Who is to be forgotten, by one name."));
    Schema::OneOf(all.examples([json!({"user_id": "ann"})]).build())
}

fn text_or_null() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null]))
}

/// Whose.
pub(super) struct TenantPath;

/// Which key.
pub(super) struct KeyPath;

/// Which erasure.
pub(super) struct ErasurePath;

/// Which part of a list.
pub(super) struct PageParams;

impl IntoParams for TenantPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter(ParameterIn::Path, "tenant", "Its id", PROJECT_ID.schema())]
    }
}

impl IntoParams for KeyPath {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^key_[0-9a-hjkmnp-tv-z]{16}$"));
        let key = parameter(ParameterIn::Path, "key_id", "The key's id, not its text", id);
        [TenantPath::into_params(place), vec![key]].concat()
    }
}

impl IntoParams for ErasurePath {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let format = SchemaFormat::Custom("uuid".to_owned());
        let id = ObjectBuilder::new().schema_type(Type::String).format(Some(format));
        let erasure = parameter(ParameterIn::Path, "erasure_id", "The erasure's id", id);
        [TenantPath::into_params(place), vec![erasure]].concat()
    }
}

impl IntoParams for PageParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let limit = whole(1, MAX_LIMIT as u64).default(Some(json!(DEFAULT_LIMIT)));
        let cursor = ObjectBuilder::new().schema_type(Type::String);
        vec![
            parameter(ParameterIn::Query, "limit", "Rows of a page at most", limit),
            parameter(ParameterIn::Query, "cursor", "The `next` of the page before", cursor),
        ]
    }
}

const ASKER: [(u16, &str); 4] = [
    (401, "No credential, or none that works"),
    (403, "The credential lacks the scope, is bound to a project, or is not the operator's"),
    (429, "The tenant or the key asks too much"),
    (503, "It cannot be done now; nothing is changed"),
];
const NOT_FOUND: (u16, &str) = (404, "There is no such thing, or it is another tenant's");

/// Of what takes no parameters but names.
pub(super) struct ReadRefusals;

/// Of lists in pages.
pub(super) struct PageRefusals;

/// Of what takes a body, beside what is an operation's own.
pub(super) struct WriteRefusals;

impl IntoResponses for ReadRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[NOT_FOUND])
    }
}

impl IntoResponses for PageRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[NOT_FOUND, (400, "The limit is out of bounds, or the cursor none of this list's")])
    }
}

impl IntoResponses for WriteRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (400, "The body is no JSON object of this kind, is not called JSON, or ended early"),
            (408, "The body took too long to arrive"),
            (413, "The body is too large"),
            (415, "The body is compressed"),
        ])
    }
}

fn problems(more: &[(u16, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let told = [&ASKER[..], more].concat();
    Refusals::default().of_type::<Problem>("application/problem+json", &told).all()
}
