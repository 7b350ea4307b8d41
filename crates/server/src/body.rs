//! Request bodies, within their bounds: length of one, length of all at once, and time.

mod coding;
pub mod gzip;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::HeaderMap;
use bytes::{Bytes, BytesMut};
use coding::Coding;
use http_body_util::BodyExt as _;

use crate::app::Limits;

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyRefused {
    /// Longer than `max_body_bytes`: 413.
    TooLarge,
    /// Slower than `body_timeout`: 408, or 503 where senders would drop what it held.
    TooSlow,
    /// All bodies together are more than `max_bodies_bytes`: 503.
    TooManyAtOnce,
    /// It ended before its end: 400.
    CutShort,
    /// It is compressed: 415.
    Encoded,
}

/// Room made at once for a body that comes in pieces.
const FIRST_ROOM_BYTES: usize = 256 * 1024;

/// A whole body. While it lives it counts towards the bound on all of them.
#[derive(Debug)]
pub struct WholeBody {
    /// What was sent.
    pub bytes: Bytes,
    _share: Share,
}

/// Takes bodies in; its clones share the bound on all of them.
#[derive(Debug, Clone)]
pub struct Bodies {
    max_bytes: usize,
    max_bytes_of_all: usize,
    timeout: Duration,
    held: Arc<AtomicUsize>,
}

impl Bodies {
    /// With these bounds.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            max_bytes: limits.max_body_bytes,
            max_bytes_of_all: limits.max_bodies_bytes,
            timeout: limits.body_timeout,
            held: Arc::default(),
        }
    }

    /// Bytes of bodies held now.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Reads a body.
    ///
    /// # Errors
    /// See [`BodyRefused`].
    pub async fn read(&self, headers: &HeaderMap, body: Body) -> Result<WholeBody, BodyRefused> {
        match Coding::of(headers) {
            Coding::Identity => self.read_encoded(body).await,
            Coding::Gzip | Coding::Other => Err(BodyRefused::Encoded),
        }
    }

    /// Reads a body as it was sent, whatever its encoding.
    async fn read_encoded(&self, body: Body) -> Result<WholeBody, BodyRefused> {
        let announced = body.size_hint().exact().unwrap_or(0);
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > self.max_bytes {
            return Err(BodyRefused::TooLarge);
        }
        let mut share = self.share();
        let collect = self.collect(body, announced, &mut share);
        let bytes = tokio::time::timeout(self.timeout, collect).await.map_err(|_| BodyRefused::TooSlow)??;
        Ok(WholeBody { bytes, _share: share })
    }

    fn share(&self) -> Share {
        Share { held: Arc::clone(&self.held), bytes: 0 }
    }

    async fn collect(
        &self,
        mut body: Body,
        announced: usize,
        share: &mut Share,
    ) -> Result<Bytes, BodyRefused> {
        let Some(first) = next_chunk(&mut body).await? else { return Ok(Bytes::new()) };
        // What has come counts, not what was announced: else announcing would be a way to keep others out.
        share.grow(first.len(), self.max_bytes_of_all)?;
        // Most bodies come in one piece: no copy then.
        if body.is_end_stream() && first.len() <= self.max_bytes {
            return Ok(first);
        }
        let mut whole = BytesMut::with_capacity(announced.min(FIRST_ROOM_BYTES).max(first.len()));
        whole.extend_from_slice(&first);
        loop {
            if whole.len() > self.max_bytes {
                return Err(BodyRefused::TooLarge);
            }
            match next_chunk(&mut body).await? {
                Some(chunk) => {
                    share.grow(chunk.len(), self.max_bytes_of_all)?;
                    whole.extend_from_slice(&chunk);
                }
                None => return Ok(whole.freeze()),
            }
        }
    }
}

async fn next_chunk(body: &mut Body) -> Result<Option<Bytes>, BodyRefused> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(_)) => return Err(BodyRefused::CutShort),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// One request's part of the bytes held by all.
#[derive(Debug)]
struct Share {
    held: Arc<AtomicUsize>,
    bytes: usize,
}

impl Share {
    fn grow(&mut self, more: usize, max: usize) -> Result<(), BodyRefused> {
        self.bytes += more;
        let before = self.held.fetch_add(more, Ordering::Relaxed);
        if before + more > max { Err(BodyRefused::TooManyAtOnce) } else { Ok(()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
