//! What is asked: one file per report, from typed parameters to typed rows.
//!
//! Promise: a report reads one view of the store, so its numbers belong together. It knows no wire
//! format, and answers for the tenant it was asked for alone.

pub mod active_users;
mod coded;
mod combinations;
pub mod connection_events;
pub mod connection_filter;
pub mod connection_list;
mod connection_source;
pub mod connection_summary;
mod error;
pub mod event_field;
pub mod event_rows;
mod event_scan;
pub mod event_stats;
pub mod event_throughput;
pub mod latest_events;
pub mod page;
pub mod project_analytics;
pub mod project_history;
pub mod recent_events;
pub mod recent_sessions;
pub mod request_activity;
mod row_filter;
pub mod scope;
mod session_ids;
mod session_index;
mod side_by_side;
pub mod tenant_analytics;
#[cfg(test)]
mod tests;
pub mod user_presence;
mod values;

pub use error::ReportError;
pub use page::Page;
pub use scope::Scope;
pub use tidegauge_store::Position;
