//! The lexical rules of JSON on bytes, shared by the good path and the strict reader.
//!
//! Promise: one definition of white space, numbers and string runs, so the two cannot drift apart; every function
//! takes any bytes and any place in them, and none panics.

/// A number's extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// The place after its last byte.
    pub end: usize,
    /// Neither fraction nor exponent.
    pub is_int: bool,
    /// Whether an exponent makes an overflow possible in few digits.
    pub has_exponent: bool,
}

/// The place of the first byte at or after `at` that is not JSON white space.
#[inline]
pub fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The place of the first `"`, `\`, control character or U+007F at or after `at`, or the end.
#[inline]
pub fn plain_run(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    const fn zero_bytes(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = zero_bytes(word ^ (ONES * b'"' as u64));
        let backslash = zero_bytes(word ^ (ONES * b'\\' as u64));
        let delete = zero_bytes(word ^ (ONES * 0x7F));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        // A borrow can only mark bytes after a true one, so the lowest mark is exact.
        let marks = (quote | backslash | delete | control) & HIGHS;
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..0x20 | 0x7F) {
            break;
        }
        at += 1;
    }
    at
}

/// The number that starts at `at`; as Python does, it ends before a fraction or exponent that has no digits.
#[inline]
pub fn number(bytes: &[u8], at: usize) -> Option<Number> {
    let whole = at + usize::from(bytes.get(at) == Some(&b'-'));
    let mut end = digits(bytes, whole);
    if end == whole {
        return None;
    }
    if bytes[whole] == b'0' {
        end = whole + 1;
    }
    let mut is_int = true;
    let mut has_exponent = false;
    if bytes.get(end) == Some(&b'.') {
        let after = digits(bytes, end + 1);
        if after > end + 1 {
            is_int = false;
            end = after;
        }
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let first = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(bytes, first);
        if after > first {
            is_int = false;
            has_exponent = true;
            end = after;
        }
    }
    Some(Number { end, is_int, has_exponent })
}

/// The value of four hexadecimal digits at `at`.
#[inline]
pub fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    four.iter().try_fold(0, |value, byte| Some(value * 16 + char::from(*byte).to_digit(16)?))
}

/// Whether the number written there is one an `f64` holds. Only an exponent or very many digits can prevent it.
#[inline]
pub fn is_finite(written: &str, has_exponent: bool) -> bool {
    const ALWAYS_FINITE_LEN: usize = 308;
    if !has_exponent && written.len() <= ALWAYS_FINITE_LEN {
        return true;
    }
    written.parse::<f64>().is_ok_and(f64::is_finite)
}

#[inline]
fn digits(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    at
}
