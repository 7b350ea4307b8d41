//! Gauges: what is asked every second, kept as numbers: per tenant and per project.
//!
//! Promise: gauges are a pure function of the batches applied to them, in order. So the copy that the
//! commit thread keeps, the one in a checkpoint, and the one rebuilt after a crash agree.

mod event_counts;
mod event_tally;

use std::collections::{BTreeMap, HashMap};

use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};
use tidegauge_facts::time::SECOND;
use tidegauge_facts::{Micros, Table};

use crate::error::StoreError;
use crate::read::{self, Labels};

pub use event_counts::{Covered, EventCounts, Horizon, MAX_AHEAD, MAX_NAMES};
use event_tally::{EventBatch, Tally};

/// Hours that have not ended yet and are counted ahead for a tenant whose clients' clocks run ahead.
pub const MAX_HOURS_AHEAD: usize = 4096;
/// Seconds are counted for so long, in seconds.
const SECONDS_KEPT: i64 = 130;

/// All gauges.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Gauges {
    tenants: HashMap<Box<str>, TenantGauges>,
    horizon: Horizon,
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
    /// Events of all projects per second of the last minutes.
    seconds: BTreeMap<i64, u64>,
    projects: HashMap<Box<str>, ProjectGauges>,
}

/// One project's gauges.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectGauges {
    /// Events ever.
    pub events: u64,
    /// The newest event's or connection's instant, in microseconds.
    pub last_activity: Option<i64>,
    /// Events by time.
    pub counts: EventCounts,
}

impl Gauges {
    /// One tenant's gauges, when it has any fact.
    #[must_use]
    pub fn tenant(&self, tenant: &str) -> Option<&TenantGauges> {
        self.tenants.get(tenant)
    }

    /// From when on which buckets are kept.
    #[must_use]
    pub fn horizon(&self) -> &Horizon {
        &self.horizon
    }

    /// Counts a batch in.
    pub(crate) fn apply(&mut self, table: Table, batch: &RecordBatch) -> Result<(), StoreError> {
        let tenants = Labels::of(batch, "tenant_id")?;
        for (tenant, rows) in count_by_code(&tenants) {
            self.tenant_mut(tenant).facts += rows;
        }
        match table {
            Table::Events => self.apply_events(&EventBatch::of(batch)?),
            Table::Connections => self.apply_connections(batch, &tenants),
            Table::Sessions | Table::Requests => self.apply_projects(batch, &tenants),
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

    /// Drops the buckets that nobody asks for any more.
    pub(crate) fn forget_the_past(&mut self, now: Micros) {
        let midnight = now.day() * 24;
        self.horizon = self.horizon.at(now);
        let since = now.0 / SECOND - SECONDS_KEPT;
        for tenant in self.tenants.values_mut() {
            if tenant.hours.first_key_value().is_some_and(|(hour, _)| *hour < midnight) {
                tenant.hours = tenant.hours.split_off(&midnight);
            }
            if tenant.seconds.first_key_value().is_some_and(|(second, _)| *second < since) {
                tenant.seconds = tenant.seconds.split_off(&since);
            }
            for project in tenant.projects.values_mut() {
                project.counts.forget_before(&self.horizon);
            }
        }
    }

    fn tenant_mut(&mut self, tenant: &str) -> &mut TenantGauges {
        if !self.tenants.contains_key(tenant) {
            self.tenants.insert(tenant.into(), TenantGauges::default());
        }
        self.tenants.entry(tenant.into()).or_default()
    }

    fn apply_events(&mut self, batch: &EventBatch<'_>) -> Result<(), StoreError> {
        let horizon = self.horizon;
        batch.tally(|tally| {
            let tenant = self.tenant_mut(batch.tenants.values.value(tally.tenant as usize));
            tenant.count(batch, tally, &horizon);
        });
        Ok(())
    }

    /// A connection is a sign of life of its project; all else about it is the ledger's.
    fn apply_connections(&mut self, batch: &RecordBatch, tenants: &Labels<'_>) -> Result<(), StoreError> {
        let projects = Labels::of(batch, "project_id")?;
        for (row, at) in read::instants(batch, "event_time")?.iter().enumerate() {
            let project = self.tenant_mut(tenants.get(row)).project_mut(projects.get(row));
            project.last_activity = project.last_activity.max(Some(*at));
        }
        Ok(())
    }

    /// A project comes into being by its first fact, whatever that is of.
    fn apply_projects(&mut self, batch: &RecordBatch, tenants: &Labels<'_>) -> Result<(), StoreError> {
        let projects = Labels::of(batch, "project_id")?;
        let mut before = None;
        for (row, codes) in tenants.codes.iter().zip(projects.codes).enumerate() {
            // Rows of one project mostly come together.
            if before.replace(codes) != Some(codes) {
                self.tenant_mut(tenants.get(row)).project_mut(projects.get(row));
            }
        }
        Ok(())
    }
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

    /// The projects that have a fact, in no order.
    pub fn projects(&self) -> impl Iterator<Item = &str> {
        self.projects.keys().map(|project| &**project)
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

    /// Events of the whole seconds from `from` to `to`, excluded, since 1970; of the last two minutes.
    #[must_use]
    pub fn events_in_seconds(&self, from: i64, to: i64) -> u64 {
        self.seconds.range(from..to.max(from)).map(|(_, count)| count).sum()
    }

    fn count_hour(&mut self, hour: i64, count: u64) {
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

    fn count(&mut self, batch: &EventBatch<'_>, tally: Tally, horizon: &Horizon) {
        self.events += tally.events;
        for (category, count) in tally.categories.into_counts() {
            let category = batch.categories.values.value(category).into();
            *self.events_by_category.entry(category).or_default() += count;
        }
        let at = Micros(tally.second * SECOND);
        // An hour of a day gone by is never asked for.
        if at.day() >= tally.received.day() {
            self.count_hour(at.hour(), tally.events);
        }
        if at.0 >= tally.received.0 - SECONDS_KEPT * SECOND && at.0 <= tally.received.0 + MAX_AHEAD {
            *self.seconds.entry(tally.second).or_default() += tally.events;
        }
        let project = self.project_mut(batch.projects.values.value(tally.project as usize));
        project.events += tally.events;
        project.last_activity = project.last_activity.max(Some(tally.newest));
        let names = tally.names.into_counts().into_iter();
        let names = names.map(|(code, count)| (batch.names.values.value(code), count));
        project.counts.add(tally.second, tally.received, names, horizon);
    }
}
