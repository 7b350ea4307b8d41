//! NDJSON: a line is one object, its names those of the columns.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::bad::Reason;
use crate::cell_rows::OpenRow;
use crate::column::{Target, Value};

/// Sets a row's cells by a line.
pub(crate) fn fill(row: &mut OpenRow<'_>, line: &[u8], ignore_unknown: bool) -> Result<(), Reason> {
    let text = str::from_utf8(line).map_err(|_| Reason::of("it is not UTF-8"))?;
    let Object(fields) = serde_json::from_str(text)
        .map_err(|error| Reason::with("it is no JSON object", error.to_string()))?;
    for (name, raw) in &fields {
        match row.columns.target(name) {
            Some(Target::Column(place)) => {
                let column = &row.columns.list[place];
                let value = value(raw.get()).ok_or_else(|| column.bad("is of no kind that a column has"))?;
                let taken = column.take(value)?;
                row.set(place, taken);
            }
            Some(Target::Latency) => latency(row, raw.get())?,
            Some(Target::OwnFill) => {}
            None if ignore_unknown => {}
            None => return Err(unknown_column(name)),
        }
    }
    Ok(())
}

/// A field that the table has no column for.
pub(crate) fn unknown_column(name: &str) -> Reason {
    let name: String = name.chars().take(100).collect();
    Reason::with("the table has no such column (--ignore-unknown passes over it)", name)
}

/// `{total, upstream, gateway}`, in milliseconds.
fn latency(row: &mut OpenRow<'_>, raw: &str) -> Result<(), Reason> {
    if raw == "null" {
        return Ok(());
    }
    let Ok(Object(parts)) = serde_json::from_str(raw) else { return Err(Reason::of("latency is no object")) };
    for (name, raw) in &parts {
        let place = match &**name {
            "total" | "upstream" | "gateway" => row.columns.place(&format!("latency_{name}")),
            _ => None,
        };
        let Some(place) = place else {
            return Err(Reason::of("latency has a part besides total, upstream, gateway"));
        };
        let column = &row.columns.list[place];
        let value = value(raw.get()).ok_or_else(|| column.bad("is no whole number"))?;
        let taken = column.take(value)?;
        row.set(place, taken);
    }
    Ok(())
}

/// The value of a JSON text; a number beyond 64 bits and a list of anything but texts is none.
fn value(raw: &str) -> Option<Value<'_>> {
    Some(match raw.as_bytes().first()? {
        b'n' => Value::Null,
        b't' => Value::Flag(true),
        b'f' => Value::Flag(false),
        b'"' => Value::Text(serde_json::from_str::<Text<'_>>(raw).ok()?.0),
        b'[' => {
            let texts = serde_json::from_str::<Vec<Text<'_>>>(raw).ok()?;
            Value::Texts(texts.into_iter().map(|text| text.0).collect())
        }
        b'{' => Value::Object(raw),
        _ => match raw.parse() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Float(raw.parse().ok()?),
        },
    })
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An object's fields, in their order.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    fields.push((name.0, value));
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}
