//! The three reports: `session`, `event` and `latest-event`, as streamed JSON arrays.

mod cursor;
mod described;
mod failure;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod json;
mod params;
mod routes;
mod stream;
#[cfg(test)]
mod tests;

pub(super) use described::described;
pub use routes::routes;
