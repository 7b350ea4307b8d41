//! What the `track` surface answers: the seed's bodies.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Serialize;
use tidegauge_facts::Micros;
use tidegauge_reports::event_stats::EventStats;
use tidegauge_store::{Health, Options};
use utoipa::ToSchema;

use crate::intake::events::Receipt;
use crate::validation::batch::stored_sentence;
use crate::validation::error::ErrorDetail;

/// The answer to one event.
#[derive(Serialize, ToSchema)]
#[schema(as = EventStored)]
pub(super) struct TrackAnswer {
    success: bool,
    event_id: String,
    message: &'static str,
    #[schema(format = DateTime)]
    timestamp: String,
}

impl TrackAnswer {
    pub fn new(receipt: Receipt) -> Self {
        let message = if receipt.repeated > 0 { "Event was already stored" } else { "Event stored" };
        let timestamp = receipt.received_at.to_micros_text();
        Self { success: true, event_id: receipt.first_id, message, timestamp }
    }
}

/// The answer to a batch.
#[derive(Serialize, ToSchema)]
#[schema(as = EventBatchStored)]
pub(super) struct BatchAnswer {
    success: bool,
    events_received: usize,
    events_queued: usize,
    events_failed: usize,
    message: String,
    #[schema(format = DateTime)]
    timestamp: String,
    /// With `Prefer: handling=lenient` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<crate::validation::described::ErrorDetail>>, nullable = false)]
    errors: Option<Vec<ErrorDetail>>,
}

impl BatchAnswer {
    /// Every event was good.
    pub fn all_good(receipt: &Receipt) -> Self {
        Self::new(Some(receipt), 0, None)
    }

    /// Some events may have been bad; `receipt` is missing when all were.
    pub fn lenient(receipt: Option<&Receipt>, failed: usize, errors: Vec<ErrorDetail>) -> Self {
        Self::new(receipt, failed, Some(errors))
    }

    fn new(receipt: Option<&Receipt>, failed: usize, errors: Option<Vec<ErrorDetail>>) -> Self {
        let (stored, repeated) = receipt.map_or((0, 0), |receipt| (receipt.stored, receipt.repeated));
        Self {
            success: stored + repeated > 0,
            events_received: stored + repeated + failed,
            events_queued: stored + repeated,
            events_failed: failed,
            message: stored_sentence("events", stored, repeated, failed),
            timestamp: receipt.map_or_else(Micros::now, |receipt| receipt.received_at).to_micros_text(),
            errors,
        }
    }
}

/// The answer to `stats`.
#[derive(Serialize, ToSchema)]
#[schema(as = EventStats)]
pub(super) struct StatsAnswer {
    total_events: u64,
    #[schema(value_type = BTreeMap<String, u64>)]
    events_by_category: BTreeMap<Box<str>, u64>,
    events_today: u64,
    events_this_hour: u64,
    buffer_status: BufferStatus,
}

#[derive(Serialize, ToSchema)]
struct BufferStatus {
    buffer_size: u64,
    max_buffer_size: u64,
    flush_interval_seconds: u64,
    #[schema(format = DateTime)]
    last_flush: String,
    events_pending: u64,
    events_flushed_total: u64,
}

impl StatsAnswer {
    pub fn new(stats: EventStats, options: &Options) -> Self {
        Self {
            total_events: stats.total_events,
            events_by_category: stats.events_by_category,
            events_today: stats.events_today,
            events_this_hour: stats.events_this_hour,
            buffer_status: BufferStatus {
                buffer_size: stats.facts_in_memory,
                max_buffer_size: tidegauge_store::MAX_RESIDENT_FACTS,
                flush_interval_seconds: options.flush_interval.as_secs(),
                last_flush: stats.last_flush.to_micros_text(),
                events_pending: stats.facts_pending,
                events_flushed_total: stats.facts_flushed,
            },
        }
    }
}

/// The answer to `health`.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreHealth)]
pub(super) struct HealthAnswer {
    /// `healthy`, `degraded` (something is damaged or cannot be written aside) or `unavailable`.
    status: &'static str,
    version: &'static str,
    uptime_seconds: u64,
    checks: HealthChecks,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StoreChecks)]
struct HealthChecks {
    accepts_writes: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refuses_because: Option<String>,
    #[schema(format = DateTime, required)]
    last_write: Option<String>,
    free_disk_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    commit_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    flush_error: Option<String>,
    damaged_segments: Vec<String>,
    damaged_logs: Vec<String>,
}

impl HealthAnswer {
    pub fn new(health: Health, uptime_seconds: u64) -> (StatusCode, Self) {
        let is_degraded = health.flush_error.is_some()
            || !health.damaged_segments.is_empty()
            || !health.damaged_logs.is_empty();
        let (code, status) = match (health.refuses, is_degraded) {
            (Some(_), _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            (None, true) => (StatusCode::OK, "degraded"),
            (None, false) => (StatusCode::OK, "healthy"),
        };
        let checks = HealthChecks {
            accepts_writes: health.refuses.is_none(),
            refuses_because: health.refuses.map(|refused| refused.to_string()),
            last_write: health.last_write.map(Micros::to_micros_text),
            free_disk_bytes: health.free_bytes,
            commit_error: health.commit_error,
            flush_error: health.flush_error,
            damaged_segments: health.damaged_segments,
            damaged_logs: health.damaged_logs.into_iter().map(|damage| damage.file).collect(),
        };
        (code, Self { status, version: env!("CARGO_PKG_VERSION"), uptime_seconds, checks })
    }
}
