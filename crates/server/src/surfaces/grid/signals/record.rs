//! One record of the client: a JSON object whose keys are short or full, read into its known fields.
//!
//! Promise: every value in a [`Record`] has passed its field's rules, whichever route it came by; unknown keys are
//! not looked at. Of a field written both ways the full name counts, and of equal keys the last, as in JavaScript.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{Field, Spelling};
use super::value::{Value, read_value};

const FIELDS: usize = Field::ALL.len();

/// A record's fields.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record<'a> {
    values: [Option<Value<'a>>; FIELDS],
}

/// Why a record is refused. None of its own text is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Invalid {
    #[error("the body is not UTF-8")]
    NotUtf8,
    #[error("the body is not JSON: it breaks off or goes wrong at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("the body is not a JSON object")]
    NotAnObject,
    #[error("{field} is required")]
    Missing { field: &'static str },
    #[error("{field} {reason}")]
    Field { field: &'static str, reason: Cow<'static, str> },
}

impl<'a> Record<'a> {
    /// Reads a request's body, whatever its content type says.
    pub fn parse(body: &'a [u8]) -> Result<Self, Invalid> {
        let text = str::from_utf8(body).map_err(|_| Invalid::NotUtf8)?;
        let written: Written<'a> = serde_json::from_str(text).map_err(|error| match error.is_data() {
            true => Invalid::NotAnObject,
            false => Invalid::NotJson { line: error.line(), column: error.column() },
        })?;
        let mut values = [const { None }; FIELDS];
        for (field, value) in Field::ALL.iter().zip(&mut values) {
            if let Some(json) = written.get(*field) {
                let refused = |reason| Invalid::Field { field: field.name(), reason };
                *value = read_value(json, field.kind()).map_err(refused)?;
            }
        }
        Ok(Self { values })
    }

    /// The text of a field.
    pub fn text(&self, field: Field) -> Option<&str> {
        match &self.values[field as usize] {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a field that must be there.
    pub fn required(&self, field: Field) -> Result<&str, Invalid> {
        self.text(field).ok_or(Invalid::Missing { field: field.name() })
    }

    /// The whole number nearest to the one in a field.
    pub fn whole(&self, field: Field) -> Option<i64> {
        match &self.values[field as usize] {
            Some(Value::Whole { nearest, .. }) => Some(*nearest),
            _ => None,
        }
    }

    /// The number in a field.
    pub fn decimal(&self, field: Field) -> Option<f64> {
        match &self.values[field as usize] {
            Some(Value::Decimal(number)) => Some(*number),
            _ => None,
        }
    }

    /// The flag in a field.
    pub fn flag(&self, field: Field) -> Option<bool> {
        match &self.values[field as usize] {
            Some(Value::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// The moment in a field, in microseconds since the epoch.
    pub fn instant(&self, field: Field) -> Option<i64> {
        match &self.values[field as usize] {
            Some(Value::Instant(micros)) => Some(*micros),
            _ => None,
        }
    }

    /// The numbers that are no whole numbers of 64 bits, as a JSON object by their fields' names.
    pub fn inexact_numbers(&self) -> Option<String> {
        let numbers = Field::ALL.iter().zip(&self.values).filter_map(|(field, value)| match value {
            Some(Value::Whole { exact: Some(number), .. }) => Some(format!("\"{}\":{number}", field.name())),
            _ => None,
        });
        let members = numbers.collect::<Vec<_>>().join(",");
        (!members.is_empty()).then(|| format!("{{{members}}}"))
    }
}

/// The known fields as they were written, each in both spellings.
struct Written<'a> {
    short: [Option<&'a str>; FIELDS],
    full: [Option<&'a str>; FIELDS],
}

impl<'a> Written<'a> {
    /// The JSON of a field; null is as good as nothing.
    fn get(&self, field: Field) -> Option<&'a str> {
        let is_value = |json: &&str| *json != "null";
        let full = self.full[field as usize].filter(is_value);
        full.or_else(|| self.short[field as usize].filter(is_value))
    }
}

impl<'de> Deserialize<'de> for Written<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Written<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written<'de>, A::Error> {
                let mut written = Written { short: [None; FIELDS], full: [None; FIELDS] };
                while let Some(Key(known)) = map.next_key()? {
                    match known {
                        None => drop(map.next_value::<IgnoredAny>()?),
                        Some((field, spelling)) => {
                            let json = map.next_value::<&RawValue>()?.get();
                            match spelling {
                                Spelling::Short => written.short[field as usize] = Some(json),
                                Spelling::Full => written.full[field as usize] = Some(json),
                            }
                        }
                    }
                }
                Ok(written)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A key of the object, looked up.
struct Key(Option<(Field, Spelling)>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(Key(Field::from_key(key)))
            }
        }

        deserializer.deserialize_str(Name)
    }
}
