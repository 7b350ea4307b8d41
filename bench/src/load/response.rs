//! One question: is a whole HTTP/1.1 response in the buffer, and what does it say? Shared by the load's lines and by the
//! few control requests. Knows a Content-Length and chunked bodies; a response with neither has no body.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context as _, bail};

/// Headers read at most; more is an error.
const MAX_HEADERS: usize = 32;

/// A complete response; the ranges are places in the buffer it was read into.
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The wait a refusal asks for, if it says so in seconds.
    pub retry_after: Option<Duration>,
    /// The sender will close the connection.
    pub closes: bool,
    body: Range<usize>,
    chunked: bool,
}

impl Response {
    /// The response at the start of `buffer`, or `None` while more of it has to come.
    pub fn parse(buffer: &[u8]) -> anyhow::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(body_start) = head.parse(buffer).context("the answer is not HTTP")?
        else {
            return Ok(None);
        };
        let mut response = Self {
            status: head.code.unwrap_or(0),
            retry_after: None,
            closes: false,
            body: 0..0,
            chunked: false,
        };
        let mut length = 0usize;
        for header in head.headers.iter() {
            let value = str::from_utf8(header.value).unwrap_or("").trim();
            if header.name.eq_ignore_ascii_case("content-length") {
                length = value.parse().with_context(|| format!("content-length is `{value}`"))?;
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                response.chunked = value.eq_ignore_ascii_case("chunked");
            } else if header.name.eq_ignore_ascii_case("retry-after") {
                response.retry_after = value.parse().ok().map(Duration::from_secs);
            } else if header.name.eq_ignore_ascii_case("connection") {
                response.closes = value.eq_ignore_ascii_case("close");
            }
        }
        if response.chunked {
            let Some(end) = chunks(&buffer[body_start..], |_| ())? else { return Ok(None) };
            length = end;
        }
        response.body = body_start..body_start + length;
        Ok((buffer.len() >= response.body.end).then_some(response))
    }

    /// The body, chunks joined.
    pub fn body<'a>(&self, buffer: &'a [u8]) -> Cow<'a, [u8]> {
        let raw = &buffer[self.body.clone()];
        if !self.chunked {
            return Cow::Borrowed(raw);
        }
        let mut joined = Vec::new();
        // `parse` walked the same chunks before, so they are well formed.
        let _ = chunks(raw, |chunk| joined.extend_from_slice(chunk));
        Cow::Owned(joined)
    }
}

/// Walks the chunks at the start of `bytes`; returns where they end, or `None` if the last has not come.
fn chunks(bytes: &[u8], mut visit: impl FnMut(&[u8])) -> anyhow::Result<Option<usize>> {
    let mut at = 0;
    loop {
        let size = match httparse::parse_chunk_size(&bytes[at..]) {
            Ok(httparse::Status::Complete((line, size))) => {
                at += line;
                size as usize
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => bail!("the answer's chunks are malformed"),
        };
        let end = at + size + 2;
        if bytes.len() < end {
            return Ok(None);
        }
        visit(&bytes[at..at + size]);
        at = end;
        if size == 0 {
            return Ok(Some(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> Response {
        for cut in 0..bytes.len() {
            assert!(Response::parse(&bytes[..cut]).unwrap().is_none(), "{cut} bytes are not the whole");
        }
        Response::parse(bytes).unwrap().unwrap()
    }

    #[test]
    fn a_response_is_complete_with_the_last_byte_its_length_promises() {
        let bytes = b"HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 4\r\n\r\nlate";
        let response = whole(bytes);
        assert_eq!((response.status, response.retry_after), (503, Some(Duration::from_secs(2))));
        assert_eq!(&*response.body(bytes), b"late");
    }

    #[test]
    fn chunks_are_joined() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(&*whole(bytes).body(bytes), b"abcde");
    }
}
