//! What may be asked freely: SQL and typed queries over one tenant's tables, on DataFusion.
//!
//! ```text
//! Explorer ─ ask ─ Asking ─ sql | run ─ Answer      one snapshot a question; the work is done on threads of its own
//!                     └─ views: events, sessions, connections, requests of the asker alone
//! ```
//! Promise: a question sees the rows of its asker's tenant (and project, when bound to one) and no others, changes
//! nothing, and ends at its bounds of time, memory and rows. What HTTP says of it is for `crates/server`.

mod answer;
mod asking;
mod ending;
mod error;
mod explorer;
pub mod formats;
mod functions;
mod held;
mod memory;
pub mod query;
mod session;
mod sql;
#[cfg(test)]
mod tests;
mod turns;
mod views;

pub use answer::{Answer, Batches, Truncated};
pub use asking::Asking;
pub use error::{ExploreError, Place};
pub use explorer::{Asker, ExploreLimits, Explorer};
pub use functions::property;
pub use query::{BadQuery, Query};
pub use views::View;
