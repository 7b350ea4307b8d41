//! A span as either encoding has it, borrowed from the body: what of it can matter, and nothing else.

use std::borrow::Cow;

use super::attributes::Attributes;

/// A span.
#[derive(Debug, Default)]
pub struct Span<'a> {
    /// None when it is missing, of another length, or all zeros.
    pub trace_id: Option<[u8; 16]>,
    /// As `trace_id`.
    pub span_id: Option<[u8; 8]>,
    /// Empty when it is missing, or not text.
    pub name: Cow<'a, str>,
    /// Whether its kind is `SPAN_KIND_SERVER`.
    pub is_server: bool,
    /// When it began, in nanoseconds since 1970; 0 when unknown.
    pub start: u64,
    /// When it ended, as `start`.
    pub end: u64,
    /// Whether its status is `STATUS_CODE_ERROR`.
    pub is_error: bool,
    /// Those of its attributes that are known here.
    pub attributes: Attributes<'a>,
}

/// `SPAN_KIND_SERVER`.
pub const KIND_SERVER: u64 = 2;
/// `STATUS_CODE_ERROR`.
pub const STATUS_ERROR: u64 = 2;

/// Takes what a reader finds: each resource, followed by its spans.
pub trait Sink<'a> {
    /// The next spans are of a resource with these attributes.
    fn resource(&mut self, attributes: Attributes<'a>);

    /// A span of the last resource.
    fn span(&mut self, span: Span<'a>);

    /// A span that cannot be read, and what is wrong with it. Those beside it can be.
    fn unreadable(&mut self, what: String);
}

/// The body is not what its content type says: a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// An id of exactly `N` bytes that are not all zeros: only such an id is one (W3C Trace Context).
pub fn id<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok().filter(|id| *id != [0; N])
}
