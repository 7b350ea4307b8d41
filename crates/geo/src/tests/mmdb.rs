//! The smallest country file: the lower half of IPv4 is one record's, the upper half another's.

/// A record: a country's code by its path.
pub type Record<'a> = (&'a [&'a str], &'a str);

/// The file, in MaxMind's format 2.0.
pub fn file(lower: Record<'_>, upper: Record<'_>) -> Vec<u8> {
    let (lower, upper) = (record(lower), record(upper));
    let mut out = Vec::new();
    // One node of two pointers, 24 bits each: past the node, past 16 bytes, to an offset in the data.
    for offset in [0, lower.len()] {
        out.extend(&u32::try_from(1 + 16 + offset).unwrap().to_be_bytes()[1..]);
    }
    out.extend([0; 16]);
    out.extend([lower, upper].concat());
    out.extend(b"\xab\xcd\xefMaxMind.com");
    out.push(map(9));
    for (key, value) in [
        ("binary_format_major_version", uint16(2)),
        ("binary_format_minor_version", uint16(0)),
        ("build_epoch", vec![0x04, 0x02, 0x6a, 0, 0, 0]),
        ("database_type", text("Test-Country")),
        ("description", vec![map(0)]),
        ("ip_version", uint16(4)),
        ("languages", vec![0x00, 0x04]),
        ("node_count", vec![0xc1, 1]),
        ("record_size", uint16(24)),
    ] {
        out.extend(text(key));
        out.extend(value);
    }
    out
}

fn record((path, code): Record<'_>) -> Vec<u8> {
    match path {
        [] => text(code),
        [key, rest @ ..] => [vec![map(1)], text(key), record((rest, code))].concat(),
    }
}

fn map(pairs: u8) -> u8 {
    0xe0 | pairs
}

fn uint16(value: u8) -> Vec<u8> {
    vec![0xa1, value]
}

fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 29, "longer texts are written otherwise");
    [&[0x40 | length], text.as_bytes()].concat()
}
