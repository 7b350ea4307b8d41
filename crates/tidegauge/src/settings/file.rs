//! The configuration file: TOML in which each key is an option's.
//!
//! Promise: a key that is no option, a value of another type and one that the option refuses are each named with
//! their line, and nothing of such a file is used.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::option::Kind;

/// Longest file; a configuration is a few kilobytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// How alike a key must be to be what was meant, of 1.
const ALIKE: f64 = 0.75;

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be had.
    #[error("cannot read {file}: {reason}")]
    Unreadable { file: PathBuf, reason: String },
    /// It says what it must not.
    #[error("{file}, line {line}: {what}")]
    Wrong { file: PathBuf, line: usize, what: String },
}

/// What a file says, by key.
#[derive(Debug, Default)]
pub struct FileValues(BTreeMap<String, Value>);

#[derive(Debug)]
struct Value {
    text: String,
    line: usize,
}

impl FileValues {
    /// Reads a file that may name these options.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn read(file: &Path, options: &[Arg]) -> Result<Self, FileError> {
        let unreadable = |reason: String| FileError::Unreadable { file: file.to_owned(), reason };
        let mut bytes = Vec::new();
        let opened = fs::File::open(file).map_err(|error| unreadable(error.to_string()))?;
        opened.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(unreadable(format!("it is longer than {MAX_BYTES} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
        Self::parse(&text, options).map_err(|Wrong { at, what }| {
            let line =
                text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
            FileError::Wrong { file: file.to_owned(), line, what }
        })
    }

    /// The text of an option's value.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| &*value.text)
    }

    /// The line that sets an option.
    pub fn line(&self, key: &str) -> Option<usize> {
        self.0.get(key).map(|value| value.line)
    }

    fn parse(text: &str, options: &[Arg]) -> Result<Self, Wrong> {
        let table = DeTable::parse(text).map_err(|error| Wrong {
            at: error.span().map_or(0, |span| span.start),
            what: error.message().replace('\n', ", "),
        })?;
        let mut values = BTreeMap::new();
        take_table("", table.get_ref(), options, &mut |key, at, value| {
            let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            values.insert(key, Value { text: value, line });
        })?;
        Ok(Self(values))
    }
}

/// What is wrong, and at which byte.
struct Wrong {
    at: usize,
    what: String,
}

fn take_table(
    section: &str,
    table: &DeTable<'_>,
    options: &[Arg],
    take: &mut dyn FnMut(String, usize, String),
) -> Result<(), Wrong> {
    for (name, value) in table {
        let at = name.span().start;
        let key = match section {
            "" => name.get_ref().to_string(),
            section => format!("{section}.{}", name.get_ref()),
        };
        let wrong = |what| Wrong { at, what };
        match (options.iter().find(|option| option.get_id() == &*key), value.get_ref()) {
            (Some(option), value) => {
                let text = text_of(option, value).map_err(wrong)?;
                accept(option, &text).map_err(wrong)?;
                take(key, at, text);
            }
            (None, DeValue::Table(table)) if is_section(&key, options) => {
                take_table(&key, table, options, take)?;
            }
            (None, _) if is_section(&key, options) => {
                return Err(wrong(format!("`{key}` is a section: write [{key}] on a line of its own")));
            }
            (None, _) => return Err(wrong(unknown(&key, options))),
        }
    }
    Ok(())
}

fn is_section(key: &str, options: &[Arg]) -> bool {
    let mut keys = options.iter().map(|option| option.get_id().as_str());
    keys.any(|option| option.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

/// The value as a flag would have it.
fn text_of(option: &Arg, value: &DeValue<'_>) -> Result<String, String> {
    let kind = Kind::of(option);
    let text = match (kind, value) {
        (Kind::Text | Kind::List, DeValue::String(text)) => Some(text.to_string()),
        (Kind::Bool, DeValue::Boolean(is_on)) => Some(is_on.to_string()),
        (Kind::Number, DeValue::Integer(number)) => {
            let whole = i64::from_str_radix(number.as_str(), number.radix());
            Some(whole.map_or_else(|_| number.as_str().to_owned(), |whole| whole.to_string()))
        }
        (Kind::List, DeValue::Array(items)) => {
            let item = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
                DeValue::String(text) if !text.contains(',') && !text.is_empty() => Some(text.to_string()),
                _ => None,
            };
            items.iter().map(item).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        _ => None,
    };
    text.ok_or_else(|| format!("`{}` takes {kind}, not {}", option.get_id(), what_it_is(value)))
}

fn what_it_is(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array of other things",
        DeValue::Table(_) => "a section",
    }
}

/// Whether the option takes the value, as its flag would.
fn accept(option: &Arg, text: &str) -> Result<(), String> {
    let is_plain = match Kind::of(option) {
        Kind::Bool => true,
        // A flag cannot say an empty list.
        Kind::List => text.is_empty(),
        Kind::Text | Kind::Number => false,
    };
    let Some(flag) = option.get_long().filter(|_| !is_plain) else { return Ok(()) };
    let probe = Command::new("value").no_binary_name(true).arg(option.clone().env(None::<&str>));
    let Err(error) = probe.try_get_matches_from([format!("--{flag}={text}")]) else { return Ok(()) };
    let reason = match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(source), _) => source.to_string(),
        (None, Some(ContextValue::Strings(valid))) if !valid.is_empty() => {
            format!("it is one of {}", valid.join(", "))
        }
        (None, _) => "a value is needed".to_owned(),
    };
    // A secret is not repeated.
    match option.is_hide_env_values_set() {
        true => Err(format!("`{}`: {reason}", option.get_id())),
        false => Err(format!("`{}` cannot be {text:?}: {reason}", option.get_id())),
    }
}

fn unknown(key: &str, options: &[Arg]) -> String {
    let keys = options.iter().map(|option| option.get_id().as_str());
    // Who forgot the section has the name right.
    let likeness = |option: &str| {
        let name = option.rsplit('.').next().unwrap_or(option);
        let own = key.rsplit('.').next().unwrap_or(key);
        strsim::jaro_winkler(key, option).max(strsim::jaro_winkler(own, name))
    };
    let nearest =
        keys.map(|option| (likeness(option), option)).max_by(|one, other| one.0.total_cmp(&other.0));
    match nearest {
        Some((likeness, option)) if likeness >= ALIKE => {
            format!("there is no option `{key}`; `{option}` may be meant")
        }
        _ => format!("there is no option `{key}`"),
    }
}
