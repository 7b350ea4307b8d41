//! The two headers in which proxies say for whom they ask, as lists of addresses, nearest hop last.
//!
//! Promise: a hop that is no address (`unknown`, `_hidden`, garbage) is `None` at its place. A `Forwarded` that
//! does not follow RFC 7239's grammar is one unknown hop, so that an unclosed quotation mark of a client's cannot
//! swallow what a proxy appended. Both are as long as the request's head at most.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};

/// The hops of `X-Forwarded-For`, of all its lines in order; `None` without the header.
pub(super) fn x_forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let mut lines = headers.get_all("x-forwarded-for").iter().peekable();
    lines.peek()?;
    let hops = lines.flat_map(|line| match line.to_str() {
        Ok(line) => line.split(',').map(address).collect(),
        Err(_) => vec![None],
    });
    Some(hops.collect())
}

/// The hops of `Forwarded` (RFC 7239, section 4), of all its lines in order; `None` without the header.
pub(super) fn forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let mut lines = headers.get_all(header::FORWARDED).iter().peekable();
    lines.peek()?;
    let hops = lines.flat_map(|line| line.to_str().ok().and_then(elements).unwrap_or_else(|| vec![None]));
    Some(hops.collect())
}

/// The `for` of each element of one line; `None` when a quotation mark is not closed.
fn elements(line: &str) -> Option<Vec<Option<IpAddr>>> {
    let elements = split_outside_quotes(line, ',')?;
    elements
        .into_iter()
        .map(|element| Some(split_outside_quotes(element, ';')?.into_iter().find_map(node)))
        .collect()
}

/// The address of a `for=...`; nothing of any other parameter.
fn node(parameter: &str) -> Option<IpAddr> {
    let (name, value) = parameter.split_once('=')?;
    let value = value.trim();
    // An address needs no escapes: a quoted text with one is not an address.
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    name.trim().eq_ignore_ascii_case("for").then(|| address(value)).flatten()
}

/// The parts between separators that stand outside quoted strings; `None` when a string does not end.
fn split_outside_quotes(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if c == separator && !is_quoted => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!is_quoted).then_some(parts)
}

/// An address, maybe with a port: `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?;
    Some(address.to_canonical())
}
