//! `ExportTraceServiceRequest` in protobuf (opentelemetry-proto 1.x, `collector/trace/v1` and `trace/v1`).
//!
//! The numbers are those of the `.proto` files; fields that nothing here needs are passed over, as protobuf has it.

use std::borrow::Cow;

use super::attributes::{Attribute, Attributes, Value};
use super::span::{KIND_SERVER, Malformed, STATUS_ERROR, Sink, Span, id};
use super::wire::Fields;

/// Reads a whole export.
///
/// # Errors
/// It is cut or no such message. The sink may have been told of the spans before the fault.
pub fn read<'a>(body: &'a [u8], sink: &mut impl Sink<'a>) -> Result<(), Malformed> {
    for field in Fields::of(body) {
        if let (1, resource_spans) = field? {
            read_resource_spans(resource_spans.bytes()?, sink)?;
        }
    }
    Ok(())
}

fn read_resource_spans<'a>(message: &'a [u8], sink: &mut impl Sink<'a>) -> Result<(), Malformed> {
    // The resource first, wherever it stands: its spans are of it.
    let mut attributes = Attributes::default();
    for field in Fields::of(message) {
        if let (1, resource) = field? {
            for field in Fields::of(resource.bytes()?) {
                if let (1, attribute) = field? {
                    read_attribute(attribute.bytes()?, &mut attributes)?;
                }
            }
        }
    }
    sink.resource(attributes);
    for field in Fields::of(message) {
        if let (2, scope_spans) = field? {
            for field in Fields::of(scope_spans.bytes()?) {
                if let (2, span) = field? {
                    sink.span(read_span(span.bytes()?)?);
                }
            }
        }
    }
    Ok(())
}

fn read_span(message: &[u8]) -> Result<Span<'_>, Malformed> {
    let mut span = Span::default();
    for field in Fields::of(message) {
        match field? {
            (1, trace_id) => span.trace_id = id(trace_id.bytes()?),
            (2, span_id) => span.span_id = id(span_id.bytes()?),
            (5, name) => span.name = Cow::Borrowed(str::from_utf8(name.bytes()?).unwrap_or_default()),
            (6, kind) => span.is_server = kind.varint()? == KIND_SERVER,
            (7, start) => span.start = start.fixed64()?,
            (8, end) => span.end = end.fixed64()?,
            (9, attribute) => read_attribute(attribute.bytes()?, &mut span.attributes)?,
            (15, status) => {
                for field in Fields::of(status.bytes()?) {
                    if let (3, code) = field? {
                        span.is_error = code.varint()? == STATUS_ERROR;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(span)
}

fn read_attribute<'a>(message: &'a [u8], into: &mut Attributes<'a>) -> Result<(), Malformed> {
    let (mut known, mut value) = (None, None);
    for field in Fields::of(message) {
        match field? {
            (1, key) => known = Attribute::named(key.bytes()?),
            (2, any) => value = read_value(any.bytes()?)?.or(value),
            _ => {}
        }
    }
    // An empty value is as good as no attribute.
    if let (Some(attribute), Some(value)) = (known, value) {
        into.set(attribute, value);
    }
    Ok(())
}

fn read_value(message: &[u8]) -> Result<Option<Value<'_>>, Malformed> {
    let mut value = None;
    for field in Fields::of(message) {
        value = Some(match field? {
            (1, text) => match str::from_utf8(text.bytes()?) {
                Ok(text) => Value::Text(Cow::Borrowed(text)),
                Err(_) => Value::Other,
            },
            (3, number) => Value::Int(number.varint()?.cast_signed()),
            _ => Value::Other,
        });
    }
    Ok(value)
}
