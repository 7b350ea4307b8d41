//! What exporters are answered: `ExportTraceServiceResponse`, or `google.rpc.Status` with the status that tells them
//! whether to send again (429, 502, 503 and 504: yes; any other error: the spans are dropped).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::collect::MAX_EXPORT_REQUESTS;
use super::encoding::Encoding;
use super::span::Malformed;
use super::wire::{put_bytes, put_number};
use crate::auth::Denied;
use crate::body::BodyRefused;
use crate::body::gzip::Unread;
use crate::intake::IntakeError;
use crate::unavailable::Unavailable;

/// An export was taken; of its spans so many were rejected, the first one for this reason.
pub fn taken(encoding: Encoding, rejected: usize, reason: Option<&str>) -> Response {
    let body = match (encoding, reason) {
        (Encoding::Protobuf, None) => Vec::new(),
        (Encoding::Json, None) => b"{}".to_vec(),
        (Encoding::Protobuf, Some(reason)) => {
            let (mut partial, mut body) = (Vec::new(), Vec::new());
            put_number(&mut partial, 1, rejected as u64);
            put_bytes(&mut partial, 2, reason.as_bytes());
            put_bytes(&mut body, 1, &partial);
            body
        }
        // 64 bits are text in protobuf's JSON.
        (Encoding::Json, Some(reason)) => {
            let partial = json!({"rejectedSpans": rejected.to_string(), "errorMessage": reason});
            json!({ "partialSuccess": partial }).to_string().into_bytes()
        }
    };
    encoded(encoding, body)
}

/// Why an export was not taken.
#[derive(Debug)]
pub enum Failure {
    Denied(Denied),
    /// The content type is neither of the two.
    OtherType,
    Body(Unread),
    Malformed(Malformed),
    /// More than [`MAX_EXPORT_REQUESTS`]. All of it is refused: exporters report an error, and hide a partial success.
    TooManyRequests,
    /// Nothing of it was stored, but perhaps after [`IntakeError::Unknown`].
    Intake(IntakeError),
    /// The first of its requests were stored, and then no more.
    Halfway(IntakeError),
    MethodNotAllowed,
}

/// `google.rpc.Code`.
enum Code {
    InvalidArgument = 3,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl Failure {
    /// The failure as an answer in the request's encoding; in JSON when it has neither.
    pub fn answer(self, encoding: Option<Encoding>) -> Response {
        let encoding = encoding.unwrap_or(Encoding::Json);
        let (status, code, message) = match self {
            Self::Denied(denied) => return denied_answer(denied, encoding),
            Self::Body(Unread::Body(BodyRefused::TooManyAtOnce)) => {
                return unavailable(&Unavailable::BUSY, Unavailable::BUSY.reason, encoding);
            }
            // 408 would make an exporter drop the spans.
            Self::Body(Unread::Body(BodyRefused::TooSlow)) => {
                let again = "The export took too long to arrive; nothing was stored";
                return unavailable(&Unavailable::BUSY, again, encoding);
            }
            Self::Intake(error) => {
                let why = Unavailable::from(error);
                let again = "The write could not be confirmed; send the export again to have it once";
                let message = if error == IntakeError::Unknown { again } else { why.reason };
                return unavailable(&why, message, encoding);
            }
            Self::Halfway(error) => {
                let again = "A part of the export was stored; send all of it again to have it once";
                return unavailable(&Unavailable::from(error), again, encoding);
            }
            Self::OtherType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Code::InvalidArgument,
                "the content type is neither application/x-protobuf nor application/json".to_owned(),
            ),
            Self::Body(unread) => {
                let (status, code, message) = body_refused(unread);
                (status, code, message.to_owned())
            }
            Self::Malformed(Malformed(message)) => (StatusCode::BAD_REQUEST, Code::InvalidArgument, message),
            Self::TooManyRequests => (
                StatusCode::PAYLOAD_TOO_LARGE,
                Code::ResourceExhausted,
                format!(
                    "the export holds more than {MAX_EXPORT_REQUESTS} spans of HTTP servers; export fewer at once"
                ),
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                Code::Unimplemented,
                "spans are exported with POST".to_owned(),
            ),
        };
        (status, error(encoding, code, &message)).into_response()
    }
}

fn body_refused(unread: Unread) -> (StatusCode, Code, &'static str) {
    match unread {
        Unread::Body(BodyRefused::TooLarge) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            Code::ResourceExhausted,
            "the export is longer than the server takes, compressed or not; export fewer spans at once",
        ),
        Unread::Body(BodyRefused::Encoded) => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::InvalidArgument,
            "the content encoding is neither gzip nor identity",
        ),
        // The last two were answered with 503 before.
        Unread::Body(BodyRefused::CutShort | BodyRefused::TooManyAtOnce | BodyRefused::TooSlow) => {
            (StatusCode::BAD_REQUEST, Code::InvalidArgument, "the body ended early")
        }
        Unread::NotGzip => {
            (StatusCode::BAD_REQUEST, Code::InvalidArgument, "the body is not gzip, or was cut or damaged")
        }
    }
}

fn denied_answer(denied: Denied, encoding: Encoding) -> Response {
    let (status, code, message) = match denied {
        Denied::NoCredential => (StatusCode::UNAUTHORIZED, Code::Unauthenticated, "not authenticated"),
        Denied::BadCredential => (StatusCode::UNAUTHORIZED, Code::Unauthenticated, "invalid credential"),
        Denied::NoScope => (StatusCode::FORBIDDEN, Code::PermissionDenied, "the credential may not ingest"),
        Denied::Limited(limited) => {
            return limited.answer(error(encoding, Code::ResourceExhausted, &limited.to_string()));
        }
    };
    let mut response = (status, error(encoding, code, message)).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn unavailable(why: &Unavailable, message: &str, encoding: Encoding) -> Response {
    why.answer(error(encoding, Code::Unavailable, message))
}

/// A `google.rpc.Status`.
fn error(encoding: Encoding, code: Code, message: &str) -> Response {
    let code = code as u8;
    let body = match encoding {
        Encoding::Protobuf => {
            let mut body = Vec::new();
            put_number(&mut body, 1, code.into());
            put_bytes(&mut body, 2, message.as_bytes());
            body
        }
        Encoding::Json => json!({"code": code, "message": message}).to_string().into_bytes(),
    };
    encoded(encoding, body)
}

fn encoded(encoding: Encoding, body: Vec<u8>) -> Response {
    let content_type = HeaderValue::from_static(encoding.content_type());
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}
