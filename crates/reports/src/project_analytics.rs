//! A project right now (seed 000): open connections, events ever, the last sign of life.

use tidegauge_facts::{Micros, ProjectId, TenantId};
use tidegauge_store::View;

/// The report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectAnalytics {
    /// Connections open now.
    pub active_connections: u64,
    /// Events ever.
    pub total_events: u64,
    /// The newest event's or connection's own instant; none when there was none.
    pub last_activity: Option<Micros>,
}

/// The report for one project; `None` when the project has no fact.
#[must_use]
pub fn project_analytics(view: &View, tenant: &TenantId, project: &ProjectId) -> Option<ProjectAnalytics> {
    let gauges = view.gauges.tenant(tenant.as_str())?.project(project.as_str())?;
    let connections = view.ledger.tenant(tenant.as_str()).and_then(|ledger| ledger.project(project.as_str()));
    Some(ProjectAnalytics {
        active_connections: connections.map_or(0, |connections| connections.open),
        total_events: gauges.events,
        last_activity: gauges.last_activity.map(Micros),
    })
}

impl ProjectAnalytics {
    /// What is answered for a project that exists and has no fact yet.
    pub const EMPTY: Self = Self { active_connections: 0, total_events: 0, last_activity: None };
}
