//! An answer that is written while it is worked out.
//!
//! Promise: when rows fail to come after the head was sent, the connection is cut. What is held is one batch of rows and
//! one piece of bytes. When the body goes, because its reader has gone, so does the work.

use std::io;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use tidegauge_explore::formats::{Ending, Format, FormatError, Writer};
use tidegauge_explore::{Answer, ExploreError};
use tokio::sync::OwnedSemaphorePermit;

use super::failure::Failure;

/// Bytes that are handed on at a time, at least.
const PIECE_BYTES: usize = 64 * 1024;
/// How long an answer may take in all: it keeps a place from others, and replaced files from going.
const STREAM_TIMEOUT: Duration = Duration::from_secs(1800);

/// The response, once its first piece is there; until then what fails is told.
pub(super) async fn of(
    answer: Answer,
    format: Format,
    place: OwnedSemaphorePermit,
    begun: Instant,
) -> Result<Response, Failure> {
    let writer = Writer::new(format, &answer.schema)?;
    let mut writing =
        Writing { answer, writer: Some(writer), rows: 0, begun, has_ended: false, _place: place };
    let first = writing.next_piece().await?;
    let body = if writing.has_ended { Body::from(first) } else { stream(first, writing) };
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, content_type(format));
    Ok(response)
}

fn content_type(format: Format) -> HeaderValue {
    HeaderValue::from_static(match format {
        // RFC 4180, 3; RFC 7111.
        Format::Csv => "text/csv; charset=utf-8; header=present",
        other => other.media_type(),
    })
}

fn stream(first: Bytes, writing: Writing) -> Body {
    let first = futures::stream::iter([Ok(first)]);
    let rest = futures::stream::try_unfold(writing, |mut writing| async move {
        if writing.has_ended {
            return Ok(None);
        }
        match writing.next_piece().await {
            Ok(piece) => Ok(Some((piece, writing))),
            Err(failed) => {
                tracing::warn!(%failed, "an answer was cut");
                Err(io::Error::other("the answer could not be written to its end"))
            }
        }
    });
    Body::from_stream(first.chain(rest))
}

/// An answer on its way.
struct Writing {
    answer: Answer,
    /// Away while it writes.
    writer: Option<Writer>,
    rows: usize,
    begun: Instant,
    has_ended: bool,
    _place: OwnedSemaphorePermit,
}

/// Why the next piece does not come.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    #[error(transparent)]
    Explore(#[from] ExploreError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error("it took longer than {} s", STREAM_TIMEOUT.as_secs())]
    TooLong,
    #[error("its writer ended early")]
    Ended,
}

impl Writing {
    async fn next_piece(&mut self) -> Result<Bytes, Cut> {
        loop {
            if self.begun.elapsed() > STREAM_TIMEOUT {
                return Err(Cut::TooLong);
            }
            let batch = self.answer.batches.next().await.transpose()?;
            self.has_ended = batch.is_none();
            self.rows += batch.as_ref().map_or(0, |batch| batch.num_rows());
            let ending = Ending {
                rows: self.rows,
                truncated: self.answer.truncated.get(),
                elapsed: self.begun.elapsed(),
            };
            let mut writer = self.writer.take().ok_or(Cut::Ended)?;
            // Thousands of rows are written at a time: not among those who wait for sockets.
            let written = tokio::task::spawn_blocking(move || {
                let done = match &batch {
                    Some(batch) => writer.write(batch),
                    None => writer.end(ending),
                };
                done.map(|()| {
                    let is_enough = batch.is_none() || writer.waiting() >= PIECE_BYTES;
                    (is_enough.then(|| Bytes::from(writer.take())), writer)
                })
            });
            let (piece, writer) = written.await.map_err(|_| Cut::Ended)??;
            self.writer = Some(writer);
            if let Some(piece) = piece {
                return Ok(piece);
            }
        }
    }
}
