//! `/api/v1/admin/store`: how the store is, for the operator.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tidegauge_facts::Micros;
use utoipa::ToSchema;

use super::failure::{Failure, method_not_allowed};
use super::who::Operator;
use crate::app::App;
use crate::problem::OwnRefusals;

/// The route.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/admin/store", get(store).fallback(method_not_allowed))
}

/// The store as it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoreState)]
pub(super) struct StoreAnswer {
    takes_writes: bool,
    /// Why not, when it takes none.
    #[schema(required)]
    refuses_because: Option<String>,
    /// Facts written to segments since the store was made.
    facts_flushed: u64,
    segments: usize,
    segment_bytes: u64,
    /// Log that is in no segment yet.
    log_bytes: u64,
    free_bytes: u64,
    #[schema(required, format = DateTime)]
    last_write: Option<String>,
    #[schema(format = DateTime)]
    last_flush: String,
    /// What the last flush failed with.
    #[schema(required)]
    flush_error: Option<String>,
    damaged_segments: Vec<String>,
}

/// How the store is.
///
/// For the operator.
#[utoipa::path(
    get,
    path = "/api/v1/admin/store",
    operation_id = "getStore",
    tag = "administration",
    responses((status = 200, description = "The store as it is", body = StoreAnswer), OwnRefusals),
)]
pub(super) async fn store(State(app): State<Arc<App>>, _: Operator) -> Result<Json<StoreAnswer>, Failure> {
    let health = app.store.health();
    Ok(Json(app.store.look(|view| StoreAnswer {
        takes_writes: health.refuses.is_none(),
        refuses_because: health.refuses.map(|refused| refused.to_string()),
        facts_flushed: view.manifest.facts_flushed,
        segments: view.manifest.segments.len(),
        segment_bytes: view.manifest.segment_bytes(),
        log_bytes: view.hot.bytes(),
        free_bytes: health.free_bytes,
        last_write: health.last_write.map(Micros::to_millis_text),
        last_flush: view.manifest.last_flush.to_millis_text(),
        flush_error: health.flush_error,
        damaged_segments: health.damaged_segments,
    })))
}
