//! Single connections (the `query` beside seed 001's `summary`).

use tidegauge_facts::{Micros, ProjectId, TenantId};
use uuid::Uuid;

use crate::connection_filter::{ConnectionFilter, Period};

/// What single connections are asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFilter {
    /// Of which kind.
    pub kind: ConnectionFilter,
    /// Open at some moment of it.
    pub period: Period,
    /// Opened with this key (`tidegauge_facts::connections::api_key_id`).
    pub api_key: Option<Uuid>,
    /// This one alone.
    pub connection_id: Option<String>,
    /// Open now.
    pub active_only: bool,
    /// At most so many rows.
    pub limit: usize,
}

/// One connection as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRow {
    /// As the platform names it.
    pub connection_id: String,
    /// SHA-256 of the key that opened it, in hex.
    pub api_key_hash: Option<String>,
    /// The machine that holds it.
    pub host: Option<String>,
    /// The peer's address.
    pub ip: Option<String>,
    /// The protocol.
    pub protocol: String,
    /// The service.
    pub service: String,
    /// The data center.
    pub data_center: String,
    /// Latest sign of life.
    pub last_activity: Micros,
    /// When it was opened.
    pub opened_at: Micros,
    /// When the newest message about it was taken in.
    pub updated_at: Micros,
    /// Its life until closed or now, in seconds, rounded down.
    pub duration_seconds: u64,
    /// Whether it is open now.
    pub is_active: bool,
}

/// The report as of `now`, latest opened first, then by id.
#[must_use]
pub fn connection_list(
    _tenant: &TenantId,
    _project: Option<&ProjectId>,
    _filter: &ListFilter,
    _now: Micros,
) -> Vec<ConnectionRow> {
    Vec::new()
}
