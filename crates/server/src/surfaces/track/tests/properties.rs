//! What holds for any body: the good path never goes beyond the strict one, and neither panics.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::event::TrackEvent;
use super::super::strict::{strict_batch, strict_single};
use super::super::wire::{parse_batch, parse_single};
use super::{JSON, plain, strict_batch_whole};

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

/// A few bytes replaced, inserted or removed: mostly none, so that much stays acceptable.
fn mutated(text: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (
        any::<prop::sample::Index>(),
        0..3_u8,
        select(b"\"\\{}[]:,0-.eEu9 \n\x00\x1f\x7f\xed\xa0\x80nNtf".to_vec()),
    );
    (text, prop_oneof![2 => vec(edit.clone(), 0..1), 1 => vec(edit, 1..4)]).prop_map(|(text, edits)| {
        let mut bytes = text.into_bytes();
        for (place, kind, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => _ = bytes.remove(at),
            }
        }
        bytes
    })
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

fn time() -> BoxedStrategy<String> {
    regex(concat!(
        "\"(000[01]|19[67]9|2024|9999)-(0[0-3]|1[0-3])-(0[0-2]|2[89]|3[0-2])",
        "([Tt _](0[0-9]|2[0-4]):[0-6][0-9](:[0-6][0-9]([.,][0-9]{0,9})?)?([Zz]|[+-][0-2][0-9]:?[0-6][0-9])?)?\""
    ))
}

fn regex(pattern: &str) -> BoxedStrategy<String> {
    prop::string::string_regex(pattern).unwrap().boxed()
}

fn number() -> BoxedStrategy<String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        regex("-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?"),
        select(vec![
            "NaN".to_owned(),
            "-Infinity".to_owned(),
            "01".to_owned(),
            "-".to_owned(),
            "1.".to_owned()
        ]),
        regex("[1-9][0-9]{300,320}"),
    ]
    .boxed()
}

fn string() -> BoxedStrategy<String> {
    let piece = prop_oneof![
        6 => regex("[ !#-\\[\\]-~é😀]{1,12}"),
        1 => select(vec!["\\n", "\\t", "\\\"", "\\/", "\\b", "\\x", "\\u0000", "\\u00e9", "\\ud83d\\ude00", "\\ud800",
            "\\udc00", "\\uD83D\\u0041", "\\u12", "\u{7f}", "\n", "\\u007f"]).prop_map(str::to_owned),
    ];
    let long = (select(vec!["x", "é"]), select(vec![64_usize, 100, 128, 256, 1024]), 0..2_usize)
        .prop_map(|(unit, chars, over)| format!("\"{}\"", unit.repeat(chars + over)));
    prop_oneof![9 => vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat())), 1 => long]
        .boxed()
}

fn object() -> impl Strategy<Value = String> {
    vec((string(), json()), 0..4).prop_map(|pairs| {
        let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("{key} : {value}")).collect();
        format!("{{ {} }}", pairs.join(" ,"))
    })
}

fn json() -> BoxedStrategy<String> {
    let word = select(vec!["null", "true", "false", "nul", "True"]).prop_map(str::to_owned);
    let leaf = prop_oneof![3 => number(), 4 => string(), 1 => word];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            vec((string(), inner), 0..4).prop_map(|pairs| {
                let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
    .boxed()
}
