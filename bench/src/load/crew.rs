//! A run: opens the lines, starts them together on a few single-threaded runtimes, and adds up what they saw.
//! Threads share nothing but the progress counters, so a second thread costs no locks.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task::{JoinSet, LocalSet};

use super::tally::Tally;
use super::{Line, Progress, Target, closed, open};

/// What a run is to do.
#[derive(Clone, Copy)]
pub struct Plan {
    /// Client threads.
    pub threads: usize,
    /// Lines in all.
    pub connections: usize,
    /// How long to send.
    pub length: Duration,
    /// When to send.
    pub pace: Pace,
}

/// When the next request goes out.
#[derive(Clone, Copy)]
pub enum Pace {
    /// When the last one is answered.
    Closed,
    /// On a schedule, so many a second.
    Open(f64),
}

/// Carries out `plan` against `target`; the first error of any line ends it.
pub fn run<T: Target>(target: &T, plan: &Plan, progress: &Arc<Progress>) -> anyhow::Result<Tally> {
    let threads = plan.threads.clamp(1, plan.connections);
    let barrier = Barrier::new(threads);
    let outcomes: Vec<anyhow::Result<Tally>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let (barrier, progress) = (&barrier, Arc::clone(progress));
                scope.spawn(move || work(target, plan, thread, threads, barrier, progress))
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a client thread panicked"))))
            .collect()
    });
    let mut total = Tally::new()?;
    for outcome in outcomes {
        total.merge(&outcome?)?;
    }
    Ok(total)
}

/// One thread's part: every `threads`-th line.
fn work<T: Target>(
    target: &T,
    plan: &Plan,
    thread: usize,
    threads: usize,
    barrier: &Barrier,
    progress: Arc<Progress>,
) -> anyhow::Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let lines =
        runtime.as_ref().map_err(|error| anyhow::anyhow!("no runtime: {error}")).and_then(|runtime| {
            runtime.block_on(async {
                let mut lines = Vec::new();
                for nth in (thread..plan.connections).step_by(threads) {
                    lines.push(
                        target.connect(nth, plan.connections).await.context("cannot open a connection")?,
                    );
                }
                Ok(lines)
            })
        });
    if lines.is_err() {
        progress.abort.store(true, Ordering::Relaxed);
    }
    // Every thread passes the barrier, failed or not, else the others would wait for it for ever.
    barrier.wait();
    let (runtime, lines) = (runtime?, lines?);
    let start = Instant::now();
    let tally = Rc::new(RefCell::new(Tally::new()?));
    let local = LocalSet::new();
    local.block_on(&runtime, send_all(plan, threads, start, lines, Rc::clone(&tally), progress))?;
    let mut tally = tally.replace(Tally::new()?);
    tally.elapsed = start.elapsed();
    Ok(tally)
}

async fn send_all<L: Line + 'static>(
    plan: &Plan,
    threads: usize,
    start: Instant,
    lines: Vec<L>,
    tally: Rc<RefCell<Tally>>,
    progress: Arc<Progress>,
) -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    let mut schedule = None;
    match plan.pace {
        Pace::Closed => {
            let end = start + plan.length;
            for line in lines {
                let (tally, progress) = (Rc::clone(&tally), Arc::clone(&progress));
                tasks.spawn_local(async move { closed::drive(line, end, tally, &progress).await });
            }
        }
        Pace::Open(per_second) => {
            let shared = Rc::new(open::Schedule::new(start, per_second / threads as f64, plan.length));
            let count = lines.len();
            for line in lines {
                let (shared, tally, progress) =
                    (Rc::clone(&shared), Rc::clone(&tally), Arc::clone(&progress));
                tasks.spawn_local(async move { open::drive(line, shared, tally, &progress).await });
            }
            let (paced, progress) = (Rc::clone(&shared), Arc::clone(&progress));
            tasks.spawn_local(async move { open::pace(&paced, count, &progress).await });
            schedule = Some(shared);
        }
    }
    let mut first_error = None;
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.map_err(anyhow::Error::from).and_then(|result| result);
        if let Err(error) = ended {
            progress.abort.store(true, Ordering::Relaxed);
            first_error.get_or_insert(error);
        }
    }
    if let Some(schedule) = schedule {
        tally.borrow_mut().unsent = schedule.unsent();
    }
    first_error.map_or(Ok(()), Err)
}
