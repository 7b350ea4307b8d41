//! The cursor of a page: a place in the order of rows, as text that means nothing to its bearer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tidegauge_reports::Position;

/// Longest id that a row may have, in bytes: what is longer is no cursor of ours.
const MAX_ID_BYTES: usize = 4 * tidegauge_facts::limits::MAX_LABEL_CHARS;
/// Bytes before the id: the list, how many rows of the place were seen, its instant, the id's length.
const HEAD_BYTES: usize = 1 + 4 + 8 + 2;

/// Which report a cursor is of: one of another is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum List {
    Sessions = b's',
    Events = b'e',
    LatestEvents = b'l',
}

/// The cursor of a place.
pub(super) fn encode(list: List, place: &Position) -> String {
    let mut bytes = vec![list as u8];
    bytes.extend(u32::try_from(place.seen).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(place.time.to_be_bytes());
    bytes.extend(u16::try_from(place.id.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend(place.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place of a cursor; none when it is no cursor of this list.
pub(super) fn decode(list: List, cursor: &str) -> Option<Position> {
    if cursor.len() > 2 * (HEAD_BYTES + MAX_ID_BYTES) {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (head, id) = bytes.split_at_checked(HEAD_BYTES)?;
    let seen = u32::from_be_bytes(head[1..5].try_into().ok()?);
    let time = i64::from_be_bytes(head[5..13].try_into().ok()?);
    let length = u16::from_be_bytes(head[13..15].try_into().ok()?);
    let is_ours = head[0] == list as u8 && id.len() == usize::from(length);
    let id = String::from_utf8(id.to_vec()).ok().filter(|_| is_ours)?;
    Some(Position { time, id, seen: seen as usize })
}
