//! The readers of the data directory's files as fuzz targets: each takes any bytes, and panics where a reader breaks its
//! promise.
//!
//! For tests and for `cargo fuzz`, which sets `cfg(fuzzing)`: no other build has this module. What the targets are and
//! how they are run stands in `fuzz/README.md`. Files that have checksums are made here and then damaged as the input
//! says, or sealed with a checksum that fits: else no reader would ever look behind it.

mod damage;
mod sample;
mod segment_reader;

pub use segment_reader::segment_reader;

pub use crate::log_recovery::fuzzing::log_reader;
pub use crate::manifest::fuzzing::manifest;
pub use crate::traffic::fuzzing::traffic_part;

pub(crate) use damage::damaged;
pub(crate) use sample::{Scratch, batches};

#[cfg(test)]
mod any_bytes_are_taken_by {
    tidegauge_fuzz_replay::tests! { log_reader, manifest, segment_reader, traffic_part }
}
