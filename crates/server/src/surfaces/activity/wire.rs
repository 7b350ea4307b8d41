//! The good path: one pass over a body of `POST /api/v1/requests`, borrowing strings from it, for the requests that are
//! as they should be.
//!
//! Promise: it accepts only what [`super::model`] accepts, with an equal request, and says `None` to anything unusual;
//! then the strict path decides. The caller has made sure by `content_type::is_json` that JSON was meant.

use std::borrow::Cow;

use tidegauge_facts::limits::{MAX_BATCH_REQUESTS, MAX_TAGS};

use super::field::{
    API_ID, COUNTRY, Field, MILLIS, PATH, REQUEST_ID, content_length, response_code, timestamp,
};
use super::model::REQUESTS;
use super::request::{ApiRequest, Latency};
use crate::validation::cursor::Cursor;
use crate::validation::ip_address;
use crate::validation::number_rule::{NOT_NEGATIVE, NumberRule};
use crate::validation::plain::{self, Seen};
use crate::validation::text_rule::{LABEL, LONG_LINE, PROJECT_ID};

/// A request's usual length in bytes.
const LIKELY_REQUEST_BYTES: usize = 384;

/// Reads a body: 1 to [`MAX_BATCH_REQUESTS`] requests. `None` leaves it to the strict path.
pub fn parse_batch(body: &[u8]) -> Option<Vec<ApiRequest<'_>>> {
    let mut cursor = Cursor::new(str::from_utf8(body).ok()?);
    // A guess that most batches meet: room made at once costs less than moving requests while the list grows.
    let likely = (body.len() / LIKELY_REQUEST_BYTES + 1).min(MAX_BATCH_REQUESTS);
    let mut requests = Vec::with_capacity(likely);
    let mut seen = Seen::default();
    cursor.space();
    let mut more = cursor.open_object()?;
    while more {
        if cursor.key()? == REQUESTS {
            seen.once(0)?;
            read_requests(&mut cursor, &mut requests)?;
        } else {
            cursor.skip_value(2)?;
        }
        more = cursor.another(b'}')?;
    }
    cursor.end()?;
    (!requests.is_empty()).then_some(requests)
}

fn read_requests<'a>(cursor: &mut Cursor<'a>, requests: &mut Vec<ApiRequest<'a>>) -> Option<()> {
    let mut more = cursor.open_list()?;
    while more {
        if requests.len() == MAX_BATCH_REQUESTS {
            return None;
        }
        // Filled in place: a request is too large to be moved for nothing.
        read_request(cursor, requests.push_mut(ApiRequest::default()))?;
        more = cursor.another(b']')?;
    }
    Some(())
}

/// Fills `request` from the object at the cursor, which is the third level of the body.
fn read_request<'a>(cursor: &mut Cursor<'a>, request: &mut ApiRequest<'a>) -> Option<()> {
    let mut seen = Seen::default();
    let mut more = cursor.open_object()?;
    while more {
        match Field::from_name(cursor.key()?) {
            Some(field) => {
                seen.once(field as u32)?;
                read_field(cursor, request, field)?;
            }
            None => cursor.skip_value(4)?,
        }
        more = cursor.another(b'}')?;
    }
    // Their rules ask for at least one character, so an empty one means there was none.
    (!request.api_id.is_empty() && !request.path.is_empty()).then_some(())
}

#[inline]
fn read_field<'a>(cursor: &mut Cursor<'a>, request: &mut ApiRequest<'a>, field: Field) -> Option<()> {
    match field {
        Field::ApiId => request.api_id = plain::text(cursor, API_ID)?,
        Field::Path => request.path = plain::text(cursor, PATH)?,
        Field::Timestamp => {
            request.timestamp = match plain::timestamp(cursor)? {
                Some(micros) => Some(timestamp(micros).ok()?),
                None => None,
            }
        }
        Field::Method => request.method = plain::optional_text(cursor, LABEL)?,
        Field::Host => request.host = plain::optional_text(cursor, LABEL)?,
        Field::RawPath => request.raw_path = plain::optional_text(cursor, LONG_LINE)?,
        Field::ResponseCode => {
            request.response_code = match plain::int(cursor)? {
                Some(code) => response_code(code).ok()?,
                None => None,
            }
        }
        Field::ApiKey => request.api_key = plain::optional_text(cursor, LABEL)?,
        Field::Alias => request.alias = plain::optional_text(cursor, LABEL)?,
        Field::OauthId => request.oauth_id = plain::optional_text(cursor, LABEL)?,
        Field::ApiName => request.api_name = plain::optional_text(cursor, LABEL)?,
        Field::ApiVersion => request.api_version = plain::optional_text(cursor, LABEL)?,
        Field::RequestTime => request.request_time = number(cursor, MILLIS)?,
        Field::Latency => request.latency = latency(cursor)?,
        Field::IpAddress => request.ip_address = address(cursor)?,
        Field::Country => request.country = plain::optional_text(cursor, COUNTRY)?,
        Field::Tags => read_tags(cursor, &mut request.tags)?,
        Field::UserAgent => request.user_agent = plain::optional_text(cursor, LONG_LINE)?,
        Field::ContentLength => {
            request.content_length = match plain::int(cursor)? {
                Some(bytes) => content_length(bytes).ok()?,
                None => None,
            }
        }
        Field::BytesIn => request.bytes_in = number(cursor, NOT_NEGATIVE)?,
        Field::BytesOut => request.bytes_out = number(cursor, NOT_NEGATIVE)?,
        Field::RequestId => request.request_id = plain::optional_text(cursor, REQUEST_ID)?,
        Field::ProjectId => request.project_id = plain::optional_text(cursor, PROJECT_ID)?,
    }
    Some(())
}

#[inline]
fn number(cursor: &mut Cursor<'_>, rule: NumberRule) -> Option<Option<i64>> {
    match plain::int(cursor)? {
        Some(number) => rule.check(number).ok().map(Some),
        None => Some(None),
    }
}

fn latency(cursor: &mut Cursor<'_>) -> Option<Latency> {
    let mut latency = Latency::default();
    if cursor.null() {
        return Some(latency);
    }
    let mut seen = Seen::default();
    let mut more = cursor.open_object()?;
    while more {
        let (bit, part) = match cursor.key()? {
            "total" => (0, &mut latency.total),
            "upstream" => (1, &mut latency.upstream),
            "gateway" => (2, &mut latency.gateway),
            _ => {
                cursor.skip_value(5)?;
                more = cursor.another(b'}')?;
                continue;
            }
        };
        seen.once(bit)?;
        *part = number(cursor, MILLIS)?;
        more = cursor.another(b'}')?;
    }
    Some(latency)
}

fn address<'a>(cursor: &mut Cursor<'a>) -> Option<Option<Cow<'a, str>>> {
    if cursor.null() {
        return Some(None);
    }
    match cursor.plain_string()? {
        "" => Some(None),
        text => ip_address::canonical(text).ok().map(Some),
    }
}

fn read_tags<'a>(cursor: &mut Cursor<'a>, tags: &mut Vec<Cow<'a, str>>) -> Option<()> {
    if cursor.null() {
        return Some(());
    }
    let mut more = cursor.open_list()?;
    while more {
        if tags.len() == MAX_TAGS {
            return None;
        }
        tags.push(plain::text(cursor, LABEL)?);
        more = cursor.another(b']')?;
    }
    Some(())
}
