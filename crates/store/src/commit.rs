//! The commit thread: takes the open group, makes it durable, publishes it, and wakes who waits.
//!
//! There is no timer but one: when flushing is far behind, commits pause a little, the longer the farther, so
//! that both go on side by side instead of in turns. Else a lone row commits at once, and while one group is
//! on its way to the disk the next one grows by itself. After a failed write or sync nothing is taken in any more: the same file is never
//! tried again, because the kernel may have dropped the pages it could not write.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tidegauge_facts::{Micros, OpenTables, Table};

use crate::error::StoreError;
use crate::feed::Published;
use crate::intake::{Group, Outcome};
use crate::log::{LogWriter, Written};
use crate::shared::Shared;

pub(crate) struct Committer {
    pub shared: Arc<Shared>,
    pub log: LogWriter,
    pub next_sequence: u64,
}

impl Committer {
    /// Commits groups until the store closes and the last one is durable, or a write fails.
    pub fn run(mut self) {
        // However this thread ends, nobody is left waiting for it.
        let _end = StopAtEnd(Arc::clone(&self.shared));
        let mut spare = OpenTables::default();
        while let Some(mut group) = self.next_group(spare) {
            let begun = Instant::now();
            let result = self.commit(&mut group);
            self.shared.note_commit_time(begun.elapsed());
            match result {
                Ok(()) => {
                    let _ = group.done.send(Outcome::Durable);
                }
                Err(error) => {
                    tracing::error!(%error, "a commit failed; no more writes are taken in");
                    self.shared.note_commit_failure(&error);
                    let _ = group.done.send(Outcome::Failed);
                    return;
                }
            }
            spare = group.tables;
            thread::sleep(self.shared.pace());
        }
    }

    fn next_group(&mut self, spare: OpenTables) -> Option<Group> {
        loop {
            let mut intake = self.shared.intake.lock();
            while intake.is_empty() && !intake.roll {
                if intake.stopped {
                    return None;
                }
                self.shared.work.wait(&mut intake);
            }
            let is_to_roll = std::mem::take(&mut intake.roll);
            if !is_to_roll {
                let group = intake.take(spare);
                drop(intake);
                self.shared.room.notify_waiters();
                return Some(group);
            }
            drop(intake);
            self.roll();
        }
    }

    /// Begins a new log file, so that the one before can go once it is in segments.
    fn roll(&mut self) {
        if self.log.roll() {
            let mut view = self.shared.view.write();
            let sequence = view.sequence;
            view.log_files.push((Arc::clone(self.log.file()), sequence));
        }
    }

    fn commit(&mut self, group: &mut Group) -> Result<(), StoreError> {
        let expected_bytes = group.tables.bytes();
        let batches = group.tables.finish();
        let written = self.log.append(self.next_sequence, &batches, expected_bytes)?;
        drop(batches);
        self.next_sequence += written.frames.len() as u64;
        self.shared.note_write(Micros::now(), written.bytes);

        let published = self.publish(written)?;
        if !published.is_empty() {
            self.shared.feed.publish(&published);
        }
        Ok(())
    }

    /// Puts the group into the view; hands its batches on when somebody follows.
    fn publish(&mut self, written: Written) -> Result<Vec<Published>, StoreError> {
        let mut view = self.shared.view.write();
        let view = &mut *view;
        let is_followed = self.shared.feed.is_followed();
        let mut published = Vec::new();
        let hot = Arc::make_mut(&mut view.hot);
        for (frame, batch) in written.frames {
            view.sequence = frame.header.sequence;
            view.gauges.apply(frame.header.table, &batch)?;
            if frame.header.table == Table::Connections {
                view.ledger.apply(&batch, Micros::now())?;
            }
            if is_followed {
                published.push(Published::new(&frame, batch.clone()));
            }
            hot.push(frame, batch)?;
        }
        match view.log_files.last_mut() {
            Some((file, last)) if file.number == self.log.file().number => *last = view.sequence,
            _ => view.log_files.push((Arc::clone(self.log.file()), view.sequence)),
        }
        self.shared.note_backlog(hot.bytes());
        Ok(published)
    }
}

struct StopAtEnd(Arc<Shared>);

impl Drop for StopAtEnd {
    fn drop(&mut self) {
        self.0.end_intake();
    }
}
