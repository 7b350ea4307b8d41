//! What a body becomes: the key table, the leniency of JavaScript's types, and what is refused.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use tidegauge_accounts::{Credential, KeyLimits, Principal, Scopes};
use tidegauge_facts::{Micros, Session, TenantId};

use super::fields::{Field, Kind};
use super::record::{Invalid, Record};
use super::rows::{SignalEvent, client_row, session_row};
use crate::intake::events::NewEvent as _;

mod instants;

const NOW: Micros = Micros(1_795_245_000_000_000);

fn principal() -> Principal {
    Principal {
        tenant: TenantId::parse("acme").unwrap(),
        project: None,
        scopes: Scopes::default(),
        limits: KeyLimits::default(),
        credential: Credential::Key("key_1".into()),
        expires_at: None,
    }
}

/// What the row of an event with these further fields is, as text; or why there is none.
fn event_row(fields: Json) -> Result<String, Invalid> {
    let mut body = json!({"s": "A"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let body = body.to_string();
    let record = Record::parse(body.as_bytes())?;
    Ok(event_text(&record))
}

fn event_text(record: &Record<'_>) -> String {
    let event = SignalEvent::new(record, Some("192.0.2.1")).unwrap();
    format!("{:?}", event.to_row("acme", "default", NOW))
}

fn refusal(body: &[u8]) -> String {
    Record::parse(body).unwrap_err().to_string()
}

fn record_of(body: &str) -> Record<'_> {
    Record::parse(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// A good value for a field.
fn value(kind: Kind) -> BoxedStrategy<Json> {
    match kind {
        Kind::Label | Kind::Country | Kind::Line | Kind::EventName => {
            "[ -~äö🙂]{1,20}".prop_map(Json::from).boxed()
        }
        Kind::Free => "[ -~\\t\\n\\räö🙂\"\\\\]{0,40}".prop_map(Json::from).boxed(),
        Kind::Whole => any::<i64>().prop_map(Json::from).boxed(),
        Kind::Latitude => (-90.0..=90.0).prop_map(Json::from).boxed(),
        Kind::Longitude => (-180.0..=180.0).prop_map(Json::from).boxed(),
        Kind::Metres => (0.0..=1e9).prop_map(Json::from).boxed(),
        Kind::Flag => any::<bool>().prop_map(Json::from).boxed(),
        Kind::Instant => (0..4_000_000_000_000_i64).prop_map(Json::from).boxed(),
        Kind::Ignored => Just(json!({"anything": [1, null]})).boxed(),
    }
}

/// Some or all of the fields, each with a good value.
fn fields() -> impl Strategy<Value = Vec<(Field, Json)>> {
    let each: Vec<_> = Field::ALL
        .iter()
        .map(|field| proptest::option::weighted(0.8, value(field.kind()).prop_map(move |v| (*field, v))))
        .collect();
    each.prop_map(|fields| fields.into_iter().flatten().collect())
}

fn written(fields: &[(Field, Json)], key: impl Fn(Field) -> &'static str) -> String {
    let object: Map<String, Json> = fields.iter().map(|(f, v)| (key(*f).to_owned(), v.clone())).collect();
    Json::Object(object).to_string()
}

proptest! {
    #[test]
    fn short_keys_and_full_names_give_the_same_record(fields in fields(), mixture in any::<u64>()) {
        let short = written(&fields, Field::short);
        let full = written(&fields, Field::name);
        let mixed = written(&fields, |field| match mixture >> (field as usize % 64) & 1 {
            0 => field.short(),
            _ => field.name(),
        });
        let expected = record_of(&short);
        prop_assert_eq!(&record_of(&full), &expected);
        prop_assert_eq!(&record_of(&mixed), &expected);
        for (field, value) in &fields {
            match field.kind() {
                Kind::Ignored => prop_assert_eq!(expected.text(*field), None),
                Kind::Whole => prop_assert_eq!(expected.whole(*field), value.as_i64()),
                Kind::Flag => prop_assert_eq!(expected.flag(*field), value.as_bool()),
                Kind::Latitude | Kind::Longitude | Kind::Metres => {
                    prop_assert_eq!(expected.decimal(*field), value.as_f64());
                }
                Kind::Instant => {
                    prop_assert_eq!(expected.instant(*field), value.as_i64().map(|millis| millis * 1000));
                }
                _ => prop_assert_eq!(expected.text(*field), value.as_str()),
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Record::parse(&body);
    }

    #[test]
    fn any_json_value_in_any_field_is_read_or_refused_by_the_fields_name(
        at in 0..Field::ALL.len(),
        json in prop_oneof![
            Just("null".to_owned()), Just("[]".to_owned()), Just("{\"a\":1}".to_owned()),
            "-?(0|[1-9][0-9]{0,400})(\\.[0-9]{1,80})?([eE][+-]?[0-9]{1,5})?",
            any::<String>().prop_map(|text| Json::from(text).to_string()),
            "\"(\\\\u[0-9a-f]{4}){0,6}\"",
        ],
    ) {
        let field = Field::ALL[at];
        let body = format!("{{\"{}\": {json}}}", field.short());
        if let Err(error) = Record::parse(body.as_bytes()) {
            prop_assert!(error.to_string().starts_with(field.name()), "{}", error);
        }
    }
}

#[test]
fn the_key_table_is_the_clients() {
    let keys: Vec<&str> = Field::ALL.iter().map(|field| field.short()).collect();
    // `az` is not in the client's table.
    assert_eq!(
        keys.join(" "),
        "a b c d e f g h i j k l m n o p q r s t u v w x y z aa ab ac ad ae af ag ah ai aj ak al am an ao ap aq \
         ar as at au av aw ax ay ba bb"
    );
}

#[test]
fn of_two_spellings_the_full_name_counts_and_of_equal_keys_the_last() {
    for (body, expected) in [
        (r#"{"s": "short", "eventType": "full"}"#, Some("full")),
        (r#"{"eventType": "full", "s": "short"}"#, Some("full")),
        (r#"{"s": "short", "eventType": null}"#, Some("short")),
        (r#"{"s": "first", "s": "last"}"#, Some("last")),
        (r#"{"s": "first", "s": null}"#, None),
        (r#"{"S": "other case", "undefined": 1, "": [{}]}"#, None),
    ] {
        assert_eq!(record_of(body).text(Field::EventType), expected, "{body}");
    }
}

#[test]
fn null_and_empty_texts_are_absent_but_a_text_of_the_clients_own_may_be_empty() {
    let record = record_of(r#"{"h": "", "q": null, "t": "", "x": "", "u": "", "o": "", "ac": ""}"#);
    assert_eq!((record.text(Field::SpaceId), record.text(Field::DeviceId)), (None, None));
    assert_eq!((record.instant(Field::EventTime), record.whole(Field::Int1)), (None, None));
    assert_eq!((record.flag(Field::Interaction), record.decimal(Field::Latitude)), (None, None));
    assert_eq!(record.text(Field::Str1), Some(""));
}

#[test]
fn types_are_read_as_javascript_would() {
    let record = record_of(
        r#"{"j": 3, "l": 2.50, "ac": true, "x": "7", "y": 2.0, "z": 1e3, "o": "59.5", "u": "true", "ba": "false"}"#,
    );
    assert_eq!(record.text(Field::AppVersion), Some("3"));
    assert_eq!(record.text(Field::InstallationVersion), Some("2.50"));
    assert_eq!(record.text(Field::Str1), Some("true"));
    let wholes = [Field::Int1, Field::Int2, Field::Int3].map(|field| record.whole(field));
    assert_eq!(wholes, [Some(7), Some(2), Some(1000)]);
    assert_eq!(record.inexact_numbers(), None);
    assert_eq!(record.decimal(Field::Latitude), Some(59.5));
    assert_eq!((record.flag(Field::Interaction), record.flag(Field::Stateful)), (Some(true), Some(false)));
}

#[test]
fn a_fraction_is_rounded_in_its_column_and_exact_in_the_properties() {
    let body =
        r#"{"s":"PURCHASE","x":49.99,"y":-0.5,"z":"12.5","aa":1e30,"ab":-1e30,"bb":9223372036854775808}"#;
    let record = record_of(body);
    let wholes = [Field::Int1, Field::Int2, Field::Int3, Field::Int4, Field::Int5, Field::Public];
    assert_eq!(
        wholes.map(|field| record.whole(field)),
        [Some(50), Some(-1), Some(13), Some(i64::MAX), Some(i64::MIN), Some(i64::MAX)]
    );
    let exact =
        r#"{"int1":49.99,"int2":-0.5,"int3":12.5,"int4":1e30,"int5":-1e30,"public":9223372036854775808}"#;
    assert_eq!(record.inexact_numbers().as_deref(), Some(exact));
    assert!(event_text(&record).contains("49.99"));
}

#[test]
fn what_breaks_a_rule_is_refused_by_its_fields_name_whichever_way_it_was_written() {
    let long = |chars: usize| "ä".repeat(chars);
    for (fields, expected) in [
        (json!({"b": ["x"]}), "sessionId may not be a list or an object"),
        (json!({"sessionId": {}}), "sessionId may not be a list or an object"),
        (json!({"b": "a\nb"}), "sessionId may not contain control characters"),
        (json!({"ac": "a\u{0}b"}), "str1 may not contain control characters"),
        (json!({"b": long(1025)}), "sessionId has more than 1024 characters"),
        (json!({"m": long(65)}), "country has more than 64 characters"),
        (json!({"s": long(101)}), "eventType has more than 100 characters"),
        (json!({"ag": long(32_769)}), "str5 has more than 32768 characters"),
        (json!({"x": "many"}), "int1 should be a number"),
        (json!({"x": true}), "int1 should be a number"),
        (json!({"x": "0x10"}), "int1 should be a number"),
        (json!({"x": "9".repeat(65)}), "int1 should be a number of at most 64 characters"),
        (json!({"u": 2}), "interaction should be true or false"),
        (json!({"u": "yes"}), "interaction should be true or false"),
        (json!({"o": 90.1}), "latitude should be -90 to 90 degrees"),
        (json!({"p": -180.1}), "longitude should be -180 to 180 degrees"),
        (json!({"n": -1}), "locationAccuracy should be 0 metres or more"),
        (json!({"t": true}), "eventTime should be a time"),
    ] {
        let error = event_row(fields.clone()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{fields}: {error}");
    }
    for good in [
        json!({"b": long(1024)}),
        json!({"m": long(64)}),
        json!({"s": long(100)}),
        json!({"ag": long(32_768)}),
        json!({"ac": "a\tb\r\nc"}),
        json!({"aj": long(32_768)}),
        json!({"e": "\u{0}"}),
    ] {
        assert!(event_row(good).is_ok());
    }
    assert!(refusal(br#"{"x": 1e400}"#).starts_with("int1 should be a number"));
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    assert_eq!(refusal(b"{\"s\": \"\xff\"}"), "the body is not UTF-8");
    for body in [&b""[..], b" ", b"{", b"{\"s\": \"A\"} x", b"{'s': 1}", b"{\"s\": NaN}", b"{\"s\": \"A\",}"]
    {
        assert!(refusal(body).starts_with("the body is not JSON"), "{}", String::from_utf8_lossy(body));
    }
    for body in [&b"[]"[..], b"[{\"s\": \"A\"}]", b"null", b"\"text\"", b"1"] {
        assert_eq!(refusal(body), "the body is not a JSON object");
    }
    let deep = format!("{{\"unknown\": {}{}}}", "[".repeat(500_000), "]".repeat(500_000));
    assert!(Record::parse(deep.as_bytes()).is_ok());
}

#[test]
fn what_a_route_cannot_do_without_is_asked_for() {
    let (empty, principal) = (record_of("{}"), principal());
    assert_eq!(SignalEvent::new(&empty, None).err().unwrap().to_string(), "eventType is required");
    let session = session_row(&empty, &principal, None, NOW).unwrap_err();
    assert_eq!(session.to_string(), "sessionId is required");
    let client = client_row(&empty, &principal, None, NOW).unwrap_err();
    assert_eq!(client.to_string(), "clientId is required");
}

#[test]
fn a_session_begins_when_it_says_and_a_clients_description_is_of_now() {
    let principal = principal();
    let record =
        record_of(r#"{"b": "s", "r": "c", "d": "2026-01-01", "ah": "2020-01-01T00:00:00Z", "av": 1366.5}"#);
    let row = session_row(&record, &principal, Some("192.0.2.1"), NOW).unwrap();
    let Session { tenant_id, project_id, session_id, ip, .. } = row;
    assert_eq!((tenant_id, project_id, session_id, ip), ("acme", "default", "s", Some("192.0.2.1")));
    assert_eq!((row.event_time, row.received_at), (1_767_225_600_000_000, NOW.0));
    let row = client_row(&record, &principal, None, NOW).unwrap();
    assert_eq!((row.session_id, row.client_id), ("", Some("c")));
    assert_eq!((row.event_time, row.client_created), (NOW.0, Some(1_577_836_800_000_000)));
    assert_eq!(row.client_screen_width, Some(1367));
}

#[test]
fn identifying_someone_names_the_contact_by_the_identity_or_else_by_the_session() {
    let contact = |body: &str| SignalEvent::new(&record_of(body), None).unwrap().contact_id("acme");
    let by_address = contact(r#"{"s": "CONTACT_IDENTIFY", "b": "s1", "ac": "email", "ad": "a@example.com"}"#);
    let again = contact(r#"{"s": "CONTACT_IDENTIFY", "b": "s2", "ac": "email", "ad": "a@example.com"}"#);
    assert!(by_address.is_some() && by_address == again);
    let by_session = contact(r#"{"s": "CONTACT_IDENTIFY", "b": "s1", "ac": "email", "ad": ""}"#);
    assert!(by_session.is_some() && by_session != by_address);
    assert_eq!(contact(r#"{"s": "CONTACT_IDENTIFY"}"#), None);
    assert_eq!(contact(r#"{"s": "SEARCH", "b": "s1", "ac": "email", "ad": "a@example.com"}"#), None);
}
