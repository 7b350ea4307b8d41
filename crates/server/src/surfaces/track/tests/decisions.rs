//! Tidegauge's own decisions beyond FastAPI, and the shape of what comes out.

use super::super::event::{Category, MAX_PROPERTIES_BYTES, OwnedEvent, Priority};
use super::super::strict::{strict_batch, strict_single};
use super::super::wire::{parse_batch, parse_single};
use super::{JSON, strict_batch_whole};
use crate::validation::error::{BodyError, ErrorDetail};

/// The answer of the strict path to a single event, its errors as JSON text; the good path must not accept more.
fn single(body: &str) -> Result<OwnedEvent, String> {
    let outcome = strict_single(body.as_bytes(), JSON).map_err(|error| errors(&error));
    assert!(outcome.is_ok() || parse_single(body.as_bytes()).is_none(), "the good path accepts {body}");
    outcome
}

fn errors(error: &BodyError) -> String {
    match error {
        BodyError::Unparsable => "unparsable".to_owned(),
        BodyError::Invalid(details) => text(details),
    }
}

fn text(details: &[ErrorDetail]) -> String {
    serde_json::to_string(details).unwrap()
}

fn with(field: &str, value: &str) -> String {
    format!(r#"{{"event_name":"a","{field}":{value}}}"#)
}

#[test]
fn control_characters_are_refused_in_every_line_field() {
    let fields = "session_id page_url referrer user_agent event_id client_id user_id installation_id device_id space_id \
                  app_id environment country capture_id product_id category_id";
    for field in fields.split_whitespace() {
        for escape in ["\\u0000", "\\t", "\\n", "\\u001f", "\\u007f", "\u{7f}"] {
            let answer = single(&with(field, &format!("\"x{escape}\""))).unwrap_err();
            let head = format!(
                r#"[{{"type":"string_control_character","loc":["body","{field}"],"msg":"String should not contain control characters","input":"x"#
            );
            assert!(answer.starts_with(&head) && !answer.contains("ctx"), "{field} {escape}: {answer}");
        }
    }
    assert!(single(r#"{"event_name":"a\nb"}"#).unwrap_err().contains("string_control_character"));
}

#[test]
fn free_texts_may_hold_tabs_and_line_ends_but_no_other_control_character() {
    for field in ["str1", "str2", "str3", "str4", "str5"] {
        let good = with(field, r#""a\tb\r\nc""#);
        assert_eq!(single(&good), parse_single(good.as_bytes()).ok_or(String::new()));
        assert!(single(&good).unwrap().strs.iter().flatten().any(|text| text == "a\tb\r\nc"));
        for escape in ["\\u0000", "\\b", "\\u000b", "\\u007f"] {
            let answer = single(&with(field, &format!("\"{escape}\""))).unwrap_err();
            assert!(answer.contains("string_control_character"), "{answer}");
        }
    }
}

#[test]
fn a_nul_anywhere_in_properties_is_refused_and_other_control_characters_are_not() {
    for properties in [r#"{"\u0000":1}"#, r#"{"a":"x\u0000"}"#, r#"{"a":[{"b":{"c\u0000":[]}}]}"#] {
        let expected = format!(
            r#"[{{"type":"string_control_character","loc":["body","properties"],"msg":"String should not contain control characters","input":{properties}}}]"#
        );
        assert_eq!(single(&with("properties", properties)).unwrap_err(), expected);
    }
    let good = with("properties", "{\"a\":\"\\u0001\\n\u{7f}\\\\u0000\"}");
    assert!(single(&good).is_ok() && parse_single(good.as_bytes()).is_some());
}

#[test]
fn numbers_no_f64_holds_are_refused_in_properties_and_echoed_as_null() {
    let digits = "9".repeat(400);
    for number in ["NaN", "Infinity", "-Infinity", "1e999", "-1E+999", &digits] {
        assert_eq!(
            single(&with("properties", &format!(r#"{{"a":[1,{number}]}}"#))).unwrap_err(),
            r#"[{"type":"finite_number","loc":["body","properties"],"msg":"Input should be a finite number","input":null}]"#
        );
    }
    for number in ["1e308", "1e-999", &"9".repeat(308), "-0"] {
        let good = with("properties", &format!(r#"{{"a":{number}}}"#));
        assert!(single(&good).is_ok() && parse_single(good.as_bytes()).is_some(), "{number}");
    }
}

#[test]
fn properties_are_bounded_in_bytes_of_compact_json() {
    let frame = r#"{"a":""}"#.len();
    let fitting = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_PROPERTIES_BYTES - frame));
    let good = with("properties", &fitting);
    assert_eq!(single(&good).unwrap().properties, fitting);
    assert_eq!(parse_single(good.as_bytes()).unwrap().properties, fitting);

    let spaced = good.replace("\"a\":", "\"a\" : ");
    assert!(parse_single(spaced.as_bytes()).is_none());
    assert_eq!(single(&spaced).unwrap().properties, fitting);

    let answer = single(&good.replace("\"a\":", "\"aa\":")).unwrap_err();
    let head = r#"[{"type":"too_long","loc":["body","properties"],"msg":"Dictionary should have at most 262144 bytes after validation, not 262145","input":{"aa":"#;
    let tail = r#""ctx":{"field_type":"Dictionary","max_length":262144,"actual_length":262145}}]"#;
    assert!(answer.starts_with(head) && answer.ends_with(tail));
}

#[test]
fn nesting_is_bounded_on_both_paths_alike() {
    let refusal =
        r#""msg":"JSON decode error","input":{},"ctx":{"error":"Nesting is deeper than 128 levels"}}]"#;
    for field in ["properties", "unknown"] {
        for (open, close) in [("[", "]"), ("{\"k\":", "}")] {
            let body = |levels: usize| {
                let inner = format!("{}1{}", open.repeat(levels), close.repeat(levels));
                with(field, &format!("{{\"k\":{inner}}}"))
            };
            // The body's object and the field's are two levels of the 128.
            let deepest = body(126);
            assert!(single(&deepest).is_ok() && parse_single(deepest.as_bytes()).is_some());
            assert!(single(&body(127)).unwrap_err().ends_with(refusal));
            let batch = |event: &str| format!(r#"{{"events":[{event}]}}"#);
            assert!(parse_batch(batch(&body(124)).as_bytes()).is_some());
            assert!(parse_batch(batch(&body(125)).as_bytes()).is_none());
            assert!(strict_batch_whole(batch(&body(124)).as_bytes(), JSON).is_ok());
            let answer = strict_batch_whole(batch(&body(125)).as_bytes(), JSON).unwrap_err();
            assert!(errors(&answer).ends_with(refusal));
        }
    }
    assert!(single(&"[".repeat(1_000_000)).unwrap_err().ends_with(refusal));
}

#[test]
fn what_is_not_utf8_cannot_be_parsed_whatever_its_content_type() {
    let bodies: [&[u8]; 4] =
        [b"\xff", b"{\"event_name\":\"\xff\"}", b"\xff\xfe{\x00", b"{\"event_name\":\"\xed\xa0\x80\"}"];
    for body in bodies {
        for content_type in [JSON, Some("text/plain"), None] {
            assert!(matches!(strict_single(body, content_type), Err(BodyError::Unparsable)));
            assert!(matches!(strict_batch(body, content_type), Err(BodyError::Unparsable)));
        }
        assert!(parse_single(body).is_none() && parse_batch(body).is_none());
    }
}

#[test]
fn half_a_surrogate_pair_is_refused_in_fields_and_replaced_in_properties() {
    for field in ["event_id", "category", "timestamp", "int1", "interaction", "str1"] {
        assert_eq!(
            single(&with(field, r#""\ud800x""#)).unwrap_err(),
            format!(
                r#"[{{"type":"string_unicode","loc":["body","{field}"],"msg":"Input should be a valid string, unable to parse raw data as a unicode string","input":"{}x"}}]"#,
                '\u{fffd}'
            )
        );
    }
    let event = single(&with("properties", r#"{"\udc00":"\ud83d\ude00\ud83d"}"#)).unwrap();
    assert_eq!(event.properties, "{\"\u{fffd}\":\"\u{1f600}\u{fffd}\"}");
}

#[test]
fn integers_have_64_bits() {
    let size = "Unable to parse input string as an integer, exceeded maximum size";
    for value in ["9223372036854775808", "-9223372036854775809", "1e19", r#""9223372036854775808""#] {
        for field in ["int1", "int5", "public"] {
            let answer = single(&with(field, value)).unwrap_err();
            assert!(answer.contains(r#""type":"int_parsing_size""#) && answer.contains(size), "{answer}");
        }
    }
    let event = single(&with("int3", r#"" -9_223_372_036_854_775_808 ""#)).unwrap();
    assert_eq!(event.ints, [None, None, Some(i64::MIN), None, None]);
}

#[test]
fn what_json_cannot_say_is_echoed_as_null() {
    assert_eq!(
        single(r#"{"a":[NaN,-Infinity,1e999]}"#).unwrap_err(),
        r#"[{"type":"missing","loc":["body","event_name"],"msg":"Field required","input":{"a":[null,null,null]}}]"#
    );
}

#[test]
fn properties_are_the_exact_slice_or_their_compact_form() {
    let body = with("properties", r#"{ "a" : 1.50, "b":123456789012345678901234567890, "c":"\u00e9\/" }"#);
    let slice = r#"{ "a" : 1.50, "b":123456789012345678901234567890, "c":"\u00e9\/" }"#;
    assert_eq!(parse_single(body.as_bytes()).unwrap().properties, slice);
    assert_eq!(
        single(&body).unwrap().properties,
        r#"{"a":1.50,"b":123456789012345678901234567890,"c":"é/"}"#
    );
    let doubled = with("properties", r#"{"a":1,"b":{"c":1,"c":2},"a":3}"#);
    assert_eq!(single(&doubled).unwrap().properties, r#"{"a":3,"b":{"c":2}}"#);
    assert_eq!(single(r#"{"event_name":"a"}"#).unwrap().properties, "{}");
}

#[test]
fn a_batch_lends_its_client_id_to_events_without_one() {
    let body = br#"{"events":[{"event_name":"a"},{"client_id":"own","event_name":"b"},{"event_name":"c","client_id":null}],"client_id":"whole"}"#;
    let good = parse_batch(body).unwrap();
    let clients: Vec<_> = good.iter().map(|event| event.client_id.as_deref().unwrap()).collect();
    assert_eq!(clients, ["whole", "own", "whole"]);
    assert_eq!(strict_batch_whole(body, JSON).unwrap(), good);
}

#[test]
fn a_lenient_reader_gets_each_event_s_own_outcome() {
    let body = br#"{"events":[{"event_name":"a"},7,{"event_name":"","int1":"x"},{"event_name":"d"}]}"#;
    let batch = strict_batch(body, JSON).unwrap();
    let outcomes: Vec<_> = batch.items.iter().map(Result::is_ok).collect();
    assert_eq!(outcomes, [true, false, false, true]);
    let bad = text(batch.items[2].as_ref().unwrap_err());
    assert!(bad.contains(r#""loc":["body","events",2,"event_name"]"#) && bad.contains(r#"2,"int1"]"#));
    let BodyError::Invalid(all) = batch.all_or_nothing().unwrap_err() else { panic!("unparsable") };
    assert_eq!(all.len(), 3);
}

#[test]
fn a_bad_frame_refuses_the_batch_and_lists_the_events_errors_in_their_place() {
    let answer = strict_batch(br#"{"client_id":1,"events":[{"event_name":"a"},{}]}"#, JSON).unwrap_err();
    assert_eq!(
        errors(&answer),
        r#"[{"type":"missing","loc":["body","events",1,"event_name"],"msg":"Field required","input":{}},{"type":"string_type","loc":["body","client_id"],"msg":"Input should be a valid string","input":1}]"#
    );
}

#[test]
fn names_on_the_wire_lead_back_to_their_values() {
    for category in Category::ALL {
        let body = with("category", &format!("{:?}", category.as_str()));
        assert_eq!(parse_single(body.as_bytes()).unwrap().category, *category);
    }
    for priority in Priority::ALL {
        let body = with("priority", &format!("{:?}", priority.as_str()));
        assert_eq!(parse_single(body.as_bytes()).unwrap().priority, *priority);
    }
    let event = single(r#"{"event_name":"a"}"#).unwrap();
    assert_eq!((event.category, event.priority), (Category::default(), Priority::default()));
}
