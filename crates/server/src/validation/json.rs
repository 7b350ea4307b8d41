//! JSON as Python's `json.loads` reads it: NaN and Infinity are numbers, half a surrogate pair is a character,
//! integers have no bounds, and of equal keys the last wins at the first one's place.
//!
//! Promise: accepts what Python 3.11 accepts, up to [`MAX_DEPTH`], and never panics or recurses deeper.
//! Not for speed: a surface that is hot has a good path of its own.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use tidegauge_facts::limits::MAX_JSON_DEPTH as MAX_DEPTH;

use super::scan;

/// A value, borrowing from the text it was read from.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    /// The digits as written, with their sign.
    Int(&'a str),
    /// The number as written, and its value: infinite for `1e999`.
    Float(&'a str, f64),
    Str(Text<'a>),
    List(Vec<Json<'a>>),
    /// No two keys are equal.
    Dict(Vec<(Text<'a>, Json<'a>)>),
}

/// A string value or key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a> {
    /// The characters, each half of a surrogate pair that stands alone replaced by U+FFFD.
    pub text: Cow<'a, str>,
    /// Whether any was replaced.
    pub lone_surrogate: bool,
}

/// Why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonError {
    /// Python's sentence.
    pub message: &'static str,
    /// Where, in characters from the start, as Python counts.
    pub at: usize,
}

/// Reads one value and nothing after it but white space.
pub fn parse(text: &str) -> Result<Json<'_>, JsonError> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, depth: 0 };
    reader.document().map_err(|fault| JsonError {
        message: fault.message,
        at: text.bytes().take(fault.at).filter(|byte| (byte & 0xC0) != 0x80).count(),
    })
}

/// Resolves the escapes of a string's inside, as written between its quotes.
pub fn unescape(raw: &str) -> Result<Text<'_>, Fault> {
    let Some(first) = raw.find('\\') else {
        return Ok(Text { text: Cow::Borrowed(raw), lone_surrogate: false });
    };
    let mut out = String::with_capacity(raw.len());
    let mut lone_surrogate = false;
    let mut done = 0;
    let mut next = Some(first);
    while let Some(at) = next {
        out.push_str(&raw[done..at]);
        let (character, end) = escape(raw, at)?;
        out.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        lone_surrogate |= character.is_none();
        done = end;
        next = raw[done..].find('\\').map(|offset| done + offset);
    }
    out.push_str(&raw[done..]);
    Ok(Text { text: Cow::Owned(out), lone_surrogate })
}

/// A fault at a byte of the text it was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    message: &'static str,
    at: usize,
}

/// The character of the escape at `at`, `None` for half a surrogate pair, and where the escape ends.
fn escape(raw: &str, at: usize) -> Result<(Option<char>, usize), Fault> {
    let bytes = raw.as_bytes();
    let simple = match bytes.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(bytes, at),
        _ => return Err(Fault { message: "Invalid \\escape", at }),
    };
    Ok((Some(simple), at + 2))
}

fn unicode_escape(bytes: &[u8], at: usize) -> Result<(Option<char>, usize), Fault> {
    let unit = scan::hex4(bytes, at + 2).ok_or(Fault { message: "Invalid \\uXXXX escape", at: at + 1 })?;
    let end = at + 6;
    let pairs_up = (0xD800..0xDC00).contains(&unit) && bytes.get(end..end + 2) == Some(b"\\u");
    if pairs_up && let Some(low @ 0xDC00..0xE000) = scan::hex4(bytes, end + 2) {
        let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        return Ok((char::from_u32(code), end + 6));
    }
    Ok((char::from_u32(unit), end))
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Json<'a>, Fault> {
        self.space();
        let value = self.value()?;
        self.space();
        if self.at < self.bytes.len() { self.fault("Extra data") } else { Ok(value) }
    }

    fn value(&mut self) -> Result<Json<'a>, Fault> {
        match self.peek() {
            Some(b'"') => Ok(Json::Str(self.string()?)),
            Some(b'{') => self.nested(Self::dict),
            Some(b'[') => self.nested(Self::list),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let words = [
                    ("null", Json::Null),
                    ("true", Json::Bool(true)),
                    ("false", Json::Bool(false)),
                    ("NaN", Json::Float("NaN", f64::NAN)),
                    ("Infinity", Json::Float("Infinity", f64::INFINITY)),
                ];
                let found =
                    words.into_iter().find(|(word, _)| self.bytes[self.at..].starts_with(word.as_bytes()));
                let Some((word, value)) = found else { return self.fault("Expecting value") };
                self.at += word.len();
                Ok(value)
            }
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json<'a>, Fault>) -> Result<Json<'a>, Fault> {
        if self.depth == MAX_DEPTH {
            return self.fault("Nesting is deeper than 128 levels");
        }
        self.depth += 1;
        self.at += 1;
        self.space();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Json<'a>, Fault> {
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Json::List(items));
        }
        loop {
            self.space();
            items.push(self.value()?);
            self.space();
            if self.take(b']') {
                return Ok(Json::List(items));
            }
            if !self.take(b',') {
                return self.fault("Expecting ',' delimiter");
            }
        }
    }

    fn dict(&mut self) -> Result<Json<'a>, Fault> {
        let mut pairs = Vec::new();
        if self.take(b'}') {
            return Ok(Json::Dict(pairs));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.fault("Expecting property name enclosed in double quotes");
            }
            let key = self.string()?;
            self.space();
            if !self.take(b':') {
                return self.fault("Expecting ':' delimiter");
            }
            self.space();
            pairs.push((key, self.value()?));
            self.space();
            if self.take(b'}') {
                return Ok(Json::Dict(last_wins(pairs)));
            }
            if !self.take(b',') {
                return self.fault("Expecting ',' delimiter");
            }
        }
    }

    fn string(&mut self) -> Result<Text<'a>, Fault> {
        let quote = self.at;
        let start = quote + 1;
        let mut at = start;
        loop {
            at = scan::plain_run(self.bytes, at);
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') if at + 1 < self.bytes.len() => at += 2,
                Some(0x7F) => at += 1,
                Some(0..0x20) => return Err(Fault { message: "Invalid control character at", at }),
                // The run stops at nothing else; this also ends a string whose escape was cut off.
                _ => return Err(Fault { message: "Unterminated string starting at", at: quote }),
            }
        }
        self.at = at + 1;
        // Both ends stand beside quotes, so they are character boundaries.
        let raw = &self.text[start..at];
        unescape(raw).map_err(|fault| Fault { at: start + fault.at, ..fault })
    }

    fn number(&mut self) -> Result<Json<'a>, Fault> {
        if self.bytes[self.at..].starts_with(b"-Infinity") {
            self.at += "-Infinity".len();
            return Ok(Json::Float("-Infinity", f64::NEG_INFINITY));
        }
        let Some(number) = scan::number(self.bytes, self.at) else { return self.fault("Expecting value") };
        let written = &self.text[self.at..number.end];
        self.at = number.end;
        if number.is_int {
            return Ok(Json::Int(written));
        }
        // Rust's float grammar contains JSON's; the fallback is never taken.
        Ok(Json::Float(written, written.parse().unwrap_or(f64::NAN)))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn space(&mut self) {
        self.at = scan::space(self.bytes, self.at);
    }

    fn fault<T>(&self, message: &'static str) -> Result<T, Fault> {
        Err(Fault { message, at: self.at })
    }
}

/// Python's dict: the first key's place, the last one's value. Keys that differ only in which half of a surrogate
/// pair they hold count as equal here, since neither can be stored.
fn last_wins<'a>(pairs: Vec<(Text<'a>, Json<'a>)>) -> Vec<(Text<'a>, Json<'a>)> {
    let mut place_of: HashMap<&str, usize> = HashMap::with_capacity(pairs.len());
    let mut kept: Vec<usize> = Vec::with_capacity(pairs.len());
    for (index, (key, _)) in pairs.iter().enumerate() {
        match place_of.entry(&key.text) {
            Entry::Occupied(place) => kept[*place.get()] = index,
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(index);
            }
        }
    }
    if kept.len() == pairs.len() {
        return pairs;
    }
    let mut slots: Vec<_> = pairs.into_iter().map(Some).collect();
    kept.into_iter().filter_map(|index| slots[index].take()).collect()
}
