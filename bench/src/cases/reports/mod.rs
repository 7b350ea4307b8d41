//! How long reports take: a server is given a million events, sessions and connections each through its public routes,
//! restarted when all are in segments, and asked over one connection. Every answer is checked once, and DuckDB is asked
//! the same of the same segments afterwards.

pub mod ask;
mod dataset;
mod expect;
pub mod load;
pub mod measured;
pub mod questions;
mod rows;

use std::time::{Duration, Instant};

use jiff::Timestamp;

use self::ask::Asker;
use self::dataset::{BATCH, Dataset, SESSIONS_PER_SESSION_WITH_EVENTS};
use self::load::{Route, send_all};
use self::measured::{Asked, Asking};
use self::questions::Question;
use self::rows::Seen;
use super::tidegauge::Tidegauge;
use super::{Case, CaseResult};
use crate::cli::Options;
use crate::control;
use crate::directory::bytes_on_disk;
use crate::peers::duckdb::{self, Statement};
use crate::{procfs, say};

/// Facts go into segments soon, and connections that are silent are not taken for closed: what a run of minutes needs.
const SETTINGS: [(&str, &str); 2] =
    [("TIDEGAUGE_FLUSH_INTERVAL_SECONDS", "1"), ("TIDEGAUGE_IDLE_TIMEOUT_SECONDS", "86400")];
/// Connections that sessions, of which a request has one, are sent over; and those of batches.
const SESSION_CONNECTIONS: usize = 256;
const BATCH_CONNECTIONS: usize = 32;
/// How long it may take until all facts are in segments.
const SETTLE_LIMIT: Duration = Duration::from_secs(120);
/// Segments are called settled when none has come or gone for so long.
const SETTLED: Duration = Duration::from_secs(3);

/// Measures `reports`.
pub fn run(options: &Options) -> anyhow::Result<CaseResult> {
    let rows = options.report_rows;
    let dataset = Dataset::new(rows, Timestamp::now());
    let mut result = CaseResult::new(Case::Reports, format!("reports over {rows} facts of each kind"));
    let mut tidegauge = Tidegauge::start_with(options, &SETTINGS)?;

    load_first(&tidegauge, &dataset)?;
    let sessions = (rows / SESSIONS_PER_SESSION_WITH_EVENTS) as u64;
    let few = settle_and_restart(&mut tidegauge)?;
    result.memory = Some(procfs::memory(tidegauge.server.pid())?);
    ask(options, &tidegauge, &dataset, sessions, questions::first_round(&dataset), &mut result)?;

    load_rest(&tidegauge, &dataset)?;
    let all = settle_and_restart(&mut tidegauge)?;
    ask(options, &tidegauge, &dataset, rows as u64, questions::second_round(&dataset), &mut result)?;

    tidegauge.server.stop()?;
    result.disk_bytes = Some(bytes_on_disk(&tidegauge.data.join("segments")));
    result.notes.push(NOTE.to_owned());
    if !options.skip_peers {
        result.notes.push(PEER_NOTE.to_owned());
    }
    result.notes.push(format!(
        "Reports: the server was ready again {:.2} s after its start with {rows} events, {} messages of connections and \
         {sessions} sessions in segments, and {:.2} s after it with {rows} sessions.",
        few.as_secs_f64(),
        dataset.messages.len(),
        all.as_secs_f64()
    ));
    Ok(result)
}

const NOTE: &str = "Reports: asked on one connection, after a restart, every fact in a segment. Cold is the first time each \
    was asked. A bar is held by the median; for lists also by the most that the server's memory grew (VmHWM, reset before \
    each answer).";
const PEER_NOTE: &str = "DuckDB works in-process: its times have no HTTP in them, and JSON for the lists only (to \
    /dev/null); the others are left in a temporary table. In memory, its connections are a table of lives, made \
    beforehand from the messages. A different count of rows or another sum than ours would have failed the case.";

/// Events, connections, and the sessions that have events.
fn load_first(tidegauge: &Tidegauge, dataset: &Dataset) -> anyhow::Result<()> {
    let batch = |path, count: usize, write: &dyn Fn(usize, &mut Vec<u8>)| {
        let headers = format!("{}content-type: application/json\r\n", tidegauge.authorization);
        let route =
            Route { address: tidegauge.address, path, headers: &headers, connections: BATCH_CONNECTIONS };
        let seconds = send_all(&route, count.div_ceil(BATCH), write)?;
        say::line(&format!("    {count} to {path} in {seconds:.1} s"));
        anyhow::Ok(())
    };
    let events = dataset.events.len();
    batch("/api/v1/analytics/batch", events, &|nth, out| dataset.write_events(nth, out))?;
    batch("/api/v1/connections", dataset.messages.len(), &|nth, out| dataset.write_connections(nth, out))?;
    load_sessions(tidegauge, dataset, questions::is_in_first_round)
}

/// The sessions that have no events.
fn load_rest(tidegauge: &Tidegauge, dataset: &Dataset) -> anyhow::Result<()> {
    load_sessions(tidegauge, dataset, |nth| !questions::is_in_first_round(nth))
}

fn load_sessions(
    tidegauge: &Tidegauge,
    dataset: &Dataset,
    which: impl Fn(usize) -> bool,
) -> anyhow::Result<()> {
    let numbers: Vec<usize> = (0..dataset.sessions.len()).filter(|nth| which(*nth)).collect();
    let route = Route {
        address: tidegauge.address,
        path: &format!("/signals/v1/{}/session", tidegauge.key()),
        headers: "content-type: text/plain\r\n",
        connections: SESSION_CONNECTIONS,
    };
    let seconds = send_all(&route, numbers.len(), |nth, out| dataset.write_session(numbers[nth], out))?;
    say::line(&format!("    {} sessions in {seconds:.1} s", numbers.len()));
    Ok(())
}

/// Waits until everything is in segments and those are merged, then starts the server again; says how long that took.
fn settle_and_restart(tidegauge: &mut Tidegauge) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let segments = tidegauge.data.join("segments");
    let (mut last, mut since) = (0, Instant::now());
    while last == 0 || since.elapsed() < SETTLED {
        anyhow::ensure!(
            start.elapsed() < SETTLE_LIMIT,
            "the segments did not settle within {SETTLE_LIMIT:?}"
        );
        let pending = control::events_pending(tidegauge.address, &tidegauge.authorization)?;
        let bytes = bytes_on_disk(&segments);
        if pending > 0 || bytes != last {
            (last, since) = (bytes, Instant::now());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let started = tidegauge.restart()?;
    say::line(&format!(
        "    in segments after {:.1} s; started again in {:.2} s",
        start.elapsed().as_secs_f64(),
        started.as_secs_f64()
    ));
    Ok(started)
}

/// A question that the peer is to be asked too, and what we were answered.
struct PeerAsk {
    of: usize,
    statement: Statement,
    seen: Seen,
}

/// Asks us, and then the peer while our server is idle.
fn ask(
    options: &Options,
    tidegauge: &Tidegauge,
    dataset: &Dataset,
    sessions: u64,
    questions: Vec<Question>,
    result: &mut CaseResult,
) -> anyhow::Result<()> {
    let mut peer_asks = Vec::new();
    for question in questions {
        // A connection of its own each: a failed answer leaves the one before unusable.
        let mut asker = Asker::connect(tidegauge.address, &tidegauge.authorization)?;
        let pid = tidegauge.server.pid();
        match (Asking { asker: &mut asker, pid, dataset, sessions }).measure(&question) {
            Ok((asked, seen)) => {
                say::line(&line(&asked));
                if let Some((name, columns)) = question.peer {
                    let statement = Statement::new(name, columns);
                    peer_asks.push(PeerAsk { of: result.reports.len(), statement, seen });
                }
                result.reports.push(asked);
            }
            Err(error) => result.failures.push(format!("{}: {error:#}", question.name)),
        }
    }
    if options.skip_peers { Ok(()) } else { ask_peer(tidegauge, result, peer_asks) }
}

fn line(asked: &Asked) -> String {
    format!(
        "    {:<34} {:>8} rows  first byte {:>8.2} ms  all {:>8.2} ms  p99 {:>8.2} ms  cold {:>8.2} ms  +{:.1} MB",
        asked.report,
        asked.rows,
        asked.first_byte.p50_ms,
        asked.total.p50_ms,
        asked.total.p99_ms,
        asked.cold.total_ms,
        asked.growth_bytes as f64 / 1e6,
    )
}

fn ask_peer(tidegauge: &Tidegauge, result: &mut CaseResult, asks: Vec<PeerAsk>) -> anyhow::Result<()> {
    let statements = asks.iter().map(|ask| &ask.statement).collect::<Vec<_>>();
    let answers = duckdb::ask(&tidegauge.data.join("segments"), &statements)?;
    for (ask, answer) in asks.iter().zip(answers) {
        let report = &mut result.reports[ask.of];
        say::line(&format!(
            "    DuckDB: {:<34} in memory {:>8.2} ms  from Parquet {:>8.2} ms",
            report.report, answer.memory_ms, answer.parquet_ms
        ));
        if (answer.rows, answer.sum) != (ask.seen.rows, ask.seen.sum) {
            result.failures.push(format!("{}: DuckDB has {answer:?}, we have {:?}", report.report, ask.seen));
        }
        report.duckdb = Some(answer);
    }
    Ok(())
}
