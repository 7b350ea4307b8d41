//! What holds for any body: the good path never goes beyond the strict one, and neither panics.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::event::TrackEvent;
use super::super::strict::{strict_batch, strict_single};
use super::super::wire::{parse_batch, parse_single};
use super::{JSON, plain, strict_batch_whole};
use crate::validation::generated::{json, mutated, number, object, string, time};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_single_event_the_good_path_accepts_is_the_strict_path_s_event(body in mutated(event())) {
        check_single(&body)?;
    }

    #[test]
    fn a_batch_the_good_path_accepts_is_the_strict_path_s_batch(body in mutated(batch())) {
        check_batch(&body)?;
    }

    #[test]
    fn arbitrary_json_is_treated_alike(body in mutated(json())) {
        check_single(&body)?;
        check_batch(&body)?;
        check_single(&wrap("{\"event_name\":\"a\",\"properties\":", &body, "}"))?;
    }

    #[test]
    fn no_bytes_make_either_path_panic(body in vec(any::<u8>(), 0..200), content_type in "[ -~]{0,30}") {
        check_single(&body)?;
        check_batch(&body)?;
        _ = strict_single(&body, Some(&content_type));
        _ = strict_batch(&body, None);
    }
}

#[test]
fn the_good_path_accepts_what_clients_usually_send() {
    let event = r#"{"event_name":"sign\/up \u00e9 \ud83d\ude00","category":"auth","priority":"high","properties":{"a":[1,-2.5e3,null,true,{"b":"\"\u0041"}]},"timestamp":"2026-11-21T07:35:47.123+01:00","session_id":null,"page_url":"https://é.example/","event_id":"e1","project_id":"p_1","interaction":true,"int1":-5,"str1":"a\nb","stateful":false,"public":1700000000000,"later":[{}]}"#;
    let parsed = parse_single(event.as_bytes()).unwrap();
    assert_eq!(parsed.event_name, "sign/up é 😀");
    assert_eq!(parsed.timestamp, Some(1_795_242_947_123_000));
    assert_eq!(plain(parsed), plain(strict_single(event.as_bytes(), JSON).unwrap()));
    let batch = format!(" {{ \"events\" : [ {event} ,\n {event} ] , \"client_id\" : \"c\" }} ");
    assert_eq!(parse_batch(batch.as_bytes()).unwrap().len(), 2);
}

#[test]
fn the_good_path_leaves_repeated_and_escaped_names_to_the_strict_one() {
    for body in [
        r#"{"event_name":"a","event_name":"b"}"#,
        r#"{"event\u005fname":"a"}"#,
        "\u{feff}{\"event_name\":\"a\"}",
    ] {
        assert!(parse_single(body.as_bytes()).is_none());
        assert!(strict_single(body.as_bytes(), JSON).is_ok());
    }
}

fn check_single(body: &[u8]) -> Result<(), TestCaseError> {
    let strict = strict_single(body, JSON);
    if let Some(event) = parse_single(body) {
        prop_assert_eq!(Some(plain(event)), strict.ok().map(plain));
    }
    Ok(())
}

fn check_batch(body: &[u8]) -> Result<(), TestCaseError> {
    let strict = strict_batch_whole(body, JSON);
    if let Some(batch) = parse_batch(body) {
        let events: Vec<TrackEvent<'_>> = batch.into_iter().map(plain).collect();
        prop_assert_eq!(Some(events), strict.ok());
    }
    Ok(())
}

fn wrap(before: &str, body: &[u8], after: &str) -> Vec<u8> {
    [before.as_bytes(), body, after.as_bytes()].concat()
}

fn batch() -> impl Strategy<Value = String> {
    let client = prop_oneof![Just(String::new()), string().prop_map(|text| format!(",\"client_id\":{text}"))];
    (vec(event(), 0..4), client)
        .prop_map(|(events, client)| format!("{{\"events\":[{}]{client}}}", events.join(", ")))
}

fn event() -> impl Strategy<Value = String> {
    (vec(field(), 0..9), any::<prop::sample::Index>()).prop_map(|(mut fields, place)| {
        let at = place.index(fields.len() + 1);
        fields.insert(at, "\"event_name\": \"login\"".to_owned());
        format!("{{{}}}", fields.join(","))
    })
}

/// A named field, mostly with a value of its kind.
fn field() -> impl Strategy<Value = String> {
    let texts = "session_id page_url referrer user_agent event_id project_id client_id user_id installation_id device_id \
                 space_id app_id environment country capture_id product_id category_id str1 str2 str3 str4 str5 x";
    let ints = "int1 int2 int3 int4 int5 public";
    let named = |names: &str| select(names.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let names =
        format!("{texts} {ints} event_name category priority properties timestamp interaction stateful");
    prop_oneof![
        6 => (named(texts), string()),
        2 => (named(ints), number()),
        2 => (Just("timestamp".to_owned()), prop_oneof![time(), number()]),
        2 => (Just("properties".to_owned()), object()),
        1 => (Just("category".to_owned()), select(vec!["\"auth\"".to_owned(), "\"Auth\"".to_owned()])),
        1 => (Just("priority".to_owned()), select(vec!["\"low\"".to_owned(), "\"\"".to_owned()])),
        1 => (named("interaction stateful"), select(vec!["true".to_owned(), "false".to_owned(), "1".to_owned()])),
        1 => (named(&names), Just("null".to_owned())),
        1 => (named(&names), json()),
    ]
    .prop_map(|(name, value)| format!("\"{name}\":{value}"))
}
