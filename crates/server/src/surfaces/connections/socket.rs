//! The life of one WebSocket, which is a tracked connection: open while it is open, active at each message or pong,
//! closed when it goes away.
//!
//! Promise: the row that opens it is durable before its client is told that it is connected, and the row that closes
//! it before its client is told goodbye. What a client sends is read, counted, charged to its tenant and key, and dropped. One task a socket, with one
//! timer and buffers of [`READ_BUFFER_BYTES`]: ten thousand idle ones are cheap.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, close_code};
use serde::Deserialize;
use serde_json::json;
use tidegauge_facts::Micros;
use tidegauge_facts::connections::State;
use tidegauge_store::Refused;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::ending::{End, GOODBYE_TIMEOUT, drain, goodbye};
use crate::app::App;
use crate::auth::{Caller, Lasting};
use crate::intake::IntakeError;
use crate::intake::connections::{LiveConnection, LiveSign, note_live, take_live};
use crate::limits::{Kind, Limited, Place};
use crate::serve::Peer;

/// Longest message and frame of a client, in bytes. The library keeps the room that a socket's longest message took
/// for as long as the socket lives: ten thousand that have all sent the longest hold 310 MB, against 100 MB idle ones.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024;
/// What a socket reads into at first, in bytes.
pub const READ_BUFFER_BYTES: usize = 1024;
/// A client's frame has so many bytes besides what it carries, at least (RFC 6455, 5.2): an empty one costs them.
const MIN_HEADER_BYTES: u64 = 6;
/// A socket writes a row of activity at most this often.
const ACTIVITY_EVERY: Duration = Duration::from_secs(1);
/// How often the row that closes a socket is tried, and the pause between two tries.
const CLOSE_TRIES: usize = 10;
const CLOSE_PAUSE: Duration = Duration::from_secs(1);
/// Longest text of a client that is looked at.
const MAX_PING_TEXT_BYTES: usize = 256;

/// What a socket keeps while it lives.
pub struct Held {
    pub app: Arc<App>,
    pub connection: LiveConnection,
    /// Who is charged for it.
    pub caller: Caller,
    /// What it was let in with: to see that it still works.
    pub credential: Lasting,
    pub _peer: Peer,
    /// Its place among its tenant's connections, and among all.
    pub _places: (Place, TaskTrackerToken),
}

/// Holds a socket from its upgrade to its end.
pub async fn hold(held: Held, mut socket: WebSocket) {
    let Held { app, connection, .. } = &held;
    let open = LiveSign {
        state: State::Open,
        at: connection.opened_at,
        bytes_in: 0,
        bytes_out: 0,
        close_reason: None,
    };
    if let Err(error) = take_live(app, connection, &[open]).await {
        // Where its fate is unknown it may be there after all: then it ends here, or at the idle timeout.
        if error == IntakeError::Unknown {
            let close = LiveSign { state: State::Close, close_reason: Some("not confirmed"), ..open };
            let _ = note_live(app, connection, close);
        }
        goodbye(&mut socket, close_code::AGAIN, "the server takes no writes; try again later").await;
        return;
    }
    let now = Instant::now();
    let mut life = Life {
        held: &held,
        caller: held.caller.clone(),
        socket,
        heard: now,
        heard_at: connection.opened_at,
        pinged: now,
        noted: now,
        is_owed: false,
        bytes_in: 0,
        bytes_out: 0,
    };
    let end = life.until_its_end().await;
    life.close(end).await;
}

struct Life<'a> {
    held: &'a Held,
    caller: Caller,
    socket: WebSocket,
    /// The last sign of life, by the clock that runs evenly and by the one that facts have.
    heard: Instant,
    heard_at: Micros,
    /// The last ping.
    pinged: Instant,
    /// The last row.
    noted: Instant,
    /// Whether a sign of life has no row yet.
    is_owed: bool,
    bytes_in: i64,
    bytes_out: i64,
}

impl Life<'_> {
    async fn until_its_end(&mut self) -> End {
        let Held { app, connection, .. } = self.held;
        let connected = json!({
            "type": "connected",
            "socketId": connection.connection_id,
            "projectId": connection.project.as_str(),
            "timestamp": connection.opened_at.to_millis_text(),
        });
        if let Some(end) = self.send_text(connected.to_string()).await {
            return end;
        }
        let mut stopping = pin!(app.sockets.stopping().cancelled());
        let mut timer = pin!(sleep_until(self.next_duty()));
        loop {
            tokio::select! {
                // What has come counts before the time that has passed: a server that was held up must not
                // take its clients for dead.
                biased;
                () = &mut stopping => return End::Stopping,
                received = self.socket.recv() => {
                    if let Some(end) = self.receive(received).await {
                        return end;
                    }
                }
                () = &mut timer => {
                    if let Some(end) = self.do_duty().await {
                        return end;
                    }
                    timer.as_mut().reset(self.next_duty());
                }
            }
            if self.next_duty() < timer.deadline() {
                timer.as_mut().reset(self.next_duty());
            }
        }
    }

    fn next_duty(&self) -> Instant {
        let limits = &self.held.app.limits;
        let silence = self.heard + limits.websocket_silence;
        let ping = self.pinged + limits.websocket_ping;
        let row = self.is_owed.then(|| self.noted + ACTIVITY_EVERY);
        row.into_iter().fold(silence.min(ping), Instant::min)
    }

    async fn do_duty(&mut self) -> Option<End> {
        let (app, now) = (&self.held.app, Instant::now());
        if now >= self.heard + app.limits.websocket_silence {
            return Some(End::NoAnswer);
        }
        if self.is_owed
            && now >= self.noted + ACTIVITY_EVERY
            && let Some(end) = self.note_activity(now).await
        {
            return Some(end);
        }
        if now >= self.pinged + app.limits.websocket_ping {
            self.pinged = now;
            if !app.door.still_works(&self.held.credential, Micros::now()).await {
                return Some(End::KeyEnded);
            }
            return self.send(Message::Ping(bytes::Bytes::new())).await;
        }
        None
    }

    async fn receive(&mut self, received: Option<Result<Message, axum::Error>>) -> Option<End> {
        let message = match received {
            None => return Some(End::WentAway),
            Some(Err(error)) => return Some(End::of(error)),
            Some(Ok(Message::Close(_))) => return Some(End::ClientClosed),
            Some(Ok(message)) => message,
        };
        let now = Instant::now();
        (self.heard, self.heard_at, self.is_owed) = (now, Micros::now(), true);
        let mut is_ping = false;
        let length = match &message {
            Message::Text(text) => {
                is_ping = is_ping_text(text.as_str());
                text.len() as u64
            }
            Message::Binary(bytes) => bytes.len() as u64,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => 0,
        };
        // A pong is what we have asked for.
        let is_pong = matches!(message, Message::Pong(_));
        drop(message);
        self.bytes_in = self.bytes_in.saturating_add_unsigned(length);
        if !is_pong && self.charge(Kind::Bytes, length + MIN_HEADER_BYTES).is_err() {
            return Some(End::TooMuch);
        }
        if now >= self.noted + ACTIVITY_EVERY
            && let Some(end) = self.note_activity(now).await
        {
            return Some(end);
        }
        if is_ping {
            return self.send_text(r#"{"type":"pong"}"#.to_owned()).await;
        }
        None
    }

    /// Writes the row of the last sign of life, as long as the credential works. One that is not taken in, or that the
    /// tenant may not write now, stays owed.
    async fn note_activity(&mut self, now: Instant) -> Option<End> {
        let Held { app, connection, credential, .. } = self.held;
        if !app.door.still_works(credential, Micros::now()).await {
            return Some(End::KeyEnded);
        }
        self.noted = now;
        let activity = self.sign(State::Activity, self.heard_at, None);
        self.is_owed = self.charge(Kind::Events, 1).is_err() || note_live(app, connection, activity).is_err();
        None
    }

    /// Charges by what is set for the tenant now: a socket outlives what was set when it was opened.
    fn charge(&mut self, kind: Kind, weight: u64) -> Result<(), Limited> {
        let allowances = &self.held.app.door.allowances;
        self.caller.allowance = allowances.of(&self.caller.principal.tenant);
        self.caller.charge(kind, weight).map(drop)
    }

    fn sign(&self, state: State, at: Micros, close_reason: Option<&'static str>) -> LiveSign {
        LiveSign { state, at, bytes_in: self.bytes_in, bytes_out: self.bytes_out, close_reason }
    }

    async fn send_text(&mut self, text: String) -> Option<End> {
        self.bytes_out = self.bytes_out.saturating_add_unsigned(text.len() as u64);
        self.send(Message::Text(text.into())).await
    }

    /// A client that takes nothing for as long as it may be silent is as good as gone.
    async fn send(&mut self, message: Message) -> Option<End> {
        let app = &self.held.app;
        tokio::select! {
            sent = self.socket.send(message) => sent.err().map(End::of),
            () = sleep(app.limits.websocket_silence) => Some(End::ReadsNothing),
            () = app.sockets.stopping().cancelled() => Some(End::Stopping),
        }
    }

    /// Makes the end durable, and only then says goodbye.
    async fn close(&mut self, end: End) {
        let Held { app, connection, .. } = self.held;
        let at = if end.is_a_silence() { self.heard_at } else { Micros::now().max(self.heard_at) };
        let close = self.sign(State::Close, at, Some(end.reason()));
        // Owed activity is told with it, so that it has its row too.
        let activity = self.is_owed.then(|| self.sign(State::Activity, self.heard_at, None));
        let signs: Vec<LiveSign> = activity.into_iter().chain([close]).collect();
        for _ in 0..CLOSE_TRIES {
            match take_live(app, connection, &signs).await {
                Ok(()) => break,
                Err(IntakeError::Refused(Refused::Busy | Refused::DiskFull)) => sleep(CLOSE_PAUSE).await,
                Err(error) => {
                    tracing::warn!(%error, "the end of a WebSocket could not be stored");
                    break;
                }
            }
        }
        match end {
            End::WentAway | End::NoAnswer | End::ReadsNothing => {}
            // The answer to the client's own goodbye is on its way already.
            End::ClientClosed => drop(timeout(GOODBYE_TIMEOUT, drain(&mut self.socket)).await),
            End::TooBig => goodbye(&mut self.socket, close_code::SIZE, end.reason()).await,
            End::NoText => goodbye(&mut self.socket, close_code::INVALID, end.reason()).await,
            End::Broken => goodbye(&mut self.socket, close_code::PROTOCOL, end.reason()).await,
            End::Stopping => goodbye(&mut self.socket, close_code::AWAY, end.reason()).await,
            End::KeyEnded | End::TooMuch => goodbye(&mut self.socket, close_code::POLICY, end.reason()).await,
        }
    }
}

/// Whether a text is `{"type":"ping"}`, as clients write that can send no ping of the protocol's own.
fn is_ping_text(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(rename = "type", borrow)]
        kind: Option<&'a str>,
    }
    text.len() <= MAX_PING_TEXT_BYTES
        && serde_json::from_str::<Typed<'_>>(text).is_ok_and(|typed| typed.kind == Some("ping"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_small_object_of_type_ping_is_a_ping() {
        for text in [r#"{"type":"ping"}"#, r#" {"id": 7, "type" : "ping"} "#] {
            assert!(is_ping_text(text), "{text}");
        }
        let long = format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(MAX_PING_TEXT_BYTES));
        for text in ["ping", "", "[]", r#"{"type":"pong"}"#, r#"{"type":1}"#, r#"{"type":"ping""#, &long] {
            assert!(!is_ping_text(text), "{text}");
        }
    }
}
