//! The fuzz targets of the messages about connections, and of what the reports are asked with.

use tidegauge_facts::Micros;

use super::key_mask::{API_KEY, mask_keys};
use super::message::{CONNECTIONS, read_messages};
use super::parameters::{self, MAX_LIMIT};
use crate::fuzzing::answered;
use crate::query::Query;
use crate::validation::body;
use crate::validation::json::Json;

/// A body: what is taken can be told to the intake, what is refused is told in JSON, and no key is left to be told.
pub fn connections(data: &[u8]) {
    const JSON: Option<&str> = Some("application/json");
    match read_messages(data, JSON) {
        Ok(batch) => match batch.all_or_nothing() {
            Ok(messages) => {
                for message in &messages {
                    let told = message.as_told();
                    assert!(!told.connection_id.is_empty());
                    assert!(told.api_key_hash.is_none_or(|hash| hash.len() == 64));
                }
            }
            Err(error) => _ = answered(&error),
        },
        Err(error) => _ = answered(&error),
    }
    if let Ok(mut value) = body::read(data, JSON) {
        mask_keys(&mut value, CONNECTIONS);
        assert!(is_masked(&value), "no key is left");
    }
}

fn is_masked(value: &Json<'_>) -> bool {
    match value {
        Json::List(items) => items.iter().all(is_masked),
        Json::Dict(pairs) => pairs.iter().all(|(name, value)| match value {
            _ if name.text != API_KEY => is_masked(value),
            Json::Str(key) => key.text.chars().all(|c| c == '*' || c.is_ascii_control()),
            other => matches!(other, Json::Null | Json::Int("0")),
        }),
        _ => true,
    }
}

/// A query of the reports.
pub fn report_query(query: Query<'_>) {
    let now = Micros(1_800_000_000_000_000);
    let summary = parameters::summary(query, now);
    if let Ok(filter) = parameters::list(query, now) {
        assert!((1..=MAX_LIMIT).contains(&filter.limit));
        assert!(summary.is_ok(), "what a list is asked with holds what a summary is");
    }
    if let Ok(filter) = parameters::events(query, now) {
        assert!((1..=MAX_LIMIT).contains(&filter.limit));
    }
}
