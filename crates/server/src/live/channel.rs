//! What is told of one project, or of one whole tenant, to all who read it.
//!
//! Promise: a snapshot or an event is put into text once, however many readers there are. Whoever reads events and is at a
//! [`Position`] has been sent everything up to it, or was told what not.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use parking_lot::Mutex;
use tidegauge_facts::{Micros, ProjectId, Table, TenantId};
use tidegauge_store::{Published, Store};
use tokio::sync::{OnceCell, watch};
use tokio_util::sync::CancellationToken;

use super::arrivals::{count_events, count_requests};
use super::event_text::EventTexts;
use super::message::{Missed, MissedReason, message};
use super::position::{Ids, Position};
use super::ring::{Item, Ring, Told};
use super::snapshot::Snapshot;
use super::window::{Second, Window};

/// Events that a feed carries at a time; of what lands beyond, it is told how many.
pub const MAX_ROUND_EVENTS: usize = 200;
/// How long a stream that nobody reads is kept, so that a reader who comes back finds it.
pub const LINGER: Duration = Duration::from_secs(15);
/// A reader who has taken nothing for so long is hung up on, though there is something each second.
pub const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The same, for one whom the ring has overtaken.
const OVERTAKEN_TIMEOUT: Duration = Duration::from_secs(1);

/// What a stream is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The tenant.
    pub tenant: TenantId,
    /// The project; none is the whole tenant.
    pub project: Option<ProjectId>,
}

#[derive(Debug)]
pub(super) struct Channel {
    pub key: Key,
    pub ids: Ids,
    /// The past minute is read by the first who comes.
    pub past: OnceCell<()>,
    /// The newest snapshot.
    pub snapshots: watch::Sender<Option<Arc<Item>>>,
    /// How far the ring goes.
    pub heads: watch::Sender<u64>,
    readers: AtomicUsize,
    next_seat: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What was committed up to here counts as past; nothing counts before it is known.
    since: Option<u64>,
    window: Window,
    /// Seconds since `since`.
    turns: usize,
    position: Position,
    feed: Option<Feed>,
    seats: HashMap<u64, Arc<Place>>,
    left_at: Option<Instant>,
}

/// What readers of events are sent.
#[derive(Debug)]
struct Feed {
    ring: Ring,
    readers: usize,
    left_at: Instant,
    round: Round,
}

/// What has landed since readers were last sent something.
#[derive(Debug, Default)]
struct Round {
    text: String,
    events: Vec<Told>,
    left_out: u64,
}

/// Where a reader is, for whoever looks after him.
#[derive(Debug)]
pub(super) struct Place {
    /// The number of the next item of the ring; for who reads no events, a number that is never reached.
    pub next_item: AtomicU64,
    /// When he last took something, in milliseconds since `begun`.
    taken_ms: AtomicU64,
    begun: Instant,
    hang_up: CancellationToken,
}

/// A reader's place in a channel, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    pub channel: Arc<Channel>,
    pub place: Arc<Place>,
    number: u64,
    reads_events: bool,
}

impl Place {
    pub fn note_taking(&self) {
        let ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.taken_ms.store(ms, Ordering::Relaxed);
    }

    fn untaken_for(&self, now: Instant) -> Duration {
        let taken = Duration::from_millis(self.taken_ms.load(Ordering::Relaxed));
        (now - self.begun).saturating_sub(taken)
    }
}

impl Channel {
    pub fn new(key: Key) -> Self {
        let state = State {
            since: None,
            window: Window::new(),
            turns: 0,
            position: Position::after(0),
            feed: None,
            seats: HashMap::new(),
            left_at: None,
        };
        Self {
            ids: Ids::of(&key),
            key,
            past: OnceCell::new(),
            snapshots: watch::channel(None).0,
            heads: watch::channel(0).0,
            readers: AtomicUsize::new(0),
            next_seat: AtomicU64::new(0),
            state: Mutex::new(state),
        }
    }

    pub fn readers(&self) -> usize {
        self.readers.load(Ordering::Relaxed)
    }

    pub fn enter(self: &Arc<Self>, hang_up: CancellationToken) -> Seat {
        let place = Arc::new(Place {
            next_item: AtomicU64::new(u64::MAX),
            taken_ms: AtomicU64::new(0),
            begun: Instant::now(),
            hang_up,
        });
        let number = self.next_seat.fetch_add(1, Ordering::Relaxed);
        self.readers.fetch_add(1, Ordering::Relaxed);
        self.state.lock().seats.insert(number, Arc::clone(&place));
        Seat { channel: Arc::clone(self), place, number, reads_events: false }
    }

    /// Counts from now on; what was committed before is in the snapshot.
    pub fn begin(&self, store: &Store) -> tidegauge_store::Snapshot {
        let mut state = self.state.lock();
        let snapshot = store.snapshot();
        // Whoever began before, and went away before he was done, has left counts behind.
        (state.window, state.turns) = (Window::new(), 0);
        state.since = Some(snapshot.sequence);
        state.position = Position::after(snapshot.sequence);
        snapshot
    }

    /// Adds what landed before it began: the newest second last.
    pub fn add_past(&self, past: &[Second]) {
        let mut state = self.state.lock();
        let turns = state.turns;
        state.window.add_past(past, turns);
    }

    /// The state as of now, for a reader who has just come. It leads nowhere: what lies before it may still be to be sent.
    pub fn first_snapshot(&self, store: &Store) -> bytes::Bytes {
        message("snapshot", None, &self.look(store, &self.state.lock()))
    }

    /// A second is over.
    pub fn turn(&self, store: &Store, now: Instant, max_ring_bytes: usize) {
        let mut state = self.state.lock();
        state.window.turn();
        state.turns = state.turns.saturating_add(1);
        if self.readers() == 0 {
            return;
        }
        let snapshot = self.look(store, &state);
        let mut id = String::new();
        self.ids.write(state.position, &mut id);
        let bytes = message("snapshot", Some(&id), &snapshot);
        let position = state.position;
        if let Some(feed) = &mut state.feed {
            feed.ring.push(Item::for_all(bytes.clone(), position), now, max_ring_bytes);
            self.heads.send_replace(feed.ring.end());
        }
        drop(state);
        self.snapshots.send_replace(Some(Arc::new(Item::for_all(bytes, position))));
    }

    fn look(&self, store: &Store, state: &State) -> Snapshot {
        let snapshot = store.look(|view| Snapshot::new(view, &self.key, &state.window, Micros::now()));
        snapshot.with_names(&state.window)
    }

    /// Takes rows of a batch in.
    pub fn take(&self, published: &Published, rows: &[u32], max_ring_bytes: usize) {
        let mut state = self.state.lock();
        let state = &mut *state;
        if state.since.is_none_or(|since| published.sequence <= since) {
            return;
        }
        // A feed that begins while a round is under way begins behind what it was not there for.
        state.position = state.position.max(Position::after(published.sequence));
        match published.table {
            Table::Events => count_events(&published.batch, rows, state.window.current()),
            Table::Requests => count_requests(&published.batch, rows, state.window.current()),
            _ => {}
        }
        if let (Some(feed), Table::Events) = (&mut state.feed, published.table) {
            feed.round.take(&self.ids, published, rows, max_ring_bytes / 4);
        }
    }

    /// Sends what a round has brought. `lost_rows` came after it, of whom ever.
    pub fn end_round(
        &self,
        last_sequence: Option<u64>,
        lost_rows: usize,
        now: Instant,
        max_ring_bytes: usize,
    ) {
        let mut state = self.state.lock();
        let state = &mut *state;
        if let Some(sequence) = last_sequence {
            state.position = state.position.max(Position::after(sequence));
        }
        let Some(feed) = &mut state.feed else { return };
        let Round { text, events, left_out } = std::mem::take(&mut feed.round);
        if let Some(last) = events.last() {
            let item = Item { position: last.position, bytes: text.into(), events };
            feed.ring.push(item, now, max_ring_bytes);
        }
        if left_out > 0 || lost_rows > 0 {
            let events = (lost_rows == 0).then_some(left_out);
            let mut id = String::new();
            self.ids.write(state.position, &mut id);
            let missed = message("missed", Some(&id), &Missed { reason: MissedReason::TooMany, events });
            feed.ring.push(Item::for_all(missed, state.position), now, max_ring_bytes);
        }
        if *self.heads.borrow() != feed.ring.end() {
            self.heads.send_replace(feed.ring.end());
        }
    }

    /// Whether events are put into text for it.
    pub fn has_feed(&self) -> bool {
        self.state.lock().feed.is_some()
    }

    /// Hangs up on readers who take nothing, and lets go of what nobody has read for a while. Says how many were hung up on.
    pub fn tidy(&self, now: Instant) -> u64 {
        let mut state = self.state.lock();
        let first = state.feed.as_ref().map_or(0, |feed| feed.ring.first());
        let mut hung_up = 0;
        for place in state.seats.values().filter(|place| !place.hang_up.is_cancelled()) {
            let is_overtaken = place.next_item.load(Ordering::Relaxed) < first;
            let patience = if is_overtaken { OVERTAKEN_TIMEOUT } else { UNREAD_TIMEOUT };
            if place.untaken_for(now) > patience {
                place.hang_up.cancel();
                hung_up += 1;
            }
        }
        if state.feed.as_ref().is_some_and(|feed| feed.readers == 0 && now - feed.left_at > LINGER) {
            state.feed = None;
        }
        hung_up
    }

    /// Whether nobody has read it for a while.
    pub fn is_deserted(&self, now: Instant) -> bool {
        self.readers() == 0 && self.state.lock().left_at.is_none_or(|left| now - left > LINGER)
    }

    /// Hangs up on everybody.
    pub fn hang_up(&self) {
        self.state.lock().seats.values().for_each(|place| place.hang_up.cancel());
    }

    fn leave(&self, seat: &Seat) {
        let mut state = self.state.lock();
        state.seats.remove(&seat.number);
        let now = Instant::now();
        state.left_at = Some(now);
        if let Some(feed) = state.feed.as_mut().filter(|_| seat.reads_events) {
            feed.readers -= 1;
            feed.left_at = now;
        }
        self.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Where a reader of events begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// With what lands now.
    Now,
    /// In the ring, behind this place.
    InRing,
    /// Events up to this place are to be looked for among what is committed; then the ring.
    Before(Position),
    /// There is no such place.
    Unknown,
}

impl Seat {
    /// Reads events from now on, or from behind a place that the reader knows.
    pub fn read_events(&mut self, known: Option<Position>) -> Start {
        let mut state = self.channel.state.lock();
        let position = state.position;
        let feed = state.feed.get_or_insert_with(|| Feed {
            ring: Ring::new(position),
            readers: 0,
            left_at: Instant::now(),
            round: Round::default(),
        });
        self.reads_events = true;
        feed.readers += 1;
        let (start, next_item) = match known {
            None => (Start::Now, feed.ring.end()),
            Some(known) if known.sequence > position.sequence => (Start::Unknown, feed.ring.end()),
            Some(known) if known >= feed.ring.from() => (Start::InRing, feed.ring.first()),
            Some(_) => (Start::Before(feed.ring.from()), feed.ring.first()),
        };
        self.place.next_item.store(next_item, Ordering::Relaxed);
        start
    }

    /// The next item, if there is one; an error when the ring has overtaken the reader.
    pub fn next_item(&self) -> Result<Option<Arc<Item>>, Overtaken> {
        let state = self.channel.state.lock();
        let Some(feed) = &state.feed else { return Ok(None) };
        let number = self.place.next_item.load(Ordering::Relaxed);
        let item = feed.ring.since(number).ok_or(Overtaken)?.next().cloned();
        if item.is_some() {
            self.place.next_item.store(number + 1, Ordering::Relaxed);
        }
        Ok(item)
    }
}

/// The reader is too far behind.
#[derive(Debug)]
pub(super) struct Overtaken;

impl Drop for Seat {
    fn drop(&mut self) {
        Arc::clone(&self.channel).leave(self);
    }
}

impl Round {
    fn take(&mut self, ids: &Ids, published: &Published, rows: &[u32], max_bytes: usize) {
        let texts = EventTexts::of(&published.batch);
        let mut rows = rows.iter();
        while self.events.len() < MAX_ROUND_EVENTS && self.text.len() < max_bytes {
            let Some(row) = rows.next() else { return };
            self.events.push(told(
                ids,
                &published.batch,
                &texts,
                Position { sequence: published.sequence, row: *row },
                &mut self.text,
            ));
        }
        self.left_out += rows.len() as u64;
    }
}

/// Writes an event as a message.
pub(super) fn told(
    ids: &Ids,
    batch: &RecordBatch,
    texts: &EventTexts<'_>,
    position: Position,
    to: &mut String,
) -> Told {
    let start = to.len();
    to.push_str("id: ");
    ids.write(position, to);
    to.push_str("\nevent: event\ndata: ");
    texts.write(position.row as usize, to);
    to.push_str("\n\n");
    let name = super::columns::Values::of(batch, "event_name").text(position.row as usize);
    Told { name: name.unwrap_or_default().into(), position, place: start..to.len() }
}
