//! Bodies that are cut or damaged, spans that lie, and values beyond the bounds.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tidegauge_facts::Micros;

use super::building::{START, Span, in_json, in_protobuf, span, text};
use super::{Encoding, Read, has, read, read_both, row_with};

fn good() -> Span<'static> {
    span(&[text("http.method", "GET"), text("url.path", "/"), ("http.status_code", json!(200))])
}

/// Why a span is rejected, alone: the one beside it is not.
fn reason(bad: Span<'_>) -> String {
    let read = read_both(&[text("service.name", "a")], &[bad, good()]);
    assert_eq!((read.rows.len(), read.rejected, read.ignored), (1, 1, 0));
    read.reason.unwrap()
}

fn reason_with(name: &str, value: Json) -> String {
    let mut bad = good();
    bad.attributes.push((name, value));
    reason(bad)
}

#[test]
fn a_body_that_was_cut_anywhere_is_malformed_and_never_a_panic() {
    let resource = [text("service.name", "a")];
    let protobuf = in_protobuf(&resource, &[good(), good()]);
    let in_json = in_json(&resource, &[good()]).to_string();
    for (encoding, body) in [(Encoding::Protobuf, &protobuf[..]), (Encoding::Json, in_json.as_bytes())] {
        assert!(read(encoding, body).is_ok());
        for end in 1..body.len() {
            assert!(read(encoding, &body[..end]).is_err(), "{encoding:?} cut at {end}");
        }
    }
    // Nothing at all is an empty message, but no JSON.
    assert!(read(Encoding::Protobuf, b"").is_ok());
    assert!(read(Encoding::Json, b"").is_err());
}

#[test]
fn a_body_that_is_no_such_message_is_malformed() {
    for body in [
        &b"\x0b\x0c"[..],                                // a group
        b"\x08\x01",                                     // resource_spans as a number
        b"\x0a\x04\x12\x02\x12\x05",                     // a span longer than the body
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", // a length of 64 bits
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", // more bits than 64
        b"\x02\x00",                                     // field 0
        b"{\"resourceSpans\": []}",
    ] {
        assert!(read(Encoding::Protobuf, body).is_err(), "{body:?}");
    }
    for body in [
        "[]",
        "{\"resourceSpans\": {}}",
        "{\"resourceSpans\": [null]}",
        "{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": {}}]}]}",
        "{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [{\"kind\": 02}]}]}]}",
        "{} {}",
    ] {
        assert!(read(Encoding::Json, body.as_bytes()).is_err(), "{body}");
    }
    assert!(read(Encoding::Json, b"{\"a\": \"\xff\"}").is_err());
}

/// A good export in JSON, with this in the place of that in the first of its two spans.
fn first_span_with(that: &str, this: &str) -> Read {
    let good = in_json(&[text("service.name", "a")], &[good(), good()]).to_string();
    assert!(good.contains(that), "{that} in {good}");
    read(Encoding::Json, good.replacen(that, this, 1).as_bytes()).unwrap()
}

#[test]
fn a_value_that_json_can_write_and_no_span_can_have_costs_its_own_span_alone() {
    for (that, this, reason) in [
        (r#""kind":2"#, r#""kind":"SERVER""#, "it cannot be read: a text is no whole number"),
        (r#""kind":2"#, r#""kind":1e999"#, "it cannot be read: number out of range"),
        (
            r#""endTimeUnixNano":"#,
            r#""endTimeUnixNano":0.5,"x":"#,
            "it cannot be read: a number is not whole",
        ),
        (r#""traceId":""#, r#""traceId":"\ud83d"#, "its trace id or its span id is missing or invalid"),
        (r#""spanId":""#, r#""spanId":5,"x":""#, "its trace id or its span id is missing or invalid"),
        (r#""stringValue":"/""#, r#""stringValue":"/\ud83d""#, "url.path is not text in UTF-8"),
        (r#""stringValue":"/""#, r#""stringValue":["/"]"#, "url.path is not text in UTF-8"),
        (
            r#""intValue":"200""#,
            r#""intValue":"20O""#,
            "http.status_code is not a whole number from 100 to 999",
        ),
        (
            r#""attributes":[{"key":"http"#,
            r#""attributes":[5,{"key":"http"#,
            "it cannot be read: invalid type: integer `5`, expected an attribute",
        ),
    ] {
        let read = first_span_with(that, this);
        assert_eq!((read.rows.len(), read.rejected, read.ignored), (1, 1, 0), "{this}: {read:?}");
        assert_eq!(read.reason.as_deref(), Some(reason), "{this}");
    }
    let spans = r#"{"resourceSpans": [{"scopeSpans": [{"spans": [5, "\ud83d", null, {}]}]}]}"#;
    let read = read(Encoding::Json, spans.as_bytes()).unwrap();
    assert_eq!((read.rejected, read.ignored), (3, 1));
    assert_eq!(read.reason.as_deref(), Some("it cannot be read: invalid type: integer `5`, expected a span"));
}

#[test]
fn what_is_told_of_a_fault_is_short_however_long_the_fault_is() {
    let long = "ä".repeat(100_000);
    let in_span = format!(r#"{{"resourceSpans": [{{"scopeSpans": [{{"spans": ["{long}"]}}]}}]}}"#);
    let told = read(Encoding::Json, in_span.as_bytes()).unwrap().reason.unwrap();
    assert!(told.chars().count() < 300, "{told}");
    let around = format!(r#"{{"resourceSpans": ["{long}"]}}"#);
    let told = read(Encoding::Json, around.as_bytes()).unwrap_err().to_string();
    assert!(told.chars().count() < 300, "{told}");
}

#[test]
fn half_a_surrogate_pair_in_what_is_passed_over_costs_nothing() {
    for (that, this) in [
        (r#""name":"n""#, r#""name":"\ud83d""#),
        (r#""name":"passed over""#, r#""name":"\udc00""#),
        (r#""attributes":[{"key":"http"#, r#""attributes":[{"key":"\ud83d","value":null},{"key":"http"#),
        (
            r#""attributes":[{"key":"http"#,
            r#""attributes":[{"key":"x","value":{"stringValue":"\ud83d"}},{"key":"http"#,
        ),
        (
            r#""attributes":[{"key":"service"#,
            r#""attributes":[{"key":"x","value":{"stringValue":"\ud83d"}},{"key":"service"#,
        ),
    ] {
        let read = first_span_with(that, this);
        assert_eq!((read.rows.len(), read.rejected, read.ignored), (2, 0, 0), "{this}: {read:?}");
    }
}

#[test]
fn json_takes_nulls_unknown_names_deep_values_and_numbers_as_numbers_or_text() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let spans = |fields: &str| {
        format!(
            r#"{{"resourceSpans": [{{"resource": null, "unknown": {deep}, "scopeSpans":
        [{{"scope": null, "spans": [{{"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174",
        "parentSpanId": null, "status": {{}}, {fields}}}]}}]}}]}}"#
        )
    };
    let attributes = r#""attributes": [{"key": "http.method", "value": {"stringValue": "G\u0045T"}}, {"key": "http.target",
        "value": {"stringValue": "\/"}}, {"key": "http.status_code", "value": {"intValue": CODE}}, {"key": "x"},
        {"key": "y", "value": null}, {"key": "z", "value": {"arrayValue": {"values": [{"intValue": 1}]}}}]"#;
    for (kind, end, code) in
        [("2", "5000000", "200"), ("\"SPAN_KIND_SERVER\"", "\"5000000\"", "\"200\""), ("2", "5e6", "2e2")]
    {
        let attributes = attributes.replace("CODE", code);
        let body = spans(&format!(
            r#""kind": {kind}, "startTimeUnixNano": "1", "endTimeUnixNano": {end}, {attributes}"#
        ));
        let read = read(Encoding::Json, body.as_bytes()).unwrap();
        let [row] = &read.rows[..] else { panic!("{read:?}") };
        assert!(has(row, "method", "Some(\"GET\")") && has(row, "response_code", "Some(200)"), "{row}");
        assert!(has(row, "event_time", "5000") && has(row, "request_time", "Some(4)"), "{row}");
    }
    let internal = spans(r#""kind": "SPAN_KIND_INTERNAL""#);
    assert_eq!(read(Encoding::Json, internal.as_bytes()).unwrap().ignored, 1);
    assert_eq!(
        read(Encoding::Json, br#"{"resourceSpans": null, "resource_spans": 1}"#).unwrap().rows.len(),
        0
    );
}

#[test]
fn a_span_whose_times_cannot_be_is_rejected_alone() {
    assert_eq!(reason(Span { end: START - 1, ..good() }), "it ends before it starts");
    assert_eq!(reason(Span { end: 0, ..good() }), "it has no start or no end");
    assert_eq!(reason(Span { start: 0, ..good() }), "it has no start or no end");
    let longest = u64::from(u32::MAX) * 1_000_000;
    assert_eq!(
        reason(Span { end: START + longest + 1_000_000, ..good() }),
        "it took longer than 4294967295 milliseconds"
    );
    assert_eq!(
        reason(Span { start: 1, end: u64::MAX, ..good() }),
        "it took longer than 4294967295 milliseconds"
    );
    let read = read_both(&[], &[Span { end: START + longest, ..good() }, Span { end: START, ..good() }]);
    assert!(
        has(&read.rows[0], "request_time", "Some(4294967295)")
            && has(&read.rows[1], "request_time", "Some(0)")
    );
}

#[test]
fn the_first_and_the_last_instant_that_a_span_can_write_are_ones_of_the_calendar() {
    for (start, end, event_time, text) in [
        (1, 1_000, 1, "1970-01-01T00:00:00.000001Z"),
        (u64::MAX - 1, u64::MAX, 18_446_744_073_709_551, "2554-07-21T23:34:33.709551Z"),
    ] {
        let read = read_both(&[], &[Span { start, end, ..good() }]);
        assert!(has(&read.rows[0], "event_time", &event_time.to_string()), "{}", read.rows[0]);
        assert_eq!(Micros(event_time).to_micros_text(), text);
    }
}

#[test]
fn a_span_whose_ids_are_none_is_rejected_alone() {
    for bad in [
        Span { trace_id: vec![0; 16], ..good() },
        Span { trace_id: vec![1; 15], ..good() },
        Span { trace_id: Vec::new(), ..good() },
        Span { span_id: vec![0; 8], ..good() },
        Span { span_id: vec![1; 9], ..good() },
    ] {
        assert_eq!(reason(bad), "its trace id or its span id is missing or invalid");
    }
}

#[test]
fn a_span_with_a_value_beyond_the_bounds_of_facts_is_rejected_alone() {
    for code in [json!(-1), json!(99), json!(1000), json!(i64::MIN), json!("ok"), json!(200.5), json!(true)] {
        let told = reason_with("http.response.status_code", code);
        assert_eq!(told, "http.response.status_code is not a whole number from 100 to 999");
    }
    let told = reason_with("http.request.body.size", json!("5 kB"));
    assert_eq!(told, format!("http.request.body.size is not a whole number from 0 to {}", i64::MAX));
    assert_eq!(reason_with("server.address", json!("a\0b")), "server.address holds a NUL character");
    assert_eq!(reason_with("tidegauge.api_key", json!("k\0")), "tidegauge.api_key holds a NUL character");
    assert_eq!(reason_with("server.address", json!(5)), "server.address is not text in UTF-8");
    for (name, longest) in [
        ("server.address", 1024),
        ("http.request.method", 1024),
        ("tidegauge.oauth_id", 1024),
        ("http.route", 4096),
        ("user_agent.original", 32_768),
        ("geo.country.iso_code", 64),
    ] {
        let told = reason_with(name, json!("ä".repeat(longest + 1)));
        assert_eq!(told, format!("{name} is longer than {longest} characters"));
        row_with(&[text("url.path", "/"), text(name, &"ä".repeat(longest))]);
    }
    let long = text("url.path", &"a".repeat(4097)).1;
    assert_eq!(
        reason(span(&[text("http.method", "GET"), ("url.path", long.clone())])),
        "the path asked for is longer than 4096 characters, and there is no route"
    );
    // With a route the path asked for may be long.
    row_with(&[text("http.route", "/"), ("url.path", long)]);
    assert_eq!(
        reason(span(&[text("http.method", "GET")])),
        "it has no http.route, url.path, http.target, url.full or http.url, and no path in its name"
    );
}

#[test]
fn a_bad_service_rejects_its_own_requests_and_nothing_else() {
    let read = read_both(&[text("service.name", "a\0")], &[good(), good(), span(&[])]);
    assert_eq!((read.rows.len(), read.rejected, read.ignored), (0, 2, 1));
    assert_eq!(read.reason.as_deref(), Some("service.name holds a NUL character"));
}

#[test]
fn text_that_is_not_utf8_rejects_its_span_alone_and_what_is_passed_over_may_hold_anything() {
    let body = in_protobuf(&[], &[span(&[text("http.method", "GET"), text("url.path", "/xx")]), good()]);
    let at = body.windows(3).position(|bytes| bytes == b"/xx").unwrap();
    let mut broken = body.clone();
    broken[at + 1] = 0xff;
    let told = read(Encoding::Protobuf, &broken).unwrap();
    assert_eq!((told.rows.len(), told.reason.as_deref()), (1, Some("url.path is not text in UTF-8")));
    let mut broken = body;
    let at = broken.windows(6).position(|bytes| bytes == b"passed").unwrap();
    broken[at] = 0xff;
    assert_eq!(read(Encoding::Protobuf, &broken).unwrap().rows.len(), 2);
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(Encoding::Protobuf, &bytes);
        let _ = read(Encoding::Json, &bytes);
    }

    #[test]
    fn no_damage_to_a_good_body_makes_a_reader_panic(at in 0_usize..150, to in any::<u8>()) {
        let mut body = in_protobuf(&[text("service.name", "a")], &[good()]);
        let at = at % body.len();
        body[at] = to;
        let _ = read(Encoding::Protobuf, &body);
    }
}
