//! The store as its callers see it: open, append, look, close.

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidegauge_facts::{Micros, Row, Table};
use tokio::sync::futures::Notified;

use crate::commit::Committer;
use crate::dedupe::{Fingerprint, Fingerprinter};
use crate::directory::DataDir;
use crate::erasure::{self, EraseRefused, Erasure, ErasureId, Person, Register};
use crate::error::{Refused, StoreError};
use crate::feed::Follower;
use crate::flush::{BusyMeter, Flusher, TIDY_AFTER};
use crate::intake::Appended;
use crate::recovery;
use crate::retention::{RetentionDays, Schedule};
use crate::shared::{Health, Options, Shared};
use crate::snapshot::{Snapshot, View};
use crate::tend;

/// The embedded store: one data directory, one commit thread, one flush thread.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Store {
    /// Opens a data directory, making it when it is missing, and recovers what a crash left.
    ///
    /// # Errors
    /// The directory cannot be used, or its manifest is damaged.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        Self::open_in(DataDir::open(path)?, options)
    }

    /// Opens a data directory that must be one already.
    ///
    /// # Errors
    /// As [`Store::open`], and when there is none.
    pub fn open_existing(path: &Path, options: Options) -> Result<Self, StoreError> {
        Self::open_in(DataDir::open_existing(path)?, options)
    }

    fn open_in(dir: DataDir, options: Options) -> Result<Self, StoreError> {
        let path = dir.path().to_owned();
        let prints = Fingerprinter::new();
        let mut erasures = Register::load(&dir)?;
        let mut opened = recovery::open(&dir, prints, &options, &erasures.boundaries())?;
        erasures.end_at(opened.view.sequence, &dir)?;
        // Where the log has lost its end they are others now.
        let hot = Arc::make_mut(&mut opened.view.hot);
        erasures.boundaries().into_iter().for_each(|sequence| hot.keep_apart(sequence));
        let shared =
            Arc::new(Shared::new(dir, options, prints, opened.dedupe, opened.view, erasures, opened.damage));
        shared.look_for_segments();
        let committer =
            Committer { shared: Arc::clone(&shared), log: opened.log, next_sequence: opened.next_sequence };
        let flusher = Flusher {
            shared: Arc::clone(&shared),
            gauges: opened.gauges,
            last: Instant::now(),
            busy: BusyMeter::new(),
            tidy_after: TIDY_AFTER,
            rebuild_failed: None,
            retention: Schedule::new(),
        };
        let (tended, renewed) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = [
            thread::Builder::new().name("commit".into()).spawn(move || committer.run()),
            thread::Builder::new().name("flush".into()).spawn(move || flusher.run()),
            thread::Builder::new().name("tend".into()).spawn(move || tend::tend(&tended)),
            thread::Builder::new().name("renew".into()).spawn(move || tend::renew(&renewed)),
        ];
        let threads = threads
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .map_err(StoreError::io("cannot start the threads of", &path))?;
        Ok(Self { shared, threads: Mutex::new(threads) })
    }

    /// A client's id within its project, as the store remembers it.
    #[must_use]
    pub fn fingerprint(&self, tenant: &str, project: &str, table: Table, id: &str) -> Fingerprint {
        self.shared.prints.of(tenant, project, table, id)
    }

    /// Appends rows to the open group, but those whose fingerprint was taken in before. Nothing is durable
    /// before the ticket says so.
    ///
    /// # Errors
    /// Nothing was taken in.
    pub fn append<R: Row>(
        &self,
        rows: impl Iterator<Item = (Option<Fingerprint>, R)>,
    ) -> Result<Appended, Refused> {
        self.shared.has_room()?;
        let appended = self.shared.intake.lock().append(rows)?;
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

    /// Is told from now on what is committed to these tables: everything that a view taken afterwards does not hold.
    #[must_use]
    pub fn follow(&self, tables: &'static [Table]) -> Follower {
        self.shared.feed.follow(tables)
    }

    /// Sets how long a tenant's connections may be silent before they count as closed; `None` for the default.
    pub fn set_idle_timeout(&self, tenant: &str, timeout: Option<Duration>) {
        let timeout = timeout.map(|timeout| i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX));
        // Whoever sets what is set already holds up nobody.
        if !self.shared.view.read().ledger.has_idle(tenant, timeout) {
            self.shared.view.write().ledger.set_idle(tenant, timeout, Micros::now());
        }
    }

    /// Sets how long a tenant's rows are kept. It is looked at after [`crate::RETENTION_PAUSE`], and then every
    /// [`crate::RETENTION_CHECK_EVERY`]; until an expired row was removed, reports may show it. Totals ever counted stay.
    pub fn set_retention(&self, tenant: &str, days: RetentionDays) {
        self.shared.retention.lock().set(tenant, days);
    }

    /// Asks for a person's data to be erased: everything of the tenant's that was committed before the call. The request is
    /// durable when this returns, after a sync of the disk; how far it is, [`Store::erasure`] tells.
    ///
    /// # Errors
    /// Nothing will be erased.
    pub fn erase(&self, tenant: &str, person: Person) -> Result<ErasureId, EraseRefused> {
        erasure::request(&self.shared, tenant, person)
    }

    /// How far a tenant's erasure is; `None` for one that the tenant has not asked for, or that was done long ago.
    #[must_use]
    pub fn erasure(&self, tenant: &str, id: ErasureId) -> Option<Erasure> {
        self.shared.erasures.lock().of(tenant).find(|erasure| erasure.id == id)
    }

    /// A tenant's erasures, newest first: all that are not done, and the last [`crate::MAX_DONE_ERASURES`] that are.
    #[must_use]
    pub fn erasures(&self, tenant: &str) -> Vec<Erasure> {
        self.shared.erasures.lock().of(tenant).collect()
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The bounds it was opened with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// How it is.
    #[must_use]
    pub fn health(&self) -> Health {
        self.shared.health()
    }

    /// Asks for what is hot to be moved into segments soon, however little it is.
    pub fn request_flush(&self) {
        self.shared.request_flush();
    }

    /// Takes nothing more in, makes durable what was, and ends the threads.
    pub fn close(&self) {
        self.shared.close();
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
