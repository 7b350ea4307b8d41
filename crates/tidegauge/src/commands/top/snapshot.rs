//! What a stream says each second.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A server, or a project of it, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// RFC 3339.
    pub time: String,
    pub open_connections: u64,
    pub events_per_second: f64,
    pub requests_per_second: f64,
    /// Of the requests of the last minute; none when there were none.
    pub error_rate: Option<f64>,
    pub total_events: u64,
    /// The most frequent names of the last minute.
    pub top_names: Vec<NameCount>,
}

/// How often an event came.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NameCount {
    pub name: String,
    pub count: u64,
}

/// An event, as the feed shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedLine {
    pub time: String,
    pub name: String,
    pub category: String,
    pub project: String,
    /// Where it happened, or who did it.
    pub more: String,
}

impl FeedLine {
    /// What the feed shows of an event's row.
    pub fn of(event: &Value) -> Self {
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        let time = text("event_time").split_once('T').map_or("", |(_, time)| time);
        let page = text("page_url");
        let page = page.split_once("://").map_or(page, |(_, rest)| rest);
        let parts = [text("country"), page, text("space_id"), text("product_id"), text("user_id")];
        Self {
            time: time.get(..8).unwrap_or(time).to_owned(),
            name: text("event_name").to_owned(),
            category: text("category").to_owned(),
            project: text("project_id").to_owned(),
            more: parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  "),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_snapshot_is_read_with_and_without_an_error_rate_and_with_more_than_is_known() {
        let read = |text: &str| serde_json::from_str::<Snapshot>(text).unwrap();
        let snapshot = read(
            r#"{"time":"2026-11-21T10:00:00.000Z","open_connections":3,"events_per_second":12.0,
            "requests_per_second":4,"error_rate":null,"total_events":1234,"more":1,
            "top_names":[{"name":"page_view","count":120}]}"#,
        );
        assert_eq!((snapshot.open_connections, snapshot.requests_per_second), (3, 4.0));
        assert_eq!((snapshot.error_rate, &*snapshot.top_names[0].name), (None, "page_view"));
        assert_eq!(read(r#"{"error_rate":0.25}"#).error_rate, Some(0.25));
    }

    #[test]
    fn a_line_of_the_feed_shows_what_an_event_has() {
        let line = FeedLine::of(&json!({
            "event_time": "2026-11-21T10:00:05.123Z", "event_name": "page_view", "project_id": "shop",
            "page_url": "https://shop.example/sale", "country": "DE",
        }));
        assert_eq!((&*line.time, &*line.more), ("10:00:05", "DE  shop.example/sale"));
        assert_eq!(FeedLine::of(&json!({"event_time": 5, "event_name": []})), FeedLine::default());
        assert_eq!(FeedLine::of(&json!({"event_time": "Té"})).time, "é");
    }
}
