//! What an exporter is told when an export is not taken: with 503 it sends it again, with another error it does not.

use axum::http::{StatusCode, header};
use serde_json::json;
use tidegauge_facts::limits::MAX_BATCH_REQUESTS;

use super::NOW;
use super::building::{Span, in_protobuf, span, text};
use crate::body::BodyRefused;
use crate::body::gzip::Unread;
use crate::surfaces::otlp::answers::Failure;
use crate::surfaces::otlp::collect::{Export, MAX_EXPORT_REQUESTS};
use crate::surfaces::otlp::encoding::Encoding;

#[test]
fn an_export_that_came_too_slowly_or_beside_too_many_is_to_be_sent_again() {
    for refused in [BodyRefused::TooSlow, BodyRefused::TooManyAtOnce] {
        for encoding in [Some(Encoding::Protobuf), Some(Encoding::Json), None] {
            let answer = Failure::Body(Unread::Body(refused)).answer(encoding);
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{refused:?}");
            assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
        }
    }
}

#[test]
fn an_export_holds_as_many_requests_as_its_bound_in_parts_that_an_append_takes_and_not_one_more() {
    let request =
        span(&[text("http.method", "GET"), text("url.path", "/"), ("http.status_code", json!(200))]);
    let internal = Span { kind: 1, ..request.clone() };
    let sizes = |requests: usize| {
        let spans = [vec![request.clone(); requests], vec![internal.clone(); 10]].concat();
        let body = in_protobuf(&[], &spans);
        let mut export = Export::default();
        Encoding::Protobuf.read(&body, &mut export).unwrap();
        assert_eq!(export.ignored, 10);
        let sizes: Vec<usize> = export.parts("acme", "web", NOW).map(|part| part.len()).collect();
        (export.is_over, sizes)
    };
    assert_eq!(sizes(0), (false, vec![]));
    assert_eq!(sizes(MAX_BATCH_REQUESTS + 1), (false, vec![MAX_BATCH_REQUESTS, 1]));
    let full = vec![MAX_BATCH_REQUESTS; MAX_EXPORT_REQUESTS / MAX_BATCH_REQUESTS];
    assert_eq!(sizes(MAX_EXPORT_REQUESTS), (false, full.clone()));
    assert_eq!(sizes(MAX_EXPORT_REQUESTS + 1), (true, full));
    assert_eq!(Failure::TooManyRequests.answer(None).status(), StatusCode::PAYLOAD_TOO_LARGE);
}
