//! The flush thread: moves what is hot into segments, then lets the log's files go.
//!
//! It stands back behind commits: while they are busy, it waits until the interval is over or half of the backlog
//! is used, so that a burst goes into the log at full speed; and it runs niced until the backlog is large.
//! With each segment of requests it writes what they add up to, and merges that further when there is nothing to flush.
//! Promise: a fact leaves hot and log only after a manifest that names its segment is on the disk. A
//! failed flush loses nothing; it is tried again, and the log grows up to its bound meanwhile.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use tidegauge_facts::{Micros, Table};

use crate::checkpoint::Checkpoint;
use crate::compact;
use crate::erasure;
use crate::error::StoreError;
use crate::gauges::Gauges;
use crate::manifest::Manifest;
use crate::retention::{self, Schedule};
use crate::segment::{self, Segment};
use crate::shared::Shared;
use crate::traffic;

/// A flush takes at most about this many rows, and this many bytes of log: what it sorts and encodes at once.
const FLUSH_ROWS: usize = 512 * 1024;
const FLUSH_BYTES: u64 = 256 * 1024 * 1024;
/// How far a flush stands back behind those that answer requests (`nice`; on Linux of one thread).
const NICENESS: i32 = 10;
/// Commits are busy when they take more than this share of the time, in percent.
const BUSY_PERCENT: u128 = 25;
/// When nothing was flushed for so long, there is time to merge what need not be.
pub(crate) const TIDY_AFTER: Duration = Duration::from_secs(2);
const MAX_TIDY_AFTER: Duration = Duration::from_secs(3600);
/// How long after a failure requests are added up again.
const REBUILD_PAUSE: Duration = Duration::from_secs(600);
/// How often the thread looks whether there is something to do.
const TICK: Duration = Duration::from_millis(100);
/// How long after a failure it tries again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

pub(crate) struct Flusher {
    pub shared: Arc<Shared>,
    /// The gauges of everything in segments: what the next checkpoint starts from.
    pub gauges: Gauges,
    /// When it flushed last. (Not by the clock of the day, which may go back.)
    pub last: Instant,
    pub busy: BusyMeter,
    /// How long nothing must have been flushed before there is time to merge what need not be.
    pub tidy_after: Duration,
    /// When requests could not be added up again.
    pub rebuild_failed: Option<Instant>,
    /// When it is looked what has expired.
    pub retention: Schedule,
}

/// Tells whether commits have been busy since it was last asked.
pub(crate) struct BusyMeter {
    asked: Instant,
    commit_micros: u64,
    is_busy: bool,
}

impl BusyMeter {
    pub fn new() -> Self {
        Self { asked: Instant::now(), commit_micros: 0, is_busy: false }
    }

    fn look(&mut self, commit_micros: u64) -> bool {
        let passed = self.asked.elapsed();
        // Too short a time tells nothing: what was seen before holds.
        if passed >= TICK / 2 {
            let busy = u128::from(commit_micros - self.commit_micros);
            self.is_busy = busy * 100 > passed.as_micros() * BUSY_PERCENT;
            self.asked = Instant::now();
            self.commit_micros = commit_micros;
        }
        self.is_busy
    }
}

impl Flusher {
    /// Flushes until the store closes.
    pub fn run(mut self) {
        while !self.shared.is_closing(TICK) {
            self.shared.look_at_disk();
            self.erase();
            while self.is_due() && !self.shared.is_closing(Duration::ZERO) {
                let result = self.aside(Self::flush_and_merge);
                self.shared.look_at_disk();
                self.shared.note_flush(result.as_ref().err());
                if let Err(error) = result {
                    tracing::error!(%error, "a flush failed; it will be tried again");
                    if self.shared.is_closing(RETRY_AFTER) {
                        return;
                    }
                }
                self.erase();
            }
            self.retain();
            if self.last.elapsed() >= self.tidy_after && traffic::can_tidy(&self.shared) {
                let result = self.aside(Self::tidy);
                self.shared.note_flush(result.as_ref().err());
            }
        }
    }

    /// Carries out erasures that wait, whatever else there is to do: they have a time to be done in.
    fn erase(&mut self) {
        if self.shared.erasures.lock().is_due() {
            let result = self.aside(erasure::carry_out);
            self.shared.look_at_disk();
            self.shared.erasures.lock().note_end(result.as_ref().err());
            if let Err(error) = result {
                tracing::error!(%error, "an erasure failed; it will be tried again");
            }
        }
    }

    /// Removes what has expired, when it is time.
    fn retain(&mut self) {
        let is_busy = self.busy.look(self.shared.commit_micros());
        if self.retention.is_due(&self.shared.retention.lock(), is_busy) {
            let result = self.aside(retention::carry_out);
            self.shared.look_at_disk();
            if let Err(error) = result {
                tracing::error!(%error, "expired rows could not be removed; it will be tried again");
            }
        }
    }

    fn flush_and_merge(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        compact::compact(&self.shared)?;
        if self.shared.view.read().manifest.traffic.is_whole() {
            return traffic::compact(&self.shared);
        }
        if self.may_rebuild()
            && let Err(error) = traffic::rebuild(&self.shared)
        {
            tracing::error!(%error, "requests cannot be added up again: reports look at each of them");
            self.rebuild_failed = Some(Instant::now());
        }
        Ok(())
    }

    /// Merges what need not be. What was given up or failed is put off, each time for longer: it would be for nothing again.
    fn tidy(&mut self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let result = traffic::tidy(&shared, || !self.is_due() && !shared.is_closing(Duration::ZERO));
        self.tidy_after = match result {
            Ok(true) => TIDY_AFTER,
            Ok(false) | Err(_) => (self.tidy_after * 2).min(MAX_TIDY_AFTER),
        };
        result.map(|_| ())
    }

    fn may_rebuild(&self) -> bool {
        self.rebuild_failed.is_none_or(|at| at.elapsed() >= REBUILD_PAUSE)
    }

    /// Works in a thread of its own, which stands back behind those that answer requests as long as the
    /// backlog is not large. (A thread can give up its place, but not take it back: hence a new one.)
    fn aside(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        let is_behind = self.shared.is_behind();
        thread::scope(|scope| {
            let flushing = thread::Builder::new().name("segments".into()).spawn_scoped(scope, || {
                if !is_behind {
                    let _ = rustix::process::nice(NICENESS);
                }
                work(self)
            });
            match flushing.map(|thread| thread.join()) {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(StoreError::format("write a segment")("its thread panicked".into())),
                Err(error) => Err(StoreError::format("write a segment")(error.into())),
            }
        })
    }

    /// Flushes in the middle of something that takes long, if so much is hot that it is not to wait for it: intake goes on
    /// meanwhile.
    pub fn keep_up(&mut self) -> Result<(), StoreError> {
        let options = &self.shared.options;
        let enough = options.flush_bytes.min(options.max_backlog_bytes / 2);
        let is_enough = self.shared.view.read().hot.bytes() >= enough;
        if is_enough { self.flush() } else { Ok(()) }
    }

    /// Enough is hot and commits are not busy, or very much is; or it is hot for long enough; or somebody asked. Or what is
    /// added up is to be made again.
    fn is_due(&mut self) -> bool {
        let is_busy = self.busy.look(self.shared.commit_micros());
        let view = self.shared.view.read();
        let options = &self.shared.options;
        let half_backlog = options.max_backlog_bytes / 2;
        let enough = if is_busy { half_backlog } else { options.flush_bytes.min(half_backlog) };
        if !view.manifest.traffic.is_whole() && self.may_rebuild() {
            return true;
        }
        !view.hot.parts().is_empty()
            && (view.hot.bytes() >= enough
                || self.last.elapsed() >= options.flush_interval
                || self.shared.is_flush_requested())
    }

    /// Moves the oldest parts into segments.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        self.shared.flush_begins();
        let (parts, manifest, past) = {
            let mut view = self.shared.view.write();
            let picked = Arc::make_mut(&mut view.hot).begin_flush(FLUSH_ROWS, FLUSH_BYTES);
            // It may know of later messages too: to be told again that a day is stale does no harm.
            (picked, Arc::clone(&view.manifest), view.ledger.past())
        };
        let Some(through) = parts.last().map(|part| part.last_sequence) else { return Ok(()) };
        let mut manifest = Manifest::clone(&manifest);
        let mut gauges = self.gauges.clone();
        for table in Table::ALL {
            let of_table = parts.iter().filter(|part| part.table == table);
            let batches = of_table.map(|part| part.load()).collect::<Result<Vec<RecordBatch>, _>>()?;
            if batches.is_empty() {
                continue;
            }
            for batch in &batches {
                gauges.apply(table, batch)?;
            }
            let dir = self.shared.dir.segment_dir();
            let mut meta = segment::write(&dir, self.shared.next_number(), table, &batches)?;
            meta.through = through;
            manifest.facts_flushed += meta.rows;
            manifest.segments.push(Arc::new(Segment::new(&dir, meta)));
            // Parts that are to be made again will be made with these too.
            if table == Table::Requests && !manifest.traffic.is_stale {
                let dir = self.shared.dir.traffic_dir();
                let part = traffic::write_tally(&dir, self.shared.next_number(), &batches)?;
                manifest.traffic.parts.extend(part.map(|meta| Arc::new(traffic::Part::new(&dir, meta))));
            }
        }
        let now = Micros::now();
        gauges.all_flushed();
        gauges.forget_the_past(now);
        manifest.flushed_through = through;
        manifest.last_flush = now;
        let checkpoint = Checkpoint { gauges, past };
        manifest.save_with(&self.shared.dir, &checkpoint, self.shared.next_number())?;
        self.last = Instant::now();
        self.gauges = checkpoint.gauges;
        self.publish(manifest, through);
        Ok(())
    }

    fn publish(&self, manifest: Manifest, through: u64) {
        let mut view = self.shared.view.write();
        let state = &mut *view;
        let hot = Arc::make_mut(&mut state.hot);
        let parts = hot.remove_through(through);
        for part in &parts {
            for (tenant, rows) in &part.tenants {
                state.gauges.flushed(tenant, *rows);
            }
        }
        state.gauges.forget_the_past(manifest.last_flush);
        let before = std::mem::replace(&mut state.manifest, Arc::new(manifest));
        self.shared.note_backlog(hot.bytes());
        drop(view);
        // What takes time is done without the lock.
        let_flushed_logs_go(&self.shared);
        drop((parts, before));
        self.shared.room.notify_waiters();
    }
}

/// Takes away the log files that are in segments as a whole. The newest file stays: it is being written.
pub(crate) fn let_flushed_logs_go(shared: &Shared) {
    let files: Vec<_> = {
        let mut view = shared.view.write();
        let through = view.manifest.flushed_through;
        let flushed = view.log_files.iter().take_while(|(_, last)| *last <= through).count();
        let gone = flushed.min(view.log_files.len().saturating_sub(1));
        view.log_files.drain(..gone).collect()
    };
    for (file, _) in files {
        if let Err(error) = file.remove() {
            tracing::warn!(%error, file = file.number, "cannot remove a log file");
        }
    }
}
