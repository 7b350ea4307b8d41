//! The messages of a stream as they are sent (WHATWG HTML, "Server-sent events").

use std::fmt::Write as _;

use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

/// Milliseconds after which a client that lost its stream asks again.
pub const RETRY_MS: u64 = 2000;

/// Why events are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LiveMissedReason)]
pub enum MissedReason {
    /// What was asked for is not kept any more, or the id is none of this stream's.
    NotKept,
    /// More landed than a feed carries.
    TooMany,
}

/// That events are missing between the message before and the next one.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = LiveMissed)]
pub struct Missed {
    /// Why.
    pub reason: MissedReason,
    /// How many, of all names; left out when that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub events: Option<u64>,
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LiveEndReason)]
pub enum EndReason {
    /// It was not read as fast as it was written.
    SlowReader,
    /// The credential was revoked, or has expired.
    Credential,
    /// The server stops.
    ServerStopping,
}

/// The last message of a stream.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = LiveEnd)]
pub struct End {
    /// Why it ends.
    pub reason: EndReason,
}

/// What a client needs to know first.
pub(super) fn preamble() -> Bytes {
    format!("retry: {RETRY_MS}\n\n").into()
}

/// A message of this kind.
pub(super) fn message(kind: &str, id: Option<&str>, data: &impl Serialize) -> Bytes {
    let mut text = String::new();
    if let Some(id) = id {
        let _ = writeln!(text, "id: {id}");
    }
    // Invariant: these types have texts for keys and are written on one line.
    let data = serde_json::to_string(data).unwrap_or_default();
    let _ = write!(text, "event: {kind}\ndata: {data}\n\n");
    text.into()
}
