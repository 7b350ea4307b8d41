//! The router: every surface, one line each.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::app::App;
use crate::front_door::front_door;
use crate::{openapi, page, probes, problem, surfaces};

/// All routes. A further surface is one folder and one line here.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    routes()
        .fallback(problem::no_such_route)
        .layer(from_fn_with_state(Arc::clone(&app), front_door))
        .with_state(app)
}

/// All routes, before anything is laid around them.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(surfaces::track::routes())
        .merge(surfaces::projects::routes())
        .merge(surfaces::connections::routes())
        .merge(surfaces::grid::routes())
        .merge(surfaces::activity::routes())
        .merge(surfaces::otlp::routes())
        .merge(surfaces::explore::routes())
        .merge(surfaces::admin::routes())
        .merge(surfaces::live::routes())
        .merge(surfaces::me::routes())
        .merge(probes::routes())
        .merge(openapi::routes())
        .merge(page::routes())
}
