//! A body that nobody wants: what a request goes on to send that was refused at the door.
//!
//! Promise: an answer that comes before the body was read reaches its sender, and the connection can be used on. Closing
//! it with bytes unread would reset it, and the answer might be lost (RFC 9112, 9.6). A short body is read and dropped;
//! at a long or slow one the answer says that the connection ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;

/// Longest rest of a body that is read and dropped.
const MAX_DROPPED_BYTES: usize = 256 * 1024;
/// How long it may take to arrive.
const DROP_TIMEOUT: Duration = Duration::from_millis(500);

/// Where a body comes back to that was not read to its end.
#[derive(Clone, Default)]
pub struct Unread(Arc<Mutex<Option<Body>>>);

impl Unread {
    /// Hands a request's body on, if it has one.
    pub fn watch(headers: &HeaderMap, body: Body) -> (Body, Option<Self>) {
        let has_body = headers.contains_key(TRANSFER_ENCODING)
            || headers.get(CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
        if !has_body {
            return (body, None);
        }
        let unread = Self::default();
        (Body::new(Watched { body: Some(body), unread: unread.clone() }), Some(unread))
    }

    /// Reads what is left, or says that the connection ends after this answer. A sender that waits for leave to send
    /// (`Expect: 100-continue`) is not given it.
    pub async fn settle(self, expects: bool, answer: &mut HeaderMap) {
        let Some(body) = self.0.lock().take() else { return };
        let is_settled = !expects && tokio::time::timeout(DROP_TIMEOUT, dropped(body)).await.unwrap_or(false);
        if !is_settled {
            answer.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Whether a request waits for leave to send its body.
pub fn expects_leave(headers: &HeaderMap) -> bool {
    headers.contains_key(EXPECT)
}

async fn dropped(mut body: Body) -> bool {
    let mut left = MAX_DROPPED_BYTES;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(bytes) else { return false };
        left = rest;
    }
    true
}

/// A body on its way to a handler.
struct Watched {
    body: Option<Body>,
    unread: Unread,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.unread.0.lock() = Some(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_length(bytes: usize) -> (Body, Option<Unread>) {
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from(bytes))]);
        Unread::watch(&headers, Body::from(vec![b'x'; bytes]))
    }

    async fn settled(unread: Unread, expects: bool) -> bool {
        let mut answer = HeaderMap::new();
        unread.settle(expects, &mut answer).await;
        !answer.contains_key(CONNECTION)
    }

    #[tokio::test]
    async fn a_short_body_is_dropped_and_a_long_one_ends_the_connection() {
        for (bytes, expects, is_settled) in [
            (10, false, true),
            (MAX_DROPPED_BYTES, false, true),
            (MAX_DROPPED_BYTES + 1, false, false),
            (10, true, false),
        ] {
            let (body, unread) = with_length(bytes);
            drop(body);
            assert_eq!(settled(unread.unwrap(), expects).await, is_settled, "{bytes} {expects}");
        }
        assert!(with_length(0).1.is_none());
    }

    #[tokio::test]
    async fn a_body_that_was_read_is_nobodys_concern() {
        let (body, unread) = with_length(MAX_DROPPED_BYTES + 1);
        assert_eq!(body.collect().await.unwrap().to_bytes().len(), MAX_DROPPED_BYTES + 1);
        assert!(settled(unread.unwrap(), true).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_is_not_waited_for() {
        let body = Body::new(NeverComes);
        let headers = HeaderMap::from_iter([(TRANSFER_ENCODING, HeaderValue::from_static("chunked"))]);
        let (body, unread) = Unread::watch(&headers, body);
        drop(body);
        assert!(!settled(unread.unwrap(), false).await);
    }

    struct NeverComes;

    impl HttpBody for NeverComes {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
            Poll::Pending
        }
    }
}
