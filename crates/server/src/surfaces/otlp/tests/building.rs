//! Exports as a test describes them, in both encodings.

use serde_json::{Value as Json, json};

use crate::surfaces::otlp::wire::{put_bytes, put_number};

/// 2026-11-21T08:00:00Z, in nanoseconds.
pub const START: u64 = 1_795_248_000_000_000_000;

#[derive(Debug, Clone)]
pub struct Span<'a> {
    pub trace_id: Vec<u8>,
    pub span_id: Vec<u8>,
    pub name: &'a str,
    pub kind: u8,
    pub start: u64,
    pub end: u64,
    pub is_error: bool,
    pub attributes: Vec<(&'a str, Json)>,
}

/// A server's span of 20.9 ms.
pub fn span<'a>(attributes: &[(&'a str, Json)]) -> Span<'a> {
    Span {
        trace_id: 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c_u128.to_be_bytes().to_vec(),
        span_id: 0xeee1_9b7e_c3c1_b174_u64.to_be_bytes().to_vec(),
        name: "n",
        kind: 2,
        start: START,
        end: START + 20_900_000,
        is_error: false,
        attributes: attributes.to_vec(),
    }
}

pub fn text<'a>(name: &'a str, value: &str) -> (&'a str, Json) {
    (name, json!(value))
}

pub fn in_json(resource: &[(&str, Json)], spans: &[Span<'_>]) -> Json {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    let attributes = |attributes: &[(&str, Json)]| -> Vec<Json> {
        let value = |value: &Json| match value {
            Json::String(text) => json!({ "stringValue": text }),
            Json::Number(number) if number.is_i64() => json!({"intValue": number.to_string()}),
            Json::Bool(flag) => json!({ "boolValue": flag }),
            other => json!({ "doubleValue": other }),
        };
        attributes.iter().map(|(key, any)| json!({"key": key, "value": value(any)})).collect()
    };
    let spans = spans.iter().map(|span| {
        json!({"traceId": hex(&span.trace_id), "spanId": hex(&span.span_id), "name": span.name, "kind": span.kind,
            "startTimeUnixNano": span.start.to_string(), "endTimeUnixNano": span.end,
            "attributes": attributes(&span.attributes), "status": {"code": if span.is_error { 2 } else { 0 }},
            "events": [{"name": "passed over"}], "flags": 257})
    });
    let spans: Vec<Json> = spans.collect();
    json!({"resourceSpans": [{"resource": {"attributes": attributes(resource)}, "scopeSpans": [{"spans": spans}]}]})
}

pub fn in_protobuf(resource: &[(&str, Json)], spans: &[Span<'_>]) -> Vec<u8> {
    let resource = message(|out| put_attributes(out, 1, resource));
    let spans = message(|out| {
        put_bytes(out, 1, &message(|scope| put_bytes(scope, 1, b"tests")));
        for span in spans {
            put_bytes(out, 2, &message(|out| put_span(out, span)));
        }
    });
    message(|out| {
        put_bytes(
            out,
            1,
            &message(|out| {
                put_bytes(out, 1, &resource);
                put_bytes(out, 2, &spans);
            }),
        );
    })
}

fn put_span(out: &mut Vec<u8>, span: &Span<'_>) {
    put_bytes(out, 1, &span.trace_id);
    put_bytes(out, 2, &span.span_id);
    put_bytes(out, 5, span.name.as_bytes());
    put_number(out, 6, span.kind.into());
    put_fixed64(out, 7, span.start);
    put_fixed64(out, 8, span.end);
    put_attributes(out, 9, &span.attributes);
    put_bytes(out, 11, &message(|event| put_bytes(event, 2, b"passed over")));
    put_bytes(out, 15, &message(|status| put_number(status, 3, if span.is_error { 2 } else { 0 })));
    // `flags`, a fixed32.
    out.extend([0x85, 0x01, 1, 1, 0, 0]);
}

fn put_attributes(out: &mut Vec<u8>, number: u8, attributes: &[(&str, Json)]) {
    for (key, value) in attributes {
        let value = message(|out| match value {
            Json::String(text) => put_bytes(out, 1, text.as_bytes()),
            Json::Number(number) if number.is_i64() => {
                put_number(out, 3, number.as_i64().unwrap().cast_unsigned())
            }
            Json::Bool(flag) => put_number(out, 2, u64::from(*flag)),
            other => put_fixed64(out, 4, other.as_f64().unwrap().to_bits()),
        });
        put_bytes(
            out,
            number,
            &message(|out| {
                put_bytes(out, 1, key.as_bytes());
                put_bytes(out, 2, &value);
            }),
        );
    }
}

fn message(fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    fill(&mut out);
    out
}

fn put_fixed64(out: &mut Vec<u8>, number: u8, value: u64) {
    out.push(number << 3 | 1);
    out.extend(value.to_le_bytes());
}
