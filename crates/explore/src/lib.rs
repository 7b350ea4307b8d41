//! What may be asked freely: SQL and typed queries over one tenant's tables, on DataFusion.
//!
//! Promise: a question sees the rows of its asker's tenant (and project, when bound to one) and no others, changes
//! nothing, and ends at its bounds of time, memory and rows. What HTTP says of it is for `crates/server`.

pub mod formats;
pub mod query;

pub use query::{BadQuery, Query};
