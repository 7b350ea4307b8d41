//! Surface `projects` (seed 000 and its family): a project right now, and over time.

mod answers;
pub(crate) mod described;
pub(crate) mod failure;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod parameters;
mod routes;

pub use described::described;
pub use routes::routes;
