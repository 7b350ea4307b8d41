//! The text of a quoted field: escapes undone, as far as what they stand for is text.
//!
//! Apache writes `\"`, `\\`, `\n`, `\t` and the like, and `\xhh` for what is not printable; nginx writes `\xHH` for all
//! of these. A byte that is no UTF-8 and a control character stay as, or become, `\xhh`: nothing is lost.

use std::borrow::Cow;

/// Where the field that begins behind an opening quote ends: at the closing quote.
pub(super) fn end_of_quoted(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', bytes.get(from..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        from = at + 2;
    }
}

/// The field's text.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let is_plain = !bytes.iter().any(|byte| *byte == b'\\' || byte.is_ascii_control());
    if is_plain && let Ok(text) = str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut unescaped = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, behind)) = rest.split_first() {
        let (byte, behind) = match (byte, behind) {
            (b'\\', [b'x', high, low, behind @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, behind),
                _ => (b'\\', &rest[1..]),
            },
            (b'\\', [escaped @ (b'"' | b'\\'), behind @ ..]) => (*escaped, behind),
            (b'\\', [escaped @ (b'n' | b't' | b'r' | b'b' | b'f' | b'v'), behind @ ..]) => {
                (control(*escaped), behind)
            }
            _ => (*byte, behind),
        };
        unescaped.push(byte);
        rest = behind;
    }
    let mut text = String::with_capacity(unescaped.len());
    for chunk in unescaped.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                control if control.is_ascii_control() => push_escaped(&mut text, control as u8),
                other => text.push(other),
            }
        }
        chunk.invalid().iter().for_each(|byte| push_escaped(&mut text, *byte));
    }
    Cow::Owned(text)
}

fn push_escaped(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.push_str("\\x");
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

fn control(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        _ => 11,
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_where_they_stand_for_text() {
        for (written, text) in [
            (&b"/plain"[..], "/plain"),
            (br#"/a\"b\\c"#, r#"/a"b\c"#),
            (br"/caf\xc3\xa9", "/café"),
            (br"/caf\xC3\xA9", "/café"),
            (br"\x16\x03\x01", r"\x16\x03\x01"),
            (br"a\tb\nc", r"a\x09b\x0ac"),
            (br"\xff\xfe", r"\xff\xfe"),
            (b"raw \xff and \x01", r"raw \xff and \x01"),
            (br"\q\x1", r"\q\x1"),
            (b"ends in \\", "ends in \\"),
        ] {
            assert_eq!(decode(written), text, "{}", String::from_utf8_lossy(written));
        }
    }

    #[test]
    fn a_field_ends_at_the_first_quote_that_is_not_escaped() {
        assert_eq!(end_of_quoted(br#"a\"b" c""#), Some(4));
        assert_eq!(end_of_quoted(br#"a\\" c"#), Some(3));
        assert_eq!(end_of_quoted(br#"a\"#), None);
        assert_eq!(end_of_quoted(b"abc"), None);
    }
}
