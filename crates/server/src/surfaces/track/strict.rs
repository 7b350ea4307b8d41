//! The authority over `track` bodies: what FastAPI 0.165 with pydantic 2.14 accepts, and its errors to the letter.
//!
//! Promise: total over any bytes; whatever [`super::wire`] accepts is accepted here as an equal event. Beyond FastAPI
//! it bounds depth, lengths, integers and `properties`, and refuses control characters. Speed is not its concern.

use std::borrow::Cow;

use super::event::{MAX_BATCH_EVENTS, OwnedEvent};
use super::model;
use crate::validation::batch::{self, Batch};
use crate::validation::body::read;
use crate::validation::error::{BodyError, Loc};
use crate::validation::fields::Fields;
use crate::validation::text_rule;

/// Reads a body of `POST /api/v1/analytics`.
pub fn strict_single(body: &[u8], content_type: Option<&str>) -> Result<OwnedEvent, BodyError> {
    let value = read(body, content_type)?;
    model::event(&value, &[Loc::Field("body")]).map_err(BodyError::Invalid)
}

/// Reads a body of `POST /api/v1/analytics/batch`: 1 to [`MAX_BATCH_EVENTS`] outcomes, in the body's order, with the
/// batch's `client_id` where they had none. An error here is one of the frame (not JSON, no list of events, too
/// many, a bad `client_id`) and refuses the whole body even under lenient handling.
pub fn strict_batch(body: &[u8], content_type: Option<&str>) -> Result<Batch<OwnedEvent>, BodyError> {
    let value = read(body, content_type)?;
    let path = [Loc::Field("body")];
    let mut fields = Fields::of(&value, &path).map_err(|detail| BodyError::Invalid(vec![detail]))?;
    let events = batch::list(&fields, "events", MAX_BATCH_EVENTS, model::event);
    let client_id = fields.text("client_id", text_rule::LABEL);
    let batch = Batch::framed(events, fields.into_errors())?;
    Ok(with_client(batch, client_id.as_deref()))
}

fn with_client(mut batch: Batch<OwnedEvent>, client_id: Option<&str>) -> Batch<OwnedEvent> {
    for event in batch.items.iter_mut().flatten() {
        if event.client_id.is_none() {
            event.client_id = client_id.map(|id| Cow::Owned(id.to_owned()));
        }
    }
    batch
}
