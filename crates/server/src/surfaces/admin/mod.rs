//! Administration (spec section 8): tenants and their settings, projects, keys, the audit log, erasures.
//!
//! Promise: an administrator administers his own tenant; the operator's administrators all of them. Another's tenant is
//! what does not exist. Every change stands in the audit log, with who made it. Errors are problems (RFC 9457).

mod audit;
mod described;
mod erasures;
mod failure;
mod input;
mod keys;
mod projects;
mod settings_schema;
mod store;
mod tenants;
mod who;

use std::sync::Arc;

use axum::Router;

pub use self::described::described;
use crate::app::App;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(tenants::routes())
        .merge(projects::routes())
        .merge(keys::routes())
        .merge(audit::routes())
        .merge(erasures::routes())
        .merge(store::routes())
}
