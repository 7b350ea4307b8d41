//! Surface `otlp`: OpenTelemetry's protocol over HTTP (OTLP/HTTP 1.x), traces only. Spans of servers become requests.
//!
//! Promise: an export is acknowledged once every one of its requests is durable, and an export that is sent again is
//! stored once. Both encodings are read in place, a span at a time: what is not wanted is passed over, not kept.
//! Which attribute becomes which column is in `record.rs`, and in `docs/integrate/opentelemetry.md` for users.

mod answers;
mod attributes;
mod collect;
mod described;
mod encoding;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod json;
mod protobuf;
mod record;
mod routes;
mod span;
#[cfg(test)]
mod tests;
mod wire;

pub use described::described;
pub use routes::routes;
