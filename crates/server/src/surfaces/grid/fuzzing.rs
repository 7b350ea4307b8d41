//! The fuzz targets of the client's records, and of what the reports are asked with.

pub use super::reports::fuzzing::{cursor, report_query};
pub use super::signals::fuzzing::signals;
