//! What a store's threads and its callers share, and the signals between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};
use tidegauge_facts::Micros;
use tokio::sync::Notify;

use crate::connections::DEFAULT_IDLE;
use crate::dedupe::{DEFAULT_MAX_IDS, Dedupe, Fingerprinter};
use crate::directory::DataDir;
use crate::erasure::Register;
use crate::error::{Refused, StoreError};
use crate::feed::Feed;
use crate::intake::Intake;
use crate::log_recovery::Damage;
use crate::retention::Retention;
use crate::segment::Segment;
use crate::snapshot::View;

/// A store's bounds.
#[derive(Debug, Clone)]
pub struct Options {
    /// Clients' ids remembered against repeats.
    pub max_dedupe_ids: usize,
    /// What is hot for this long is flushed, however little it is.
    pub flush_interval: Duration,
    /// What is hot is flushed once it is this many bytes of log.
    pub flush_bytes: u64,
    /// While more bytes of log than this are in no segment, nothing is taken in. While
    /// commits are busy, segments are put off until half of it is used; from three quarters on, writing them has
    /// the same priority as answering.
    pub max_backlog_bytes: u64,
    /// While the file system has fewer bytes free than this, nothing is taken in.
    pub min_free_bytes: u64,
    /// A connection that has been silent for longer counts as closed at its last activity, unless its tenant says
    /// otherwise. At most a day.
    pub idle_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_dedupe_ids: DEFAULT_MAX_IDS,
            flush_interval: Duration::from_secs(60),
            flush_bytes: 96 * 1024 * 1024,
            max_backlog_bytes: 16 * 1024 * 1024 * 1024,
            min_free_bytes: 256 * 1024 * 1024,
            idle_timeout: Duration::from_micros(DEFAULT_IDLE.unsigned_abs()),
        }
    }
}

/// The longest pause between two commits while flushing is behind.
const MAX_PAUSE: Duration = Duration::from_millis(50);

/// How the store is.
#[derive(Debug, Clone)]
pub struct Health {
    /// Why nothing is taken in, when that is so.
    pub refuses: Option<Refused>,
    /// What the disk said when it refused a commit.
    pub commit_error: Option<String>,
    /// What the last flush failed with.
    pub flush_error: Option<String>,
    /// The last commit since the start.
    pub last_write: Option<Micros>,
    /// Bytes the file system has free.
    pub free_bytes: u64,
    /// Segments that cannot be read.
    pub damaged_segments: Vec<String>,
    /// Log files that ended early when the store was opened.
    pub damaged_logs: Vec<Damage>,
    /// Erasures that could not be carried out so far.
    pub failed_erasures: usize,
}

/// What the threads and the callers share.
pub(crate) struct Shared {
    pub dir: DataDir,
    pub options: Options,
    pub intake: Mutex<Intake>,
    /// Rows wait for the commit thread.
    pub work: Condvar,
    /// There may be room again for who was refused as busy.
    pub room: Notify,
    pub view: RwLock<View>,
    /// Who is told what is committed.
    pub feed: Arc<Feed>,
    /// Locked before the view, never while it is.
    pub erasures: Mutex<Register>,
    pub retention: Mutex<Retention>,
    pub prints: Fingerprinter,
    /// The number of the next segment or checkpoint: never given twice, also when its writing fails.
    next_number: AtomicU64,
    backlog_bytes: AtomicU64,
    free_bytes: AtomicU64,
    last_write: AtomicI64,
    /// Microseconds that commits have taken since the start.
    commit_micros: AtomicU64,
    flush_requested: AtomicBool,
    closing: Mutex<bool>,
    closed: Condvar,
    failures: Mutex<Failures>,
    damaged_logs: Vec<Damage>,
    #[cfg(test)]
    pub steps: Mutex<Option<Look>>,
}

/// What a test does at a step.
#[cfg(test)]
pub(crate) type Look = Box<dyn FnMut(&'static str) + Send>;

#[derive(Default)]
struct Failures {
    commit: Option<String>,
    flush: Option<String>,
    segments: Vec<String>,
}

impl Shared {
    pub fn new(
        dir: DataDir,
        options: Options,
        prints: Fingerprinter,
        dedupe: Dedupe,
        view: View,
        erasures: Register,
        damaged_logs: Vec<Damage>,
    ) -> Self {
        Self {
            free_bytes: AtomicU64::new(dir.free_bytes().unwrap_or(u64::MAX)),
            dir,
            options,
            intake: Mutex::new(Intake::new(dedupe)),
            work: Condvar::new(),
            room: Notify::new(),
            prints,
            next_number: AtomicU64::new(view.manifest.next_number),
            backlog_bytes: AtomicU64::new(view.hot.bytes()),
            view: RwLock::new(view),
            feed: Arc::default(),
            erasures: Mutex::new(erasures),
            retention: Mutex::default(),
            last_write: AtomicI64::new(0),
            commit_micros: AtomicU64::new(0),
            flush_requested: AtomicBool::new(false),
            closing: Mutex::new(false),
            closed: Condvar::new(),
            failures: Mutex::default(),
            damaged_logs,
            #[cfg(test)]
            steps: Mutex::default(),
        }
    }

    pub fn health(&self) -> Health {
        let refuses = match self.has_room() {
            Ok(()) if self.intake.lock().stopped => Some(Refused::Stopped),
            other => other.err(),
        };
        let failed_erasures = self.erasures.lock().failed();
        let failures = self.failures.lock();
        let last_write = self.last_write.load(Ordering::Relaxed);
        Health {
            refuses,
            commit_error: failures.commit.clone(),
            flush_error: failures.flush.clone(),
            last_write: (last_write > 0).then_some(Micros(last_write)),
            free_bytes: self.free_bytes.load(Ordering::Relaxed),
            damaged_segments: failures.segments.clone(),
            damaged_logs: self.damaged_logs.clone(),
            failed_erasures,
        }
    }

    /// Whether a write may be tried.
    pub fn has_room(&self) -> Result<(), Refused> {
        if self.free_bytes.load(Ordering::Relaxed) < self.options.min_free_bytes {
            return Err(Refused::DiskFull);
        }
        if self.backlog_bytes.load(Ordering::Relaxed) >= self.options.max_backlog_bytes {
            return Err(Refused::Busy);
        }
        Ok(())
    }

    pub fn stop_intake(&self) {
        self.intake.lock().stopped = true;
        self.work.notify_one();
        self.room.notify_waiters();
    }

    /// The commit thread has ended: nothing is taken in any more, and who waits in the open group is told.
    pub fn end_intake(&self) {
        let mut intake = self.intake.lock();
        intake.stopped = true;
        intake.fail_open_group();
        drop(intake);
        self.room.notify_waiters();
    }

    pub fn note_commit_failure(&self, error: &StoreError) {
        self.failures.lock().commit = Some(error.to_string());
    }

    /// A number that no file has had.
    pub fn next_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether flushing is far behind.
    pub fn is_behind(&self) -> bool {
        self.backlog_bytes.load(Ordering::Relaxed) >= self.behind_from()
    }

    fn behind_from(&self) -> u64 {
        self.options.max_backlog_bytes / 4 * 3
    }

    /// How long commits pause after each group: not at all until flushing is behind, then the longer the farther.
    pub fn pace(&self) -> Duration {
        let backlog = self.backlog_bytes.load(Ordering::Relaxed);
        let behind = backlog.saturating_sub(self.behind_from());
        let room = (self.options.max_backlog_bytes - self.behind_from()).max(1);
        let pause = u128::from(behind.min(room)) * MAX_PAUSE.as_micros() / u128::from(room);
        Duration::from_micros(u64::try_from(pause).unwrap_or(u64::MAX))
    }

    /// Microseconds that commits have taken since the start.
    pub fn commit_micros(&self) -> u64 {
        self.commit_micros.load(Ordering::Relaxed)
    }

    pub fn note_commit_time(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commit_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Notes a commit. Its bytes count as taken from the disk until somebody looks again.
    pub fn note_write(&self, at: Micros, bytes: u64) {
        self.last_write.store(at.0, Ordering::Relaxed);
        let _ = self
            .free_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| Some(free.saturating_sub(bytes)));
    }

    /// A place where a crash would leave work half done: tests look at the directory as it is then.
    #[cfg_attr(not(test), allow(clippy::unused_self, reason = "only tests look"))]
    pub fn at_step(&self, _name: &'static str) {
        #[cfg(test)]
        if let Some(look) = &mut *self.steps.lock() {
            look(_name);
        }
    }

    pub fn note_backlog(&self, bytes: u64) {
        self.backlog_bytes.store(bytes, Ordering::Relaxed);
    }

    pub fn note_flush(&self, error: Option<&StoreError>) {
        self.failures.lock().flush = error.map(ToString::to_string);
    }

    pub fn note_damage(&self, segment: &Segment, error: &StoreError) {
        tracing::error!(%error, "a segment is damaged; it is left out, the rest still answers");
        self.note_damaged_segment(segment);
    }

    pub fn is_flush_requested(&self) -> bool {
        self.flush_requested.load(Ordering::Relaxed)
    }

    /// What was asked for is on its way; what a flush leaves is asked for again, or due in time.
    pub fn flush_begins(&self) {
        self.flush_requested.store(false, Ordering::Relaxed);
    }

    pub fn look_at_disk(&self) {
        if let Ok(free) = self.dir.free_bytes() {
            self.free_bytes.store(free, Ordering::Relaxed);
        }
    }

    /// Asks for a new log file.
    pub fn request_log_roll(&self) {
        self.intake.lock().roll = true;
        self.work.notify_one();
    }

    pub fn request_flush(&self) {
        self.flush_requested.store(true, Ordering::Relaxed);
    }

    /// Tells the threads to end once their work is done.
    pub fn close(&self) {
        self.stop_intake();
        *self.closing.lock() = true;
        self.closed.notify_all();
    }

    /// Waits up to `timeout` for the store to close, and says whether it does.
    pub fn is_closing(&self, timeout: Duration) -> bool {
        let mut closing = self.closing.lock();
        if !*closing && !timeout.is_zero() {
            self.closed.wait_for(&mut closing, timeout);
        }
        *closing
    }

    pub fn look_for_segments(&self) {
        let manifest = Arc::clone(&self.view.read().manifest);
        for segment in &manifest.segments {
            // Recovery has read some of them, and marked those that it could not read.
            if segment.is_damaged() {
                self.note_damaged_segment(segment);
            } else if let Err(error) = segment.check_presence() {
                segment.mark_damaged();
                self.note_damage(segment, &error);
            }
        }
    }

    /// No manifest names the segment any more: what was wrong with it is over.
    pub fn note_gone(&self, segment: &Segment) {
        self.failures.lock().segments.retain(|name| *name != segment.meta.name);
    }

    fn note_damaged_segment(&self, segment: &Segment) {
        self.failures.lock().segments.push(segment.meta.name.clone());
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("dir", &self.dir).finish_non_exhaustive()
    }
}
