//! One measured phase: a run of the load with the server's memory sampled beside it, and what both sides spent on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::load::crew::{Plan, run};
use crate::load::tally::Tally;
use crate::load::{Progress, Target};
use crate::procfs::{self, Memory};

/// A moment of the run.
#[derive(Serialize, Clone, Copy, Debug)]
pub struct Sample {
    /// Seconds since the phase began.
    pub at_s: f64,
    /// Events acknowledged a second since the last sample.
    pub events_per_s: f64,
    /// The server's resident bytes.
    pub resident_bytes: u64,
}

/// What a phase showed.
pub struct Measured {
    /// The client's counts.
    pub tally: Tally,
    /// The server's processor seconds.
    pub server_cpu_s: f64,
    /// This process's processor seconds.
    pub client_cpu_s: f64,
    /// Processor seconds of everything else on the machine, kernel threads included, and those the hypervisor took.
    pub other_cpu_s: f64,
    /// Bytes the server caused to be sent to the disk.
    pub written_bytes: u64,
    /// The server's memory at the end.
    pub memory: Memory,
    /// Moments on the way.
    pub samples: Vec<Sample>,
}

/// Runs `plan` and watches the server `pid` every `interval`; `on_sample` may show a sample as it comes.
pub fn measure<T: Target>(
    target: &T,
    plan: &Plan,
    pid: u32,
    interval: Duration,
    on_sample: impl Fn(&Sample) + Sync,
) -> anyhow::Result<Measured> {
    let progress = Arc::new(Progress::default());
    let ended = AtomicBool::new(false);
    let before = (procfs::usage(pid)?, procfs::own_cpu_s()?, procfs::machine_busy_s()?);
    let (tally, samples) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(pid, interval, &progress, &ended, &on_sample));
        let tally = run(target, plan, &progress);
        ended.store(true, Ordering::Relaxed);
        watcher.thread().unpark();
        (tally, watcher.join().unwrap_or_default())
    });
    let tally = tally?;
    let after = (procfs::usage(pid)?, procfs::own_cpu_s()?, procfs::machine_busy_s()?);
    let server_cpu_s = after.0.cpu_s - before.0.cpu_s;
    let client_cpu_s = after.1 - before.1;
    let busy = (after.2.0 - before.2.0) + (after.2.1 - before.2.1);
    let mut memory = procfs::memory(pid)?;
    let sampled = samples.iter().map(|sample| sample.resident_bytes).max().unwrap_or(0);
    memory.peak_bytes = memory.peak_bytes.max(sampled).max(memory.resident_bytes);
    Ok(Measured {
        tally,
        server_cpu_s,
        client_cpu_s,
        other_cpu_s: (busy - server_cpu_s - client_cpu_s).max(0.0),
        written_bytes: after.0.written_bytes.saturating_sub(before.0.written_bytes),
        memory,
        samples,
    })
}

fn watch(
    pid: u32,
    interval: Duration,
    progress: &Progress,
    ended: &AtomicBool,
    on_sample: &impl Fn(&Sample),
) -> Vec<Sample> {
    let start = Instant::now();
    let (mut samples, mut last_at, mut last_events) = (Vec::new(), 0.0, 0);
    for nth in 1.. {
        let due = start + interval * nth;
        while !ended.load(Ordering::Relaxed) && Instant::now() < due {
            std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
        }
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let (at_s, events) = (start.elapsed().as_secs_f64(), progress.events.load(Ordering::Relaxed));
        let Ok(memory) = procfs::memory(pid) else { break };
        let events_per_s = (events - last_events) as f64 / (at_s - last_at);
        let sample = Sample { at_s, events_per_s, resident_bytes: memory.resident_bytes };
        on_sample(&sample);
        samples.push(sample);
        (last_at, last_events) = (at_s, events);
    }
    samples
}
