//! The keys under which requests are added up: texts in an order of bytes.
//!
//! `family, level, tenant, who, span, a, b, c, project`: what a reader asks for together stands together. A text ends with
//! two zero bytes; a zero byte in it is followed by 0xff. Levels and families are a byte, spans four, the highest first.

use std::borrow::Cow;

use tidegauge_facts::Micros;
use tidegauge_facts::time::{DAY, HOUR};

use super::Wanted;

/// How long a span is that requests are added up over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Hours since 1970.
    Hour = 1,
    /// UTC days since 1970.
    Day = 2,
    /// Thirds of months, from their days 1, 11 and 21 on, each named by its first day, in days since 1970.
    Third = 3,
    /// Months, each named by its first day, in days since 1970.
    Month = 4,
}

impl Level {
    /// The span that an instant falls in.
    #[must_use]
    pub fn span(self, at: Micros) -> i64 {
        match self {
            Self::Hour => at.hour(),
            Self::Day => at.day(),
            Self::Third => {
                let first = at.month_start().day();
                first + ((at.day() - first) / 10 * 10).min(20)
            }
            Self::Month => at.month_start().day(),
        }
    }

    /// The first instant of a span.
    #[must_use]
    pub fn start(self, span: i64) -> Micros {
        Micros(span.saturating_mul(if self == Self::Hour { HOUR } else { DAY }))
    }
}

/// How requests are told apart, besides by tenant, span and project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Family {
    /// By API, response code and API name.
    Apis = 1,
    /// By key, API and alias.
    Keys = 2,
    /// One key's: by API, path and API name.
    Key = 3,
    /// One OAuth client's: by API, path and API name.
    Client = 4,
}

impl Family {
    /// Whether it is added up by that level: all keys by the hour would be nearly as many sums as requests.
    #[must_use]
    pub fn has(self, level: Level) -> bool {
        self != Self::Keys || level != Level::Hour
    }

    pub(super) const ALL: [Self; 4] = [Self::Apis, Self::Keys, Self::Key, Self::Client];
}

/// The texts of an entry after its span, as they are written: two entries with the same bytes have the same texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Texts<'a>(pub &'a [u8]);

impl<'a> Texts<'a> {
    /// The family's three texts, in its order, and the project.
    #[must_use]
    pub fn read(&self) -> [Cow<'a, str>; 4] {
        let mut rest = self.0;
        std::array::from_fn(|_| read_text(&mut rest))
    }
}

const END: [u8; 2] = [0, 0];

pub(super) fn write_text(key: &mut Vec<u8>, text: &str) {
    for (n, piece) in text.split('\0').enumerate() {
        if n > 0 {
            key.extend_from_slice(&[0, 0xff]);
        }
        key.extend_from_slice(piece.as_bytes());
    }
    key.extend_from_slice(&END);
}

fn read_text<'a>(rest: &mut &'a [u8]) -> Cow<'a, str> {
    let all = *rest;
    match memchr::memchr(0, all) {
        Some(zero) if all.get(zero + 1) == Some(&0xff) => read_escaped(rest),
        Some(zero) => {
            *rest = all.get(zero + 2..).unwrap_or_default();
            String::from_utf8_lossy(&all[..zero])
        }
        None => {
            *rest = &[];
            String::from_utf8_lossy(all)
        }
    }
}

/// A text with zero bytes in it: rare.
fn read_escaped<'a>(rest: &mut &'a [u8]) -> Cow<'a, str> {
    let all = *rest;
    let (mut text, mut at) = (Vec::new(), 0);
    while at < all.len() {
        match (all[at], all.get(at + 1)) {
            (0, Some(0xff)) => {
                text.push(0);
                at += 2;
            }
            (0, _) => {
                at += 2;
                break;
            }
            (byte, _) => {
                text.push(byte);
                at += 1;
            }
        }
    }
    *rest = all.get(at..).unwrap_or_default();
    Cow::Owned(String::from_utf8_lossy(&text).into_owned())
}

/// What all keys that are wanted begin with.
pub(super) fn prefix(wanted: &Wanted<'_>) -> Vec<u8> {
    let mut key = Vec::with_capacity(wanted.tenant.len() + wanted.who.len() + 16);
    begin(&mut key, wanted.family, wanted.level, wanted.tenant, wanted.who);
    key
}

/// Begins a key anew.
pub(super) fn begin(key: &mut Vec<u8>, family: Family, level: Level, tenant: &str, who: &str) {
    key.clear();
    key.extend_from_slice(&[family as u8, level as u8]);
    write_text(key, tenant);
    write_text(key, who);
}

/// Whether a key is of the finest level.
pub(super) fn is_of_hour(key: &[u8]) -> bool {
    key.get(1) == Some(&(Level::Hour as u8))
}

/// The first key of a span.
pub(super) fn at_span(prefix: &[u8], span: i64) -> Vec<u8> {
    [prefix, &span_code(span).to_be_bytes()].concat()
}

/// A span as a number that sorts as it does. What no instant falls in is clamped.
pub(super) fn span_code(span: i64) -> u32 {
    let span = span.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    // Invariant: from 0 to 2^32 - 1.
    (span - i64::from(i32::MIN)) as u32
}

pub(super) fn span_of_code(code: u32) -> i64 {
    i64::from(code) + i64::from(i32::MIN)
}

/// The span and the texts of a key with a prefix of that length.
pub(super) fn after_prefix(key: &[u8], prefix: usize) -> (i64, Texts<'_>) {
    let mut span = [0; 4];
    span.copy_from_slice(&key[prefix..prefix + 4]);
    (span_of_code(u32::from_be_bytes(span)), Texts(&key[prefix + 4..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(texts: &[String]) -> Vec<u8> {
        let mut key = Vec::new();
        texts.iter().for_each(|text| write_text(&mut key, text));
        key
    }

    proptest! {
        #[test]
        fn texts_are_read_as_written_and_sorted_as_texts(
            a in proptest::array::uniform4("[ab\0é]{0,4}"),
            b in proptest::array::uniform4("[ab\0é]{0,4}"),
        ) {
            let (one, other) = (written(&a), written(&b));
            prop_assert_eq!(Texts(&one).read().map(Cow::into_owned), a.clone());
            prop_assert_eq!(one.cmp(&other), a.cmp(&b));
        }
    }

    /// Whoever changes this changes [`super::super::VERSION`] too: parts of before would be read wrongly.
    #[test]
    fn keys_of_this_version_are_written_so() {
        assert_eq!(super::super::VERSION, 2);
        assert_eq!(
            [Level::Hour, Level::Day, Level::Third, Level::Month].map(|level| level as u8),
            [1, 2, 3, 4]
        );
        assert_eq!(Family::ALL.map(|family| family as u8), [1, 2, 3, 4]);
        let (tenant, who, family) = ("t", "key", Family::Key);
        let wanted = Wanted { tenant, family, who, level: Level::Month, spans: 0..1 };
        let mut key = at_span(&prefix(&wanted), 19_783);
        ["api", "/a\0b", "name", "p"].iter().for_each(|text| write_text(&mut key, text));
        assert_eq!(key, b"\x03\x04t\0\0key\0\0\x80\0\x4d\x47api\0\0/a\0\xffb\0\0name\0\0p\0\0");
    }

    #[test]
    fn spans_sort_by_time_also_before_the_epoch() {
        let spans = [i64::MIN, -2_000_000, -1, 0, 1, 70_000_000, i64::MAX];
        assert!(spans.windows(2).all(|pair| span_code(pair[0]) < span_code(pair[1])));
        assert_eq!(span_of_code(span_code(-5)), -5);
    }
}
