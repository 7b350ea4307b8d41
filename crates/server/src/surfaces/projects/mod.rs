//! Surface `projects` (seed 000): a project right now.

mod routes;
mod wire;

pub use routes::routes;
