//! A cursor over JSON text for the good paths: takes plain things apart, checks and steps over whole values.
//!
//! Promise: a value it steps over is JSON that Python reads too, nested no deeper than [`MAX_DEPTH`], without U+0000,
//! half surrogate pairs, or numbers beyond `f64`; so the slice can be stored as it is. `None` means "not plain".

use tidegauge_facts::limits::MAX_JSON_DEPTH as MAX_DEPTH;

use super::scan;

/// A place in a body.
pub struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

/// A string as written between its quotes, free of raw control characters and U+007F.
pub struct Written<'a> {
    pub raw: &'a str,
    pub escaped: bool,
}

impl<'a> Cursor<'a> {
    /// Starts at the body's first byte.
    pub fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub fn space(&mut self) {
        self.at = scan::space(self.bytes, self.at);
    }

    /// Nothing may follow but white space.
    pub fn end(&mut self) -> Option<()> {
        self.space();
        (self.at == self.bytes.len()).then_some(())
    }

    /// Steps into an object; false if it is empty and already left again.
    #[inline]
    pub fn open_object(&mut self) -> Option<bool> {
        self.open(b'{', b'}')
    }

    /// Steps into a list; false if it is empty and already left again.
    #[inline]
    pub fn open_list(&mut self) -> Option<bool> {
        self.open(b'[', b']')
    }

    /// A key without escapes, and the colon after it; the cursor is then at the value.
    #[inline]
    pub fn key(&mut self) -> Option<&'a str> {
        let key = self.plain_string()?;
        self.space();
        self.take(b':')?;
        self.space();
        Some(key)
    }

    /// After an item: true at the next one, false past the closing byte.
    #[inline]
    pub fn another(&mut self, close: u8) -> Option<bool> {
        self.space();
        let byte = self.peek()?;
        self.at += 1;
        if byte == b',' {
            self.space();
            Some(true)
        } else {
            (byte == close).then_some(false)
        }
    }

    #[inline]
    pub fn string(&mut self) -> Option<Written<'a>> {
        self.take(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = scan::plain_run(self.bytes, self.at);
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 2;
                }
                _ => return None,
            }
        }
        let raw = &self.text[start..self.at];
        self.at += 1;
        Some(Written { raw, escaped })
    }

    /// A string without escapes.
    #[inline]
    pub fn plain_string(&mut self) -> Option<&'a str> {
        let written = self.string()?;
        (!written.escaped).then_some(written.raw)
    }

    /// Steps over a null, if there is one.
    #[inline]
    pub fn null(&mut self) -> bool {
        self.peek() == Some(b'n') && self.word("null").is_some()
    }

    pub fn bool(&mut self) -> Option<bool> {
        match self.peek()? {
            b't' => self.word("true").map(|()| true),
            b'f' => self.word("false").map(|()| false),
            _ => None,
        }
    }

    /// An integer of 64 bits without fraction and exponent.
    pub fn int(&mut self) -> Option<i64> {
        let number = scan::number(self.bytes, self.at).filter(|number| number.is_int)?;
        let written = &self.text[self.at..number.end];
        self.at = number.end;
        written.parse().ok()
    }

    /// The text of the object at the cursor, checked to its end.
    pub fn object_text(&mut self, depth: usize) -> Option<&'a str> {
        let start = self.at;
        if self.peek()? != b'{' {
            return None;
        }
        self.skip_value(depth)?;
        Some(&self.text[start..self.at])
    }

    /// Steps over any value; a list or object there would be the `depth`th level of the body.
    pub fn skip_value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.skip_string(),
            b'{' | b'[' if depth > MAX_DEPTH => None,
            b'{' => {
                let mut more = self.open_object()?;
                while more {
                    self.skip_string()?;
                    self.space();
                    self.take(b':')?;
                    self.space();
                    self.skip_value(depth + 1)?;
                    more = self.another(b'}')?;
                }
                Some(())
            }
            b'[' => {
                let mut more = self.open_list()?;
                while more {
                    self.skip_value(depth + 1)?;
                    more = self.another(b']')?;
                }
                Some(())
            }
            b'-' | b'0'..=b'9' => self.skip_number(),
            b'n' => self.word("null"),
            _ => self.bool().map(|_| ()),
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            self.at = scan::plain_run(self.bytes, self.at);
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.skip_escape()?,
                0x7F => self.at += 1,
                _ => return None,
            }
        }
    }

    fn skip_escape(&mut self) -> Option<()> {
        match self.bytes.get(self.at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' => match scan::hex4(self.bytes, self.at + 2)? {
                0 | 0xDC00..0xE000 => return None,
                0xD800..0xDC00 => {
                    self.bytes[self.at + 6..].starts_with(b"\\u").then_some(())?;
                    matches!(scan::hex4(self.bytes, self.at + 8)?, 0xDC00..0xE000).then_some(())?;
                    self.at += 12;
                }
                _ => self.at += 6,
            },
            _ => return None,
        }
        Some(())
    }

    fn skip_number(&mut self) -> Option<()> {
        let number = scan::number(self.bytes, self.at)?;
        let written = &self.text[self.at..number.end];
        self.at = number.end;
        scan::is_finite(written, number.has_exponent).then_some(())
    }

    #[inline]
    fn open(&mut self, open: u8, close: u8) -> Option<bool> {
        self.take(open)?;
        self.space();
        if self.peek()? == close {
            self.at += 1;
            return Some(false);
        }
        Some(true)
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.bytes[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }
}
