//! What the `projects` surface answers, in the words of the platform's own client (`mudbase`), whose models are
//! `GetProjectAnalytics200Response`, `GetGlobalAnalytics200Response` and so on. Counts are whole
//! numbers: the client refuses `7.0`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use tidegauge_facts::{Micros, ProjectId};
use tidegauge_reports::active_users::ActiveUsers;
use tidegauge_reports::event_throughput::EventThroughput;
use tidegauge_reports::project_analytics::ProjectAnalytics;
use tidegauge_reports::project_history::Bucket;
use tidegauge_reports::tenant_analytics::TenantAnalytics;
use tidegauge_reports::user_presence::Presence;
use utoipa::ToSchema;

/// A project right now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProjectAnalytics)]
pub(super) struct ProjectAnswer {
    project_id: String,
    active_connections: u64,
    total_events: u64,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_activity: Option<Instant>,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Instant,
}

impl ProjectAnswer {
    pub fn new(project: &ProjectId, report: ProjectAnalytics, now: Micros) -> Self {
        Self {
            project_id: project.to_string(),
            active_connections: report.active_connections,
            total_events: report.total_events,
            last_activity: report.last_activity.map(Instant),
            timestamp: Instant(now),
        }
    }
}

/// A tenant right now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantAnalytics)]
pub(super) struct TenantAnswer {
    active_connections: u64,
    peak_connections: u64,
    total_events: u64,
    events_per_minute: u64,
}

impl From<TenantAnalytics> for TenantAnswer {
    fn from(report: TenantAnalytics) -> Self {
        let TenantAnalytics { active_connections, peak_connections, total_events, events_per_minute } =
            report;
        Self { active_connections, peak_connections, total_events, events_per_minute }
    }
}

/// A project over time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProjectHistory)]
pub(super) struct HistoryAnswer {
    project_id: String,
    period: &'static str,
    data: Vec<HistoryBucket>,
    #[schema(value_type = String, format = DateTime)]
    generated_at: Instant,
}

#[derive(Debug, Serialize, ToSchema)]
struct HistoryBucket {
    #[schema(value_type = String, format = DateTime)]
    timestamp: Instant,
    connections: u32,
    events: u64,
}

impl HistoryAnswer {
    pub fn new(project: &ProjectId, period: &'static str, buckets: Vec<Bucket>, now: Micros) -> Self {
        let data = buckets.into_iter().map(|bucket| HistoryBucket {
            timestamp: Instant(bucket.start),
            connections: bucket.connections,
            events: bucket.events,
        });
        Self { project_id: project.to_string(), period, data: data.collect(), generated_at: Instant(now) }
    }
}

/// The events of a window.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventThroughput)]
pub(super) struct ThroughputAnswer {
    window_ms: i64,
    total_events: u64,
    events_per_second: f64,
    #[schema(value_type = BTreeMap<String, u64>)]
    by_type: BTreeMap<Box<str>, u64>,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Instant,
}

impl ThroughputAnswer {
    pub fn new(window_ms: i64, report: EventThroughput, now: Micros) -> Self {
        Self {
            window_ms,
            total_events: report.total_events,
            events_per_second: report.events_per_second,
            by_type: report.by_name,
            timestamp: Instant(now),
        }
    }
}

/// The users who are connected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActiveUsers)]
pub(super) struct ActiveUsersAnswer {
    users: Vec<ActiveUserAnswer>,
    count: u64,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Instant,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ActiveUser)]
struct ActiveUserAnswer {
    #[schema(value_type = String)]
    user_id: Arc<str>,
    #[schema(value_type = String, format = DateTime)]
    connected_at: Instant,
    #[schema(value_type = String)]
    socket_id: Box<str>,
}

impl ActiveUsersAnswer {
    pub fn new(report: ActiveUsers, now: Micros) -> Self {
        let users = report.users.into_iter().map(|user| ActiveUserAnswer {
            user_id: user.user,
            connected_at: Instant(user.connected_at),
            socket_id: user.connection,
        });
        Self { users: users.collect(), count: report.count, timestamp: Instant(now) }
    }
}

/// Whether users are connected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Presence)]
pub(super) struct PresenceAnswer {
    presence: BTreeMap<String, UserPresence>,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Instant,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UserPresence {
    online: bool,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_seen: Option<Instant>,
}

impl PresenceAnswer {
    pub fn new(users: impl Iterator<Item = (String, Presence)>, now: Micros) -> Self {
        let presence = users.map(|(user, presence)| {
            let last_seen = presence.last_seen.map(Instant);
            (user, UserPresence { online: presence.is_online, last_seen })
        });
        Self { presence: presence.collect(), timestamp: Instant(now) }
    }
}

/// An instant as `2024-01-15T10:00:00.000Z`.
#[derive(Debug, Clone, Copy)]
struct Instant(Micros);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_millis_text())
    }
}
