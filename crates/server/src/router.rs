//! The router: every surface, one line each.

use std::sync::Arc;

use axum::Router;

use crate::app::App;
use crate::{probes, problem, surfaces};

/// All routes. A further surface is one folder and one line here.
pub fn router(app: App) -> Router {
    Router::new()
        .merge(surfaces::track::routes())
        .merge(surfaces::projects::routes())
        .merge(surfaces::connections::routes())
        .merge(surfaces::grid::routes())
        .merge(surfaces::activity::routes())
        .merge(surfaces::otlp::routes())
        .merge(probes::routes())
        .fallback(problem::no_such_route)
        .with_state(Arc::new(app))
}
