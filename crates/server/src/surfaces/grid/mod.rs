//! Surface `grid` (seed 002): sessions and events of the last 24 hours, and the intake of the platform's own client.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod reports;
mod signals;

use std::sync::Arc;

use axum::Router;
use utoipa::openapi::OpenApi;

use crate::app::App;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    signals::routes().merge(reports::routes())
}

/// The surface's part of the document.
pub fn described() -> OpenApi {
    reports::described().merge_from(signals::described())
}
