//! Many readers of one live stream while events come in: what they cost, and how long after its acknowledgement an event
//! is with those who read events.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::ensure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::mpsc;

use super::tidegauge::Tidegauge;
use super::{Case, CaseResult};
use crate::cli::Options;
use crate::load::response::Response;
use crate::say;
use crate::streams::Readers;
use crate::{control::ask, procfs};

/// Of the readers, those who read events too.
const FEED_READERS: usize = 100;
/// Events a second, and of how many a batch is.
const EVENTS_PER_S: u64 = 1_000;
const BATCH: u64 = 10;
const STREAM: &str = "/api/v1/live/default";

/// Measures `live`.
pub fn run(options: &Options) -> anyhow::Result<CaseResult> {
    let count = usize::from(options.readers);
    let files = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: files, maximum: files })?;
    let mut tidegauge = Tidegauge::start(options)?;
    let pid = tidegauge.server.pid();
    let before = procfs::memory(pid)?;
    let (address, authorization) = (tidegauge.address, tidegauge.authorization.clone());
    let length = Duration::from_secs_f64(options.open_seconds);

    // What the events cost alone.
    let (alone, _) = cost(pid, || send(&tidegauge, length, 0))?;
    let readers = Readers::new()?;
    let (sender, mut arrived) = mpsc::unbounded_channel();
    let feed = FEED_READERS.min(count);
    readers.open(address, &format!("{STREAM}?feed=events"), &authorization, feed, Some(&sender))?;
    readers.open(address, STREAM, &authorization, count - feed, None)?;
    drop(sender);
    say::line(&format!("    {count} readers, {feed} of them of events"));
    let (idle, ()) = cost(pid, || {
        std::thread::sleep(length);
        Ok(())
    })?;
    let snapshots = readers.snapshots();
    let (busy, acknowledged) = cost(pid, || send(&tidegauge, length, 1 << 32))?;
    // The last ones are on their way.
    std::thread::sleep(Duration::from_secs(1));
    let snapshots = readers.snapshots() - snapshots;
    let memory = procfs::memory(pid)?;

    let mut result = CaseResult::new(Case::Live, "readers of a live stream");
    let mut delays = Vec::new();
    while let Ok((number, at)) = arrived.try_recv() {
        // Who reads may have it before who sent it has read the answer.
        let acknowledged = acknowledged.get(&(number / BATCH));
        delays.extend(acknowledged.map(|then| at.saturating_duration_since(*then).as_secs_f64() * 1e3));
    }
    let sent = acknowledged.len() * BATCH as usize;
    if delays.len() != sent * feed {
        result
            .failures
            .push(format!("{} events came to {feed} readers, of {sent} that were sent", delays.len()));
    }
    if readers.ended() > 0 {
        result.failures.push(format!("{} streams ended", readers.ended()));
    }
    delays.sort_by(f64::total_cmp);
    let delay = |share: f64| delays.get((delays.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    result.notes.push(format!(
        "{count} readers of one stream, {feed} of them of events too: {:.1} % of one processor while nothing happens, {:.1} % with \
         {EVENTS_PER_S} events/s in batches of {BATCH} ({:.1} % for the events without readers); {:.1} snapshots a reader in {:.0} s; an event came \
         {:.1} ms (p50), {:.1} ms (p99), {:.1} ms (at most) after its acknowledgement; {:.1} KB resident a reader",
        idle * 100.0,
        busy * 100.0,
        alone * 100.0,
        snapshots as f64 / count as f64,
        length.as_secs_f64() + 1.0,
        delay(0.5),
        delay(0.99),
        delays.last().copied().unwrap_or(f64::NAN),
        memory.resident_bytes.saturating_sub(before.resident_bytes) as f64 / 1e3 / count as f64,
    ));
    let (status, _) = ask(address, "GET", "/api/realtime/projects/default/analytics", &authorization, "")?;
    ensure!(status == 200, "analytics answered {status}");
    if let Err(error) = tidegauge.server.stop() {
        result.failures.push(format!("{error:#}"));
    }
    drop(readers);
    result.memory = Some(memory);
    Ok(result)
}

/// Processors that the server took meanwhile.
fn cost<T>(pid: u32, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(f64, T)> {
    let (before, begun) = (procfs::usage(pid)?.cpu_s, Instant::now());
    let done = work()?;
    Ok(((procfs::usage(pid)?.cpu_s - before) / begun.elapsed().as_secs_f64(), done))
}

/// Sends batches on a schedule; returns when each was acknowledged, by its number.
fn send(tidegauge: &Tidegauge, length: Duration, first: u64) -> anyhow::Result<HashMap<u64, Instant>> {
    let mut stream = TcpStream::connect(tidegauge.address)?;
    stream.set_nodelay(true)?;
    let mut acknowledged = HashMap::new();
    let (begun, period) = (Instant::now(), Duration::from_secs(1) * BATCH as u32 / EVENTS_PER_S as u32);
    for batch in (first..).take((length.as_secs_f64() / period.as_secs_f64()) as usize) {
        std::thread::sleep((period * (batch - first) as u32).saturating_sub(begun.elapsed()));
        let mut events = String::new();
        for number in batch * BATCH..(batch + 1) * BATCH {
            let comma = if events.is_empty() { "" } else { "," };
            let _ = write!(
                events,
                "{comma}{{\"event_name\":\"page_view\",\"event_id\":\"live-{number}\",\"user_id\":\"user-{}\",\
                 \"page_url\":\"https://shop.example/products/{}\",\"properties\":{{\"plan\":\"pro\",\"n\":{number}}}}}",
                number % 997,
                number % 4000
            );
        }
        let body = format!("{{\"events\":[{events}]}}");
        write!(
            stream,
            "POST /api/v1/analytics/batch HTTP/1.1\r\nhost: {}\r\n{}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            tidegauge.address,
            tidegauge.authorization,
            body.len()
        )?;
        let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut piece)?;
            ensure!(read > 0, "the server closed the connection");
            answer.extend_from_slice(&piece[..read]);
            if let Some(response) = Response::parse(&answer)? {
                ensure!(response.status == 200, "a batch was answered with {}", response.status);
                break;
            }
        }
        acknowledged.insert(batch, Instant::now());
    }
    Ok(acknowledged)
}
