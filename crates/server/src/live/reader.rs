//! One reader of a stream, from his request to his end.
//!
//! Promise: a reader holds nothing of his own but where he is. He takes what is there when his connection has room for it; what
//! is there waits for nobody.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use tidegauge_facts::Micros;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::channel::{Overtaken, Seat, Start};
use super::message::{End, EndReason, Missed, MissedReason, message, preamble};
use super::position::Position;
use super::ring::{Item, Wanted};
use super::{Key, NoPlace, past, resume};
use crate::app::App;
use crate::auth::{Caller, Lasting};
use crate::limits::Place;
use crate::reading::read;

/// How long the numbers of the minute before are waited for; without them a stream begins with its own.
const PAST_PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked whether a credential still works; a little less than a snapshot is apart from the next.
const CREDENTIAL_EVERY: Duration = Duration::from_millis(900);

/// What a reader has asked for.
pub(crate) struct Asked {
    /// The stream.
    pub key: Key,
    /// The names of the events that are wanted, all if there is none; `None` when no events are.
    pub events: Option<Vec<Box<str>>>,
    /// The id of the last message that the reader knows.
    pub last_id: Option<String>,
    /// What he was let in with.
    pub credential: Lasting,
    /// His connection's end.
    pub hang_up: CancellationToken,
    /// His place among his tenant's connections.
    pub place: Place,
}

/// The stream.
///
/// # Errors
/// There is no place.
pub(crate) async fn open(app: &Arc<App>, caller: &Caller, asked: Asked) -> Result<Body, NoPlace> {
    let Asked { key, events, last_id, credential, hang_up, place } = asked;
    let mut seat = app.live.enter(key, hang_up)?;
    let channel = Arc::clone(&seat.channel);
    channel.past.get_or_init(|| read_past(app, caller, &seat)).await;
    // From here on: no snapshot that comes is missed.
    let (snapshots, heads) = (channel.snapshots.subscribe(), channel.heads.subscribe());
    let wanted = events.map(Wanted);
    let mut known = None;
    let mut first = vec![preamble()];
    if let Some(wanted) = &wanted {
        let resumed = match last_id {
            None => {
                seat.read_events(None);
                Resumed::Whole(None)
            }
            Some(id) => {
                known = channel.ids.read(&id);
                resume(app, caller, &mut seat, wanted, known).await
            }
        };
        match resumed {
            Resumed::Whole(text) => first.extend(text),
            Resumed::NotWhole => {
                first.push(message("missed", None, &Missed { reason: MissedReason::NotKept, events: None }));
                // A place that there is none of, as after a backup was restored, is behind nothing.
                known = None;
            }
        }
    }
    first.insert(1, channel.first_snapshot(&app.store));
    let reader = Reader {
        app: Arc::clone(app),
        seat,
        _place: place,
        credential,
        checked: Instant::now(),
        wanted,
        known: known.unwrap_or(Position::after(0)),
        snapshots,
        heads,
        is_due: false,
        first: Some(first.concat().into()),
        has_ended: false,
    };
    Ok(Body::from_stream(stream::unfold(reader, |mut reader| async {
        reader.next().await.map(|bytes| (Ok::<_, Infallible>(bytes), reader))
    })))
}

/// Counts what landed before the stream began.
async fn read_past(app: &Arc<App>, caller: &Caller, seat: &Seat) {
    let channel = &seat.channel;
    let (snapshot, now, key) = (channel.begin(&app.store), Micros::now(), channel.key.clone());
    let reading = read(app, caller, move |reader| past::past(&reader.bounded(snapshot), &key, now));
    // Also where the tenant reads as much as it may already: a stream that begins late is of less use than one that learns.
    if let Ok(Ok(past)) = tokio::time::timeout(PAST_PATIENCE, reading).await {
        channel.add_past(&past);
    }
}

/// What a reader who comes back is given.
enum Resumed {
    /// Everything after what he knows: this, and then the ring.
    Whole(Option<Bytes>),
    /// Some of it is gone.
    NotWhole,
}

async fn resume(
    app: &Arc<App>,
    caller: &Caller,
    seat: &mut Seat,
    wanted: &Wanted,
    known: Option<Position>,
) -> Resumed {
    let Some(known) = known else {
        seat.read_events(None);
        return Resumed::NotWhole;
    };
    let until = match seat.read_events(Some(known)) {
        Start::Now | Start::InRing => return Resumed::Whole(None),
        Start::Unknown => return Resumed::NotWhole,
        Start::Before(until) => until,
    };
    let (key, wanted) = (seat.channel.key.clone(), wanted.clone());
    let events = read(app, caller, move |reader| {
        resume::events_between(&reader.snapshot(), &key, &wanted, known, until)
    });
    match events.await {
        Ok(Some(text)) => Resumed::Whole(Some(text.into())),
        Ok(None) | Err(_) => Resumed::NotWhole,
    }
}

struct Reader {
    app: Arc<App>,
    seat: Seat,
    _place: Place,
    credential: Lasting,
    checked: Instant,
    /// The events that are wanted, if any are.
    wanted: Option<Wanted>,
    /// What the reader knew when he came.
    known: Position,
    snapshots: watch::Receiver<Option<Arc<Item>>>,
    heads: watch::Receiver<u64>,
    /// Whether there is a snapshot that was not sent.
    is_due: bool,
    first: Option<Bytes>,
    has_ended: bool,
}

impl Reader {
    /// What is to be sent next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.has_ended {
            return None;
        }
        if let Some(first) = self.first.take() {
            self.seat.place.note_taking();
            return Some(first);
        }
        let app = Arc::clone(&self.app);
        let stopping = app.live.0.stopping.cancelled();
        let mut stopping = std::pin::pin!(stopping);
        loop {
            self.seat.place.note_taking();
            if app.live.0.stopping.is_cancelled() {
                return self.end(EndReason::ServerStopping);
            }
            if self.checked.elapsed() >= CREDENTIAL_EVERY {
                self.checked = Instant::now();
                if !app.door.still_works(&self.credential, Micros::now()).await {
                    return self.end(EndReason::Credential);
                }
            }
            match self.ready() {
                Ok(Some(bytes)) => return Some(bytes),
                Ok(None) => {}
                Err(Overtaken) => {
                    app.live.0.note_dropped(1);
                    return self.end(EndReason::SlowReader);
                }
            }
            let more = async {
                match &self.wanted {
                    Some(_) => self.heads.changed().await,
                    None => self.snapshots.changed().await,
                }
            };
            // The channel lives as long as its readers.
            tokio::select! {
                () = stopping.as_mut() => {}
                _ = more => self.is_due = true,
            }
        }
    }

    /// What is there to be sent.
    fn ready(&mut self) -> Result<Option<Bytes>, Overtaken> {
        let Some(wanted) = &self.wanted else {
            // Of several snapshots that have come meanwhile the newest says it all.
            let newest = std::mem::take(&mut self.is_due).then(|| self.snapshots.borrow_and_update().clone());
            return Ok(newest.flatten().map(|item| item.bytes.clone()));
        };
        while let Some(item) = self.seat.next_item()? {
            if let Some(bytes) = item.for_reader(wanted, self.known) {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    fn end(&mut self, reason: EndReason) -> Option<Bytes> {
        self.has_ended = true;
        Some(message("end", None, &End { reason }))
    }
}
