//! `GET /api/v1/live/{projectId}` and `GET /api/v1/live`: streams of what happens now (Server-Sent Events).
//!
//! Promise: what is wrong with a request is answered before the stream begins, as a problem (RFC 9457); what is told is
//! [`crate::live`]'s.

mod described;
mod routes;

pub use described::described;
pub use routes::routes;
