//! A tenant's events in numbers, and the ingest buffer as it is (seed 003's `stats`).

use std::collections::BTreeMap;

use tidegauge_facts::{Micros, TenantId};
use tidegauge_store::View;

/// The report. Every number is the tenant's own: another's traffic does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventStats {
    /// Events ever.
    pub total_events: u64,
    /// Events ever, per category that has any.
    pub events_by_category: BTreeMap<Box<str>, u64>,
    /// Events whose `event_time` is in the current UTC day.
    pub events_today: u64,
    /// Events whose `event_time` is in the current UTC hour.
    pub events_this_hour: u64,
    /// Facts held in memory.
    pub facts_in_memory: u64,
    /// Facts in no segment yet.
    pub facts_pending: u64,
    /// Facts written to segments since the store was created.
    pub facts_flushed: u64,
    /// When segments were last written, or the store was created.
    pub last_flush: Micros,
}

/// The report as of `now`.
#[must_use]
pub fn event_stats(view: &View, tenant: &TenantId, now: Micros) -> EventStats {
    let gauges = view.gauges.tenant(tenant.as_str());
    EventStats {
        total_events: gauges.map_or(0, |gauges| gauges.events),
        events_by_category: gauges.map(|gauges| gauges.events_by_category.clone()).unwrap_or_default(),
        events_today: gauges.map_or(0, |gauges| gauges.events_on_day_of(now)),
        events_this_hour: gauges.map_or(0, |gauges| gauges.events_in_hour_of(now)),
        facts_in_memory: view.hot.resident_facts_of(tenant.as_str()),
        facts_pending: gauges.map_or(0, |gauges| gauges.facts - gauges.flushed),
        facts_flushed: gauges.map_or(0, |gauges| gauges.flushed),
        last_flush: view.manifest.last_flush,
    }
}
