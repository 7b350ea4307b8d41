//! The thread that waits until rows are durable and then writes how far they reach.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use tidegauge_store::Ticket;

use crate::error::ImportError;
use crate::record::{Record, Records};

/// A record, and what must be durable before it counts.
type Entry = (Option<Ticket>, Record);

/// Writes the records of one import, in their order.
pub(crate) struct Recorder<'scope> {
    entries: SyncSender<Entry>,
    thread: ScopedJoinHandle<'scope, Result<(), ImportError>>,
}

impl<'scope> Recorder<'scope> {
    /// `place` is the record's; without one nothing is written, but the rows are waited for.
    pub fn start<'env>(scope: &'scope Scope<'scope, 'env>, place: Option<PathBuf>) -> Self {
        let (entries, received) = sync_channel(1);
        Self { entries, thread: scope.spawn(move || record(&received, place)) }
    }

    /// Hands a record on if the one before is written, else gives its ticket back: a later record will say more.
    pub fn try_record(&self, ticket: Option<Ticket>, record: Record) -> Option<Ticket> {
        match self.entries.try_send((ticket, record)) {
            Ok(()) => None,
            Err(TrySendError::Full((ticket, _)) | TrySendError::Disconnected((ticket, _))) => ticket,
        }
    }

    /// False once something has gone wrong: [`Recorder::finish`] says what.
    pub fn is_well(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Hands the last record on and waits until it is written.
    pub fn finish(self, ticket: Option<Ticket>, record: Record) -> Result<(), ImportError> {
        // Where it is gone, its result says why.
        let _ = self.entries.send((ticket, record));
        drop(self.entries);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn record(entries: &Receiver<Entry>, place: Option<PathBuf>) -> Result<(), ImportError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(ImportError::io("cannot wait for", std::path::Path::new("the disk")))?;
    for (ticket, record) in entries {
        if let Some(ticket) = ticket {
            runtime.block_on(ticket.committed())?;
        }
        if let Some(place) = &place {
            Records::save(place, &record)?;
        }
    }
    Ok(())
}
