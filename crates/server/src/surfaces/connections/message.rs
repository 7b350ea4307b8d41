//! The message model on a JSON value: which fields a connection's message has, and what each accepts.
//!
//! Promise: every value in a [`Message`] has passed its field's rule, and no key's text is in it.

use std::borrow::Cow;

use tidegauge_facts::Micros;
use tidegauge_facts::connections::State;
use tidegauge_facts::limits::{
    MAX_BATCH_CONNECTIONS, MAX_CONNECTION_ID_CHARS, MAX_CONNECTION_LABEL_CHARS, MAX_LABEL_CHARS,
};

use super::key_mask::{API_KEY, mask_keys};
use crate::intake::connections::ConnectionMessage;
use crate::validation::batch::{self, Batch};
use crate::validation::error::{BodyError, ErrorDetail, Loc, Problem};
use crate::validation::fields::{Fields, choice};
use crate::validation::json::Json;
use crate::validation::number_rule::NOT_NEGATIVE;
use crate::validation::text_rule::{LABEL, PROJECT_ID, TextRule};
use crate::validation::{body, datetime, ip_address};

/// The list's name in a body.
pub const CONNECTIONS: &str = "connections";

pub(super) const CONNECTION_ID: TextRule = TextRule::line(1, MAX_CONNECTION_ID_CHARS);
pub(super) const REQUIRED_LABEL: TextRule = TextRule::line(1, MAX_CONNECTION_LABEL_CHARS);
pub(super) const OPTIONAL_LABEL: TextRule = TextRule::line(0, MAX_CONNECTION_LABEL_CHARS);
pub(super) const KEY: TextRule = TextRule::line(1, MAX_LABEL_CHARS);

/// One message about a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    connection_id: Cow<'static, str>,
    state: State,
    service_name: Cow<'static, str>,
    protocol_name: Cow<'static, str>,
    data_center: Cow<'static, str>,
    at: Option<i64>,
    api_key_hash: Option<String>,
    user_id: Option<Cow<'static, str>>,
    project_id: Option<Cow<'static, str>>,
    ip: Option<String>,
    bytes_in: Option<i64>,
    bytes_out: Option<i64>,
    close_reason: Option<Cow<'static, str>>,
    host: Option<Cow<'static, str>>,
}

impl Message {
    /// The project it names.
    pub fn project_id(&self) -> Option<&str> {
        self.project_id.as_deref()
    }

    /// As the intake takes it.
    pub fn as_told(&self) -> ConnectionMessage<'_> {
        ConnectionMessage {
            connection_id: &self.connection_id,
            state: self.state,
            service_name: &self.service_name,
            protocol_name: &self.protocol_name,
            data_center: &self.data_center,
            at: self.at.map(Micros),
            api_key_hash: self.api_key_hash.as_deref(),
            user_id: self.user_id.as_deref(),
            project_id: self.project_id.as_deref(),
            ip: self.ip.as_deref(),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            close_reason: self.close_reason.as_deref(),
            host: self.host.as_deref(),
        }
    }
}

/// Reads a body of `POST /api/v1/connections`: 1 to [`MAX_BATCH_CONNECTIONS`] outcomes, in the body's order. An error
/// here is one of the frame (not JSON, no list, too many) and refuses the whole body even under lenient handling.
pub fn read_messages(body: &[u8], content_type: Option<&str>) -> Result<Batch<Message>, BodyError> {
    let mut value = body::read(body, content_type)?;
    let hashes = mask_keys(&mut value, CONNECTIONS);
    let path = [Loc::Field("body")];
    let fields = Fields::of(&value, &path).map_err(|detail| BodyError::Invalid(vec![detail]))?;
    let messages = batch::list(&fields, CONNECTIONS, MAX_BATCH_CONNECTIONS, message);
    let mut batch = Batch::framed(messages, fields.into_errors())?;
    for (message, hash) in batch.items.iter_mut().zip(hashes) {
        if let Ok(message) = message {
            message.api_key_hash = hash;
        }
    }
    Ok(batch)
}

fn message(value: &Json<'_>, path: &[Loc]) -> Result<Message, Vec<ErrorDetail>> {
    let mut fields = Fields::of(value, path).map_err(|detail| vec![detail])?;
    // The order of these lines is the order of the errors.
    let message = Message {
        connection_id: fields.required_text("connection_id", CONNECTION_ID),
        state: fields.required("state", state).unwrap_or(State::Open),
        service_name: fields.required_text("service_name", REQUIRED_LABEL),
        protocol_name: fields.required_text("protocol_name", REQUIRED_LABEL),
        data_center: fields.required_text("data_center", REQUIRED_LABEL),
        at: fields.optional("at", datetime::from_json),
        // Only its rule is looked at here: what stands there is a mask.
        api_key_hash: fields.text(API_KEY, KEY).and(None),
        user_id: fields.text("user_id", LABEL),
        project_id: fields.text("project_id", PROJECT_ID),
        ip: fields.optional("ip", ip_address::from_json),
        bytes_in: fields.optional("bytes_in", |value| NOT_NEGATIVE.read(value)),
        bytes_out: fields.optional("bytes_out", |value| NOT_NEGATIVE.read(value)),
        close_reason: fields.text("close_reason", OPTIONAL_LABEL),
        host: fields.text("host", OPTIONAL_LABEL),
    };
    let errors = fields.into_errors();
    if errors.is_empty() { Ok(message) } else { Err(errors) }
}

fn state(value: &Json<'_>) -> Result<State, Problem> {
    choice(value, State::from_name, "'open', 'activity' or 'close'")
}

#[cfg(test)]
mod tests;
