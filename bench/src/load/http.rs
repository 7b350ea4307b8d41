//! The cheapest honest HTTP client: keep-alive over one TcpStream, prebuilt request bytes out, one response read to its
//! end, the status checked. A 429 or a 503 is a refusal; any other status that is not 2xx ends the run with the body shown.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::response::Response;
use super::{Line, Reply, Target};
use crate::pool::{Pool, Request};

/// Wait after a refusal that names none.
const SHORT_WAIT: Duration = Duration::from_millis(50);
/// Longest wait that is honoured: a run must end.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Room for an answer at first; it grows up to `INBOX_LIMIT`.
const INBOX: usize = 4 * 1024;
/// Longest answer read.
const INBOX_LIMIT: usize = 1024 * 1024;

/// A server that takes HTTP requests.
pub struct HttpTarget<'a> {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it is sent.
    pub pool: &'a Pool,
    /// A text in a 500's body that makes it a refusal too: ClickHouse's way of saying that it has no room.
    pub refusal_text: Option<&'static str>,
}

impl Target for HttpTarget<'_> {
    type Line = HttpLine;

    async fn connect(&self, nth: usize, of: usize) -> anyhow::Result<HttpLine> {
        Ok(HttpLine {
            stream: dial(self.address).await?,
            address: self.address,
            requests: self.pool.share(nth, of),
            next: 0,
            inbox: vec![0; INBOX],
            refusal_text: self.refusal_text,
        })
    }
}

/// One keep-alive connection.
pub struct HttpLine {
    stream: TcpStream,
    address: SocketAddr,
    requests: Vec<Request>,
    next: usize,
    inbox: Vec<u8>,
    refusal_text: Option<&'static str>,
}

impl Line for HttpLine {
    async fn send(&mut self) -> anyhow::Result<Reply> {
        let turn = self.next;
        self.next = if turn + 1 == self.requests.len() { 0 } else { turn + 1 };
        let request = &mut self.requests[turn];
        request.patch();
        let events = request.events;
        self.stream.write_all(&request.bytes).await.context("the server closed the connection")?;
        let (response, filled) = self.receive().await?;
        if response.closes {
            self.stream = dial(self.address).await?;
        }
        if (200..300).contains(&response.status) {
            return Ok(Reply::Taken(events));
        }
        let body = response.body(&self.inbox[..filled]);
        let text = String::from_utf8_lossy(&body);
        if matches!(response.status, 429 | 503)
            || self.refusal_text.is_some_and(|refusal| text.contains(refusal))
        {
            return Ok(Reply::Refused(
                response.retry_after.unwrap_or(SHORT_WAIT).clamp(SHORT_WAIT, LONGEST_WAIT),
            ));
        }
        bail!("the server answered {}: {text}", response.status)
    }
}

impl HttpLine {
    /// Reads one response; returns it and the bytes of the inbox it fills.
    async fn receive(&mut self) -> anyhow::Result<(Response, usize)> {
        let mut filled = 0;
        loop {
            if filled == self.inbox.len() {
                anyhow::ensure!(filled < INBOX_LIMIT, "the answer is longer than {INBOX_LIMIT} bytes");
                self.inbox.resize(filled * 2, 0);
            }
            let read = self.stream.read(&mut self.inbox[filled..]).await.context("cannot read the answer")?;
            anyhow::ensure!(read > 0, "the server closed the connection before its answer was complete");
            filled += read;
            if let Some(response) = Response::parse(&self.inbox[..filled])? {
                return Ok((response, filled));
            }
        }
    }
}

async fn dial(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
