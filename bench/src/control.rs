//! The few requests beside the load: is it ready, what does it count, run this statement. Blocking, one connection each.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::load::response::Response;

/// Longest wait for an answer.
const LIMIT: Duration = Duration::from_secs(60);

/// Sends one request and returns the status and body of its answer. `headers` are whole lines.
pub fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )?;
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut piece)?;
        answer.extend_from_slice(&piece[..read]);
        if let Some(response) = Response::parse(&answer)? {
            return Ok((response.status, String::from_utf8_lossy(&response.body(&answer)).into_owned()));
        }
        if read == 0 {
            bail!("{address} closed the connection before its answer to {method} {path} was complete");
        }
    }
}

/// Whether `GET path` answers 200 now.
pub fn answers_ok(address: SocketAddr, path: &str) -> bool {
    matches!(ask(address, "GET", path, "", ""), Ok((200, _)))
}

/// The facts of Tidegauge's stats that are in no segment yet.
pub fn events_pending(address: SocketAddr, authorization: &str) -> anyhow::Result<u64> {
    let stats = stats(address, authorization)?;
    stats["buffer_status"]["events_pending"]
        .as_u64()
        .with_context(|| format!("stats have no events_pending: {stats}"))
}

/// The facts of every kind that Tidegauge's stats know: in no segment yet, and in one.
pub fn total_facts(address: SocketAddr, authorization: &str) -> anyhow::Result<u64> {
    let stats = stats(address, authorization)?;
    let buffer = &stats["buffer_status"];
    let number = |name| buffer[name].as_u64().with_context(|| format!("stats have no {name}: {stats}"));
    Ok(number("events_pending")? + number("events_flushed_total")?)
}

fn stats(address: SocketAddr, authorization: &str) -> anyhow::Result<serde_json::Value> {
    let (status, body) = ask(address, "GET", "/api/v1/analytics/stats", authorization, "")?;
    anyhow::ensure!(status == 200, "stats answered {status}: {body}");
    serde_json::from_str(&body).context("stats are not JSON")
}
