//! Surface `track` (seed 003): takes events in, and tells how many.
//!
//! A body goes through `wire`, which is fast and gives up at anything unusual; then `strict` decides,
//! and words the refusal as FastAPI would.

mod answers;
mod coerce;
mod content_type;
mod datetime;
mod error;
mod event;
mod field;
mod json;
mod json_text;
mod model;
mod project_rule;
mod routes;
mod row;
mod scan;
mod skip;
mod strict;
#[cfg(test)]
mod tests;
mod text_rule;
mod wire;

pub use event::TrackEvent;
pub use routes::routes;
pub use wire::parse_batch;
