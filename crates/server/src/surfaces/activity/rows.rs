//! What a report answers: seed 004's rows, field by field.

use bytes::Bytes;
use serde::{Serialize, Serializer};
use tidegauge_facts::Micros;
use tidegauge_reports::request_activity::{ActivityRow, Bucket, Group, Subject};
use utoipa::ToSchema;

/// The answer to a report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivityReport)]
pub(super) struct ActivityAnswer {
    data: Vec<RowAnswer>,
    pages: usize,
}

impl ActivityAnswer {
    /// Of rows in order. What their buckets are, and what their labels name, is the question's.
    pub fn new(rows: Vec<ActivityRow>, pages: usize, subject: &Subject, bucket: Option<Bucket>) -> Self {
        let data = rows.into_iter().map(|row| RowAnswer::new(row, subject, bucket)).collect();
        Self { data, pages }
    }

    /// The answer as it is sent.
    ///
    /// # Errors
    /// None is known: its names are texts and its numbers finite.
    pub fn to_json(&self) -> serde_json::Result<Bytes> {
        serde_json::to_vec(self).map(Bytes::from)
    }

    /// Nothing was found.
    pub fn empty() -> Self {
        Self { data: Vec::new(), pages: 0 }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivityRow)]
struct RowAnswer {
    id: RowId,
    hits: u64,
    success: u64,
    error: u64,
    #[schema(format = DateTime)]
    last_hit: String,
    #[schema(value_type = f64)]
    request_time: Mean,
    #[schema(value_type = f64)]
    latency: Mean,
    #[schema(value_type = f64)]
    upstream_latency: Mean,
    max_upstream_latency: u64,
    min_upstream_latency: u64,
    max_latency: u64,
    min_latency: u64,
}

/// What a row is about. What its report does not tell apart is empty, or 0.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ActivityRowId)]
struct RowId {
    day: i8,
    month: i8,
    year: i16,
    hour: i8,
    code: i64,
    #[schema(value_type = String)]
    path: Box<str>,
    #[schema(value_type = String)]
    key: Box<str>,
    #[schema(value_type = String)]
    alias: Box<str>,
    url: &'static str,
    iso_country: &'static str,
    #[schema(value_type = String)]
    api_id: Box<str>,
    #[schema(value_type = String)]
    api_name: Box<str>,
}

impl RowAnswer {
    fn new(
        ActivityRow { group, label, measure }: ActivityRow,
        subject: &Subject,
        bucket: Option<Bucket>,
    ) -> Self {
        let mean = |sum| Mean { sum, hits: measure.hits };
        Self {
            id: RowId::new(group, label, subject, bucket),
            hits: measure.hits,
            success: measure.success,
            error: measure.errors,
            last_hit: Micros(measure.last_hit).to_millis_text(),
            request_time: mean(measure.request_time),
            latency: mean(measure.latency),
            upstream_latency: mean(measure.upstream),
            max_upstream_latency: measure.max_upstream,
            min_upstream_latency: measure.min_upstream,
            max_latency: measure.max_latency,
            min_latency: measure.min_latency,
        }
    }
}

impl RowId {
    fn new(group: Group, label: Box<str>, subject: &Subject, bucket: Option<Bucket>) -> Self {
        let mut id =
            Self { code: group.code, path: group.path, key: group.key, api_id: group.api, ..Self::default() };
        match subject {
            Subject::Keys => id.alias = label,
            _ => id.api_name = label,
        }
        if let (Some(bucket), Some(start)) = (bucket, group.bucket) {
            let start = Micros(start).calendar();
            (id.year, id.month) = (start.year, start.month);
            if bucket != Bucket::Month {
                id.day = start.day;
            }
            if bucket == Bucket::Hour {
                id.hour = start.hour;
            }
        }
        id
    }
}

/// A mean of whole numbers: a whole number where it is one, else the nearest `f64`.
#[derive(Debug)]
struct Mean {
    sum: u64,
    hits: u64,
}

impl Serialize for Mean {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Without hits there is no row.
        let hits = self.hits.max(1);
        if self.sum.is_multiple_of(hits) {
            serializer.serialize_u64(self.sum / hits)
        } else {
            // Milliseconds add up to 2^53 after 285,000 years, so neither number is rounded.
            serializer.serialize_f64(self.sum as f64 / hits as f64)
        }
    }
}
