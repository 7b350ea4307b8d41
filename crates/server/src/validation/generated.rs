//! What property tests of bodies are made of: JSON that is mostly right, and bytes that mostly are not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A few bytes replaced, inserted or removed: mostly none, so that much stays acceptable.
pub fn mutated(text: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (
        any::<prop::sample::Index>(),
        0..3_u8,
        select(b"\"\\{}[]:,0-.eEu9 \n\x00\x1f\x7f\xed\xa0\x80nNtf".to_vec()),
    );
    (text, prop_oneof![2 => vec(edit.clone(), 0..1), 1 => vec(edit, 1..4)]).prop_map(|(text, edits)| {
        let mut bytes = text.into_bytes();
        for (place, kind, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => _ = bytes.remove(at),
            }
        }
        bytes
    })
}

pub fn time() -> BoxedStrategy<String> {
    regex(concat!(
        "\"(000[01]|19[67]9|2024|9999)-(0[0-3]|1[0-3])-(0[0-2]|2[89]|3[0-2])",
        "([Tt _](0[0-9]|2[0-4]):[0-6][0-9](:[0-6][0-9]([.,][0-9]{0,9})?)?([Zz]|[+-][0-2][0-9]:?[0-6][0-9])?)?\""
    ))
}

fn regex(pattern: &str) -> BoxedStrategy<String> {
    prop::string::string_regex(pattern).unwrap().boxed()
}

pub fn number() -> BoxedStrategy<String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        regex("-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?"),
        select(vec![
            "NaN".to_owned(),
            "-Infinity".to_owned(),
            "01".to_owned(),
            "-".to_owned(),
            "1.".to_owned()
        ]),
        regex("[1-9][0-9]{300,320}"),
    ]
    .boxed()
}

pub fn string() -> BoxedStrategy<String> {
    let piece = prop_oneof![
        6 => regex("[ !#-\\[\\]-~é😀]{1,12}"),
        1 => select(vec!["\\n", "\\t", "\\\"", "\\/", "\\b", "\\x", "\\u0000", "\\u00e9", "\\ud83d\\ude00", "\\ud800",
            "\\udc00", "\\uD83D\\u0041", "\\u12", "\u{7f}", "\n", "\\u007f"]).prop_map(str::to_owned),
    ];
    let long = (select(vec!["x", "é"]), select(vec![64_usize, 100, 128, 256, 1024]), 0..2_usize)
        .prop_map(|(unit, chars, over)| format!("\"{}\"", unit.repeat(chars + over)));
    prop_oneof![9 => vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat())), 1 => long]
        .boxed()
}

pub fn object() -> impl Strategy<Value = String> {
    vec((string(), json()), 0..4).prop_map(|pairs| {
        let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("{key} : {value}")).collect();
        format!("{{ {} }}", pairs.join(" ,"))
    })
}

pub fn json() -> BoxedStrategy<String> {
    let word = select(vec!["null", "true", "false", "nul", "True"]).prop_map(str::to_owned);
    let leaf = prop_oneof![3 => number(), 4 => string(), 1 => word];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            vec((string(), inner), 0..4).prop_map(|pairs| {
                let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
    .boxed()
}
