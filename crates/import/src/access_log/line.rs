//! One line of an access log.

use std::borrow::Cow;

use tidegauge_facts::limits::{MAX_LABEL_CHARS, MAX_PATH_CHARS, MAX_TEXT_CHARS};

use super::text::{decode, end_of_quoted};
use super::time::{self, TIME_LENGTH};
use crate::bad::Reason;
use crate::column::canonical;

/// What a line says; texts are borrowed where they stand there as they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line<'a> {
    /// The client's address, or its name.
    pub client: Cow<'a, str>,
    /// The person that the server has authenticated.
    pub user: Option<Cow<'a, str>>,
    /// Microseconds.
    pub at: i64,
    pub request: RequestLine<'a>,
    pub status: Option<i64>,
    pub bytes: i64,
    pub user_agent: Option<Cow<'a, str>>,
}

/// What the client asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RequestLine<'a> {
    text: Cow<'a, str>,
    method: usize,
    /// Where the target stands in the text.
    target: (usize, usize),
}

const NO_CLIENT: Reason = Reason::of("it does not begin with an address");
const NO_TIME: Reason = Reason::of("it has no time such as [10/Oct/2000:13:55:36 -0700]");
const NO_REQUEST: Reason = Reason::of("it has no request in quotes behind the time");
const NO_STATUS: Reason = Reason::of("it has no status behind the request");
const NO_BYTES: Reason = Reason::of("it has no size behind the status");
const OPEN_QUOTE: Reason = Reason::of("a quote is not closed");
const LONG_CLIENT: Reason = Reason::of("its address is too long");

/// Reads a line without its newline. Texts that a caller chooses are cut to their columns' bounds: nobody outside makes a
/// bad line, as many of them stop an import.
pub(crate) fn parse(line: &[u8]) -> Result<Line<'_>, Reason> {
    let (client, rest) = split_at_space(line).filter(|(client, _)| !client.is_empty()).ok_or(NO_CLIENT)?;
    let (_, rest) = split_at_space(rest).ok_or(NO_TIME)?;
    let (user, at, rest) = user_and_time(rest)?;
    let end = end_of_quoted(rest).ok_or(OPEN_QUOTE)?;
    let request = RequestLine::of(decode(&rest[..end]));
    let rest = rest[end + 1..].strip_prefix(b" ").ok_or(NO_STATUS)?;
    let (status, rest) = split_at_space(rest).ok_or(NO_BYTES)?;
    // nginx writes 000 where it has not answered, and 009 for HTTP/0.9, whose answers have no status.
    let status = if status == b"-" { 0 } else { digits(status, 3).ok_or(NO_STATUS)? };
    let status = (status >= 100).then_some(status);
    let (bytes, rest) = split_at_space(rest).unwrap_or((rest, b""));
    // `%b` is `-` where no byte was sent.
    let bytes = if bytes == b"-" { 0 } else { digits(bytes, 15).ok_or(NO_BYTES)? };
    let user_agent = user_agent(rest)?;

    let (client, user) = (decode(client), said(user).map(|user| bounded(user, MAX_LABEL_CHARS)));
    if cut(&client, MAX_LABEL_CHARS).len() < client.len() {
        return Err(LONG_CLIENT);
    }
    // Of IPv4 there is one spelling only. A name stays what it is.
    let is_other_spelling = client.contains(':');
    let client = if is_other_spelling { canonical(client.clone()).unwrap_or(client) } else { client };
    let user_agent = user_agent.map(|agent| bounded(agent, MAX_TEXT_CHARS));
    Ok(Line { client, user, at, request, status, bytes, user_agent })
}

/// True when the line is one of an access log.
pub(crate) fn looks_like_one(line: &[u8]) -> bool {
    parse(line).is_ok()
}

fn split_at_space(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b' ', bytes)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// The user, the time, and what stands behind the quote that opens the request. A user's name may hold spaces and
/// brackets, also a time: it ends before the first time that a request follows, as no server writes a quote of a name as it is.
fn user_and_time(rest: &[u8]) -> Result<(&[u8], i64, &[u8]), Reason> {
    let mut reason = NO_TIME;
    for open in memchr::memchr_iter(b'[', rest) {
        let Some((time, behind)) = rest[open + 1..].split_at_checked(TIME_LENGTH) else { break };
        let at = time.try_into().ok().and_then(time::parse);
        if let (Some(at), Some(user), Some(behind)) =
            (at, rest[..open].strip_suffix(b" "), behind.strip_prefix(b"]"))
        {
            if let Some(request) = behind.strip_prefix(b" \"") {
                return Ok((user, at, request));
            }
            reason = NO_REQUEST;
        }
    }
    Err(reason)
}

/// The first `most` characters.
fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

fn bounded(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(cut(text, most)),
        Cow::Owned(mut text) => {
            text.truncate(cut(&text, most).len());
            Cow::Owned(text)
        }
    }
}

/// The combined format's last field: behind the referrer, which no column keeps.
fn user_agent(rest: &[u8]) -> Result<Option<Cow<'_, str>>, Reason> {
    let Some(referrer) = rest.strip_prefix(b"\"") else { return Ok(None) };
    let end = end_of_quoted(referrer).ok_or(OPEN_QUOTE)?;
    let Some(agent) = referrer[end + 1..].strip_prefix(b" \"") else { return Ok(None) };
    let end = end_of_quoted(agent).ok_or(OPEN_QUOTE)?;
    Ok(said(&agent[..end]))
}

/// A field that says something.
fn said(field: &[u8]) -> Option<Cow<'_, str>> {
    (!field.is_empty() && field != b"-").then(|| decode(field))
}

fn digits(text: &[u8], most: usize) -> Option<i64> {
    if text.is_empty() || text.len() > most {
        return None;
    }
    text.iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

impl<'a> RequestLine<'a> {
    /// `METHOD target HTTP/version`, or as HTTP/0.9 had it, without the version; all else is no request.
    fn of(text: Cow<'a, str>) -> Self {
        let method = text.find(' ').unwrap_or(0);
        let is_method = |name: &str| {
            (1..=32).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'))
        };
        if is_method(&text[..method]) {
            let target = &text[method + 1..];
            let end = match target.rfind(" HTTP/") {
                Some(version) => Some(version),
                None => target.starts_with('/').then_some(target.len()),
            };
            if let Some(end) = end.filter(|end| *end > 0) {
                let target = (method + 1, method + 1 + end);
                return Self { text, method, target };
            }
        }
        Self { text, method: 0, target: (0, 0) }
    }

    pub fn method(&self) -> Option<&str> {
        (self.method > 0).then(|| &self.text[..self.method])
    }

    /// The path, without the query, up to its bound; `-` of what is no request.
    pub fn path(&self) -> &str {
        if self.method == 0 {
            return "-";
        }
        let (_, target) = self.host_and_rest();
        let path = target.find('?').map_or(target, |query| &target[..query]);
        if path.is_empty() { "/" } else { cut(path, MAX_PATH_CHARS) }
    }

    /// The host of a proxy's request, which names it (RFC 9112, section 3.2.2).
    pub fn host(&self) -> Option<&str> {
        self.host_and_rest().0.map(|host| cut(host, MAX_LABEL_CHARS))
    }

    /// What was asked for as it was asked, up to its bound, when it is more than the path.
    pub fn raw(&self) -> Option<&str> {
        let raw = if self.method == 0 { &self.text } else { self.target() };
        (raw != self.path() && !raw.is_empty()).then(|| cut(raw, MAX_TEXT_CHARS))
    }

    fn target(&self) -> &str {
        &self.text[self.target.0..self.target.1]
    }

    fn host_and_rest(&self) -> (Option<&str>, &str) {
        let target = self.target();
        let absolute = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"));
        match absolute {
            Some(rest) => {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                (Some(&rest[..end]).filter(|host| !host.is_empty()), &rest[end..])
            }
            None => (None, target),
        }
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
