//! The message model on a JSON value: which fields a connection's message has, and what each accepts.
//!
//! Promise: every value in a [`Message`] has passed its field's rule, and no key's text is in it.

use std::borrow::Cow;
use std::net::IpAddr;

use tidegauge_facts::Micros;
use tidegauge_facts::connections::State;
use tidegauge_facts::limits::{
    MAX_BATCH_CONNECTIONS, MAX_CONNECTION_ID_CHARS, MAX_CONNECTION_LABEL_CHARS, MAX_LABEL_CHARS,
};

use super::key_mask::{API_KEY, mask_keys};
use crate::intake::connections::ConnectionMessage;
use crate::validation::batch::{self, Batch};
use crate::validation::error::{BodyError, Ctx, ErrorDetail, Loc, Problem};
use crate::validation::fields::{Fields, choice, text};
use crate::validation::json::Json;
use crate::validation::text_rule::{LABEL, PROJECT_ID, TextRule};
use crate::validation::{body, coerce, datetime};

/// The list's name in a body.
pub const CONNECTIONS: &str = "connections";

const CONNECTION_ID: TextRule = TextRule::line(1, MAX_CONNECTION_ID_CHARS);
const REQUIRED_LABEL: TextRule = TextRule::line(1, MAX_CONNECTION_LABEL_CHARS);
const OPTIONAL_LABEL: TextRule = TextRule::line(0, MAX_CONNECTION_LABEL_CHARS);
const KEY: TextRule = TextRule::line(1, MAX_LABEL_CHARS);

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
        ip: fields.optional("ip", ip),
        bytes_in: fields.optional("bytes_in", not_negative),
        bytes_out: fields.optional("bytes_out", not_negative),
        close_reason: fields.text("close_reason", OPTIONAL_LABEL),
        host: fields.text("host", OPTIONAL_LABEL),
    };
    let errors = fields.into_errors();
    if errors.is_empty() { Ok(message) } else { Err(errors) }
}

fn state(value: &Json<'_>) -> Result<State, Problem> {
    choice(value, State::from_name, "'open', 'activity' or 'close'")
}

/// pydantic's `IPvAnyAddress`, of texts alone; kept in its canonical spelling.
fn ip(value: &Json<'_>) -> Result<String, Problem> {
    const NO_ADDRESS: Problem = Problem::plain("ip_any_address", "value is not a valid IPv4 or IPv6 address");
    let text = text(value, LABEL)?;
    text.parse::<IpAddr>().map(|address| address.to_string()).map_err(|_| NO_ADDRESS)
}

fn not_negative(value: &Json<'_>) -> Result<i64, Problem> {
    match coerce::int(value)? {
        number @ 0.. => Ok(number),
        _ => Err(Problem {
            kind: "greater_than_equal",
            msg: Cow::Borrowed("Input should be greater than or equal to 0"),
            ctx: Some(Ctx::AtLeast(0)),
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JSON: Option<&str> = Some("application/json");

    fn with(field: &str, value: &str) -> String {
        let mut fields = vec![
            ("connection_id", "\"c\""),
            ("state", "\"open\""),
            ("service_name", "\"s\""),
            ("protocol_name", "\"p\""),
            ("data_center", "\"d\""),
        ];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    }

    fn read(message: &str) -> Result<Message, String> {
        let body = format!("{{\"connections\":[{message}]}}");
        let read = read_messages(body.as_bytes(), JSON).and_then(Batch::all_or_nothing);
        read.map(|mut messages| messages.remove(0)).map_err(|error| errors(&error))
    }

    fn errors(error: &BodyError) -> String {
        match error {
            BodyError::Unparsable => "unparsable".to_owned(),
            BodyError::Invalid(details) => serde_json::to_string(details).unwrap(),
        }
    }

    #[test]
    fn a_whole_message_is_read_as_it_was_told() {
        let message = r#"{"connection_id":"c-1","state":"close","service_name":"ws","protocol_name":"WebSocket",
            "data_center":"us-east-1/server-01","at":"2024-01-14T08:15:30.5Z","api_key":"abc","user_id":"u",
            "project_id":"p","ip":"2001:DB8:0::1","bytes_in":"12","bytes_out":0,"close_reason":"bye","host":"h",
            "later":[{}]}"#;
        let message = read(message).unwrap();
        let told = message.as_told();
        assert_eq!((told.connection_id, told.state, told.host), ("c-1", State::Close, Some("h")));
        assert_eq!(told.at, Some(Micros(1_705_220_130_500_000)));
        assert_eq!((told.ip, told.bytes_in, told.bytes_out), (Some("2001:db8::1"), Some(12), Some(0)));
        assert!(told.api_key_hash.unwrap().starts_with("ba7816bf"));
    }

    #[test]
    fn what_is_missing_is_told_for_every_field_at_once() {
        let all = read("{}").unwrap_err();
        for field in ["connection_id", "state", "service_name", "protocol_name", "data_center"] {
            let error = format!(
                r#"{{"type":"missing","loc":["body","connections",0,"{field}"],"msg":"Field required","input":{{}}}}"#
            );
            assert!(all.contains(&error), "{field}: {all}");
        }
        assert_eq!(all.matches("\"type\"").count(), 5);
    }

    #[test]
    fn each_field_is_refused_in_pydantics_words() {
        for (field, value, kind, msg) in [
            ("connection_id", "\"\"", "string_too_short", "String should have at least 1 character"),
            ("connection_id", "null", "string_type", "Input should be a valid string"),
            ("state", "\"opened\"", "enum", "Input should be 'open', 'activity' or 'close'"),
            ("state", "null", "enum", "Input should be 'open', 'activity' or 'close'"),
            (
                "service_name",
                "\"a\\nb\"",
                "string_control_character",
                "String should not contain control characters",
            ),
            ("at", "\"yesterday\"", "datetime_from_date_parsing", "Input should be a valid datetime or date"),
            ("api_key", "\"\"", "string_too_short", "String should have at least 1 character"),
            ("project_id", "\"a b\"", "string_pattern_mismatch", "String should match pattern"),
            ("ip", "\"1.2.3\"", "ip_any_address", "value is not a valid IPv4 or IPv6 address"),
            ("ip", "16909060", "string_type", "Input should be a valid string"),
            ("bytes_in", "-1", "greater_than_equal", "Input should be greater than or equal to 0"),
            ("bytes_out", "1.5", "int_from_float", "Input should be a valid integer"),
        ] {
            let answer = read(&with(field, value)).unwrap_err();
            let head = format!(r#"[{{"type":"{kind}","loc":["body","connections",0,"{field}"],"msg":"{msg}"#);
            assert!(answer.starts_with(&head), "{field}: {answer}");
            assert_eq!(answer.matches("\"type\"").count(), 1, "{answer}");
        }
        assert!(read(&with("bytes_in", "-1")).unwrap_err().ends_with(r#""ctx":{"ge":0}}]"#));
        let long = format!("\"{}\"", "x".repeat(257));
        for field in ["connection_id", "service_name", "protocol_name", "data_center", "close_reason", "host"]
        {
            assert!(read(&with(field, &long)).unwrap_err().contains("string_too_long"), "{field}");
        }
    }

    #[test]
    fn no_error_shows_a_key() {
        for (message, content_type) in [
            (with("state", "7"), JSON),
            (r#"{"api_key":"hush"}"#.to_owned(), JSON),
            (with("api_key", "\"hush\\u0001\""), JSON),
            (with("api_key", "{\"api_key\":\"hush\"}"), JSON),
            (with("api_key", "\"hush\""), Some("text/plain")),
        ] {
            let message = message.replace('}', ",\"api_key\":\"hush\"}").replacen(",,", ",", 1);
            let body = format!("{{\"connections\":[{message},3]}}");
            let error =
                read_messages(body.as_bytes(), content_type).and_then(Batch::all_or_nothing).unwrap_err();
            assert!(!errors(&error).contains("hush"), "{}", errors(&error));
        }
    }

    #[test]
    fn a_list_is_1_to_100_messages() {
        let body =
            |n: usize| format!("{{\"connections\":[{}]}}", vec![with("state", "\"open\""); n].join(","));
        assert_eq!(read_messages(body(100).as_bytes(), JSON).unwrap().items.len(), 100);
        for (body, kind) in [
            (body(0), "too_short"),
            (body(101), "too_long"),
            ("{}".to_owned(), "missing"),
            (r#"{"connections":{}}"#.to_owned(), "list_type"),
            ("[]".to_owned(), "model_attributes_type"),
            ("{".to_owned(), "json_invalid"),
            (String::new(), "missing"),
        ] {
            let error = errors(&read_messages(body.as_bytes(), JSON).unwrap_err());
            assert!(error.starts_with(&format!("[{{\"type\":\"{kind}\"")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            _ = read_messages(&body, JSON);
            _ = read_messages(&body, None);
        }

        #[test]
        fn a_key_never_comes_back(key in "[a-zA-Z0-9]{12,40}", field in "(state|at|ip|bytes_in|connection_id)") {
            let message = with(&field, "[true]").replacen('{', &format!("{{\"api_key\":\"{key}\","), 1);
            prop_assert!(!read(&message).unwrap_err().contains(&key));
        }
    }
}
