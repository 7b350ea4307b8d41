//! The dashboard at `/` and the API's page at `/api/docs`, from the files in the binary (`crates/page`).
//!
//! Promise: the files are for everybody and tell nothing of anybody; a browser that runs them loads nothing from
//! elsewhere, and neither does it run anything else (Content-Security-Policy). Their links are relative, so that
//! they work behind a proxy that strips a prefix of the path. What they show they ask the API for, with a credential.

mod accept_encoding;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tidegauge_page::{File, Form, file};

use crate::app::App;
use crate::entity_tag::is_known;
use crate::problem::no_such_route;

/// A name with a hash of the content in it never means anything else; any other is asked for anew each time, which
/// costs an answer without a body.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// What a browser may do for the dashboard: run and show what comes from here, and nothing that stands in markup.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// The same for the API's page. RapiDoc's markup is full of `style` attributes, and it makes `<style>` elements.
const CONTENT_SECURITY_POLICY_OF_DOCS: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The routes. They are no part of the OpenAPI document: nobody calls them but a browser.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(async |headers: HeaderMap| answer("index.html", &headers).await))
        .route("/favicon.svg", get(async |headers: HeaderMap| answer("favicon.svg", &headers).await))
        .route("/assets/{file}", get(asset))
        .route("/api/docs", get(async |headers: HeaderMap| answer("docs/index.html", &headers).await))
        .route("/api/docs/{file}", get(file_of_docs))
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    answer(&format!("assets/{name}"), &headers).await
}

async fn file_of_docs(Path(name): Path<String>, headers: HeaderMap) -> Response {
    answer(&format!("docs/{name}"), &headers).await
}

async fn answer(path: &str, headers: &HeaderMap) -> Response {
    match file(path) {
        Some(file) => served(file, headers),
        None => no_such_route().await.into_response(),
    }
}

/// A file, in the encoding that the caller would have; without its content when he has it already.
fn served(file: &'static File, headers: &HeaderMap) -> Response {
    let is_gzip = accept_encoding::prefers_gzip(headers);
    let Form { etag, bytes } = if is_gzip { &file.gzip } else { &file.whole };
    let is_of_docs = file.path.starts_with("docs/");
    let policy = if is_of_docs { CONTENT_SECURITY_POLICY_OF_DOCS } else { CONTENT_SECURITY_POLICY };
    let told = [
        (header::CACHE_CONTROL, if file.is_immutable() { FOR_GOOD } else { ASK_EACH_TIME }),
        (header::ETAG, HeaderValue::from_static(etag)),
        (header::VARY, HeaderValue::from_static("Accept-Encoding")),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    if is_known(headers, etag) {
        return (StatusCode::NOT_MODIFIED, told).into_response();
    }
    let of_body: [Option<(HeaderName, &str)>; 2] = [
        Some((header::CONTENT_TYPE, file.content_type)),
        is_gzip.then_some((header::CONTENT_ENCODING, "gzip")),
    ];
    let mut response = (told, Body::from(Bytes::from_static(bytes))).into_response();
    for (name, value) in of_body.into_iter().flatten() {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
