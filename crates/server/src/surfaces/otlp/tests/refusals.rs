//! What an exporter is told when an export is not taken: with 503 it sends it again, with another error it does not.

use axum::http::{StatusCode, header};

use crate::body::BodyRefused;
use crate::body::gzip::Unread;
use crate::surfaces::otlp::answers::Failure;
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
