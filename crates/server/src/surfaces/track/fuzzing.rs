//! The fuzz target of the intake's two parsers.

use super::event::TrackEvent;
use super::strict::{strict_batch, strict_single};
use super::wire::{parse_batch, parse_single};
use crate::fuzzing::answered;
use crate::validation::{json, json_text};

/// A body: what the good path takes, the strict one takes alike; what is refused is told in JSON.
pub fn track(data: &[u8]) {
    const JSON: Option<&str> = Some("application/json");
    let strict = strict_single(data, JSON).inspect_err(|error| _ = answered(error));
    if let Some(event) = parse_single(data) {
        assert_eq!(Some(plain(event)), strict.ok().map(plain), "both read the same event");
    }
    let strict = strict_batch(data, JSON).and_then(|batch| batch.all_or_nothing());
    let strict = strict.inspect_err(|error| _ = answered(error));
    if let Some(events) = parse_batch(data) {
        let events: Vec<_> = events.into_iter().map(plain).collect();
        let strict = strict.ok().map(|events| events.into_iter().map(plain).collect::<Vec<_>>());
        assert_eq!(Some(events), strict, "both read the same events");
    }
}

/// The event with its properties in compact form, so that white space and escapes do not count as differences.
fn plain(event: TrackEvent<'_>) -> TrackEvent<'_> {
    let properties = json::parse(&event.properties).map(|value| json_text::compact(&value));
    assert!(properties.is_ok(), "properties are JSON");
    TrackEvent { properties: properties.unwrap_or_default().into(), ..event }
}
