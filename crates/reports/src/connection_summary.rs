//! Connections by service, protocol and data center (seed 001's `summary`).

use tidegauge_facts::{Micros, ProjectId, TenantId};

use crate::connection_filter::{ConnectionFilter, Period};

/// One combination with at least one connection open at some moment of the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRow {
    /// The service.
    pub service: String,
    /// The protocol.
    pub protocol: String,
    /// The data center.
    pub data_center: String,
    /// Connections open at some moment of the period.
    pub total_connections: u64,
    /// Of these, opened inside it.
    pub new_connections: u64,
    /// Distinct API keys among them.
    pub unique_api_keys: u64,
    /// Mean of their whole lives until closed or now, in seconds, rounded down.
    pub mean_duration_seconds: u64,
    /// Sum of their lives clipped to the period, in seconds, rounded down.
    pub total_time_seconds: u64,
    /// Of these, open now.
    pub active_connections: u64,
    /// Earliest opened.
    pub first_connection: Micros,
    /// Latest opened.
    pub last_connection: Micros,
    /// Latest sign of life.
    pub last_activity: Micros,
}

/// The report as of `now`, ordered by service, protocol and data center.
#[must_use]
pub fn connection_summary(
    _tenant: &TenantId,
    _project: Option<&ProjectId>,
    _filter: &ConnectionFilter,
    _period: Period,
    _now: Micros,
) -> Vec<SummaryRow> {
    Vec::new()
}
