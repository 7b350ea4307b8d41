//! `/healthz` (the process lives) and `/readyz` (it takes writes): for load balancers and supervisors,
//! without a credential and without detail. And `/metrics` for Prometheus, with the operator's credential.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use utoipa::OpenApi;

use crate::app::App;
use crate::auth::{Denied, Presented};
use crate::metrics::CONTENT_TYPE;
use crate::problem::{OwnRefusals, Problem};

/// Their part of the OpenAPI document.
pub fn described() -> utoipa::openapi::OpenApi {
    Described::openapi()
}

#[derive(OpenApi)]
#[openapi(paths(healthz, readyz, metrics))]
struct Described;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

/// Whether the process lives.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "getLiveness",
    tag = "operation",
    security(()),
    responses((status = 200, description = "It does", body = String)),
)]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the server takes writes.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "getReadiness",
    tag = "operation",
    security(()),
    responses(
        (status = 200, description = "It does", body = String),
        (status = 503, description = "It does not", body = String),
    ),
)]
async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    match app.store.health().refuses {
        None => (StatusCode::OK, "ready\n"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "not taking writes\n"),
    }
}

/// The server's figures for Prometheus, to the operator's administrators.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "getMetrics",
    tag = "operation",
    responses(
        (status = 200, description = "OpenMetrics text", body = String, content_type = CONTENT_TYPE),
        OwnRefusals,
    ),
)]
async fn metrics(State(app): State<Arc<App>>, asker: Presented) -> Result<Response, Problem> {
    if !asker.0?.is_operator(&app.door) {
        return Err(Denied::NoScope.into());
    }
    Ok(figures(&app))
}

/// The figures, to whoever asks: what listens on the address that `--metrics-listen` names.
pub fn metrics_routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(|State(app): State<Arc<App>>| async move { figures(&app) }))
        .with_state(app)
}

fn figures(app: &App) -> Response {
    match app.metrics.text(app) {
        Ok(text) => ([(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
