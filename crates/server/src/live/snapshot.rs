//! A project, or a whole tenant, at one moment, as a stream tells it each second.

use serde::Serialize;
use tidegauge_facts::Micros;
use tidegauge_store::View;
use utoipa::ToSchema;

use super::channel::Key;
use super::window::{Named, Window};

/// A project, or a whole tenant, right now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveSnapshot)]
pub struct Snapshot {
    /// The server's clock.
    #[schema(format = DateTime)]
    time: String,
    /// Connections that are open.
    open_connections: u64,
    /// Events that landed in the last second.
    events_per_second: f64,
    /// API requests that landed in the last second.
    requests_per_second: f64,
    /// The share of errors (400 and up) among the API requests that landed in the last 60 seconds; null without requests.
    #[schema(required)]
    error_rate: Option<f64>,
    /// Events ever.
    total_events: u64,
    /// The names of events that landed most often in the last 60 seconds, the most frequent first.
    #[schema(value_type = Vec<LiveName>, max_items = 10)]
    top_names: Vec<Named>,
}

/// A name of events, and how often it came.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described, never made")]
pub struct LiveName {
    name: String,
    count: u64,
}

impl Snapshot {
    pub(super) fn new(view: &View, key: &Key, window: &Window, now: Micros) -> Self {
        let gauges = view.gauges.tenant(key.tenant.as_str());
        let ledger = view.ledger.tenant(key.tenant.as_str());
        // As `project_analytics` and `tenant_analytics` have it.
        let (open_connections, total_events) = match &key.project {
            None => (ledger.map_or(0, |ledger| ledger.open()), gauges.map_or(0, |gauges| gauges.events)),
            Some(project) => (
                ledger.and_then(|ledger| ledger.project(project.as_str())).map_or(0, |project| project.open),
                gauges
                    .and_then(|gauges| gauges.project(project.as_str()))
                    .map_or(0, |project| project.events),
            ),
        };
        let (events, requests) = window.last();
        Self {
            time: now.to_millis_text(),
            open_connections,
            events_per_second: events as f64,
            requests_per_second: requests as f64,
            error_rate: window.error_rate(),
            total_events,
            top_names: Vec::new(),
        }
    }

    pub(super) fn with_names(self, window: &Window) -> Self {
        Self { top_names: window.top_names(), ..self }
    }
}
