//! Surface `activity` (seed 004, and spec section 7): API requests taken in (`intake`), and reports on their traffic
//! per key, OAuth client and API (`reports`).

mod answers;
mod described;
mod failure;
mod field;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod intake;
mod model;
mod order;
mod parameters;
mod reports;
mod request;
mod rows;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use axum::Router;

use crate::app::App;

pub use described::described;
pub use request::ApiRequest;
pub use wire::parse_batch;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new().merge(intake::routes()).merge(reports::routes())
}
