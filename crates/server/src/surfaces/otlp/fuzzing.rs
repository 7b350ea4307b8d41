//! The fuzz target of exports: protobuf, JSON, and what is inflated before.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use tidegauge_facts::Micros;
use tidegauge_facts::limits::{
    MAX_BATCH_REQUESTS, MAX_LABEL_CHARS, MAX_PATH_CHARS, MAX_REQUEST_ID_CHARS, MAX_REQUEST_MILLIS,
};
use tokio::runtime::{Builder, Runtime};

use super::collect::{Export, MAX_EXPORT_REQUESTS};
use super::encoding::Encoding;
use crate::app::Limits;
use crate::body::Bodies;

/// Bytes that a body may have, compressed and not.
const MAX_BODY_BYTES: usize = 64 * 1024;

static RUNTIME: LazyLock<Option<Runtime>> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().ok());

/// A byte that says how the rest is encoded, and compressed or not.
pub fn otlp(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else { return };
    let encoding = if kind & 1 == 0 { Encoding::Protobuf } else { Encoding::Json };
    match kind & 2 {
        0 => read(encoding, body),
        _ => {
            if let Some(body) = inflated(body) {
                assert!(body.len() <= MAX_BODY_BYTES, "no more is inflated than may be");
                read(encoding, &body);
            }
        }
    }
}

fn read(encoding: Encoding, body: &[u8]) {
    let mut export = Export::default();
    let outcome = encoding.read(body, &mut export);
    assert_eq!(export.rejected > 0, export.reason.is_some(), "a rejection has a reason");
    if outcome.is_err() || export.is_over {
        return;
    }
    let mut count = 0;
    for part in export.parts("t", "p", Micros(0)) {
        assert!((1..=MAX_BATCH_REQUESTS).contains(&part.len()));
        count += part.len();
        for row in part {
            let fits = |text: &str, most: usize| !text.is_empty() && text.chars().count() <= most;
            assert!(fits(row.request_id, MAX_REQUEST_ID_CHARS) && fits(row.path, MAX_PATH_CHARS));
            // A namespace and a name make one id.
            assert!(fits(row.api_id, 2 * MAX_LABEL_CHARS + 1));
            assert!(row.request_time.is_some_and(|millis| (0..=MAX_REQUEST_MILLIS).contains(&millis)));
            assert!(row.response_code.is_none_or(|code| (100..=999).contains(&code)));
        }
    }
    assert!(count <= MAX_EXPORT_REQUESTS);
}

fn inflated(body: &[u8]) -> Option<Vec<u8>> {
    let limits = Limits { max_body_bytes: MAX_BODY_BYTES, ..Limits::default() };
    let bodies = Bodies::new(&limits);
    let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
    let read = RUNTIME.as_ref()?.block_on(bodies.read_or_inflate(&headers, Body::from(body.to_vec())));
    let body = read.ok().map(|body| body.bytes.to_vec());
    assert_eq!(bodies.held_bytes(), 0, "what is not held any more does not count");
    body
}
