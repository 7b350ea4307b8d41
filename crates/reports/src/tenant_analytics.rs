//! A whole tenant right now: connections, the day's peak, events (`analytics` of the projects family).

use tidegauge_facts::time::{DAY, SECOND};
use tidegauge_facts::{Micros, ProjectId, TenantId};
use tidegauge_store::{Reader, StoreError};

use crate::event_scan::count_events;
use crate::event_throughput::events_of_last_minute;

/// The report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantAnalytics {
    /// Connections open now.
    pub active_connections: u64,
    /// The highest number open at once since the UTC day began.
    pub peak_connections: u64,
    /// Events ever.
    pub total_events: u64,
    /// Events of the last 60 seconds, by their own instants.
    pub events_per_minute: u64,
}

/// The report for a tenant, or for one project of it.
///
/// # Errors
/// Something cannot be read.
pub fn tenant_analytics(
    store: &Reader<'_>,
    tenant: &TenantId,
    project: Option<&ProjectId>,
    now: Micros,
) -> Result<TenantAnalytics, StoreError> {
    let (active_connections, peak_connections, total_events) = store.look(|view| {
        let gauges = view.gauges.tenant(tenant.as_str());
        let ledger = view.ledger.tenant(tenant.as_str());
        let (total, open, peaks) = match project {
            None => (
                gauges.map_or(0, |gauges| gauges.events),
                ledger.map_or(0, |ledger| ledger.open()),
                ledger.map(|ledger| ledger.peaks()),
            ),
            Some(project) => {
                let gauges = gauges.and_then(|gauges| gauges.project(project.as_str()));
                let ledger = ledger.and_then(|ledger| ledger.project(project.as_str()));
                (
                    gauges.map_or(0, |gauges| gauges.events),
                    ledger.map_or(0, |ledger| ledger.open),
                    ledger.map(|ledger| &ledger.peaks),
                )
            }
        };
        let peak = peaks.and_then(|peaks| peaks.highest(now.day() * DAY, DAY, 1).first().copied());
        (open, u64::from(peak.unwrap_or(0)), total)
    });
    let events_per_minute = match project {
        None => events_of_last_minute_of_all(store, tenant, now)?,
        Some(project) => events_of_last_minute(store, tenant, project, now)?,
    };
    Ok(TenantAnalytics { active_connections, peak_connections, total_events, events_per_minute })
}

fn events_of_last_minute_of_all(
    store: &Reader<'_>,
    tenant: &TenantId,
    now: Micros,
) -> Result<u64, StoreError> {
    let (from, to) = (now.0 - 60 * SECOND + 1, now.0 + 1);
    let (first, last) = ((from + SECOND - 1).div_euclid(SECOND), to.div_euclid(SECOND));
    let (whole, snapshot) = store.look(|view| {
        let gauges = view.gauges.tenant(tenant.as_str());
        (gauges.map_or(0, |gauges| gauges.events_in_seconds(first, last)), store.bounded(view.snapshot()))
    });
    let mut count = whole;
    for (from, to) in [(from, first * SECOND), (last * SECOND, to)] {
        let ends = count_events(&snapshot, tenant, None, (Micros(from), Micros(to)))?;
        count += ends.values().sum::<u64>();
    }
    Ok(count)
}
