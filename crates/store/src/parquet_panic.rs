//! Parquet's reader panics at some files of which one part is not what another says. Here that is an error like any other.
//!
//! A segment's checksum is verified before Parquet sees a byte of it, so that only a file that changes afterwards, under
//! its reader, comes as far as this. A file that is imported has no checksum.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is told in place of a panic, whose own words are the hook's to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its Parquet cannot be read: one part of it is not what another says")]
pub struct ParquetPanicked;

/// Reads. What was read from is not to be read on after a panic.
///
/// # Errors
/// The reader panicked.
pub fn caught<T>(read: impl FnOnce() -> T) -> Result<T, ParquetPanicked> {
    catch_unwind(AssertUnwindSafe(read)).map_err(|_| ParquetPanicked)
}
