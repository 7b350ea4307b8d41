//! What is asked: one file per report, from typed parameters to typed rows.
//!
//! Promise: a report reads one view of the store, so its numbers belong together. It knows no wire
//! format, and answers for the tenant it was asked for alone.

mod coded;
mod combinations;
mod error;
pub mod event_field;
pub mod event_rows;
pub mod event_stats;
pub mod latest_events;
pub mod page;
pub mod project_analytics;
pub mod recent_events;
pub mod recent_sessions;
mod row_filter;
pub mod scope;
mod session_ids;
mod session_index;
mod side_by_side;
#[cfg(test)]
mod tests;
mod values;

pub use error::ReportError;
pub use page::Page;
pub use scope::Scope;
pub use tidegauge_store::Position;
