//! Surface `projects` (seed 000): a project right now.

mod routes;
pub(super) mod wire;

pub use routes::routes;
