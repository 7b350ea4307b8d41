//! `ExportTraceServiceRequest` in OTLP's own JSON: protobuf's JSON mapping with ids in hex.
//!
//! Names are lowerCamelCase and others are passed over; whole numbers come as numbers or as text. Enums are numbers
//! in OTLP; the names that protobuf's own mapping writes are taken too. A list's items are read one at a time, so
//! that a body of empty spans holds no more memory than a body of good ones, and a value that cannot be costs its own
//! span alone.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::attributes::{Attribute, Attributes, Value};
use super::span::{KIND_SERVER, Malformed, STATUS_ERROR, Sink, Span, id};

/// Longest account of a fault, which may repeat what the body holds there.
const MAX_FAULT_CHARS: usize = 200;

/// Reads a whole export.
///
/// # Errors
/// It is no JSON or no such message around its spans. The sink may have been told of the spans before the fault.
pub fn read<'a>(body: &'a [u8], sink: &mut impl Sink<'a>) -> Result<(), Malformed> {
    let body = str::from_utf8(body).map_err(|_| Malformed("the body is not UTF-8".to_owned()))?;
    let export: Export<'a> = message(body)?;
    for resource_spans in export.resource_spans.into_iter().flatten() {
        let ResourceSpans { resource, scope_spans } = message(resource_spans.get())?;
        sink.resource(resource.and_then(|resource| resource.attributes).unwrap_or_default());
        for scope_spans in scope_spans.into_iter().flatten() {
            let ScopeSpans { spans } = message(scope_spans.get())?;
            for span in spans.into_iter().flatten() {
                match parse::<SpanFields<'a>>(span.get()) {
                    Ok(span) => sink.span(span.into()),
                    Err(what) => sink.unreadable(what),
                }
            }
        }
    }
    Ok(())
}

fn message<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Malformed> {
    parse(json).map_err(|what| Malformed(format!("the body is no ExportTraceServiceRequest in JSON: {what}")))
}

/// Of a part of the body that is JSON already: what is wrong with it, in words.
fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| {
        // Without where it is: a position in a part of the body would mislead.
        let text = error.to_string();
        let what = text.rsplit_once(" at line ").map_or(&*text, |(what, _)| what);
        what.chars().take(MAX_FAULT_CHARS).collect()
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Export<'a> {
    #[serde(borrow)]
    resource_spans: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    #[serde(borrow)]
    resource: Option<Resource<'a>>,
    #[serde(borrow)]
    scope_spans: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow)]
    attributes: Option<Attributes<'a>>,
}

#[derive(Deserialize)]
struct ScopeSpans<'a> {
    #[serde(borrow)]
    spans: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a span")]
struct SpanFields<'a> {
    #[serde(borrow)]
    trace_id: Option<&'a RawValue>,
    #[serde(borrow)]
    span_id: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    kind: Option<Enum>,
    start_time_unix_nano: Option<Whole>,
    end_time_unix_nano: Option<Whole>,
    #[serde(borrow)]
    attributes: Option<Attributes<'a>>,
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    code: Option<Enum>,
}

impl<'a> From<SpanFields<'a>> for Span<'a> {
    fn from(fields: SpanFields<'a>) -> Self {
        let nanos = |whole: Option<Whole>| whole.map_or(0, |Whole(nanos)| u64::try_from(nanos).unwrap_or(0));
        let is = |field: Option<Enum>, value: u64| field.is_some_and(|Enum(code)| code == i128::from(value));
        Self {
            trace_id: fields.trace_id.and_then(text).and_then(|hex| id_in_hex(&hex)),
            span_id: fields.span_id.and_then(text).and_then(|hex| id_in_hex(&hex)),
            name: fields.name.and_then(text).unwrap_or_default(),
            is_server: is(fields.kind, KIND_SERVER),
            start: nanos(fields.start_time_unix_nano),
            end: nanos(fields.end_time_unix_nano),
            is_error: is(fields.status.and_then(|status| status.code), STATUS_ERROR),
            attributes: fields.attributes.unwrap_or_default(),
        }
    }
}

fn id_in_hex<const N: usize>(hex: &str) -> Option<[u8; N]> {
    if hex.len() != 2 * N || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&hex[at..at + 2], 16).ok()?;
    }
    id(&bytes)
}

/// A text; none when it is something else, or holds half a surrogate pair, which no text in UTF-8 can.
fn text(json: &RawValue) -> Option<Cow<'_, str>> {
    parse(json.get()).ok().map(|Text(text)| text)
}

/// Text, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Read no further than it has to be: of most the key alone.
#[derive(Deserialize)]
#[serde(expecting = "an attribute")]
struct KeyValue<'a> {
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyValue<'a> {
    #[serde(borrow)]
    string_value: Option<Text<'a>>,
    int_value: Option<Whole>,
    bool_value: Option<IgnoredAny>,
    double_value: Option<IgnoredAny>,
    array_value: Option<IgnoredAny>,
    kvlist_value: Option<IgnoredAny>,
    bytes_value: Option<IgnoredAny>,
}

impl<'a> AnyValue<'a> {
    fn value(self) -> Option<Value<'a>> {
        let others =
            [self.bool_value, self.double_value, self.array_value, self.kvlist_value, self.bytes_value];
        match (self.string_value, self.int_value) {
            (Some(Text(text)), _) => Some(Value::Text(text)),
            (None, Some(Whole(number))) => Some(i64::try_from(number).map_or(Value::Other, Value::Int)),
            (None, None) => others.iter().any(Option::is_some).then_some(Value::Other),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Attributes<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of attributes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<Self::Value, A::Error> {
                let mut attributes = Attributes::default();
                while let Some(KeyValue { key, value }) = pairs.next_element()? {
                    let known = key.and_then(text).and_then(|key| Attribute::named(key.as_bytes()));
                    let (Some(attribute), Some(value)) = (known, value) else { continue };
                    // A value that cannot be is one of another type: whether that matters is the record's to say.
                    let value = parse(value.get()).map_or(Some(Value::Other), AnyValue::value);
                    if let Some(value) = value {
                        attributes.set(attribute, value);
                    }
                }
                Ok(attributes)
            }
        }

        deserializer.deserialize_seq(Pairs)
    }
}

/// A whole number: as a number, or as text, which 64 bits come as.
struct Whole(i128);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeOrName(|_| None)).map(Self)
    }
}

/// An enum's value: its number or its name.
struct Enum(i128);

impl<'de> Deserialize<'de> for Enum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeOrName(enum_named)).map(Self)
    }
}

/// Of the names of both enums those that matter; any other counts as 0.
fn enum_named(name: &str) -> Option<i128> {
    match name {
        "SPAN_KIND_SERVER" => Some(i128::from(KIND_SERVER)),
        "STATUS_CODE_ERROR" => Some(i128::from(STATUS_ERROR)),
        name if name.starts_with("SPAN_KIND_") || name.starts_with("STATUS_CODE_") => Some(0),
        _ => None,
    }
}

struct WholeOrName(fn(&str) -> Option<i128>);

impl Visitor<'_> for WholeOrName {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<i128, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<i128, E> {
        Ok(value.into())
    }

    /// Protobuf's mapping takes `1e3` and `200.0` for whole numbers.
    fn visit_f64<E: Error>(self, value: f64) -> Result<i128, E> {
        let is_whole = value.fract() == 0.0 && value.abs() < 2_f64.powi(64);
        if is_whole { Ok(value as i128) } else { Err(E::custom("a number is not whole")) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i128, E> {
        let number = text.parse::<i128>().ok().or_else(|| self.0(text));
        number.ok_or_else(|| E::custom("a text is no whole number"))
    }
}
