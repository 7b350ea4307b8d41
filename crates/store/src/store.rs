//! The store as its callers see it: open, append, look, close.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};
use tidegauge_facts::{Micros, Row, Table};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::commit::Committer;
use crate::dedupe::{DEFAULT_MAX_IDS, Fingerprint, Fingerprinter};
use crate::directory::DataDir;
use crate::error::{Refused, StoreError};
use crate::flush::Flusher;
use crate::intake::{Appended, Intake};
use crate::log::Damage;
use crate::recovery;
use crate::segment::Segment;
use crate::snapshot::{Snapshot, View};

/// A store's bounds.
#[derive(Debug, Clone)]
pub struct Options {
    /// Clients' ids remembered against repeats.
    pub max_dedupe_ids: usize,
    /// What is hot for this long is flushed, however little it is.
    pub flush_interval: Duration,
    /// What is hot is flushed once it is this many bytes of log.
    pub flush_bytes: u64,
    /// While more bytes of log than this are in no segment, nothing is taken in. A burst of writes is put
    /// off into it; from three quarters on, writing segments has the same priority as answering.
    pub max_backlog_bytes: u64,
    /// While the file system has fewer bytes free than this, nothing is taken in.
    pub min_free_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_dedupe_ids: DEFAULT_MAX_IDS,
            flush_interval: Duration::from_secs(60),
            flush_bytes: 96 * 1024 * 1024,
            max_backlog_bytes: 16 * 1024 * 1024 * 1024,
            min_free_bytes: 256 * 1024 * 1024,
        }
    }
}

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
}

/// The embedded store: one data directory, one commit thread, one flush thread.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
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
    prints: Fingerprinter,
    backlog_bytes: AtomicU64,
    free_bytes: AtomicU64,
    last_write: AtomicI64,
    flush_requested: AtomicBool,
    closing: Mutex<bool>,
    closed: Condvar,
    failures: Mutex<Failures>,
    damaged_logs: Vec<Damage>,
}

#[derive(Default)]
struct Failures {
    commit: Option<String>,
    flush: Option<String>,
    segments: Vec<String>,
}

impl Store {
    /// Opens a data directory, making it when it is missing, and recovers what a crash left.
    ///
    /// # Errors
    /// The directory cannot be used, or its manifest is damaged.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let dir = DataDir::open(path)?;
        let prints = Fingerprinter::new();
        let opened = recovery::open(&dir, prints, options.max_dedupe_ids)?;
        let shared = Arc::new(Shared {
            free_bytes: AtomicU64::new(dir.free_bytes().unwrap_or(u64::MAX)),
            dir,
            options,
            intake: Mutex::new(Intake::new(opened.dedupe)),
            work: Condvar::new(),
            room: Notify::new(),
            prints,
            backlog_bytes: AtomicU64::new(opened.view.hot.bytes()),
            view: RwLock::new(opened.view),
            last_write: AtomicI64::new(0),
            flush_requested: AtomicBool::new(false),
            closing: Mutex::new(false),
            closed: Condvar::new(),
            failures: Mutex::default(),
            damaged_logs: opened.damage,
        });
        shared.look_for_segments();
        let committer =
            Committer { shared: Arc::clone(&shared), log: opened.log, next_sequence: opened.next_sequence };
        let flusher = Flusher { shared: Arc::clone(&shared), gauges: opened.checkpoint };
        let threads = [
            thread::Builder::new().name("commit".into()).spawn(move || committer.run()),
            thread::Builder::new().name("flush".into()).spawn(move || flusher.run()),
        ];
        let threads = threads
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .map_err(StoreError::io("cannot start the threads of", path))?;
        Ok(Self { shared, threads: Mutex::new(threads) })
    }

    /// A client's id, as the store remembers it.
    #[must_use]
    pub fn fingerprint(&self, tenant: &str, table: Table, id: &str) -> Fingerprint {
        self.shared.prints.of(tenant, table, id)
    }

    /// Appends rows to the open group, but those whose fingerprint was taken in before. `wire_bytes` is
    /// the length of the request they came from. Nothing is durable before the ticket says so.
    ///
    /// # Errors
    /// Nothing was taken in.
    pub fn append<R: Row>(
        &self,
        rows: impl Iterator<Item = (Option<Fingerprint>, R)>,
        wire_bytes: usize,
    ) -> Result<Appended, Refused> {
        self.shared.has_room()?;
        let appended = self.shared.intake.lock().append(rows, wire_bytes)?;
        if appended.stored > 0 {
            self.shared.work.notify_one();
        }
        Ok(appended)
    }

    /// Resolves when there may be room again after [`Refused::Busy`]. To miss nothing, ask before trying.
    pub fn room(&self) -> Notified<'_> {
        self.shared.room.notified()
    }

    /// Looks at the committed state. The commit thread waits meanwhile: look briefly.
    pub fn look<T>(&self, at: impl FnOnce(&View) -> T) -> T {
        at(&self.shared.view.read())
    }

    /// The four tables as of now, to be read at leisure.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.look(View::snapshot)
    }

    /// The bounds it was opened with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// How it is.
    #[must_use]
    pub fn health(&self) -> Health {
        let refuses = match self.shared.has_room() {
            Ok(()) if self.shared.intake.lock().stopped => Some(Refused::Stopped),
            other => other.err(),
        };
        let failures = self.shared.failures.lock();
        let last_write = self.shared.last_write.load(Ordering::Relaxed);
        Health {
            refuses,
            commit_error: failures.commit.clone(),
            flush_error: failures.flush.clone(),
            last_write: (last_write > 0).then_some(Micros(last_write)),
            free_bytes: self.shared.free_bytes.load(Ordering::Relaxed),
            damaged_segments: failures.segments.clone(),
            damaged_logs: self.shared.damaged_logs.clone(),
        }
    }

    /// Asks for what is hot to be moved into segments soon, however little it is.
    pub fn request_flush(&self) {
        self.shared.flush_requested.store(true, Ordering::Relaxed);
    }

    /// Takes nothing more in, makes durable what was, and ends the threads.
    pub fn close(&self) {
        self.shared.stop_intake();
        *self.shared.closing.lock() = true;
        self.shared.closed.notify_all();
        for thread in self.threads.lock().drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn has_room(&self) -> Result<(), Refused> {
        if self.free_bytes.load(Ordering::Relaxed) < self.options.min_free_bytes {
            return Err(Refused::DiskFull);
        }
        if self.backlog_bytes.load(Ordering::Relaxed) >= self.options.max_backlog_bytes {
            return Err(Refused::Busy);
        }
        Ok(())
    }

    fn stop_intake(&self) {
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

    pub fn note_write(&self, at: Micros) {
        self.last_write.store(at.0, Ordering::Relaxed);
    }

    pub fn note_backlog(&self, bytes: u64) {
        self.backlog_bytes.store(bytes, Ordering::Relaxed);
    }

    pub fn note_flush(&self, error: Option<&StoreError>) {
        self.failures.lock().flush = error.map(ToString::to_string);
    }

    pub fn note_damage(&self, segment: &Segment, error: &StoreError) {
        tracing::error!(%error, "a segment is damaged; it is left out, the rest still answers");
        self.failures.lock().segments.push(segment.meta.name.clone());
    }

    pub fn take_flush_request(&self) -> bool {
        self.flush_requested.swap(false, Ordering::Relaxed)
    }

    pub fn look_at_disk(&self) {
        if let Ok(free) = self.dir.free_bytes() {
            self.free_bytes.store(free, Ordering::Relaxed);
        }
    }

    /// Waits up to `timeout` for the store to close, and says whether it does.
    pub fn is_closing(&self, timeout: Duration) -> bool {
        let mut closing = self.closing.lock();
        if !*closing && !timeout.is_zero() {
            self.closed.wait_for(&mut closing, timeout);
        }
        *closing
    }

    fn look_for_segments(&self) {
        let manifest = Arc::clone(&self.view.read().manifest);
        for segment in &manifest.segments {
            if let Err(error) = segment.check_presence() {
                segment.mark_damaged();
                self.note_damage(segment, &error);
            }
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("dir", &self.dir).finish_non_exhaustive()
    }
}
