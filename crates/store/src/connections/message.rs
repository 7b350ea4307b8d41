//! Messages about connections, read from a batch's rows.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, BooleanArray, RecordBatch};
use tidegauge_facts::connections::State;

use crate::error::StoreError;
use crate::read::{self, Labels, OptionalLabels, OptionalTexts};

/// One message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub id: &'a str,
    pub project: &'a str,
    pub service: &'a str,
    pub protocol: &'a str,
    pub data_center: &'a str,
    pub at: i64,
    pub opened: i64,
    pub state: State,
    pub key: Option<&'a str>,
    pub user: Option<&'a str>,
    pub ip: Option<&'a str>,
    pub host: Option<&'a str>,
    pub is_live: bool,
}

/// The columns of a batch of connections.
pub(crate) struct Messages<'a> {
    batch: &'a RecordBatch,
    tenants: Labels<'a>,
    projects: Labels<'a>,
    services: Labels<'a>,
    protocols: Labels<'a>,
    data_centers: Labels<'a>,
    states: Labels<'a>,
    keys: OptionalLabels<'a>,
    ips: OptionalLabels<'a>,
    hosts: OptionalLabels<'a>,
    users: OptionalTexts<'a>,
    live: Option<&'a BooleanArray>,
    ids: &'a arrow_array::StringArray,
    times: &'a [i64],
    opened: &'a [i64],
}

impl<'a> Messages<'a> {
    /// What is read of them.
    pub const COLUMNS: [&'static str; 14] = [
        "tenant_id",
        "project_id",
        "service_name",
        "protocol_name",
        "data_center",
        "state",
        "opened_at",
        "event_time",
        "connection_id",
        "api_key_hash",
        "user_id",
        "ip",
        "host",
        "is_live",
    ];

    pub fn of(batch: &'a RecordBatch) -> Result<Self, StoreError> {
        Ok(Self {
            batch,
            tenants: Labels::of(batch, "tenant_id")?,
            projects: Labels::of(batch, "project_id")?,
            services: Labels::of(batch, "service_name")?,
            protocols: Labels::of(batch, "protocol_name")?,
            data_centers: Labels::of(batch, "data_center")?,
            states: Labels::of(batch, "state")?,
            keys: OptionalLabels::of(batch, "api_key_hash"),
            ips: OptionalLabels::of(batch, "ip"),
            hosts: OptionalLabels::of(batch, "host"),
            users: OptionalTexts::of(batch, "user_id"),
            live: batch.column_by_name("is_live").and_then(|column| column.as_boolean_opt()),
            ids: read::texts(batch, "connection_id")?,
            times: read::instants(batch, "event_time")?,
            opened: read::instants(batch, "opened_at")?,
        })
    }

    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    pub fn tenant(&self, row: usize) -> &'a str {
        self.tenants.get(row)
    }

    pub fn get(&self, row: usize) -> Message<'a> {
        let at = self.times[row];
        Message {
            id: self.ids.value(row),
            project: self.projects.get(row),
            service: self.services.get(row),
            protocol: self.protocols.get(row),
            data_center: self.data_centers.get(row),
            at,
            opened: self.opened[row].min(at),
            state: State::from_name(self.states.get(row)).unwrap_or(State::Activity),
            key: self.keys.get(row),
            user: self.users.get(row),
            ip: self.ips.get(row),
            host: self.hosts.get(row),
            is_live: self.live.is_some_and(|live| live.is_valid(row) && live.value(row)),
        }
    }
}
