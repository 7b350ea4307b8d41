//! Surface `activity` (seed 004, and spec section 7): API traffic per key and per OAuth client.

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
}
