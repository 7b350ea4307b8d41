//! The authority over `track` bodies: what FastAPI 0.165 with pydantic 2.14 accepts, and its errors to the letter.
//!
//! Promise: total over any bytes; whatever [`super::wire`] accepts is accepted here as an equal event. Beyond FastAPI
//! it bounds depth, lengths, integers and `properties`, and refuses control characters. Speed is not its concern.

use std::borrow::Cow;

use super::content_type;
use super::error::{BodyError, Ctx, ErrorDetail, Loc, Problem};
use super::event::{MAX_BATCH_EVENTS, OwnedEvent};
use super::json::{self, Json};
use super::model::{self, Fields};
use super::text_rule;

/// A batch whose frame is good; its events may not be.
#[derive(Debug)]
pub struct StrictBatch {
    /// 1 to [`MAX_BATCH_EVENTS`] outcomes, in the body's order, with the batch's `client_id` where they had none;
    /// each error's `loc` starts at `"body"`.
    pub items: Vec<Result<OwnedEvent, Vec<ErrorDetail>>>,
}

impl StrictBatch {
    /// All events, or every error of the body: the answer when the client did not ask for lenient handling.
    pub fn all_or_nothing(self) -> Result<Vec<OwnedEvent>, BodyError> {
        let mut events = Vec::with_capacity(self.items.len());
        let mut errors = Vec::new();
        for item in self.items {
            match item {
                Ok(event) => events.push(event),
                Err(details) => errors.extend(details),
            }
        }
        if errors.is_empty() { Ok(events) } else { Err(BodyError::Invalid(errors)) }
    }
}

/// Reads a body of `POST /api/v1/analytics`.
pub fn strict_single(body: &[u8], content_type: Option<&str>) -> Result<OwnedEvent, BodyError> {
    let value = read(body, content_type)?;
    model::event(&value, &[Loc::Field("body")]).map_err(BodyError::Invalid)
}

/// Reads a body of `POST /api/v1/analytics/batch`. An error here is one of the frame (not JSON, no list of events,
/// too many, a bad `client_id`) and refuses the whole body even under lenient handling; errors of the events
/// found beside it are in the list too, where FastAPI puts them.
pub fn strict_batch(body: &[u8], content_type: Option<&str>) -> Result<StrictBatch, BodyError> {
    let value = read(body, content_type)?;
    let path = [Loc::Field("body")];
    let mut fields = Fields::of(&value, &path).map_err(|detail| BodyError::Invalid(vec![detail]))?;
    let items = match fields.value("events") {
        None => Err(MISSING.at(fields.loc("events"), &value)),
        Some(list) => check_list(list).map_err(|problem| problem.at(fields.loc("events"), list)),
    };
    let (items, frame_error) = match items {
        Ok(list) => (list.iter().enumerate().map(|(index, item)| read_item(index, item)).collect(), None),
        Err(detail) => (Vec::new(), Some(detail)),
    };
    let client_id = fields.text("client_id", text_rule::LABEL);
    let client_errors = fields.into_errors();
    if frame_error.is_none() && client_errors.is_empty() {
        return Ok(StrictBatch { items: with_client(items, client_id.as_deref()) });
    }
    let item_errors = items.into_iter().filter_map(Result::err).flatten();
    Err(BodyError::Invalid(frame_error.into_iter().chain(item_errors).chain(client_errors).collect()))
}

pub(super) const MISSING: Problem = Problem::plain("missing", "Field required");
const LIST_TYPE: Problem = Problem::plain("list_type", "Input should be a valid list");

fn read<'a>(body: &'a [u8], content_type: Option<&str>) -> Result<Json<'a>, BodyError> {
    let text = str::from_utf8(body).map_err(|_| BodyError::Unparsable)?;
    let refuse =
        |problem: Problem, loc, input: &Json<'_>| Err(BodyError::Invalid(vec![problem.at(loc, input)]));
    if text.is_empty() {
        return refuse(MISSING, vec![Loc::Field("body")], &Json::Null);
    }
    if !content_type::is_json(content_type) {
        let text = json::Text { text: Cow::Borrowed(text), lone_surrogate: false };
        return Ok(Json::Str(text));
    }
    // Python drops one byte order mark.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    match json::parse(text) {
        Ok(value) => Ok(value),
        Err(error) => {
            let msg = Cow::Borrowed("JSON decode error");
            let problem = Problem { kind: "json_invalid", msg, ctx: Some(Ctx::Error(error.message)) };
            refuse(problem, vec![Loc::Field("body"), Loc::Index(error.at)], &Json::Dict(Vec::new()))
        }
    }
}

fn check_list<'v, 'a>(value: &'v Json<'a>) -> Result<&'v [Json<'a>], Problem> {
    let Json::List(items) = value else { return Err(LIST_TYPE) };
    let actual = items.len();
    if actual > MAX_BATCH_EVENTS {
        let msg = format!("List should have at most {MAX_BATCH_EVENTS} items after validation, not {actual}");
        let ctx = Ctx::TooMany { field_type: "List", max: MAX_BATCH_EVENTS, actual };
        return Err(Problem { kind: "too_long", msg: Cow::Owned(msg), ctx: Some(ctx) });
    }
    if items.is_empty() {
        let msg = Cow::Borrowed("List should have at least 1 item after validation, not 0");
        let ctx = Ctx::TooFew { field_type: "List", min: 1, actual };
        return Err(Problem { kind: "too_short", msg, ctx: Some(ctx) });
    }
    Ok(items)
}

fn read_item(index: usize, item: &Json<'_>) -> Result<OwnedEvent, Vec<ErrorDetail>> {
    model::event(item, &[Loc::Field("body"), Loc::Field("events"), Loc::Index(index)])
}

type Outcome = Result<OwnedEvent, Vec<ErrorDetail>>;

fn with_client(mut items: Vec<Outcome>, client_id: Option<&str>) -> Vec<Outcome> {
    for event in items.iter_mut().flatten() {
        if event.client_id.is_none() {
            event.client_id = client_id.map(|id| Cow::Owned(id.to_owned()));
        }
    }
    items
}
