//! What happened to connections (the `events/query` beside seed 001's `summary`).

use tidegauge_facts::connections::State;
use tidegauge_facts::{Micros, ProjectId, TenantId};
use uuid::Uuid;

use crate::connection_filter::{ConnectionFilter, Period};

/// What connection events are asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFilter {
    /// Of connections of which kind.
    pub kind: ConnectionFilter,
    /// That happened in it.
    pub period: Period,
    /// Of connections opened with this key (`tidegauge_facts::connections::api_key_id`).
    pub api_key: Option<Uuid>,
    /// Of this connection alone.
    pub connection_id: Option<String>,
    /// Of this kind alone.
    pub state: Option<State>,
    /// At most so many rows.
    pub limit: usize,
}

/// One message about a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionEventRow {
    /// The connection, as the platform names it.
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
    /// What the message told.
    pub state: State,
    /// Why it was closed, as the message said.
    pub close_reason: Option<String>,
    /// When it happened.
    pub at: Micros,
}

/// The report as of `now`, newest first.
#[must_use]
pub fn connection_events(
    _tenant: &TenantId,
    _project: Option<&ProjectId>,
    _filter: &EventFilter,
    _now: Micros,
) -> Vec<ConnectionEventRow> {
    Vec::new()
}
