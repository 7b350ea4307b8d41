//! Taking a dataset in through the public routes: so many requests, over several connections at once, each answered
//! before its connection sends the next. Nothing is measured here but how long it took.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::load::response::Response;

/// Wait after a 503 that names none.
const SHORT_WAIT: Duration = Duration::from_millis(100);

/// A route, and what is sent to it.
pub struct Route<'a> {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The path.
    pub path: &'a str,
    /// Whole header lines.
    pub headers: &'a str,
    /// Connections at once.
    pub connections: usize,
}

/// Sends requests 0 to `count`, whose bodies `write` appends; says how many seconds that took.
pub fn send_all(route: &Route<'_>, count: usize, write: impl Fn(usize, &mut Vec<u8>)) -> anyhow::Result<f64> {
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let next = Cell::new(0);
    let head = format!("POST {} HTTP/1.1\r\nhost: {}\r\n{}", route.path, route.address, route.headers);
    let lines = (0..route.connections).map(|_| send(route.address, &head, &next, count, &write));
    runtime.block_on(try_join_all(lines))?;
    Ok(start.elapsed().as_secs_f64())
}

async fn send(
    address: SocketAddr,
    head: &str,
    next: &Cell<usize>,
    count: usize,
    write: &impl Fn(usize, &mut Vec<u8>),
) -> anyhow::Result<()> {
    let mut stream =
        TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    let (mut body, mut request, mut inbox) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let nth = next.get();
        if nth >= count {
            return Ok(());
        }
        next.set(nth + 1);
        body.clear();
        write(nth, &mut body);
        request.clear();
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        request.extend_from_slice(&body);
        while let Some(wait) = attempt(&mut stream, &request, &mut inbox).await? {
            tokio::time::sleep(wait).await;
        }
    }
}

/// Sends one request; says how long to wait if it was refused.
async fn attempt(
    stream: &mut TcpStream,
    request: &[u8],
    inbox: &mut Vec<u8>,
) -> anyhow::Result<Option<Duration>> {
    stream.write_all(request).await.context("the server closed the connection")?;
    inbox.clear();
    let response = loop {
        anyhow::ensure!(stream.read_buf(inbox).await? > 0, "the server closed the connection early");
        if let Some(response) = Response::parse(inbox)? {
            break response;
        }
    };
    match response.status {
        200..300 => Ok(None),
        503 => Ok(Some(response.retry_after.unwrap_or(SHORT_WAIT).max(SHORT_WAIT))),
        status => bail!("the server answered {status}: {}", String::from_utf8_lossy(&response.body(inbox))),
    }
}
