//! The OpenAPI 3.1 document of every route, at `/api/openapi.json`, assembled from what stands beside the routes.
//!
//! A new route is described by `#[utoipa::path(...)]` on its handler, listed in its folder's `#[derive(OpenApi)]`
//! (`described.rs`, or beside the routes); a new folder is one line in [`document`]. Tests hold the document to the
//! router (`openapi/tests.rs`), to `docs/api/openapi.json`, and to the server's answers (`tests/every_route.rs`,
//! `tests/schemathesis.rs`).

mod answers;
mod schemas;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};

pub(crate) use answers::Refusals;
pub(crate) use schemas::{Members, batch_of, named_schema, one_of, or_null, parameter, reference};

use crate::app::App;
use crate::entity_tag::is_known;
use crate::{probes, surfaces};

/// How long a copy of the document may be used without asking whether it still holds: it changes with the program.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The route. The document is written once, when somebody first asks for it.
pub fn routes() -> Router<Arc<App>> {
    let written: Arc<OnFirstAsk> = Arc::new(LazyLock::new(|| Written::new(&document())));
    Router::new().route("/api/openapi.json", get(openapi_document)).layer(Extension(written))
}

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let parts = [
        surfaces::track::described(),
        surfaces::projects::described(),
        surfaces::connections::described(),
        surfaces::grid::described(),
        surfaces::activity::described(),
        surfaces::otlp::described(),
        surfaces::explore::described(),
        surfaces::admin::described(),
        surfaces::live::described(),
        surfaces::me::described(),
        probes::described(),
    ];
    let mut document = Base::openapi();
    for part in parts {
        document.merge(part);
    }
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let components = document.components.get_or_insert_default();
    components.security_schemes.extend(credentials().map(|(name, scheme)| (name.to_owned(), scheme.into())));
    document
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tidegauge",
        description = "Real-time analytics, self-hosted. Each surface answers as the API it was made for, errors \
                       included. Every answer carries `X-Request-Id`; a method that a route does not have is answered \
                       405 with `Allow`, in the surface's own shape.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/")),
    security(("key" = []), ("bareKey" = []), ("keyHeader" = [])),
    tags((name = "operation", description = "For who runs the server, and this document.")),
    paths(openapi_document),
)]
struct Base;

/// This document.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "getOpenApiDocument",
    tag = "operation",
    security(()),
    params(IfNoneMatch),
    responses(
        (status = 200, description = "An OpenAPI 3.1 document", body = Object, headers(("ETag" = String))),
        (status = 304, description = "The caller's copy still holds", headers(("ETag" = String))),
    ),
)]
async fn openapi_document(Extension(written): Extension<Arc<OnFirstAsk>>, headers: HeaderMap) -> Response {
    written.answer(&headers)
}

/// RFC 9110, 13.1.2.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "described, never made")]
struct IfNoneMatch {
    /// The `ETag` of a copy that the caller has.
    #[param(rename = "If-None-Match", required = false)]
    etag: String,
}

/// The ways of a credential. A token is sent as a bearer too; `queryToken` is for what a browser opens
/// without headers: WebSockets and event streams.
fn credentials() -> [(&'static str, SecurityScheme); 4] {
    let key = |value: fn(ApiKeyValue) -> ApiKey, name, description: &str| {
        SecurityScheme::ApiKey(value(ApiKeyValue::with_description(name, description)))
    };
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some("An API key, or a JWT: `Authorization: Bearer <key>`.".to_owned());
    [
        ("key", SecurityScheme::Http(bearer)),
        (
            "bareKey",
            key(ApiKey::Header, "Authorization", "An API key without a scheme: `Authorization: <key>`."),
        ),
        ("keyHeader", key(ApiKey::Header, "X-API-Key", "An API key: `X-API-Key: <key>`.")),
        (
            "queryToken",
            key(ApiKey::Query, "access_token", "An API key or a JWT, where no header can be set."),
        ),
    ]
}

type OnFirstAsk = LazyLock<Written>;

/// The document as it is sent.
struct Written {
    body: Bytes,
    etag: HeaderValue,
}

impl Written {
    fn new(document: &utoipa::openapi::OpenApi) -> Self {
        // Invariant: its maps have texts for keys, so that it can be written.
        let body = Bytes::from(serde_json::to_vec(document).unwrap_or_default());
        let digest = Sha256::digest(&body);
        let tag: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let etag = HeaderValue::try_from(format!("\"{tag}\"")).unwrap_or(HeaderValue::from_static("\"\""));
        Self { body, etag }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let told = [(header::CACHE_CONTROL, CACHE_CONTROL), (header::ETAG, self.etag.clone())];
        if self.etag.to_str().is_ok_and(|etag| is_known(headers, etag)) {
            return (StatusCode::NOT_MODIFIED, told).into_response();
        }
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (told, json, self.body.clone()).into_response()
    }
}
