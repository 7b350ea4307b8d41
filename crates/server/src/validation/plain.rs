//! The good path's readings of a field's value, one for each kind of field.
//!
//! Promise: a value read here is what [`super::fields`] reads there; `None` means "not plain", and leaves the body to
//! the strict path.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::text_rule::TextRule;
use super::{datetime, json};

/// Which fields an object has had, to leave repeated ones to the strict path.
#[derive(Default)]
pub struct Seen(u64);

impl Seen {
    /// Notes a field by its number, below 64; `None` if it was there before.
    #[inline]
    pub fn once(&mut self, field: u32) -> Option<()> {
        let bit = 1 << field;
        let fresh = self.0 & bit == 0;
        self.0 |= bit;
        fresh.then_some(())
    }
}

/// A text that keeps its rule.
#[inline]
pub fn text<'a>(cursor: &mut Cursor<'a>, rule: TextRule) -> Option<Cow<'a, str>> {
    let written = cursor.string()?;
    if !written.escaped {
        // Raw control characters ended the scan, so what is left is printable.
        return rule.accepts_printable(written.raw).then_some(Cow::Borrowed(written.raw));
    }
    let text = json::unescape(written.raw).ok().filter(|text| !text.lone_surrogate)?.text;
    rule.check(&text).ok()?;
    Some(text)
}

/// The same, or null.
#[inline]
pub fn optional_text<'a>(cursor: &mut Cursor<'a>, rule: TextRule) -> Option<Option<Cow<'a, str>>> {
    if cursor.null() { Some(None) } else { text(cursor, rule).map(Some) }
}

/// Microseconds since 1970, or null.
pub fn timestamp(cursor: &mut Cursor<'_>) -> Option<Option<i64>> {
    if cursor.null() {
        return Some(None);
    }
    let micros = match cursor.peek() {
        Some(b'"') => datetime::from_rfc3339(cursor.plain_string()?)?,
        _ => datetime::from_int(cursor.int()?).ok()?,
    };
    Some(Some(micros))
}

/// An integer, or null.
#[inline]
pub fn int(cursor: &mut Cursor<'_>) -> Option<Option<i64>> {
    if cursor.null() { Some(None) } else { cursor.int().map(Some) }
}

/// Yes, no, or null.
pub fn bool(cursor: &mut Cursor<'_>) -> Option<Option<bool>> {
    if cursor.null() { Some(None) } else { cursor.bool().map(Some) }
}
