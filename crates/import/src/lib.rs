//! Files of access logs and of facts, read into a store.
//!
//! ```text
//! content (file, .gz, .zst) ─ pieces of whole lines ─ parsers, side by side ─ append, in the file's order
//!                                                                               └─ record, once it is durable
//! ```
//! Promise: however often an import is cut short, each row of a file is stored once. How far a file is in the store
//! stands in a record beside it (`record.rs`), written after the rows before it are durable; rows behind the record that
//! a crash left in the store are found there again by their ids (`recent.rs`). What cannot be read is counted and set
//! aside with its reason, never guessed at.

mod access_log;
mod addresses;
mod append;
mod backup;
mod bad;
mod cell_rows;
mod column;
mod column_kind;
mod content;
mod countries;
mod csv;
mod error;
mod file_import;
mod files;
mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod identity;
mod import;
mod instant;
mod json;
mod lanes;
mod parquet_rows;
mod parse;
mod pieces;
mod plan;
mod pump;
mod recent;
mod record;
mod recorder;
mod set_aside;

pub use addresses::Addresses;
pub use backup::{RECORDS, records_still_fit};
pub use error::ImportError;
pub use format::Format;
pub use import::{Progress, Summary, run};
pub use plan::Plan;
