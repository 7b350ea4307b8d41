//! Request bodies, within their bounds: length of one, length of all at once, and time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use crate::app::App;

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyRefused {
    /// Longer than `max_body_bytes`: 413.
    TooLarge,
    /// Slower than `body_timeout`: 408.
    TooSlow,
    /// All bodies together are more than `max_bodies_bytes`: 503.
    TooManyAtOnce,
    /// It ended before its end: 400.
    CutShort,
    /// It is compressed: 415.
    Encoded,
}

/// A whole body. While it lives it counts towards the bound on all of them.
#[derive(Debug)]
pub struct WholeBody {
    /// What was sent.
    pub bytes: Bytes,
    _share: Share,
}

/// Reads a body.
///
/// # Errors
/// See [`BodyRefused`].
pub async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<WholeBody, BodyRefused> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(BodyRefused::Encoded);
    }
    let announced = body.size_hint().exact();
    if announced.is_some_and(|length| length > app.limits.max_body_bytes as u64) {
        return Err(BodyRefused::TooLarge);
    }
    let mut share = Share { bodies: Arc::clone(&app.bodies), bytes: 0 };
    // Invariant: an announced length has just been found no longer than the limit, a `usize`.
    share.grow(announced.unwrap_or(0) as usize, app.limits.max_bodies_bytes)?;
    let collect = collect(app, body, &mut share);
    let bytes =
        tokio::time::timeout(app.limits.body_timeout, collect).await.map_err(|_| BodyRefused::TooSlow)??;
    Ok(WholeBody { bytes, _share: share })
}

async fn collect(app: &App, mut body: Body, share: &mut Share) -> Result<Bytes, BodyRefused> {
    let Some(first) = next_chunk(&mut body).await? else { return Ok(Bytes::new()) };
    // Most bodies come in one piece: no copy then.
    if body.is_end_stream() && first.len() <= app.limits.max_body_bytes {
        return Ok(first);
    }
    let mut whole = BytesMut::from(first);
    loop {
        if whole.len() > app.limits.max_body_bytes {
            return Err(BodyRefused::TooLarge);
        }
        if whole.len() > share.bytes {
            share.grow(whole.len() - share.bytes, app.limits.max_bodies_bytes)?;
        }
        match next_chunk(&mut body).await? {
            Some(chunk) => whole.extend_from_slice(&chunk),
            None => return Ok(whole.freeze()),
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
    bodies: Arc<AtomicUsize>,
    bytes: usize,
}

impl Share {
    fn grow(&mut self, more: usize, max: usize) -> Result<(), BodyRefused> {
        self.bytes += more;
        let before = self.bodies.fetch_add(more, Ordering::Relaxed);
        if before + more > max { Err(BodyRefused::TooManyAtOnce) } else { Ok(()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.bodies.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
