//! The good path: one pass over a `track` body, borrowing strings from it, for the events that are as they should be.
//!
//! Promise: it accepts only what [`super::strict`] accepts, with an equal event, and says `None` to anything unusual;
//! then the strict path decides. The caller has made sure by `content_type::is_json` that JSON was meant.

use std::borrow::Cow;

use super::event::{Category, MAX_BATCH_EVENTS, MAX_PROPERTIES_BYTES, Priority, TrackEvent};
use super::field::{COUNTRY, EVENT_ID, EVENT_NAME, Field};
use super::skip::Cursor;
use crate::validation::text_rule::{self as rule, TextRule};
use crate::validation::{datetime, json};

/// A short event's length in bytes.
const LIKELY_EVENT_BYTES: usize = 256;

/// Reads a body of `POST /api/v1/analytics`; `None` leaves it to the strict path.
pub fn parse_single(body: &[u8]) -> Option<TrackEvent<'_>> {
    let mut cursor = Cursor::new(str::from_utf8(body).ok()?);
    let mut event = TrackEvent::blank();
    cursor.space();
    read_event(&mut cursor, &mut event, 1)?;
    cursor.end()?;
    Some(event)
}

/// Reads a body of `POST /api/v1/analytics/batch`: 1 to [`MAX_BATCH_EVENTS`] events, each with the batch's
/// `client_id` where it had none. `None` leaves it to the strict path.
pub fn parse_batch(body: &[u8]) -> Option<Vec<TrackEvent<'_>>> {
    let mut cursor = Cursor::new(str::from_utf8(body).ok()?);
    // A guess that most batches meet: room made at once costs less than moving events while the list grows.
    let likely = (body.len() / LIKELY_EVENT_BYTES + 1).min(MAX_BATCH_EVENTS);
    let (mut events, mut client_id) = (Vec::with_capacity(likely), None);
    let mut seen = Seen::default();
    cursor.space();
    let mut more = cursor.open_object()?;
    while more {
        match cursor.key()? {
            "events" => {
                seen.once(0)?;
                read_events(&mut cursor, &mut events)?;
            }
            "client_id" => {
                seen.once(1)?;
                client_id = read_optional_text(&mut cursor, rule::LABEL)?;
            }
            _ => cursor.skip_value(2)?,
        }
        more = cursor.another(b'}')?;
    }
    cursor.end()?;
    if events.is_empty() {
        return None;
    }
    if client_id.is_some() {
        for event in events.iter_mut().filter(|event: &&mut TrackEvent<'_>| event.client_id.is_none()) {
            event.client_id.clone_from(&client_id);
        }
    }
    Some(events)
}

/// Which fields an object has had, to leave repeated ones to the strict path.
#[derive(Default)]
struct Seen(u64);

impl Seen {
    fn once(&mut self, field: u32) -> Option<()> {
        let bit = 1 << field;
        let fresh = self.0 & bit == 0;
        self.0 |= bit;
        fresh.then_some(())
    }
}

fn read_events<'a>(cursor: &mut Cursor<'a>, events: &mut Vec<TrackEvent<'a>>) -> Option<()> {
    let mut more = cursor.open_list()?;
    while more {
        if events.len() == MAX_BATCH_EVENTS {
            return None;
        }
        // Filled in place: an event is too large to be moved for nothing.
        let event = events.push_mut(TrackEvent::blank());
        read_event(cursor, event, 3)?;
        more = cursor.another(b']')?;
    }
    Some(())
}

/// Fills `event` from the object at the cursor, which is the `depth`th level of the body.
fn read_event<'a>(cursor: &mut Cursor<'a>, event: &mut TrackEvent<'a>, depth: usize) -> Option<()> {
    let mut seen = Seen::default();
    let mut more = cursor.open_object()?;
    while more {
        match Field::from_name(cursor.key()?) {
            Some(field) => {
                seen.once(field as u32)?;
                read_field(cursor, event, field, depth)?;
            }
            None => cursor.skip_value(depth + 1)?,
        }
        more = cursor.another(b'}')?;
    }
    // The rule is at least one character, so an empty name means there was none.
    (!event.event_name.is_empty()).then_some(())
}

#[inline]
fn read_field<'a>(
    cursor: &mut Cursor<'a>,
    event: &mut TrackEvent<'a>,
    field: Field,
    depth: usize,
) -> Option<()> {
    match field {
        Field::EventName => event.event_name = read_text(cursor, EVENT_NAME)?,
        Field::Category => event.category = Category::from_name(cursor.plain_string()?)?,
        Field::Priority => event.priority = Priority::from_name(cursor.plain_string()?)?,
        Field::Properties => event.properties = read_properties(cursor, depth + 1)?,
        Field::Timestamp => event.timestamp = read_timestamp(cursor)?,
        Field::SessionId => event.session_id = read_optional_text(cursor, rule::LABEL)?,
        Field::PageUrl => event.page_url = read_optional_text(cursor, rule::LONG_LINE)?,
        Field::Referrer => event.referrer = read_optional_text(cursor, rule::LONG_LINE)?,
        Field::UserAgent => event.user_agent = read_optional_text(cursor, rule::LONG_LINE)?,
        Field::EventId => event.event_id = read_optional_text(cursor, EVENT_ID)?,
        Field::ProjectId => event.project_id = read_optional_text(cursor, rule::PROJECT_ID)?,
        Field::ClientId => event.client_id = read_optional_text(cursor, rule::LABEL)?,
        Field::UserId => event.user_id = read_optional_text(cursor, rule::LABEL)?,
        Field::InstallationId => event.installation_id = read_optional_text(cursor, rule::LABEL)?,
        Field::DeviceId => event.device_id = read_optional_text(cursor, rule::LABEL)?,
        Field::SpaceId => event.space_id = read_optional_text(cursor, rule::LABEL)?,
        Field::AppId => event.app_id = read_optional_text(cursor, rule::LABEL)?,
        Field::Environment => event.environment = read_optional_text(cursor, rule::LABEL)?,
        Field::Country => event.country = read_optional_text(cursor, COUNTRY)?,
        Field::Interaction => event.interaction = read_bool(cursor)?,
        Field::CaptureId => event.capture_id = read_optional_text(cursor, rule::LABEL)?,
        Field::ProductId => event.product_id = read_optional_text(cursor, rule::LABEL)?,
        Field::CategoryId => event.category_id = read_optional_text(cursor, rule::LABEL)?,
        Field::Int1 => event.ints[0] = read_int(cursor)?,
        Field::Int2 => event.ints[1] = read_int(cursor)?,
        Field::Int3 => event.ints[2] = read_int(cursor)?,
        Field::Int4 => event.ints[3] = read_int(cursor)?,
        Field::Int5 => event.ints[4] = read_int(cursor)?,
        Field::Str1 => event.strs[0] = read_optional_text(cursor, rule::FREE_TEXT)?,
        Field::Str2 => event.strs[1] = read_optional_text(cursor, rule::FREE_TEXT)?,
        Field::Str3 => event.strs[2] = read_optional_text(cursor, rule::FREE_TEXT)?,
        Field::Str4 => event.strs[3] = read_optional_text(cursor, rule::FREE_TEXT)?,
        Field::Str5 => event.strs[4] = read_optional_text(cursor, rule::FREE_TEXT)?,
        Field::Stateful => event.stateful = read_bool(cursor)?,
        Field::Public => event.public = read_int(cursor)?,
    }
    Some(())
}

#[inline]
fn read_text<'a>(cursor: &mut Cursor<'a>, rule: TextRule) -> Option<Cow<'a, str>> {
    let written = cursor.string()?;
    if !written.escaped {
        // Raw control characters ended the scan, so what is left is printable.
        return rule.accepts_printable(written.raw).then_some(Cow::Borrowed(written.raw));
    }
    let text = json::unescape(written.raw).ok().filter(|text| !text.lone_surrogate)?.text;
    rule.check(&text).ok()?;
    Some(text)
}

#[inline]
fn read_optional_text<'a>(cursor: &mut Cursor<'a>, rule: TextRule) -> Option<Option<Cow<'a, str>>> {
    if cursor.null() { Some(None) } else { read_text(cursor, rule).map(Some) }
}

fn read_properties<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Option<Cow<'a, str>> {
    let text = cursor.object_text(depth)?;
    (text.len() <= MAX_PROPERTIES_BYTES).then_some(Cow::Borrowed(text))
}

fn read_timestamp(cursor: &mut Cursor<'_>) -> Option<Option<i64>> {
    if cursor.null() {
        return Some(None);
    }
    let micros = match cursor.peek() {
        Some(b'"') => datetime::from_rfc3339(cursor.plain_string()?)?,
        _ => datetime::from_int(cursor.int()?).ok()?,
    };
    Some(Some(micros))
}

fn read_int(cursor: &mut Cursor<'_>) -> Option<Option<i64>> {
    if cursor.null() { Some(None) } else { cursor.int().map(Some) }
}

fn read_bool(cursor: &mut Cursor<'_>) -> Option<Option<bool>> {
    if cursor.null() { Some(None) } else { cursor.bool().map(Some) }
}
