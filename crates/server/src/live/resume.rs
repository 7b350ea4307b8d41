//! What a reader who comes back has missed, read from what is committed and in no segment yet.

use tidegauge_facts::Table;
use tidegauge_store::{Snapshot, StoreError};

use super::arrivals::Streams;
use super::channel::{Key, told};
use super::event_text::EventTexts;
use super::position::{Ids, Position};
use super::ring::Wanted;

/// Events that are looked up for a reader who comes back.
pub const MAX_RESUMED_EVENTS: usize = 1000;
/// Bytes of their text, about.
pub const MAX_RESUMED_BYTES: usize = 256 * 1024;

/// The events after one place up to another; `None` when they are not all kept, or are too many.
pub(super) fn events_between(
    snapshot: &Snapshot,
    key: &Key,
    wanted: &Wanted,
    known: Position,
    until: Position,
) -> Result<Option<String>, StoreError> {
    // Of the batch that the reader knows in part the rest is wanted too.
    let before = if known.row == u32::MAX { known.sequence } else { known.sequence.saturating_sub(1) };
    let Some(batches) = snapshot.committed_after(Table::Events, before) else { return Ok(None) };
    let mut streams = Streams::default();
    streams.add(key.tenant.as_str(), key.project.as_ref().map(|project| project.as_str()), 0);
    let (ids, mut text, mut events) = (Ids::of(key), String::new(), 0);
    for published in batches {
        let published = published?;
        snapshot.budget().check()?;
        if published.sequence > until.sequence {
            break;
        }
        for (_, rows) in streams.rows(&published.batch) {
            let texts = EventTexts::of(&published.batch);
            for row in rows {
                let position = Position { sequence: published.sequence, row };
                if position <= known || position > until {
                    continue;
                }
                let before = text.len();
                let event = told(&ids, &published.batch, &texts, position, &mut text);
                if !wanted.takes(&event.name) {
                    text.truncate(before);
                    continue;
                }
                events += 1;
                if events > MAX_RESUMED_EVENTS || text.len() > MAX_RESUMED_BYTES {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(text))
}
