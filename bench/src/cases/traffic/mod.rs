//! How long reports on API traffic take, and whether they take longer when there is more of it: a server is given a
//! tenth of the requests, asked, given the rest, and asked the same again. Both times the requests are spread over the
//! same 90 days. What some keys are said to have done is compared with what was sent.

pub mod asked;
mod requests;

use std::time::{Duration, Instant};

use jiff::Timestamp;

use self::asked::TrafficAsked;
use self::requests::{BATCH, Requests};
use super::reports::ask::Asker;
use super::reports::load::{Route, send_all};
use super::tidegauge::Tidegauge;
use super::{Case, CaseResult};
use crate::chance::mix;
use crate::cli::Options;
use crate::directory::bytes_on_disk;
use crate::{control, procfs, say};

/// What is left goes into segments soon: a run does not wait for a minute.
const SETTINGS: [(&str, &str); 1] = [("TIDEGAUGE_FLUSH_INTERVAL_SECONDS", "5")];
/// Connections that requests are sent over.
const CONNECTIONS: usize = 16;
/// How long it may take until all requests are in segments.
const SETTLE_LIMIT: Duration = Duration::from_secs(1200);
/// The store is called settled when its files have not changed for so long.
const SETTLED: Duration = Duration::from_secs(5);
/// A report of one key is asked so often, of all so often; less if it takes `ENOUGH`.
const TIMES: usize = 3000;
const TIMES_OF_ALL: usize = 200;
const ENOUGH: Duration = Duration::from_secs(10);
/// Keys whose hits are compared with what was sent.
const CHECKED_KEYS: usize = 25;

/// Measures `traffic`.
pub fn run(options: &Options) -> anyhow::Result<CaseResult> {
    let count = options.traffic_requests;
    let mut requests = Requests::new(Timestamp::now());
    let mut result = CaseResult::new(Case::Traffic, format!("reports on {count} API requests of 90 days"));
    let mut tidegauge = Tidegauge::start_with(options, &SETTINGS)?;
    for until in [count / 10, count] {
        let (first, more) = (requests.sent(), until - requests.sent());
        let seconds = load(&tidegauge, &mut requests, more)?;
        let settled = settle(&tidegauge)?;
        let memory = procfs::memory(tidegauge.server.pid())?;
        let started = tidegauge.restart()?;
        let disk = |part: &str| bytes_on_disk(&tidegauge.data.join(part)) as f64 / until as f64;
        result.notes.push(format!(
            "Traffic: requests {first} to {until} were taken in at {:.0} a second, were in segments {:.1} s after, and the \
             server was ready again {:.2} s after its start; resident memory {:.0} MB before it (peak {:.0} MB); on disk \
             {:.1} bytes a request in segments, {:.1} added up.",
            more as f64 / seconds,
            settled.as_secs_f64(),
            started.as_secs_f64(),
            memory.resident_bytes as f64 / 1e6,
            memory.peak_bytes as f64 / 1e6,
            disk("segments"),
            disk("traffic"),
        ));
        say::line(&format!("    {}", result.notes.last().map_or("", String::as_str)));
        check(&tidegauge, &requests, &mut result)?;
        ask(&tidegauge, &requests, &mut result)?;
        result.memory = Some(procfs::memory(tidegauge.server.pid())?);
    }
    tidegauge.server.stop()?;
    result.disk_bytes = Some(bytes_on_disk(&tidegauge.data));
    result.notes.push(NOTE.to_owned());
    Ok(result)
}

const NOTE: &str = "Traffic: 10,000 keys and 2,000 endpoints; each key calls those of two APIs, some more than others. Asked \
    on one connection, after a restart, every request in a segment; another key each time, except where all are asked for.";

fn load(tidegauge: &Tidegauge, requests: &mut Requests, more: usize) -> anyhow::Result<f64> {
    let headers = format!("{}content-type: application/json\r\n", tidegauge.authorization);
    let address = tidegauge.address;
    let route = Route { address, path: "/api/v1/requests", headers: &headers, connections: CONNECTIONS };
    let part = requests.next_part(more);
    send_all(&route, more.div_ceil(BATCH), |nth, out| part.write(nth, out))
}

/// Waits until everything is in segments and the files stay as they are.
fn settle(tidegauge: &Tidegauge) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let (mut last, mut since) = (0, Instant::now());
    while last == 0 || since.elapsed() < SETTLED {
        anyhow::ensure!(start.elapsed() < SETTLE_LIMIT, "the store did not settle within {SETTLE_LIMIT:?}");
        let pending = control::events_pending(tidegauge.address, &tidegauge.authorization)?;
        let bytes =
            bytes_on_disk(&tidegauge.data.join("segments")) + bytes_on_disk(&tidegauge.data.join("traffic"));
        if pending > 0 || bytes != last {
            (last, since) = (bytes, Instant::now());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(start.elapsed() - SETTLED)
}

/// Compares what some keys are said to have done with what was sent.
fn check(tidegauge: &Tidegauge, requests: &Requests, result: &mut CaseResult) -> anyhow::Result<()> {
    let mut asker = Asker::connect(tidegauge.address, &tidegauge.authorization)?;
    for nth in 0..CHECKED_KEYS {
        let key = requests.key(mix(nth as u64) as usize);
        let mut body = Vec::new();
        let path = format!("/api/activity/keys/endpoint/{}/{}?p=0", key.name, requests.days(90));
        asker.ask(&path, |piece| body.extend_from_slice(piece))?;
        let answer: serde_json::Value = serde_json::from_slice(&body)?;
        let rows = answer["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        let hits: u64 = rows.iter().filter_map(|row| row["hits"].as_u64()).sum();
        if hits != key.hits {
            result.failures.push(format!("key {}: {hits} hits reported, {} sent", key.name, key.hits));
        }
    }
    Ok(())
}

/// A report's name, how often it is asked, and the path of each time.
type Question<'a> = (&'a str, usize, &'a dyn Fn(usize) -> String);

fn ask(tidegauge: &Tidegauge, requests: &Requests, result: &mut CaseResult) -> anyhow::Result<()> {
    let (whole, day) = (requests.days(90), requests.days(1));
    let key = |nth: usize| requests.key(mix(nth as u64) as usize).name;
    let questions: [Question<'_>; 10] = [
        ("keys/endpoint, 90 days", TIMES, &|nth| format!("/api/activity/keys/endpoint/{}/{whole}", key(nth))),
        ("keys/endpoint, 90 days, p=0", TIMES, &|nth| {
            format!("/api/activity/keys/endpoint/{}/{whole}?p=0", key(nth))
        }),
        ("keys/endpoint, 1 day", TIMES, &|nth| format!("/api/activity/keys/endpoint/{}/{day}", key(nth))),
        ("oauthid/endpoint, 90 days", TIMES, &|nth| {
            format!("/api/activity/oauthid/endpoint/{}/{whole}", requests.client(mix(nth as u64) as usize))
        }),
        ("keys/{key}, by day", TIMES, &|nth| format!("/api/activity/keys/{}/{whole}?res=day&p=0", key(nth))),
        ("keys/{key}, by hour", TIMES, &|nth| {
            format!("/api/activity/keys/{}/{whole}?res=hour&p=0", key(nth))
        }),
        ("keys, 90 days", TIMES_OF_ALL, &|_| format!("/api/activity/keys/{whole}")),
        ("apis, 90 days", TIMES_OF_ALL, &|_| format!("/api/activity/apis/{whole}")),
        ("apis, by day", TIMES_OF_ALL, &|_| format!("/api/activity/apis/{whole}?res=day&p=0")),
        ("errors, by day", TIMES_OF_ALL, &|_| format!("/api/activity/errors/{whole}?res=day&p=0")),
    ];
    let mut asker = Asker::connect(tidegauge.address, &tidegauge.authorization)?;
    for (report, times, path) in questions {
        let (mut took, mut bytes, start) = (Vec::new(), 0, Instant::now());
        while took.len() < times && (took.len() < 10 || start.elapsed() < ENOUGH) {
            let answer = asker.ask(&path(took.len()), |_| ())?;
            bytes += answer.bytes;
            took.push(answer.total);
        }
        let asked = TrafficAsked::new(report, requests.sent(), bytes, took);
        say::line(&format!("    {}", asked.line()));
        result.traffic.push(asked);
    }
    Ok(())
}
