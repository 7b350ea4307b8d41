//! The three reports: `session`, `event` and `latest-event`, as streamed JSON arrays.

mod cursor;
mod failure;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod json;
mod params;
mod routes;
mod stream;
#[cfg(test)]
mod tests;

pub use routes::routes;
