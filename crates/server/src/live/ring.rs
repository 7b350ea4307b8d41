//! What a stream's readers of the feed are sent, for as long as a reader may be behind.
//!
//! Promise: readers share what is here, each at its own place. It is bounded in bytes, items and time; what is dropped from
//! the front was sent to nobody who is still behind it without his being told.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::event_text::MAX_EVENT_BYTES;
use super::position::Position;

/// Bytes of one ring; less where there are many ([`MAX_RINGS_BYTES`]), but room for two of the longest events.
pub const MAX_RING_BYTES: usize = 4 * 1024 * 1024;
const MIN_RING_BYTES: usize = 2 * MAX_EVENT_BYTES;
/// Bytes of all rings.
pub const MAX_RINGS_BYTES: usize = 512 * 1024 * 1024;
/// Items of one ring.
pub const MAX_RING_ITEMS: usize = 1024;
/// How long an item is kept.
pub const RING_KEPT: Duration = Duration::from_secs(30);

/// Bytes that each of so many rings may have.
pub(super) fn ring_bytes(rings: usize) -> usize {
    (MAX_RINGS_BYTES / rings.max(1)).clamp(MIN_RING_BYTES, MAX_RING_BYTES)
}

/// What is sent.
#[derive(Debug)]
pub(super) struct Item {
    /// As it is sent to whoever reads everything.
    pub bytes: Bytes,
    /// Whoever has been sent it knows everything up to here.
    pub position: Position,
    /// The single events in it; none of what everybody reads.
    pub events: Vec<Told>,
}

/// One event of an item.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub name: Arc<str>,
    pub position: Position,
    /// Where it stands in the item's bytes.
    pub place: Range<usize>,
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted(pub Vec<Box<str>>);

impl Item {
    pub fn for_all(bytes: Bytes, position: Position) -> Self {
        Self { bytes, position, events: Vec::new() }
    }

    /// What a reader is sent who knows everything up to `known`; nothing, maybe.
    pub fn for_reader(&self, wanted: &Wanted, known: Position) -> Option<Bytes> {
        let is_all = self.events.first().is_none_or(|first| known < first.position) && wanted.0.is_empty();
        if is_all || self.events.is_empty() {
            return Some(self.bytes.clone());
        }
        let mut text = Vec::new();
        for event in self.events.iter().filter(|event| event.position > known && wanted.takes(&event.name)) {
            text.extend_from_slice(&self.bytes[event.place.clone()]);
        }
        (!text.is_empty()).then(|| text.into())
    }
}

impl Wanted {
    pub fn takes(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|wanted| **wanted == *name)
    }
}

/// The items, oldest first.
#[derive(Debug)]
pub(super) struct Ring {
    items: VecDeque<(Instant, Arc<Item>)>,
    /// The number of the first item; the next one has the next.
    first: u64,
    bytes: usize,
    /// Everything after this is here.
    from: Position,
}

impl Ring {
    pub fn new(from: Position) -> Self {
        Self { items: VecDeque::new(), first: 0, bytes: 0, from }
    }

    /// The number of the next item.
    pub fn end(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    /// The number of the first item.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Everything after this is here.
    pub fn from(&self) -> Position {
        self.from
    }

    /// The items from a number on; `None` when some of them are gone.
    pub fn since(&self, number: u64) -> Option<impl Iterator<Item = &Arc<Item>>> {
        let skipped = usize::try_from(number.checked_sub(self.first)?).ok()?;
        Some(self.items.iter().skip(skipped).map(|(_, item)| item))
    }

    pub fn push(&mut self, item: Item, now: Instant, max_bytes: usize) {
        self.bytes += item.bytes.len();
        self.items.push_back((now, Arc::new(item)));
        while let Some((at, oldest)) = self.items.front() {
            let is_over =
                self.bytes > max_bytes || self.items.len() > MAX_RING_ITEMS || now - *at > RING_KEPT;
            if !is_over {
                break;
            }
            self.bytes -= oldest.bytes.len();
            self.from = self.from.max(oldest.position);
            self.first += 1;
            self.items.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(sequence: u64) -> Item {
        let event = |row: u32| Told {
            name: if row == 0 { "a" } else { "b" }.into(),
            position: Position { sequence, row },
            place: row as usize..row as usize + 1,
        };
        let position = Position { sequence, row: 1 };
        Item { bytes: Bytes::from_static(b"AB"), position, events: vec![event(0), event(1)] }
    }

    #[test]
    fn what_is_too_much_goes_from_the_front_and_who_was_behind_it_is_not_served() {
        let (mut ring, now) = (Ring::new(Position::after(0)), Instant::now());
        for sequence in 1..=5 {
            ring.push(item(sequence), now, 6);
        }
        assert_eq!((ring.end(), ring.from()), (5, Position { sequence: 2, row: 1 }));
        assert!(ring.since(1).is_none());
        assert_eq!(ring.since(2).unwrap().count(), 3);
        assert_eq!(ring.since(5).unwrap().count(), 0);
        ring.push(item(6), now + RING_KEPT + Duration::from_secs(1), 6);
        assert_eq!((ring.end(), ring.since(4).is_none()), (6, true));
    }

    #[test]
    fn a_reader_is_sent_what_it_wants_and_does_not_know() {
        let (all, b) = (Wanted::default(), Wanted(vec!["b".into()]));
        let sent = |wanted: &Wanted, row| item(1).for_reader(wanted, row);
        let (nothing, first) = (Position::after(0), Position { sequence: 1, row: 0 });
        assert_eq!(sent(&all, nothing).unwrap(), "AB");
        assert_eq!(sent(&all, first).unwrap(), "B");
        assert_eq!(sent(&b, nothing).unwrap(), "B");
        assert_eq!(sent(&b, Position { sequence: 1, row: 1 }), None);
        assert_eq!(Item::for_all(Bytes::from_static(b"x"), nothing).for_reader(&b, first).unwrap(), "x");
    }
}
