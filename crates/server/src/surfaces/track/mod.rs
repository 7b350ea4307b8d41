//! Surface `track` (seed 003): takes events in, and tells how many.
//!
//! A body goes through `wire`, which is fast and gives up at anything unusual; then `strict` decides,
//! and words the refusal as FastAPI would.

mod answers;
mod described;
mod event;
mod field;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod model;
mod routes;
mod row;
mod strict;
#[cfg(test)]
mod tests;
mod wire;

pub use described::described;
pub use event::TrackEvent;
pub use routes::routes;
pub use wire::parse_batch;
