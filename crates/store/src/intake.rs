//! The open group: where rows are appended until the commit thread takes them.
//!
//! Promise: a row is appended after its id was found new, under one lock, so that of two that arrive at
//! once one is stored; the ticket of the other is good no earlier than the first one's.

use tidegauge_facts::time::SECOND;
use tidegauge_facts::{Micros, OpenTables, Row};
use tokio::sync::watch;

use crate::dedupe::{Dedupe, Fingerprint};
use crate::error::{NotDurable, Refused};

/// An open group takes no more once its rows are this many bytes.
pub const MAX_GROUP_BYTES: usize = 32 * 1024 * 1024;

/// What became of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Pending,
    Durable,
    Failed,
}

/// Good once everything appended before it is durable.
#[derive(Debug)]
pub struct Ticket(watch::Receiver<Outcome>);

impl Ticket {
    /// Waits for the commit.
    ///
    /// # Errors
    /// The disk refused the group. Whether it will be there after a restart is unknown.
    pub async fn committed(mut self) -> Result<(), NotDurable> {
        match self.0.wait_for(|outcome| *outcome != Outcome::Pending).await.as_deref() {
            Ok(Outcome::Durable) => Ok(()),
            _ => Err(NotDurable),
        }
    }
}

/// What an append did.
#[derive(Debug)]
pub struct Appended {
    /// Rows appended.
    pub stored: usize,
    /// Rows left out because their id had been taken in before.
    pub repeated: usize,
    /// Good once both kinds are durable.
    pub ticket: Ticket,
}

/// The rows of a group, and those who wait for it.
pub(crate) struct Group {
    pub tables: OpenTables,
    pub done: watch::Sender<Outcome>,
}

/// Everything behind the intake lock.
pub(crate) struct Intake {
    open: Group,
    /// The group taken last: a repeat may have to wait for it.
    taken: watch::Receiver<Outcome>,
    dedupe: Dedupe,
    pub stopped: bool,
    /// The commit thread is to begin a new log file.
    pub roll: bool,
}

impl Intake {
    pub fn new(dedupe: Dedupe) -> Self {
        let (_, taken) = watch::channel(Outcome::Durable);
        Self { open: Group::new(OpenTables::default()), taken, dedupe, stopped: false, roll: false }
    }

    /// Appends the rows that are new.
    pub fn append<R: Row>(
        &mut self,
        rows: impl Iterator<Item = (Option<Fingerprint>, R)>,
    ) -> Result<Appended, Refused> {
        if self.stopped {
            return Err(Refused::Stopped);
        }
        if self.open.tables.bytes() >= MAX_GROUP_BYTES {
            return Err(Refused::Busy);
        }
        let now = u32::try_from(Micros::now().0 / SECOND).unwrap_or(u32::MAX);
        let columns = R::columns_of(&mut self.open.tables);
        let (mut stored, mut repeated) = (0, 0);
        for (fingerprint, row) in rows {
            if fingerprint.is_some_and(|id| !self.dedupe.insert(id, now)) {
                repeated += 1;
            } else {
                row.append_to(columns);
                stored += 1;
            }
        }
        // With nothing open, what was appended before is in the group taken last, or durable.
        let wait_for = if self.is_empty() { self.taken.clone() } else { self.open.done.subscribe() };
        Ok(Appended { stored, repeated, ticket: Ticket(wait_for) })
    }

    /// Tells who waits in the open group that it will never be durable.
    pub fn fail_open_group(&mut self) {
        let _ = self.open.done.send(Outcome::Failed);
    }

    pub fn is_empty(&self) -> bool {
        self.open.tables.rows() == 0
    }

    /// Hands the open group over and opens another, in the emptied columns of an earlier one.
    pub fn take(&mut self, spare: OpenTables) -> Group {
        let group = std::mem::replace(&mut self.open, Group::new(spare));
        self.taken = group.done.subscribe();
        group
    }
}

impl Group {
    fn new(tables: OpenTables) -> Self {
        Self { tables, done: watch::channel(Outcome::Pending).0 }
    }
}
