//! Gauges: what is asked every second, kept as numbers: per tenant and per project.
//!
//! Promise: gauges are a pure function of the batches applied to them, in order. So the copy that the
//! commit thread keeps, the one in a checkpoint, and the one rebuilt after a crash agree.

use std::collections::{BTreeMap, HashMap};

use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};
use tidegauge_facts::connections::State;
use tidegauge_facts::{Micros, Table};

use crate::error::StoreError;
use crate::read::{self, Labels};

/// Hours that have not ended yet and are counted ahead for a tenant whose clients' clocks run ahead.
pub const MAX_HOURS_AHEAD: usize = 4096;
/// Closed connections remembered beyond the open ones, so that a late message does not reopen them.
const CLOSED_KEPT: usize = 1024;

/// All gauges.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Gauges {
    tenants: HashMap<Box<str>, TenantGauges>,
}

/// One tenant's gauges.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TenantGauges {
    /// Facts of all four tables.
    pub facts: u64,
    /// Of these, facts that stand in segments.
    pub flushed: u64,
    /// Events ever.
    pub events: u64,
    /// Events ever, per category.
    pub events_by_category: BTreeMap<Box<str>, u64>,
    /// Events per UTC hour (since the epoch) of their `event_time`, of today and of days to come.
    hours: BTreeMap<i64, u64>,
    /// Connections open now, of all projects.
    pub open_connections: u64,
    projects: HashMap<Box<str>, ProjectGauges>,
    connections: HashMap<Box<str>, ConnectionGauge>,
}

/// One project's gauges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectGauges {
    /// Events ever.
    pub events: u64,
    /// Connections open now.
    pub open_connections: u64,
    /// The newest event's or connection's instant, in microseconds.
    pub last_activity: Option<i64>,
}

/// What is known of one connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ConnectionGauge {
    project: Box<str>,
    at: i64,
    open: bool,
}

impl Gauges {
    /// One tenant's gauges, when it has any fact.
    #[must_use]
    pub fn tenant(&self, tenant: &str) -> Option<&TenantGauges> {
        self.tenants.get(tenant)
    }

    /// Counts a batch in.
    pub(crate) fn apply(&mut self, table: Table, batch: &RecordBatch) -> Result<(), StoreError> {
        let tenants = Labels::of(batch, "tenant_id")?;
        for (tenant, rows) in count_by_code(&tenants) {
            self.tenant_mut(tenant).facts += rows;
        }
        match table {
            Table::Events => self.apply_events(batch, &tenants),
            Table::Connections => self.apply_connections(batch, &tenants),
            Table::Sessions | Table::Requests => Ok(()),
        }
    }

    /// Notes that `rows` facts of a tenant have reached segments.
    pub(crate) fn flushed(&mut self, tenant: &str, rows: u64) {
        self.tenant_mut(tenant).flushed += rows;
    }

    /// Everything counted so far stands in segments: the state of a checkpoint.
    pub(crate) fn all_flushed(&mut self) {
        for tenant in self.tenants.values_mut() {
            tenant.flushed = tenant.facts;
        }
    }

    /// Drops the hours of days gone by, which nobody asks for.
    pub(crate) fn forget_past_days(&mut self, now: Micros) {
        let midnight = now.day() * 24;
        for tenant in self.tenants.values_mut() {
            if tenant.hours.first_key_value().is_some_and(|(hour, _)| *hour < midnight) {
                tenant.hours = tenant.hours.split_off(&midnight);
            }
        }
    }

    fn tenant_mut(&mut self, tenant: &str) -> &mut TenantGauges {
        if !self.tenants.contains_key(tenant) {
            self.tenants.insert(tenant.into(), TenantGauges::default());
        }
        self.tenants.entry(tenant.into()).or_default()
    }

    /// A batch holds few distinct (tenant, project, category, hour): rows are counted per run of equal
    /// ones, and the maps are touched once a run.
    fn apply_events(&mut self, batch: &RecordBatch, tenants: &Labels<'_>) -> Result<(), StoreError> {
        let projects = Labels::of(batch, "project_id")?;
        let categories = Labels::of(batch, "category")?;
        let times = read::instants(batch, "event_time")?;
        let received = read::instants(batch, "received_at")?;
        let mut groups: HashMap<(i32, i32, i32, i64), (u64, i64), ahash::RandomState> = HashMap::default();
        let mut last = None;
        for (row, (at, received)) in times.iter().zip(received).enumerate() {
            let at = Micros(*at);
            // An hour of a day gone by is never asked for: one bucket serves them all.
            let hour = if at.day() < Micros(*received).day() { i64::MIN } else { at.hour() };
            let key = (tenants.codes[row], projects.codes[row], categories.codes[row], hour);
            match &mut last {
                Some((last, count, newest)) if *last == key => {
                    *count += 1;
                    *newest = at.0.max(*newest);
                }
                _ => {
                    if let Some((key, count, newest)) = last.replace((key, 1, at.0)) {
                        add(&mut groups, key, count, newest);
                    }
                }
            }
        }
        if let Some((key, count, newest)) = last {
            add(&mut groups, key, count, newest);
        }
        for ((tenant, project, category, hour), (count, newest)) in groups {
            let tenant = self.tenant_mut(tenants.values.value(tenant as usize));
            tenant.events += count;
            *tenant
                .events_by_category
                .entry(categories.values.value(category as usize).into())
                .or_default() += count;
            tenant.count_hour(hour, count);
            let project = tenant.project_mut(projects.values.value(project as usize));
            project.events += count;
            project.last_activity = project.last_activity.max(Some(newest));
        }
        Ok(())
    }

    fn apply_connections(&mut self, batch: &RecordBatch, tenants: &Labels<'_>) -> Result<(), StoreError> {
        let projects = Labels::of(batch, "project_id")?;
        let states = Labels::of(batch, "state")?;
        let ids = read::texts(batch, "connection_id")?;
        let times = read::instants(batch, "event_time")?;
        for (row, at) in times.iter().enumerate() {
            let open = states.get(row) != State::Close.as_str()
                && read::optional_instant(batch, "closed_at", row).is_none();
            let version = ConnectionGauge { project: projects.get(row).into(), at: *at, open };
            self.tenant_mut(tenants.get(row)).apply_connection(ids.value(row), version);
        }
        Ok(())
    }
}

fn add<K: std::hash::Hash + Eq, S: std::hash::BuildHasher>(
    groups: &mut HashMap<K, (u64, i64), S>,
    key: K,
    count: u64,
    newest: i64,
) {
    let group = groups.entry(key).or_insert((0, i64::MIN));
    group.0 += count;
    group.1 = group.1.max(newest);
}

/// Rows per distinct text of a column.
pub(crate) fn count_by_code<'a>(labels: &Labels<'a>) -> Vec<(&'a str, u64)> {
    let mut counts = vec![0_u64; labels.values.iter().len()];
    for code in labels.codes {
        counts[*code as usize] += 1;
    }
    let values = labels.values;
    counts.into_iter().enumerate().filter(|(_, n)| *n > 0).map(|(i, n)| (values.value(i), n)).collect()
}

impl TenantGauges {
    /// One project's gauges, when it has any fact.
    #[must_use]
    pub fn project(&self, project: &str) -> Option<&ProjectGauges> {
        self.projects.get(project)
    }

    /// How many projects have a fact.
    #[must_use]
    pub fn project_count(&self) -> usize {
        self.projects.len()
    }

    /// Events whose `event_time` is in the UTC day of `now`.
    #[must_use]
    pub fn events_on_day_of(&self, now: Micros) -> u64 {
        let midnight = now.day() * 24;
        self.hours.range(midnight..midnight + 24).map(|(_, count)| count).sum()
    }

    /// Events whose `event_time` is in the UTC hour of `now`.
    #[must_use]
    pub fn events_in_hour_of(&self, now: Micros) -> u64 {
        self.hours.get(&now.hour()).copied().unwrap_or(0)
    }

    fn count_hour(&mut self, hour: i64, count: u64) {
        if hour == i64::MIN {
            return;
        }
        *self.hours.entry(hour).or_default() += count;
        if self.hours.len() > MAX_HOURS_AHEAD {
            self.hours.pop_last();
        }
    }

    fn project_mut(&mut self, project: &str) -> &mut ProjectGauges {
        if !self.projects.contains_key(project) {
            self.projects.insert(project.into(), ProjectGauges::default());
        }
        self.projects.entry(project.into()).or_default()
    }

    /// The newest version of a connection counts; of two at one instant, the one that closes.
    fn apply_connection(&mut self, id: &str, version: ConnectionGauge) {
        let project = self.project_mut(&version.project);
        project.last_activity = project.last_activity.max(Some(version.at));
        let known = self.connections.get(id);
        if known.is_some_and(|known| known.at > version.at || known.at == version.at && !known.open) {
            return;
        }
        if let Some(known) = self.connections.remove(id)
            && known.open
        {
            self.open_connections -= 1;
            self.project_mut(&known.project).open_connections -= 1;
        }
        if version.open {
            self.open_connections += 1;
            self.project_mut(&version.project).open_connections += 1;
        }
        self.connections.insert(id.into(), version);
        self.forget_closed_connections();
    }

    fn forget_closed_connections(&mut self) {
        if self.connections.len() as u64 > 2 * self.open_connections + 2 * CLOSED_KEPT as u64 {
            let mut closed: Vec<i64> = self.connections.values().filter(|c| !c.open).map(|c| c.at).collect();
            closed.sort_unstable();
            let oldest_kept = closed[closed.len().saturating_sub(CLOSED_KEPT)];
            self.connections.retain(|_, connection| connection.open || connection.at >= oldest_kept);
        }
    }
}
