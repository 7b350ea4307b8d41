//! What happened to connections (the `events/query` beside seed 001's `summary`).

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{BooleanArray, RecordBatch};
use tidegauge_facts::connections::{State, api_key_id};
use tidegauge_facts::{Micros, ProjectId, Table, TenantId};
use tidegauge_store::{Query, RowTest, Snapshot, StoreError};
use uuid::Uuid;

use crate::column::Labels;
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
        columns: vec![
            "state",
            "service_name",
            "protocol_name",
            "data_center",
            "api_key_hash",
            "host",
            "ip",
            "close_reason",
        ],
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

/// Which messages are wanted, by the columns that say so.
fn test(project: Option<ProjectId>, filter: EventFilter) -> RowTest {
    let test = move |batch: &RecordBatch| {
        let [projects, services, protocols, data_centers, states, keys] =
            ["project_id", "service_name", "protocol_name", "data_center", "state", "api_key_hash"]
                .map(|name| Labels::of(batch, name));
        let ids = batch.column_by_name("connection_id").and_then(|column| column.as_string_opt::<i32>());
        let is_wanted = |row: usize| {
            project.as_ref().is_none_or(|project| projects.get(row) == Some(project.as_str()))
                && filter.kind.admits(text(&services, row), text(&protocols, row), text(&data_centers, row))
                && filter.state.is_none_or(|state| states.get(row) == Some(state.as_str()))
                && filter
                    .connection_id
                    .as_deref()
                    .is_none_or(|id| ids.is_some_and(|ids| ids.value(row) == id))
                && filter.api_key.is_none_or(|key| keys.get(row).and_then(api_key_id) == Some(key))
        };
        BooleanArray::from((0..batch.num_rows()).map(is_wanted).collect::<Vec<bool>>())
    };
    RowTest {
        columns: vec![
            "project_id",
            "service_name",
            "protocol_name",
            "data_center",
            "state",
            "api_key_hash",
            "connection_id",
        ],
        test: Arc::new(test),
    }
}

fn text<'a>(labels: &Labels<'a>, row: usize) -> &'a str {
    labels.get(row).unwrap_or_default()
}

fn read(batch: &RecordBatch) -> Vec<ConnectionEventRow> {
    let [states, services, protocols, data_centers, keys, hosts, ips, reasons] = [
        "state",
        "service_name",
        "protocol_name",
        "data_center",
        "api_key_hash",
        "host",
        "ip",
        "close_reason",
    ]
    .map(|name| Labels::of(batch, name));
    let ids = batch.column_by_name("connection_id").and_then(|column| column.as_string_opt::<i32>());
    let times = batch.column_by_name("event_time");
    let times = times.and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
    let (Some(ids), Some(times)) = (ids, times) else { return Vec::new() };
    let owned = |labels: &Labels<'_>, row| labels.get(row).map(str::to_owned);
    let row = |row: usize| ConnectionEventRow {
        connection_id: ids.value(row).to_owned(),
        api_key_hash: owned(&keys, row),
        host: owned(&hosts, row),
        ip: owned(&ips, row),
        protocol: owned(&protocols, row).unwrap_or_default(),
        service: owned(&services, row).unwrap_or_default(),
        data_center: owned(&data_centers, row).unwrap_or_default(),
        state: states.get(row).and_then(State::from_name).unwrap_or(State::Activity),
        close_reason: owned(&reasons, row),
        at: Micros(times.value(row)),
    };
    (0..batch.num_rows()).map(row).collect()
}
