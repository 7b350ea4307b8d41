//! The history of a demo: made, written through the store itself in large groups, and moved into segments.
//!
//! Promise: when it returns, all of it is durable and stands in segments; stopped in between, what is there is whole days.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tidegauge_demo::{Demo, Facts, PROJECTS, Timeline};
use tidegauge_facts::time::{DAY, HOUR, SECOND};
use tidegauge_facts::{DEFAULT_NAME, Micros};
use tidegauge_store::{Options, Store};
use tokio::sync::mpsc;

use super::live::append;

/// What is appended at once.
const STEP: i64 = 12 * HOUR;
/// Steps that are made ahead of those that are written.
const STEPS_AHEAD: usize = 2;
/// Segments are written beside the log, not put off as for a burst: with more log than this behind, they come first.
const MAX_BACKLOG_BYTES: u64 = 256 * 1024 * 1024;
/// How often it is looked whether the last segments are written.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Less than this is not worth a word.
const WORTH_TELLING: i64 = HOUR;

/// What is to be filled.
pub struct Fill {
    pub demo: Demo,
    pub days: i64,
}

impl Fill {
    /// Writes what is missing of the history up to now; what comes after it is live.
    pub async fn run(self, data: &Path, options: Options) -> anyhow::Result<Timeline> {
        let options = Options { max_backlog_bytes: MAX_BACKLOG_BYTES, ..options };
        let data = data.to_owned();
        let store = tokio::task::spawn_blocking(move || Store::open(&data, options)).await??;
        let timeline = self.fill(&store).await?;
        tokio::task::spawn_blocking(move || store.close()).await?;
        Ok(timeline)
    }

    async fn fill(&self, store: &Store) -> anyhow::Result<Timeline> {
        let now = Micros::now();
        let earliest = now.0 - self.days * DAY;
        // What was taken in within a second of the last known instant is there; what is missing of it nobody misses.
        let from = newest(store).map_or(earliest, |newest| earliest.max(newest + SECOND)).min(now.0);
        let begun = Instant::now();
        let mut meter = Meter::new(from, now.0);
        let (send, mut made) = mpsc::channel(STEPS_AHEAD);
        let timeline = self.demo.timeline(Micros(from), now);
        let maker = thread::Builder::new()
            .name("history".into())
            .spawn(move || make(timeline, from, now.0, &send))?;
        while let Some((to, facts)) = made.recv().await {
            append(store, &facts).await?;
            meter.show(to, &facts);
        }
        let timeline = maker.join().map_err(|_| anyhow!("history could not be made"))?;
        meter.settle();
        flush(store).await?;
        meter.finish(begun.elapsed());
        Ok(timeline)
    }
}

/// Makes steps for as long as somebody takes them.
fn make(mut timeline: Timeline, from: i64, now: i64, send: &mpsc::Sender<(i64, Facts)>) -> Timeline {
    let mut to = from;
    while to < now {
        to = (to + STEP).min(now);
        if send.blocking_send((to, timeline.until(Micros(to)))).is_err() {
            break;
        }
    }
    timeline
}

/// The newest instant of the demo's projects.
fn newest(store: &Store) -> Option<i64> {
    store.look(|view| {
        let tenant = view.gauges.tenant(DEFAULT_NAME)?;
        PROJECTS.iter().filter_map(|project| tenant.project(project)?.last_activity).max()
    })
}

/// Waits until all rows stand in segments, so that the server has no log to read again.
async fn flush(store: &Store) -> anyhow::Result<()> {
    while store.look(|view| !view.hot.parts().is_empty()) {
        let health = store.health();
        if let Some(error) = health.commit_error.or(health.flush_error) {
            bail!("history could not be written to segments: {error}");
        }
        store.request_flush();
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Shows how history goes: a bar on a terminal, a line when it is done.
struct Meter {
    bar: Option<ProgressBar>,
    from: i64,
    to: i64,
    counts: [usize; 4],
}

impl Meter {
    fn new(from: i64, to: i64) -> Self {
        let is_shown = to - from >= WORTH_TELLING && io::stderr().is_terminal();
        let bar = is_shown.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
                bar.set_style(style);
            }
            bar.set_length((to - from).unsigned_abs());
            bar.set_message("history");
            bar
        });
        Self { bar, from, to, counts: [0; 4] }
    }

    fn show(&mut self, to: i64, facts: &Facts) {
        let more =
            [facts.events().len(), facts.sessions().len(), facts.connections().len(), facts.requests().len()];
        self.counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        if let Some(bar) = &self.bar {
            bar.set_position((to - self.from).unsigned_abs());
            bar.set_message(format!("history: {} facts", self.counts.iter().sum::<usize>()));
        }
    }

    fn settle(&self) {
        if let Some(bar) = &self.bar {
            bar.set_message("writing segments");
        }
    }

    fn finish(&self, took: Duration) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.to - self.from < WORTH_TELLING {
            return;
        }
        let [events, sessions, connections, requests] = self.counts;
        let span = match (self.to - self.from) / DAY {
            0 => format!("{} hours", (self.to - self.from) / HOUR),
            1 => "a day".to_owned(),
            days => format!("{days} days"),
        };
        let _ = writeln!(
            io::stderr(),
            "{span} of history in {:.1} s: {events} events, {sessions} sessions, {connections} messages of connections, \
             {requests} requests",
            took.as_secs_f64()
        );
    }
}
