//! What happened to connections (the `events/query` beside seed 001's `summary`).

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use tidegauge_facts::connections::{State, api_key_id};
use tidegauge_facts::{Micros, ProjectId, Table, TenantId};
use tidegauge_store::{Query, RowTest, Snapshot, StoreError};
use uuid::Uuid;

use crate::connection_filter::{ConnectionFilter, Period};
use crate::values::Values;

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
    /// SHA-256 of the key that opened it, in hex, when the message said it.
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

/// The report, newest first; of one project when one is given.
///
/// # Errors
/// Something cannot be read.
pub fn connection_events(
    snapshot: &Snapshot,
    tenant: &TenantId,
    project: Option<&ProjectId>,
    filter: &EventFilter,
) -> Result<Vec<ConnectionEventRow>, StoreError> {
    let query = Query {
        table: Table::Connections,
        tenant: tenant.as_str().to_owned(),
        from: filter.period.from.map_or(i64::MIN, |from| from.0),
        to: filter.period.to.map_or(i64::MAX, |to| to.0),
        columns: SHOWN.to_vec(),
        test: Some(test(project.cloned(), filter.clone())),
    };
    let mut rows = Vec::new();
    for batch in snapshot.newest_first(query, None) {
        rows.extend(read(&batch?));
        if rows.len() >= filter.limit {
            rows.truncate(filter.limit);
            break;
        }
    }
    Ok(rows)
}

/// The columns that a row is made of, beside the connection's id and the instant.
const SHOWN: [&str; 8] =
    ["state", "service_name", "protocol_name", "data_center", "api_key_hash", "host", "ip", "close_reason"];
/// The columns that say whether a message is wanted.
const TESTED: [&str; 7] =
    ["project_id", "service_name", "protocol_name", "data_center", "state", "api_key_hash", "connection_id"];

/// Which messages are wanted.
fn test(project: Option<ProjectId>, filter: EventFilter) -> RowTest {
    let test = move |batch: &RecordBatch| {
        let [projects, services, protocols, data_centers, states, keys, ids] =
            TESTED.map(|name| Values::of(batch, name));
        let is_wanted = |row: usize| {
            let [service, protocol, data_center] =
                [services, protocols, data_centers].map(|values| values.text(row).unwrap_or_default());
            project.as_ref().is_none_or(|project| projects.text(row) == Some(project.as_str()))
                && filter.kind.admits(service, protocol, data_center)
                && filter.state.is_none_or(|state| states.text(row) == Some(state.as_str()))
                && filter.connection_id.as_deref().is_none_or(|id| ids.text(row) == Some(id))
                && filter.api_key.is_none_or(|key| keys.text(row).and_then(api_key_id) == Some(key))
        };
        BooleanArray::from((0..batch.num_rows()).map(is_wanted).collect::<Vec<bool>>())
    };
    RowTest { columns: TESTED.to_vec(), test: Arc::new(test) }
}

fn read(batch: &RecordBatch) -> impl Iterator<Item = ConnectionEventRow> {
    let [states, services, protocols, data_centers, keys, hosts, ips, reasons] =
        SHOWN.map(|name| Values::of(batch, name));
    let [ids, times] = ["connection_id", "event_time"].map(|name| Values::of(batch, name));
    (0..batch.num_rows()).map(move |row| {
        let owned = |values: Values<'_>| values.text(row).map(str::to_owned);
        ConnectionEventRow {
            connection_id: owned(ids).unwrap_or_default(),
            api_key_hash: owned(keys),
            host: owned(hosts),
            ip: owned(ips),
            protocol: owned(protocols).unwrap_or_default(),
            service: owned(services).unwrap_or_default(),
            data_center: owned(data_centers).unwrap_or_default(),
            state: states.text(row).and_then(State::from_name).unwrap_or(State::Activity),
            close_reason: owned(reasons),
            at: Micros(times.int(row).unwrap_or_default()),
        }
    })
}
