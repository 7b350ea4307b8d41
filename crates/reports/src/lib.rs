//! What is asked: one file per report, from typed parameters to typed rows.
//!
//! Promise: a report reads one view of the store, so its numbers belong together. It knows no wire
//! format, and answers for the tenant it was asked for alone.

pub mod active_users;
mod column;
pub mod connection_events;
pub mod connection_filter;
pub mod connection_list;
mod connection_source;
pub mod connection_summary;
mod event_scan;
pub mod event_stats;
pub mod event_throughput;
pub mod project_analytics;
pub mod project_history;
pub mod tenant_analytics;
pub mod user_presence;
