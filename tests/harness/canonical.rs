//! JSON text in one form: no white space, one spelling of every string. Order of keys and spelling of
//! numbers stay as they are, which a parsed value would lose.

/// The text in its one form.
pub fn canonical(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' { string_length(rest) } else { first.len_utf8() };
        let (token, after) = rest.split_at(length);
        if first == '"' {
            out.push_str(&respelled(token));
        } else if !first.is_ascii_whitespace() {
            out.push(first);
        }
        rest = after;
    }
    out
}

fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// Half a surrogate pair has no text: such a string keeps its spelling, in lower case.
fn respelled(token: &str) -> String {
    serde_json::from_str::<String>(token)
        .map_or_else(|_| token.to_ascii_lowercase(), |text| serde_json::to_string(&text).unwrap())
}

#[test]
fn the_one_form_keeps_order_and_numbers_and_loses_spelling() {
    let ours = canonical(r#"{ "b": [1.0, 10000000000000000000000], "a" : "\u00e9 \"x\" \u0001"}"#);
    assert_eq!(ours, "{\"b\":[1.0,10000000000000000000000],\"a\":\"é \\\"x\\\" \\u0001\"}");
    assert_eq!(canonical(r#""\uD800" "#), r#""\ud800""#);
}
