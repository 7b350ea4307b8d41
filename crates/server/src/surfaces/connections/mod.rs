//! Surface `connections` (seed 001, and spec section 6): the tenant's connections, told by the platform's servers
//! (`intake`), held by this one (`live`), and reported (`reads`).

mod answers;
mod described;
mod ending;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod intake;
mod key_mask;
mod live;
mod message;
mod parameters;
mod reads;
mod socket;
mod wire;

use std::sync::Arc;

use axum::Router;

use crate::app::App;

pub use described::described;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new().merge(intake::routes()).merge(live::routes()).merge(reads::routes())
}
