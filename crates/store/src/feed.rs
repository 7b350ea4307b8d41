//! What is committed, told as it lands to whoever follows: gauges see every batch in the view, followers here.
//!
//! Promise: a follower is given every batch of its tables that is committed after [`Store::follow`] returned, in order,
//! or is told how many rows it was not given. The commit thread serialises nothing and waits for nobody: while nobody
//! follows, a commit costs one atomic load, and else the batches' reference counts. What a follower has not taken yet is
//! bounded by [`MAX_FOLLOWED_BYTES`].
//!
//! [`Store::follow`]: crate::Store::follow

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use arrow_array::RecordBatch;
use parking_lot::{Condvar, Mutex};
use tidegauge_facts::{Micros, Table};

use crate::error::StoreError;
use crate::frame::FrameHeader;
use crate::hot::Hot;
use crate::log::FrameRef;
use crate::snapshot::Snapshot;

/// Bytes of batches that wait for a follower; those that come when it has so many are not given to it.
pub const MAX_FOLLOWED_BYTES: usize = 64 * 1024 * 1024;

/// A committed batch.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its frame's number in the log: later batches have greater ones, also after a restart.
    pub sequence: u64,
    /// Of which table.
    pub table: Table,
    /// The rows, with the columns that any of them fills.
    pub batch: RecordBatch,
    /// Bytes in the log, and about as many in memory.
    pub(crate) bytes: usize,
}

impl Published {
    pub(crate) fn new(frame: &FrameRef, batch: RecordBatch) -> Self {
        let FrameHeader { sequence, table, .. } = frame.header;
        Self { sequence, table, batch, bytes: frame.header.frame_len() }
    }
}

/// What came since a follower last looked.
#[derive(Debug, Default)]
pub struct Followed {
    /// The batches, in the order of their commits.
    pub batches: VecDeque<Published>,
    /// Rows that were not given to it after these, because too much had waited already.
    pub lost_rows: usize,
}

/// Who follows.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    /// Read by each commit.
    followers: AtomicUsize,
    queues: Mutex<Vec<Weak<Queue>>>,
}

/// Its batches wait here until it is dropped.
#[derive(Debug)]
pub struct Follower {
    feed: Arc<Feed>,
    queue: Arc<Queue>,
}

#[derive(Debug)]
struct Queue {
    tables: &'static [Table],
    waiting: Mutex<Waiting>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    followed: Followed,
    bytes: usize,
}

impl Feed {
    /// To be asked while the view is locked for writing: who begins to follow looks at the view afterwards, and either sees
    /// what is being published there, or is seen here.
    pub fn is_followed(&self) -> bool {
        self.followers.load(Ordering::Relaxed) > 0
    }

    pub fn publish(&self, batches: &[Published]) {
        let mut queues = self.queues.lock();
        queues.retain(|queue| {
            let Some(queue) = queue.upgrade() else { return false };
            queue.push(batches);
            true
        });
    }

    pub fn follow(self: &Arc<Self>, tables: &'static [Table]) -> Follower {
        let queue = Arc::new(Queue { tables, waiting: Mutex::default(), more: Condvar::new() });
        self.queues.lock().push(Arc::downgrade(&queue));
        self.followers.fetch_add(1, Ordering::Relaxed);
        Follower { feed: Arc::clone(self), queue }
    }
}

impl Queue {
    fn push(&self, batches: &[Published]) {
        let mut waiting = self.waiting.lock();
        for published in batches.iter().filter(|published| self.tables.contains(&published.table)) {
            let is_full =
                waiting.bytes + published.bytes > MAX_FOLLOWED_BYTES && !waiting.followed.batches.is_empty();
            // Once something is lost, nothing comes behind it before that was told.
            if is_full || waiting.followed.lost_rows > 0 {
                waiting.followed.lost_rows += published.batch.num_rows();
            } else {
                waiting.bytes += published.bytes;
                waiting.followed.batches.push_back(published.clone());
            }
        }
        drop(waiting);
        self.more.notify_one();
    }
}

impl Follower {
    /// What came since the last call.
    #[must_use]
    pub fn take(&self) -> Followed {
        std::mem::take(&mut *self.queue.waiting.lock()).followed
    }

    /// Waits until there is something to be taken, or it is that late.
    pub fn wait_until(&self, late: Instant) {
        let mut waiting = self.queue.waiting.lock();
        if waiting.followed.batches.is_empty() {
            self.queue.more.wait_until(&mut waiting, late);
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.feed.followers.fetch_sub(1, Ordering::Relaxed);
        self.feed.queues.lock().retain(|queue| !queue.ptr_eq(&Arc::downgrade(&self.queue)));
    }
}

impl Snapshot {
    /// Batches of a table in which all rows stand that were taken in at `since` or later, the newest commits first; of what
    /// is in segments the named columns alone. Other rows may be among them.
    pub fn received_since(
        &self,
        table: Table,
        since: Micros,
        columns: &'static [&'static str],
    ) -> impl Iterator<Item = Result<RecordBatch, StoreError>> {
        let parts = self.hot.parts().iter().rev().filter(move |part| part.table == table);
        let segments =
            self.manifest.segments.iter().rev().filter(move |segment| {
                segment.table() == Some(table) && segment.meta.max_received >= since.0
            });
        let from_segments = segments.flat_map(move |segment| match segment.read(Some(columns)) {
            Ok(batches) => Box::new(batches) as Box<dyn Iterator<Item = _>>,
            Err(error) => Box::new(std::iter::once(Err(error))),
        });
        parts.map(|part| part.load()).chain(from_segments)
    }

    /// A table's batches that were committed after `sequence`, oldest first, each as it was committed; `None` when some of
    /// what came after it stands in segments already, where it cannot be told apart.
    #[must_use]
    pub fn committed_after(
        &self,
        table: Table,
        sequence: u64,
    ) -> Option<impl Iterator<Item = Result<Published, StoreError>>> {
        let is_hot = self.manifest.flushed_through <= sequence && sequence <= self.sequence;
        is_hot.then(|| after(&self.hot, table, sequence))
    }
}

fn after(hot: &Hot, table: Table, sequence: u64) -> impl Iterator<Item = Result<Published, StoreError>> {
    let parts = hot.parts().iter().filter(move |part| part.table == table && part.last_sequence > sequence);
    let frames = parts.flat_map(|part| part.committed());
    frames.filter(move |frame| frame.sequence() > sequence).map(move |frame| frame.load())
}

#[cfg(test)]
mod tests {
    use arrow_array::StringArray;

    use super::*;

    #[test]
    fn what_waits_is_bounded_and_who_takes_it_late_is_told_what_he_was_not_given() {
        let feed = Arc::new(Feed::default());
        let follower = feed.follow(&[Table::Events]);
        let rows: Arc<dyn arrow_array::Array> = Arc::new(StringArray::from(vec!["a", "b"]));
        let batch = RecordBatch::try_from_iter([("event_id", rows)]).unwrap();
        let publish = |sequence, bytes, table| {
            feed.publish(&[Published { sequence, table, batch: batch.clone(), bytes }]);
        };
        let taken = || {
            let Followed { batches, lost_rows } = follower.take();
            (batches.iter().map(|published| published.sequence).collect::<Vec<_>>(), lost_rows)
        };
        publish(1, MAX_FOLLOWED_BYTES + 1, Table::Events);
        assert_eq!(taken(), (vec![1], 0), "one that is larger than all may be is given alone");
        publish(2, MAX_FOLLOWED_BYTES, Table::Events);
        publish(3, MAX_FOLLOWED_BYTES, Table::Sessions);
        publish(4, 1, Table::Events);
        publish(5, 0, Table::Events);
        assert_eq!(taken(), (vec![2], 4), "nothing comes behind a gap before it was told");
        publish(6, 1, Table::Events);
        assert_eq!(taken(), (vec![6], 0));
        follower.wait_until(Instant::now());
    }
}
