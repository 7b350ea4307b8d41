//! The columns of a table as files name them, and what each of them takes.
//!
//! Promise: a value that a column has taken keeps the bounds that the doors of the server hold (`facts::limits`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;

use serde::Deserialize as _;
use tidegauge_facts::ids::is_valid_id;
use tidegauge_facts::{Table, limits};

use crate::bad::Reason;
use crate::column_kind::{Empty, Kind, LABEL, MAX_BYTES, TextRule};
use crate::instant;

/// A value as a file has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Int(i64),
    Float(f64),
    Flag(bool),
    /// Microseconds.
    Instant(i64),
    Texts(Vec<Cow<'a, str>>),
    /// A JSON object's text.
    Object(&'a str),
}

/// A value as its column takes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Taken<'a> {
    Text(Cow<'a, str>),
    Int(i64),
    Float(f64),
    Flag(bool),
    Instant(i64),
    Texts(Vec<Cow<'a, str>>),
}

/// What a field of a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Column(usize),
    /// Known, but the store's own to fill in: `received_at`.
    OwnFill,
    /// The object `latency` of the requests intake (spec section 7).
    Latency,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    pub name: String,
    kind: Kind,
}

/// The columns of a table, in its schema's order.
#[derive(Debug)]
pub(crate) struct Columns {
    pub table: Table,
    pub list: Vec<Column>,
    by_name: HashMap<String, Target>,
}

impl Columns {
    pub fn of(table: Table) -> Self {
        let schema = table.schema();
        let mut by_name = HashMap::new();
        let mut list = Vec::new();
        for (index, field) in schema.fields().iter().enumerate() {
            let target = if field.name() == "received_at" { Target::OwnFill } else { Target::Column(index) };
            by_name.insert(field.name().clone(), target);
            list.push(Column {
                name: field.name().clone(),
                kind: Kind::of(table, field.name(), field.data_type()),
            });
        }
        if table == Table::Requests {
            // The names of the requests intake, where they differ.
            by_name.insert("latency".into(), Target::Latency);
            for (wire, column) in [("timestamp", "event_time"), ("ip_address", "ip")] {
                by_name.insert(wire.into(), by_name[column]);
            }
        }
        Self { table, list, by_name }
    }

    /// What the field of this name is for, if it is for anything.
    pub fn target(&self, name: &str) -> Option<Target> {
        self.by_name.get(name).copied()
    }

    /// The place of a column of the table's schema.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|column| column.name == name)
    }
}

impl Column {
    /// The value as the column takes it; `None` when there is none.
    pub fn take<'a>(&self, value: Value<'a>) -> Result<Option<Taken<'a>>, Reason> {
        if value == Value::Null {
            return Ok(None);
        }
        let taken = match self.kind {
            Kind::Text(rule) => {
                let text = self.text(value, rule)?;
                match (text.is_empty(), rule.empty) {
                    (true, Empty::Refused) => return Err(self.bad("is empty")),
                    (true, Empty::NoValue) => return Ok(None),
                    _ => Taken::Text(text),
                }
            }
            Kind::Address => {
                let text = self.text(value, LABEL)?;
                if text.is_empty() {
                    return Ok(None);
                }
                Taken::Text(canonical(text).ok_or_else(|| self.bad("is no IP address"))?)
            }
            Kind::Id => {
                let id = self.text(value, LABEL)?;
                if !is_valid_id(&id) {
                    return Err(self.bad("is not 1 to 128 characters of A-Z a-z 0-9 _ - . :"));
                }
                Taken::Text(id)
            }
            Kind::Properties => Taken::Text(self.properties(value)?),
            Kind::Int(least, most) => {
                let number = self.int(value)?;
                if !(least..=most).contains(&number) {
                    return Err(self.bad(&format!("is not within {least} to {most}")));
                }
                Taken::Int(number)
            }
            Kind::ResponseCode => match self.int(value)? {
                0 => return Ok(None),
                code @ (-1 | 100..=999) => Taken::Int(code),
                _ => return Err(self.bad("is not -1, 0 or within 100 to 999")),
            },
            Kind::Bytes => match self.int(value)? {
                -1 => return Ok(None),
                bytes @ 0..=MAX_BYTES => Taken::Int(bytes),
                _ => return Err(self.bad(&format!("is not within -1 to {MAX_BYTES}"))),
            },
            Kind::Float => Taken::Float(self.float(value)?),
            Kind::Flag => Taken::Flag(self.flag(value)?),
            Kind::Instant => match value {
                Value::Instant(at) => instant::within(at).map(Taken::Instant),
                Value::Text(text) => instant::parse(&text).map(Taken::Instant),
                _ => None,
            }
            .ok_or_else(|| self.bad("is no instant such as 2024-01-15T10:00:00.000Z"))?,
            Kind::Texts => {
                let texts = self.texts(value)?;
                if texts.is_empty() {
                    return Ok(None);
                }
                Taken::Texts(texts)
            }
        };
        Ok(Some(taken))
    }

    /// This column is what is wrong with the row.
    pub fn bad(&self, what: &str) -> Reason {
        Reason { kind: format!("{} {what}", self.name).into(), detail: None }
    }

    fn text<'a>(&self, value: Value<'a>, rule: TextRule) -> Result<Cow<'a, str>, Reason> {
        let text = match value {
            Value::Text(text) => text,
            // A number that serves as a name says the same as its digits.
            Value::Int(number) => Cow::Owned(number.to_string()),
            _ => return Err(self.bad("is no text")),
        };
        let TextRule { most, has_lines, .. } = rule;
        if text.len() > most && text.chars().count() > most {
            return Err(self.bad(&format!("is longer than {most} characters")));
        }
        let is_layout = |byte| has_lines && matches!(byte, b'\t' | b'\n' | b'\r');
        if text.bytes().any(|byte| byte.is_ascii_control() && !is_layout(byte)) {
            return Err(self.bad("holds a control character"));
        }
        Ok(text)
    }

    fn properties<'a>(&self, value: Value<'a>) -> Result<Cow<'a, str>, Reason> {
        let text = match value {
            Value::Object(text) => Cow::Borrowed(text),
            Value::Text(text) => text,
            _ => return Err(self.bad("is no JSON object")),
        };
        if text.len() > limits::MAX_PROPERTIES_BYTES {
            return Err(self.bad(&format!("is longer than {} bytes", limits::MAX_PROPERTIES_BYTES)));
        }
        let is_object = text.trim_start().starts_with('{')
            && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok()
            && !text.contains("\\u0000");
        if is_object { Ok(text) } else { Err(self.bad("is no JSON object")) }
    }

    fn int(&self, value: Value<'_>) -> Result<i64, Reason> {
        match value {
            Value::Int(number) => Some(number),
            #[allow(clippy::cast_possible_truncation, clippy::float_cmp)]
            Value::Float(number) if number.trunc() == number && number.abs() < 9e15 => Some(number as i64),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
        .ok_or_else(|| self.bad("is no whole number"))
    }

    fn float(&self, value: Value<'_>) -> Result<f64, Reason> {
        match value {
            Value::Float(number) => Some(number),
            #[allow(clippy::cast_precision_loss)]
            Value::Int(number) => Some(number as f64),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
        .filter(|number| number.is_finite())
        .ok_or_else(|| self.bad("is no number"))
    }

    fn flag(&self, value: Value<'_>) -> Result<bool, Reason> {
        match value {
            Value::Flag(flag) => Some(flag),
            Value::Int(number @ (0 | 1)) => Some(number == 1),
            Value::Text(text) => match &*text.to_ascii_lowercase() {
                "true" | "t" | "1" => Some(true),
                "false" | "f" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
        .ok_or_else(|| self.bad("is neither true nor false"))
    }

    fn texts<'a>(&self, value: Value<'a>) -> Result<Vec<Cow<'a, str>>, Reason> {
        let texts = match value {
            Value::Texts(texts) => texts,
            // A field of a CSV file holds a JSON array.
            Value::Text(text) => {
                let mut reader = serde_json::Deserializer::from_str(&text);
                let texts =
                    Vec::<String>::deserialize(&mut reader).and_then(|texts| reader.end().map(|()| texts));
                let texts = texts.map_err(|_| self.bad("is no list of texts"))?;
                texts.into_iter().map(Cow::Owned).collect()
            }
            _ => return Err(self.bad("is no list of texts")),
        };
        if texts.len() > limits::MAX_TAGS {
            return Err(self.bad(&format!("has more than {} texts", limits::MAX_TAGS)));
        }
        texts.into_iter().map(|text| self.text(Value::Text(text), LABEL)).collect()
    }
}

/// The address as it is written canonically; of IPv4 only that spelling is read.
pub(crate) fn canonical(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    match text.parse::<IpAddr>().ok()? {
        IpAddr::V4(_) => Some(text),
        IpAddr::V6(address) => Some(Cow::Owned(address.to_string())),
    }
}

#[cfg(test)]
#[path = "column_tests.rs"]
mod tests;
