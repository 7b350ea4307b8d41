//! The good path: one pass over a `track` body, borrowing strings from it, for the events that are as they should be.
//!
//! Promise: it accepts only what [`super::strict`] accepts, with an equal event, and says `None` to anything unusual;
//! then the strict path decides. The caller has made sure by `content_type::is_json` that JSON was meant.

use std::borrow::Cow;

use super::event::{Category, MAX_BATCH_EVENTS, MAX_PROPERTIES_BYTES, Priority, TrackEvent};
use super::field::{COUNTRY, EVENT_ID, EVENT_NAME, Field};
use crate::validation::cursor::Cursor;
use crate::validation::plain::{self, Seen};
use crate::validation::text_rule as rule;

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
                client_id = plain::optional_text(&mut cursor, rule::LABEL)?;
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
        Field::EventName => event.event_name = plain::text(cursor, EVENT_NAME)?,
        Field::Category => event.category = Category::from_name(cursor.plain_string()?)?,
        Field::Priority => event.priority = Priority::from_name(cursor.plain_string()?)?,
        Field::Properties => event.properties = read_properties(cursor, depth + 1)?,
        Field::Timestamp => event.timestamp = plain::timestamp(cursor)?,
        Field::SessionId => event.session_id = plain::optional_text(cursor, rule::LABEL)?,
        Field::PageUrl => event.page_url = plain::optional_text(cursor, rule::LONG_LINE)?,
        Field::Referrer => event.referrer = plain::optional_text(cursor, rule::LONG_LINE)?,
        Field::UserAgent => event.user_agent = plain::optional_text(cursor, rule::LONG_LINE)?,
        Field::EventId => event.event_id = plain::optional_text(cursor, EVENT_ID)?,
        Field::ProjectId => event.project_id = plain::optional_text(cursor, rule::PROJECT_ID)?,
        Field::ClientId => event.client_id = plain::optional_text(cursor, rule::LABEL)?,
        Field::UserId => event.user_id = plain::optional_text(cursor, rule::LABEL)?,
        Field::InstallationId => event.installation_id = plain::optional_text(cursor, rule::LABEL)?,
        Field::DeviceId => event.device_id = plain::optional_text(cursor, rule::LABEL)?,
        Field::SpaceId => event.space_id = plain::optional_text(cursor, rule::LABEL)?,
        Field::AppId => event.app_id = plain::optional_text(cursor, rule::LABEL)?,
        Field::Environment => event.environment = plain::optional_text(cursor, rule::LABEL)?,
        Field::Country => event.country = plain::optional_text(cursor, COUNTRY)?,
        Field::Interaction => event.interaction = plain::bool(cursor)?,
        Field::CaptureId => event.capture_id = plain::optional_text(cursor, rule::LABEL)?,
        Field::ProductId => event.product_id = plain::optional_text(cursor, rule::LABEL)?,
        Field::CategoryId => event.category_id = plain::optional_text(cursor, rule::LABEL)?,
        Field::Int1 => event.ints[0] = plain::int(cursor)?,
        Field::Int2 => event.ints[1] = plain::int(cursor)?,
        Field::Int3 => event.ints[2] = plain::int(cursor)?,
        Field::Int4 => event.ints[3] = plain::int(cursor)?,
        Field::Int5 => event.ints[4] = plain::int(cursor)?,
        Field::Str1 => event.strs[0] = plain::optional_text(cursor, rule::FREE_TEXT)?,
        Field::Str2 => event.strs[1] = plain::optional_text(cursor, rule::FREE_TEXT)?,
        Field::Str3 => event.strs[2] = plain::optional_text(cursor, rule::FREE_TEXT)?,
        Field::Str4 => event.strs[3] = plain::optional_text(cursor, rule::FREE_TEXT)?,
        Field::Str5 => event.strs[4] = plain::optional_text(cursor, rule::FREE_TEXT)?,
        Field::Stateful => event.stateful = plain::bool(cursor)?,
        Field::Public => event.public = plain::int(cursor)?,
    }
    Some(())
}

fn read_properties<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Option<Cow<'a, str>> {
    let text = cursor.object_text(depth)?;
    (text.len() <= MAX_PROPERTIES_BYTES).then_some(Cow::Borrowed(text))
}
