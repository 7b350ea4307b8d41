//! Many WebSockets at once, each a tracked connection: what they cost in memory, and how soon it is noticed when they
//! go. A third is reset, as when a process is killed; a third falls silent, as when a machine is cut off; a third is
//! connected when the server is asked to stop.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::result::Sockets;
use super::tidegauge::Tidegauge;
use super::{Case, CaseResult};
use crate::cli::Options;
use crate::control::ask;
use crate::procfs;
use crate::say;
use crate::sockets::{Crowd, Fate};

const PATH: &str = "/api/realtime/projects/default";
/// How long the server may take to notice.
const NOTICE_LIMIT: Duration = Duration::from_secs(120);
/// Memory that has not grown for so long has settled.
const SETTLED_AFTER: Duration = Duration::from_secs(2);
/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Measures `websockets`.
pub fn run(options: &Options) -> anyhow::Result<CaseResult> {
    let count = usize::from(options.sockets);
    let files = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: files, maximum: files })?;
    let mut tidegauge = Tidegauge::start(options)?;
    let pid = tidegauge.server.pid();
    let before = procfs::memory(pid)?;

    let third = count / 3;
    let begun = Instant::now();
    let connect = format!("{PATH}/connect");
    let (crowd, groups) = Crowd::open(
        tidegauge.address,
        &connect,
        &tidegauge.authorization,
        &[third, third, count - 2 * third],
    )?;
    let open_s = begun.elapsed().as_secs_f64();
    let until = |left: usize| notice(&tidegauge, left);
    until(count)?;
    // Two rounds of pings, so that what they cost is in it.
    std::thread::sleep(Duration::from_secs_f64(options.sockets_idle_seconds));
    let (idle, idle_cpu) = (procfs::memory(pid)?, procfs::usage(pid)?.cpu_s);
    let measured_from = Instant::now();
    std::thread::sleep(Duration::from_secs_f64(options.sockets_idle_seconds));
    let idle_cpu_share = (procfs::usage(pid)?.cpu_s - idle_cpu) / measured_from.elapsed().as_secs_f64();
    say::line(&format!("    {count} open, {:.1} MB resident", idle.resident_bytes as f64 / 1e6));

    groups.iter().for_each(|group| group.meet(Fate::Talk));
    let talked = all_talked(pid)?;
    say::line(&format!("    {:.1} MB resident after each has sent its longest message", talked as f64 / 1e6));

    let [killed, silent, kept] = &groups[..] else { anyhow::bail!("three groups were asked for") };
    killed.meet(Fate::Vanish);
    let killed_s = until(count - killed.count)?;
    silent.meet(Fate::FallSilent);
    let silent_s = until(kept.count)?;
    say::line(&format!("    the killed noticed after {killed_s:.1} s, the silent after {silent_s:.1} s"));
    let stopping = Instant::now();
    let mut result = CaseResult::new(Case::Websockets, "WebSockets, each a tracked connection");
    if let Err(error) = tidegauge.server.stop() {
        result.failures.push(format!("{error:#}"));
    }
    let stop_s = stopping.elapsed().as_secs_f64();
    drop(crowd);
    result.sockets = Some(Sockets {
        count,
        open_s,
        bytes_each: (idle.resident_bytes.saturating_sub(before.resident_bytes) as f64) / count as f64,
        idle_cpu_share,
        talked_bytes: talked,
        killed_noticed_s: killed_s,
        silent_noticed_s: silent_s,
        stop_s,
    });
    result.notes.push(format!(
        "{count} WebSockets opened in {open_s:.1} s; resident memory {:.1} MB before, {:.1} MB with all open and idle \
         ({:.1} KB each), {:.1} MB once each has sent its longest message; {:.1} % of one processor for pings and activity; {} reset ones noticed within {killed_s:.1} s, {} \
         silent ones within {silent_s:.1} s; stopped in {stop_s:.1} s with {} connected",
        before.resident_bytes as f64 / 1e6,
        idle.resident_bytes as f64 / 1e6,
        (idle.resident_bytes.saturating_sub(before.resident_bytes) as f64) / count as f64 / 1e3,
        talked as f64 / 1e6,
        idle_cpu_share * 100.0,
        killed.count,
        silent.count,
        kept.count,
    ));
    result.memory = Some(idle);
    Ok(result)
}

/// Waits until the server's memory has stopped growing, and returns it in bytes.
fn all_talked(pid: u32) -> anyhow::Result<u64> {
    let mut last = 0;
    loop {
        std::thread::sleep(SETTLED_AFTER);
        let resident = procfs::memory(pid)?.resident_bytes;
        if resident <= last + last / 100 {
            return Ok(resident);
        }
        last = resident;
    }
}

/// Waits until the server counts so many open connections; returns the seconds it took.
fn notice(tidegauge: &Tidegauge, left: usize) -> anyhow::Result<f64> {
    let begun = Instant::now();
    loop {
        let open = open_connections(tidegauge)?;
        if open == left as u64 {
            return Ok(begun.elapsed().as_secs_f64());
        }
        anyhow::ensure!(
            begun.elapsed() < NOTICE_LIMIT,
            "the server counts {open} open connections after {} s, where {left} are",
            NOTICE_LIMIT.as_secs()
        );
        std::thread::sleep(ASK_EVERY);
    }
}

fn open_connections(tidegauge: &Tidegauge) -> anyhow::Result<u64> {
    let path = format!("{PATH}/analytics");
    let (status, body) = ask(tidegauge.address, "GET", &path, &tidegauge.authorization, "")?;
    anyhow::ensure!(status == 200, "analytics answered {status}: {body}");
    let answer: serde_json::Value = serde_json::from_str(&body)?;
    answer["activeConnections"].as_u64().with_context(|| format!("no activeConnections: {body}"))
}
