//! Which bytes go out: requests built once, before the clock runs, so that sending costs the client a patch and a write.
//! The client shares the cores with the server; a JSON serialiser in its loop would be measured too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use crate::chance::mix;
use crate::events::{Event, Events, Slots, TIMESTAMP_WIDTH};
use crate::requests::{CALL, Requests};

/// Distinct bodies of one event each.
const SINGLE_BODIES: usize = 2_048;
/// Distinct bodies of a batch each: 51,200 distinct events, some 18 MB, well past the processor's caches.
const BATCH_BODIES: usize = 512;
/// Distinct calls with API requests: 128,000 distinct ones, some 55 MB.
const REQUEST_BODIES: usize = 128;
/// Events in a batch: the seed's limit.
pub const BATCH: usize = 100;

/// What a request's body holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// One event, as `POST /api/v1/analytics` takes it.
    Single,
    /// A hundred events, as `POST /api/v1/analytics/batch` takes them.
    Batch,
    /// A hundred lines of ClickHouse's JSONEachRow.
    JsonEachRow,
    /// A thousand API requests, as `POST /api/v1/requests` takes them.
    Requests,
}

/// What is changed in a request each time it goes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patch {
    /// Nothing: the same bytes again.
    Nothing,
    /// Each event's timestamp becomes the present, so that a long run writes the times a real one would.
    Timestamps,
    /// Each event's `event_id` becomes one never sent before.
    EventIds,
}

/// One request's bytes, and where in them the changing parts stand.
#[derive(Clone)]
pub struct Request {
    /// Head and body.
    pub bytes: Vec<u8>,
    /// Events in the body.
    pub events: u32,
    slots: Vec<Slots>,
    patch: Patch,
    ids: Arc<AtomicU64>,
}

/// All requests of a case.
pub struct Pool {
    requests: Vec<Request>,
    /// Mean bytes of an event, brackets and commas of the batch aside.
    pub mean_event_bytes: f64,
}

impl Pool {
    /// Builds the requests. `head` ends with the last header's line break; the content length and the empty line are
    /// added here.
    pub fn build(shape: Shape, patch: Patch, head: &str) -> Self {
        let now = Timestamp::now();
        let (mut events, mut calls) = (Events::new(now), Requests::new(now));
        let ids = Arc::new(AtomicU64::new(0));
        let (bodies, batch) = match shape {
            Shape::Single => (SINGLE_BODIES, 1),
            Shape::Batch | Shape::JsonEachRow => (BATCH_BODIES, BATCH),
            Shape::Requests => (REQUEST_BODIES, CALL),
        };
        let mut event_bytes = 0;
        let requests = (0..bodies)
            .map(|_| {
                let (body, slots, written) = if shape == Shape::Requests {
                    let (body, written) = calls.draw_call();
                    (body, Vec::new(), written)
                } else {
                    let drawn: Vec<Event> = (0..batch).map(|_| events.draw()).collect();
                    write_body(&drawn, shape, patch == Patch::EventIds)
                };
                event_bytes += written;
                Request::assemble(head, &body, slots, patch, batch as u32, Arc::clone(&ids))
            })
            .collect();
        Self { requests, mean_event_bytes: event_bytes as f64 / (bodies * batch) as f64 }
    }

    /// The requests that belong to the `nth` of `of` connections: its own copies, so that patching needs no lock.
    pub fn share(&self, nth: usize, of: usize) -> Vec<Request> {
        let share: Vec<Request> = self.requests.iter().skip(nth).step_by(of).cloned().collect();
        assert!(
            !share.is_empty(),
            "more connections ({of}) than distinct requests ({})",
            self.requests.len()
        );
        share
    }
}

/// Mean bytes of an event as the track surface takes it: the size that the report states for every receiver, so that
/// the same events are the same size whatever the protocol adds.
pub fn mean_event_bytes() -> f64 {
    const DRAWN: usize = 20_000;
    let (mut events, mut out) = (Events::new(Timestamp::now()), Vec::new());
    for _ in 0..DRAWN {
        events.draw().write_track(&mut out, false);
    }
    out.len() as f64 / DRAWN as f64
}

/// Writes a body; returns it with the slots and the bytes that are events.
fn write_body(events: &[Event], shape: Shape, with_id: bool) -> (Vec<u8>, Vec<Slots>, usize) {
    let (mut body, mut slots) = (Vec::new(), Vec::new());
    let frame = match shape {
        Shape::Single => {
            slots.extend(events.iter().map(|event| event.write_track(&mut body, with_id)));
            0
        }
        Shape::Batch => {
            body.extend_from_slice(br#"{"events":["#);
            for event in events {
                slots.push(event.write_track(&mut body, with_id));
                body.push(b',');
            }
            // The last comma becomes the bracket.
            body.pop();
            body.extend_from_slice(b"]}");
            br#"{"events":[]}"#.len() + events.len() - 1
        }
        Shape::JsonEachRow => {
            events.iter().for_each(|event| event.write_json_each_row(&mut body));
            0
        }
        // They are drawn as whole calls.
        Shape::Requests => 0,
    };
    let written = body.len() - frame;
    (body, slots, written)
}

impl Request {
    fn assemble(
        head: &str,
        body: &[u8],
        slots: Vec<Slots>,
        patch: Patch,
        events: u32,
        ids: Arc<AtomicU64>,
    ) -> Self {
        let mut bytes = format!("{head}content-length: {}\r\n\r\n", body.len()).into_bytes();
        let shift = bytes.len();
        bytes.extend_from_slice(body);
        let slots = slots
            .into_iter()
            .map(|slot| Slots { timestamp: slot.timestamp + shift, id: slot.id.map(|id| id + shift) })
            .collect();
        Self { bytes, events, slots, patch, ids }
    }

    /// Changes what the case wants changed, in place.
    pub fn patch(&mut self) {
        match self.patch {
            Patch::Nothing => {}
            Patch::Timestamps => self.patch_timestamps(Timestamp::now()),
            Patch::EventIds => self.patch_ids(),
        }
    }

    /// The events of a request go back from `now` by a microsecond each, not past its second; the text up to the second is made once.
    fn patch_timestamps(&mut self, now: Timestamp) {
        let text = format!("{now:.6}");
        assert_eq!(text.len(), TIMESTAMP_WIDTH, "a timestamp has a fixed width");
        let micros = now.subsec_nanosecond() as u32 / 1_000;
        for (nth, slot) in self.slots.iter().enumerate() {
            let place = &mut self.bytes[slot.timestamp..][..TIMESTAMP_WIDTH];
            place[..20].copy_from_slice(&text.as_bytes()[..20]);
            let mut rest = micros.saturating_sub(nth as u32);
            for digit in place[20..26].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
    }

    /// The last 16 digits of each UUID are the mixed count: unique in the case, and without an order to profit from.
    fn patch_ids(&mut self) {
        let first = self.ids.fetch_add(self.slots.len() as u64, Ordering::Relaxed);
        for (nth, slot) in self.slots.iter().enumerate() {
            let Some(id) = slot.id else { continue };
            let mut bits = mix(first + nth as u64 + 1);
            for place in (19..36).rev().filter(|place| *place != 23) {
                self.bytes[id + place] = b"0123456789abcdef"[(bits & 0xf) as usize];
                bits >>= 4;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(request: &Request) -> serde_json::Value {
        let start = request.bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        serde_json::from_slice(&request.bytes[start..]).unwrap()
    }

    #[test]
    fn every_event_id_is_sent_once() {
        let pool = Pool::build(Shape::Batch, Patch::EventIds, "POST / HTTP/1.1\r\n");
        let (mut share, mut seen) = (pool.share(0, 64), std::collections::HashSet::new());
        for _ in 0..3 {
            for request in &mut share {
                request.patch();
                for event in body(request)["events"].as_array().unwrap() {
                    assert!(seen.insert(event["event_id"].as_str().unwrap().to_owned()));
                }
            }
        }
        assert_eq!(seen.len(), 3 * 8 * BATCH);
    }

    #[test]
    fn patched_timestamps_are_the_present() {
        let pool = Pool::build(Shape::Batch, Patch::Timestamps, "POST / HTTP/1.1\r\n");
        let mut request = pool.share(1, 512).remove(0);
        let now: Timestamp = "2030-02-03T04:05:06.000020Z".parse().unwrap();
        request.patch_timestamps(now);
        let body = body(&request);
        assert_eq!(body["events"][0]["timestamp"], "2030-02-03T04:05:06.000020Z");
        assert_eq!(body["events"][9]["timestamp"], "2030-02-03T04:05:06.000011Z");
        assert_eq!(body["events"][99]["timestamp"], "2030-02-03T04:05:06.000000Z");
    }

    #[test]
    fn the_shares_of_all_connections_are_the_whole_pool() {
        let pool = Pool::build(Shape::Single, Patch::Nothing, "POST / HTTP/1.1\r\n");
        let shared: usize = (0..48).map(|nth| pool.share(nth, 48).len()).sum();
        assert_eq!(shared, SINGLE_BODIES);
    }
}
