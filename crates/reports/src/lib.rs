//! What is asked: one file per report, from typed parameters to typed rows.
//!
//! Promise: a report reads one view of the store, so its numbers belong together. It knows no wire
//! format, and answers for the tenant it was asked for alone.

pub mod connection_events;
pub mod connection_filter;
pub mod connection_list;
pub mod connection_summary;
pub mod event_stats;
pub mod project_analytics;
