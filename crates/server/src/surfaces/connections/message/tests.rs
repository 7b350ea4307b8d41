//! Every field as it is taken, as it is refused, and that no key comes back.

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
    for field in ["connection_id", "service_name", "protocol_name", "data_center", "close_reason", "host"] {
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
        let error = read_messages(body.as_bytes(), content_type).and_then(Batch::all_or_nothing).unwrap_err();
        assert!(!errors(&error).contains("hush"), "{}", errors(&error));
    }
}

#[test]
fn a_list_is_1_to_100_messages() {
    let body = |n: usize| format!("{{\"connections\":[{}]}}", vec![with("state", "\"open\""); n].join(","));
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
