//! What the intake takes, what it refuses in which words, and what becomes of what a gateway leaves out.

use tidegauge_facts::Micros;

use super::super::model::strict_batch;
use super::super::request::{ApiRequest, Latency};
use super::super::wire::parse_batch;
use super::JSON;
use crate::validation::error::BodyError;

/// The one request of a body, or its errors as JSON text; both parsers must agree.
fn one(request: &str) -> Result<ApiRequest<'static>, String> {
    let body = format!(r#"{{"requests":[{request}]}}"#);
    let strict = strict_batch(body.as_bytes(), JSON).and_then(|batch| batch.all_or_nothing());
    if let Some(fast) = parse_batch(body.as_bytes()) {
        assert_eq!(Some(&fast), strict.as_ref().ok(), "{request}");
    }
    strict.map(|mut all| all.remove(0)).map_err(|error| match error {
        BodyError::Unparsable => "unparsable".to_owned(),
        BodyError::Invalid(details) => serde_json::to_string(&details).unwrap(),
    })
}

fn with(field: &str, value: &str) -> Result<ApiRequest<'static>, String> {
    one(&format!(r#"{{"api_id":"a","path":"/","{field}":{value}}}"#))
}

#[test]
fn an_api_and_a_path_are_enough() {
    let request = one(r#"{"api_id":"a","path":"/get","later":{"x":[1]}}"#).unwrap();
    let expected = ApiRequest { api_id: "a".into(), path: "/get".into(), ..ApiRequest::default() };
    assert_eq!(request, expected);
    let row = request.to_row("t", "p", &[], Micros(7));
    assert_eq!((row.event_time, row.received_at, row.project_id, row.id_assigned), (7, 7, "p", true));
    assert_eq!((row.response_code, row.request_time, row.latency_total, row.tags), (None, None, None, None));
}

#[test]
fn an_instant_is_one_of_the_calendar_whatever_its_offset() {
    for (written, micros) in [
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("0001-01-01T14:00:00+14:00", -62_135_596_800_000_000),
        ("9999-12-30T22:00:00Z", 253_402_207_200_000_000),
    ] {
        let request = with("timestamp", &format!("{written:?}")).unwrap();
        assert_eq!(request.timestamp, Some(micros), "{written}");
        let text = written.parse::<jiff::Timestamp>().unwrap();
        assert_eq!(text.as_microsecond(), micros);
    }
    let said = "Value error, a timestamp is from 0001-01-01T00:00:00Z to 9999-12-30T22:00:00Z";
    for written in [
        "0001-01-01T00:00:00+00:01",
        "0001-01-01T13:59:59.999999+14:00",
        "9999-12-30T22:00:00.000001Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31",
    ] {
        let told = with("timestamp", &format!("{written:?}")).unwrap_err();
        assert!(told.contains(said) && told.contains("\"timestamp\"]"), "{written}: {told}");
    }
}

#[test]
fn what_is_missing_empty_or_of_another_type_is_refused_at_its_place() {
    for (request, expected) in [
        (
            r#"{"path":"/"}"#,
            r#"{"type":"missing","loc":["body","requests",0,"api_id"],"msg":"Field required","input":{"path":"/"}}"#,
        ),
        (
            r#"{"api_id":"a"}"#,
            r#"{"type":"missing","loc":["body","requests",0,"path"],"msg":"Field required","input":{"api_id":"a"}}"#,
        ),
        (
            r#"{"api_id":"a","path":""}"#,
            r#"{"type":"string_too_short","loc":["body","requests",0,"path"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}"#,
        ),
        (
            r#"{"api_id":7,"path":"/"}"#,
            r#"{"type":"string_type","loc":["body","requests",0,"api_id"],"msg":"Input should be a valid string","input":7}"#,
        ),
    ] {
        assert_eq!(one(request).unwrap_err(), format!("[{expected}]"));
    }
    assert!(one("7").unwrap_err().contains("model_attributes_type"));
}

#[test]
fn every_error_of_a_request_is_told_at_once_and_in_order() {
    let answer = one(
        r#"{"path":5,"response_code":99,"latency":{"total":-1,"gateway":4294967296},"tags":["x",7],"request_id":""}"#,
    )
    .unwrap_err();
    let places: Vec<usize> = [
        r#""loc":["body","requests",0,"api_id"]"#,
        r#""loc":["body","requests",0,"path"]"#,
        r#""loc":["body","requests",0,"response_code"],"msg":"Value error, a response code is -1, 0, or from 100 to 999","input":99"#,
        r#""loc":["body","requests",0,"latency","total"],"msg":"Input should be greater than or equal to 0","input":-1,"ctx":{"ge":0}"#,
        r#""loc":["body","requests",0,"latency","gateway"],"msg":"Input should be less than or equal to 4294967295","input":4294967296,"ctx":{"le":4294967295}"#,
        r#""loc":["body","requests",0,"tags",1],"msg":"Input should be a valid string","input":7"#,
        r#""loc":["body","requests",0,"request_id"]"#,
    ]
    .iter()
    .map(|part| answer.find(part).unwrap_or_else(|| panic!("{part} in {answer}")))
    .collect();
    assert!(places.is_sorted(), "{answer}");
}

#[test]
fn a_code_is_a_status_or_network_statistics_and_without_one_nothing_is_known() {
    for (written, code) in [
        ("200", Some(200)),
        ("-1", Some(-1)),
        ("100", Some(100)),
        ("999", Some(999)),
        ("0", None),
        ("null", None),
        ("\"404\"", Some(404)),
    ] {
        assert_eq!(with("response_code", written).unwrap().response_code, code, "{written}");
    }
    for written in ["1", "99", "1000", "-2", "200.5", "\"ok\"", "[]"] {
        assert!(with("response_code", written).is_err(), "{written}");
    }
}

#[test]
fn times_are_whole_milliseconds_that_32_bits_hold() {
    assert_eq!(with("request_time", "4294967295").unwrap().request_time, Some(4_294_967_295));
    let latency = with("latency", r#"{"upstream":7,"total":null,"x":1}"#).unwrap().latency;
    assert_eq!(latency, Latency { total: None, upstream: Some(7), gateway: None });
    assert_eq!(with("latency", "null").unwrap().latency, Latency::default());
    for (field, written) in [
        ("request_time", "-1"),
        ("request_time", "4294967296"),
        ("request_time", "1.5"),
        ("latency", "7"),
        ("latency", r#"{"total":-1}"#),
    ] {
        assert!(with(field, written).is_err(), "{field} {written}");
    }
}

#[test]
fn what_a_gateway_writes_for_unknown_is_unknown() {
    let request = one(
        r#"{"api_id":"a","path":"/","api_key":"","oauth_id":"","alias":"","method":"","ip_address":"","country":"",
            "user_agent":"","content_length":-1,"tags":null,"latency":null}"#,
    )
    .unwrap();
    let row = request.to_row("t", "p", &[], Micros(0));
    assert_eq!((row.api_key, row.oauth_id, row.alias, row.method), (None, None, None, None));
    assert_eq!((row.ip, row.country, row.user_agent, row.content_length), (None, None, None, None));
    assert!(with("content_length", "-2").is_err());
    assert!(with("bytes_in", "-1").is_err());
}

#[test]
fn addresses_are_kept_in_their_canonical_spelling() {
    for (written, kept) in [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
    ] {
        let request = with("ip_address", &format!("\"{written}\"")).unwrap();
        assert_eq!(request.ip_address.as_deref(), Some(kept));
    }
    for written in ["\"192.0.2.07\"", "\"192.0.2.7:80\"", "\"here\"", "7", "[]"] {
        assert!(with("ip_address", written).is_err(), "{written}");
    }
}

#[test]
fn lists_have_their_bounds() {
    let tags = |count: usize| format!("[{}]", vec!["\"x\""; count].join(","));
    assert_eq!(with("tags", &tags(100)).unwrap().tags.len(), 100);
    assert!(with("tags", &tags(101)).unwrap_err().contains(r#""type":"too_long""#));
    assert!(with("tags", "\"x\"").unwrap_err().contains("list_type"));
    let batch = |count: usize| {
        format!(r#"{{"requests":[{}]}}"#, vec![r#"{"api_id":"a","path":"/"}"#; count].join(","))
    };
    assert_eq!(parse_batch(batch(1000).as_bytes()).unwrap().len(), 1000);
    for count in [0, 1001] {
        assert!(parse_batch(batch(count).as_bytes()).is_none());
        assert!(strict_batch(batch(count).as_bytes(), JSON).is_err());
    }
}

#[test]
fn a_path_may_be_long_and_strange_but_holds_no_control_character() {
    let long = "é".repeat(4096);
    for path in [&*long, "/a b?c=%20#d", "/users/{id}", "/orders/ü%20x", "no-slash"] {
        let request = one(&format!(r#"{{"api_id":"a","path":"{path}"}}"#)).unwrap();
        assert_eq!(request.path, path);
    }
    assert!(one(&format!(r#"{{"api_id":"a","path":"{long}é"}}"#)).is_err());
    assert!(one(r#"{"api_id":"a","path":"/a\u0000b"}"#).is_err());
}
