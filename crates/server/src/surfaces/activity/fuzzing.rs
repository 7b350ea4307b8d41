//! The fuzz targets of the intake's two parsers, and of what the reports are asked with.

use tidegauge_facts::Micros;
use tidegauge_facts::limits::{MAX_BATCH_REQUESTS, MAX_REQUEST_MILLIS, MAX_TAGS};

use super::model::strict_batch;
use super::parameters::{Parameters, days};
use super::wire::parse_batch;
use crate::fuzzing::answered;
use crate::query::Query;

/// A body: what the good path takes, the strict one takes alike; what is refused is told in JSON.
pub fn activity(data: &[u8]) {
    let strict = strict_batch(data, Some("application/json")).and_then(|batch| batch.all_or_nothing());
    let strict = strict.inspect_err(|error| _ = answered(error));
    if let Some(requests) = parse_batch(data) {
        assert_eq!(Some(&requests), strict.as_ref().ok(), "both read the same requests");
    }
    let Ok(requests) = strict else { return };
    assert!((1..=MAX_BATCH_REQUESTS).contains(&requests.len()));
    for request in requests {
        let tags = request.tag_texts();
        let row = request.to_row("t", "p", &tags, Micros(0));
        assert!(!row.api_id.is_empty() && !row.path.is_empty() && tags.len() <= MAX_TAGS);
        assert!(row.request_time.is_none_or(|millis| (0..=MAX_REQUEST_MILLIS).contains(&millis)));
    }
}

/// A query of the reports.
pub fn report_query(query: Query<'_>) {
    if let Ok(parameters) = Parameters::of(query) {
        assert!(parameters.tags.len() <= MAX_TAGS);
    }
}

/// The days in a report's path.
pub fn report_path(text: &str) {
    let mut parts = text.split('/').map(str::to_owned);
    let parts: [String; 6] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    if let Ok((first, last)) = days(&parts) {
        assert!(first <= last);
    }
}
