//! `/healthz` (the process lives) and `/readyz` (it takes writes): for load balancers and supervisors,
//! without a credential and without detail. And `/metrics` for Prometheus, with the operator's credential.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::app::App;
use crate::auth::{Denied, Presented};
use crate::metrics::CONTENT_TYPE;
use crate::problem::Problem;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    match app.store.health().refuses {
        None => (StatusCode::OK, "ready\n"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "not taking writes\n"),
    }
}

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
