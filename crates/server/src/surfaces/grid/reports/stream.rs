//! A report as a JSON array that is written while it is read.
//!
//! Promise: an answer that ends well is whole. When reading fails after the head was sent, the connection is
//! cut before the array is closed. What is held is one piece of rows and a few pieces of text, however long
//! the array is.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame};
use tidegauge_reports::ReportError;
use tidegauge_store::Budget;
use tokio::sync::mpsc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::failure::Failure;
use crate::limits::Allowance;

/// Reports that may be under way at once.
pub(super) const MAX_REPORTS: usize = 16;
/// Bytes of text that are handed on at a time, about.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces of text that wait for the reader.
const MAX_WAITING_PIECES: usize = 2;
/// How long a reader may leave an answer unread before it is cut.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an answer may take in all: it keeps a place from others, and replaced files from going.
const STREAM_TIMEOUT: Duration = Duration::from_secs(1800);

/// What writes the next rows of an array behind a text, each after a comma: false when there are no more.
pub(super) type WriteRows = Box<dyn FnMut(&mut String) -> Result<bool, ReportError> + Send>;

/// Places for reports, shared by all routes.
#[derive(Debug, Clone)]
pub(super) struct Reports(Arc<Semaphore>);

/// A report that is about to be answered: its rows, and the headers that go before them.
pub(super) struct Report {
    pub rows: WriteRows,
    pub link: Option<HeaderValue>,
}

impl Reports {
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// Begins a report on a thread that may wait for the disk, and answers it from its first piece on.
    pub async fn answer(
        &self,
        allowance: &Allowance,
        begin: impl FnOnce(Arc<Budget>) -> Result<Report, ReportError> + Send + 'static,
    ) -> Result<Response, Failure> {
        let own_place = allowance.report().await.map_err(Failure::Limited)?;
        let place = Arc::clone(&self.0).try_acquire_owned().map_err(|_| Failure::TooManyReports)?;
        let budget = Arc::new(allowance.budget());
        // The places go with the work, also when nobody waits for it any more.
        let first = aside(move || {
            let places = (own_place, place);
            let Report { rows, link } = begin(Arc::clone(&budget))?;
            let mut array = Array { rows, budget, has_begun: false, has_ended: false };
            Ok((array.next_piece()?, array, link, places))
        });
        let (piece, array, link, places) = first.await?;
        let body = if array.has_ended { Body::from(piece) } else { Body::new(stream(piece, array, places)) };
        let mut response = body.into_response();
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response.headers_mut().extend(link.map(|link| (header::LINK, link)));
        Ok(response)
    }
}

/// Runs what may wait for the disk.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReportError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Failure::from),
        Err(_) => Err(Failure::Unreadable),
    }
}

/// An array that is being written.
struct Array {
    rows: WriteRows,
    /// Each piece of text may take as long as a report.
    budget: Arc<Budget>,
    has_begun: bool,
    has_ended: bool,
}

impl Array {
    fn next_piece(&mut self) -> Result<Bytes, ReportError> {
        let mut text = String::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
        while text.len() < PIECE_BYTES && !self.has_ended {
            self.has_ended = !(self.rows)(&mut text)?;
        }
        if !self.has_begun {
            // The array's bracket stands where other rows have their comma.
            text.replace_range(..text.len().min(1), "[");
            self.has_begun = true;
        }
        if self.has_ended {
            text.push(']');
        }
        Ok(text.into())
    }
}

/// The body: what is written already, then what a task goes on to write.
fn stream(
    first: Bytes,
    mut array: Array,
    places: (OwnedSemaphorePermit, OwnedSemaphorePermit),
) -> ReportBody {
    let (pieces, waiting) = mpsc::channel(MAX_WAITING_PIECES);
    tokio::spawn(async move {
        let _places = places;
        let mut piece = first;
        let begun = Instant::now();
        while begun.elapsed() < STREAM_TIMEOUT {
            // A reader that is gone or reads nothing ends the report; dropping the channel cuts the answer.
            let Ok(Ok(room)) = tokio::time::timeout(UNREAD_TIMEOUT, pieces.reserve()).await else { return };
            room.send(Piece::Text(piece));
            if array.has_ended {
                let _ = tokio::time::timeout(UNREAD_TIMEOUT, pieces.send(Piece::End)).await;
                return;
            }
            array.budget.go_on();
            let next = aside(move || array.next_piece().map(|piece| (piece, array)));
            match next.await {
                Ok((next, rest)) => (piece, array) = (next, rest),
                Err(_) => return,
            }
        }
    });
    ReportBody { pieces: waiting }
}

enum Piece {
    Text(Bytes),
    /// The array is closed: without it, the answer is not whole.
    End,
}

struct ReportBody {
    pieces: mpsc::Receiver<Piece>,
}

impl HttpBody for ReportBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(Piece::Text(text)) => Some(Ok(Frame::data(text))),
            Some(Piece::End) => None,
            None => Some(Err(io::Error::other("the report could not be read to its end"))),
        })
    }
}
