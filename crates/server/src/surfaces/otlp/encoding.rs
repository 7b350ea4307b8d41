//! The two encodings of OTLP/HTTP. A request is answered in its own, errors included.

use axum::http::HeaderMap;

use super::span::{Malformed, Sink};
use super::{json, protobuf};
use crate::validation::content_type;

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

impl Encoding {
    /// The encoding that a request's `Content-Type` names; parameters such as `charset` are not looked at.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let essence = content_type::of(headers)?.split(';').next()?.trim().to_ascii_lowercase();
        [Self::Protobuf, Self::Json].into_iter().find(|encoding| encoding.content_type() == essence)
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }

    /// Reads a whole `ExportTraceServiceRequest`.
    ///
    /// # Errors
    /// The body is no such message.
    pub fn read<'a>(self, body: &'a [u8], sink: &mut impl Sink<'a>) -> Result<(), Malformed> {
        match self {
            Self::Protobuf => protobuf::read(body, sink),
            Self::Json => json::read(body, sink),
        }
    }
}
