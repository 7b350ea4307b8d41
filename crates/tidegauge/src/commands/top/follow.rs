//! Follows a server's stream, and goes on when it was cut.

use std::ops::ControlFlow;
use std::sync::mpsc::Sender;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;

use super::event_stream::EventStream;
use super::server::{Server, Unavailable, causes};
use super::snapshot::{FeedLine, Snapshot};

/// Between two tries, unless the server says otherwise.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// All of them when it is none.
    pub project: Option<String>,
    /// Each event too.
    pub has_feed: bool,
}

/// What there is to tell.
#[derive(Debug, PartialEq)]
pub enum News {
    /// The stream of this wish has begun.
    Connected(Wish),
    /// The state of this second.
    Snapshot(Snapshot),
    /// An event has landed.
    Event(FeedLine),
    /// Some events could not be told.
    Missed,
    /// The stream is cut; it is tried again.
    Lost(String),
    /// There will be no stream.
    Refused(String),
    /// The projects to choose from.
    Projects(Vec<String>),
    /// Somebody wants the process to end.
    Stop,
}

/// Tells what the stream says, until nobody listens or it is refused. Another wish begins another stream.
pub async fn follow(server: &Server, mut wishes: watch::Receiver<Wish>, news: &Sender<News>) {
    let (mut last_id, mut wait) = (None, FIRST_WAIT);
    let projects = server.projects().await;
    let _ = news.send(News::Projects(projects));
    loop {
        let wish = wishes.borrow_and_update().clone();
        let mut stream = EventStream::default();
        let ended = tokio::select! {
            ended = one(server, &wish, &mut last_id, &mut stream, &mut wait, news) => ended,
            changed = wishes.changed() => match changed {
                Ok(()) => {
                    // What another stream would have said was not missed.
                    last_id = None;
                    continue;
                }
                Err(_) => return,
            },
        };
        let told = match ended {
            ControlFlow::Break(()) => return,
            ControlFlow::Continue(Unavailable::Refused(why)) => {
                let _ = news.send(News::Refused(why));
                return;
            }
            ControlFlow::Continue(Unavailable::Gone(why)) => news.send(News::Lost(why)),
        };
        if told.is_err() {
            return;
        }
        let asked = stream.retry_millis().map(Duration::from_millis);
        let pause = asked.map_or(wait, |asked| wait.max(asked)).min(LONGEST_WAIT);
        tokio::select! {
            () = sleep(pause) => {}
            _ = wishes.changed() => {}
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// One stream, to its end.
async fn one(
    server: &Server,
    wish: &Wish,
    last_id: &mut Option<String>,
    stream: &mut EventStream,
    wait: &mut Duration,
    news: &Sender<News>,
) -> ControlFlow<(), Unavailable> {
    let opened = server.stream(wish.project.as_deref(), wish.has_feed, last_id.as_deref()).await;
    let mut response = match opened {
        Ok(response) => response,
        Err(unavailable) => return ControlFlow::Continue(unavailable),
    };
    if news.send(News::Connected(wish.clone())).is_err() {
        return ControlFlow::Break(());
    }
    loop {
        let piece = match response.chunk().await {
            Ok(Some(piece)) => piece,
            Ok(None) => return gone("the server ended the stream"),
            Err(error) => return gone(&causes(error)),
        };
        let events = match stream.push(&piece) {
            Ok(events) => events,
            Err(error) => return gone(&error.to_string()),
        };
        *wait = FIRST_WAIT;
        for event in events {
            if let Some(id) = stream.last_id() {
                *last_id = Some(id.to_owned());
            }
            let told = match read(&event.kind, &event.data) {
                Some(Told::News(told)) => told,
                Some(Told::End(unavailable)) => return ControlFlow::Continue(unavailable),
                None => continue,
            };
            if news.send(told).is_err() {
                return ControlFlow::Break(());
            }
        }
    }
}

fn gone(why: &str) -> ControlFlow<(), Unavailable> {
    ControlFlow::Continue(Unavailable::Gone(why.to_owned()))
}

enum Told {
    News(News),
    End(Unavailable),
}

/// What an event of the stream says; nothing for what is not known here.
fn read(kind: &str, data: &str) -> Option<Told> {
    #[derive(Deserialize)]
    struct End {
        reason: String,
    }
    match kind {
        "snapshot" => Some(Told::News(News::Snapshot(serde_json::from_str(data).ok()?))),
        "event" => Some(Told::News(News::Event(FeedLine::of(&serde_json::from_str::<Value>(data).ok()?)))),
        "missed" => Some(Told::News(News::Missed)),
        "end" => {
            let End { reason } = serde_json::from_str(data).ok()?;
            Some(Told::End(match &*reason {
                "credential" => Unavailable::Refused("the key was revoked or has expired".to_owned()),
                "server_stopping" => Unavailable::Gone("the server is stopping".to_owned()),
                "slow_reader" => Unavailable::Gone("this terminal is too slow for the stream".to_owned()),
                other => Unavailable::Gone(format!("the server ended the stream: {other}")),
            }))
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
