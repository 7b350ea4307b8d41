//! Events of the last moments, by name (`throughput` of the projects family).

use std::collections::BTreeMap;

use tidegauge_facts::time::SECOND;
use tidegauge_facts::{Micros, ProjectId, TenantId};
use tidegauge_store::{Covered, Reader, StoreError};

use crate::event_scan::count_events;

/// The report.
#[derive(Debug, Clone, PartialEq)]
pub struct EventThroughput {
    /// Events whose own instant lies in the window.
    pub total_events: u64,
    /// Events a second, on average over the window.
    pub events_per_second: f64,
    /// Events by name.
    pub by_name: BTreeMap<Box<str>, u64>,
}

/// One project's events of the `window_ms` milliseconds before `now`: later than its start, not later than `now`.
///
/// # Errors
/// Something cannot be read.
pub fn event_throughput(
    store: &Reader<'_>,
    tenant: &TenantId,
    project: &ProjectId,
    window_ms: i64,
    now: Micros,
) -> Result<EventThroughput, StoreError> {
    let by_name = events_between(store, tenant, project, now.0 - window_ms * 1000 + 1, now.0 + 1)?;
    let total_events: u64 = by_name.values().sum();
    let seconds = window_ms as f64 / 1000.0;
    Ok(EventThroughput { total_events, events_per_second: total_events as f64 / seconds, by_name })
}

/// Events of a project of the last minute.
pub(crate) fn events_of_last_minute(
    store: &Reader<'_>,
    tenant: &TenantId,
    project: &ProjectId,
    now: Micros,
) -> Result<u64, StoreError> {
    Ok(events_between(store, tenant, project, now.0 - 60 * SECOND + 1, now.0 + 1)?.values().sum())
}

/// By whole buckets as far as they go, by the facts at the ends.
fn events_between(
    store: &Reader<'_>,
    tenant: &TenantId,
    project: &ProjectId,
    from: i64,
    to: i64,
) -> Result<BTreeMap<Box<str>, u64>, StoreError> {
    let (covered, snapshot) = store.look(|view| {
        let gauges = view.gauges.tenant(tenant.as_str()).and_then(|gauges| gauges.project(project.as_str()));
        let covered = gauges.map(|gauges| gauges.counts.between(from, to, view.gauges.horizon()));
        (covered, store.bounded(view.snapshot()))
    });
    let Some(covered) = covered else { return Ok(BTreeMap::new()) };
    let (mut by_name, gaps) = match covered {
        // With too many names for the buckets, only the facts tell them apart.
        Covered { unnamed: 1.., .. } => (BTreeMap::new(), [(from, to), (to, to)]),
        Covered { from: first, to: last, by_name, .. } => (by_name, [(from, first), (last, to)]),
    };
    for (from, to) in gaps {
        let span = (Micros(from), Micros(to));
        for (name, count) in count_events(&snapshot, tenant, Some(project), span)? {
            *by_name.entry(name).or_default() += count;
        }
    }
    Ok(by_name)
}
