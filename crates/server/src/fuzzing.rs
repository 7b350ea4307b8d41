//! The parsers of this crate as fuzz targets: each takes any bytes, and panics where a parser breaks its promise.
//!
//! For tests and for `cargo fuzz`, which sets `cfg(fuzzing)`: no other build has this module. What the targets are and
//! how they are run stands in `fuzz/README.md`.

mod body_json;
mod headers;
mod query;

pub use body_json::validation_json;
pub use headers::headers;
pub use query::query;

pub use crate::surfaces::activity::fuzzing::activity;
pub use crate::surfaces::connections::fuzzing::connections;
pub use crate::surfaces::grid::fuzzing::signals;
pub use crate::surfaces::otlp::fuzzing::otlp;
pub use crate::surfaces::track::fuzzing::track;

pub(crate) use body_json::answered;

#[cfg(test)]
mod any_bytes_are_taken_by {
    tidegauge_fuzz_replay::tests! {
        activity, connections, headers, otlp, query, signals, track, validation_json,
    }
}
