//! Surface `grid` (seed 002): sessions and events of the last 24 hours.

mod reports;

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    reports::routes()
}
