//! A tenant's rows, newest first: a merge of backward cursors over segments and hot parts.
//!
//! Promise: rows come by `event_time`, then id, both descending, each once. A source is opened only when its
//! newest row may be the next, and of each open one a bounded piece is held, however many rows are read.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use arrow_select::interleave::interleave_record_batch;

use crate::budget::Budget;
use crate::cursor::{Cursor, Reading};
use crate::error::StoreError;
use crate::rows::{Query, Source, pick};
use crate::snapshot::Snapshot;

/// Rows of a batch that a reader is handed, at most.
const BATCH_ROWS: usize = 4096;
/// Bytes of rows held of all open segments together, about; and at most, whatever their number, of one.
const OPEN_BYTES: usize = 32 * 1024 * 1024;
const CHUNK_BYTES: usize = 8 * 1024 * 1024;

/// A place in the order of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The row's `event_time`, in microseconds.
    pub time: i64,
    /// The row's id.
    pub id: String,
    /// How many rows of this instant and id stand before the place: an id may come again in another project.
    pub seen: usize,
}

/// The rows of a query, newest first, a few thousand at a time. Every batch has the columns `event_time` and
/// the id, then those of the query. After an error, the rows of the source it names are missing.
#[derive(Debug)]
pub struct NewestFirst {
    query: Query,
    budget: Arc<Budget>,
    schema: SchemaRef,
    before: Option<Position>,
    cursors: Vec<Cursor>,
    queue: BinaryHeap<Next>,
    chunk_bytes: usize,
    /// Rows at `before` that were seen already.
    skip: usize,
}

impl Snapshot {
    /// The query's rows from the newest on, or from a place on.
    #[must_use]
    pub fn newest_first(&self, query: Query, before: Option<Position>) -> NewestFirst {
        let mut query = query;
        if let Some(before) = &before {
            query.to = query.to.min(before.time);
        }
        let sources = self.sources(&query);
        let open = sources.iter().filter(|source| matches!(source, Source::Segment(_))).count();
        let cursors: Vec<Cursor> = sources.into_iter().map(Cursor::new).collect();
        let bounds = cursors.iter().enumerate();
        let queue = bounds.map(|(cursor, at)| Next { time: at.bound.min(query.to), id: None, cursor });
        NewestFirst {
            budget: Arc::clone(self.budget()),
            schema: query.schema(),
            skip: before.as_ref().map_or(0, |before| before.seen),
            before,
            queue: queue.collect(),
            cursors,
            chunk_bytes: (OPEN_BYTES / open.max(1)).min(CHUNK_BYTES),
            query,
        }
    }
}

impl Iterator for NewestFirst {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut picked = Picked::default();
        while picked.rows.len() < BATCH_ROWS {
            let Some(next) = self.queue.pop() else { break };
            if next.id.is_none() {
                // What is picked goes out first: reading on may replace what it was picked from.
                if !picked.rows.is_empty() {
                    self.queue.push(next);
                    break;
                }
                match self.load(next.cursor) {
                    Ok(()) => self.queue.extend(Next::of(&mut self.cursors[next.cursor], next.cursor)),
                    Err(error) => return Some(Err(error)),
                }
                continue;
            }
            self.pick_run(next.cursor, &mut picked);
        }
        (!picked.rows.is_empty()).then(|| picked.into_batch())
    }
}

impl NewestFirst {
    /// Reads the cursor's next rows.
    fn load(&mut self, cursor: usize) -> Result<(), StoreError> {
        self.budget.check()?;
        let reading = Reading {
            query: &self.query,
            schema: &self.schema,
            before: self.before.as_ref(),
            chunk_bytes: self.chunk_bytes,
        };
        self.cursors[cursor].load(&reading)
    }

    /// Picks the cursor's rows as long as they are newer than every other cursor's.
    fn pick_run(&mut self, cursor: usize, picked: &mut Picked) {
        let at = &mut self.cursors[cursor];
        let Some(chunk) = &mut at.chunk else { return };
        let place = picked.place_of(cursor, &chunk.batch);
        while let Some(row) = chunk.newest() {
            let is_next = self.queue.peek().is_none_or(|other| other.is_not_before(chunk.key(row)));
            if !is_next || picked.rows.len() == BATCH_ROWS {
                break;
            }
            chunk.left -= 1;
            let is_seen =
                self.skip > 0 && self.before.as_ref().is_some_and(|b| chunk.key(row) == (b.time, &*b.id));
            if is_seen {
                self.skip -= 1;
            } else {
                picked.rows.push((place, row));
            }
        }
        self.queue.extend(Next::of(at, cursor));
    }
}

/// A cursor's place in the queue: its newest row, or, without an id, the instant that its rows are not behind.
#[derive(Debug)]
struct Next {
    time: i64,
    id: Option<(StringArray, usize)>,
    cursor: usize,
}

impl Next {
    /// Where a cursor stands now; nowhere when it has ended. A chunk that is used up is let go.
    fn of(at: &mut Cursor, cursor: usize) -> Option<Self> {
        if let Some((chunk, row)) = at.chunk.as_ref().and_then(|chunk| Some((chunk, chunk.newest()?))) {
            return Some(Self { time: chunk.times[row], id: Some((chunk.ids.clone(), row)), cursor });
        }
        at.chunk = None;
        (!at.has_ended()).then_some(Self { time: at.bound, id: None, cursor })
    }

    fn id(&self) -> Option<&str> {
        self.id.as_ref().map(|(ids, row)| ids.value(*row))
    }

    /// True when none of its rows comes before the row of this instant and id.
    fn is_not_before(&self, (time, id): (i64, &str)) -> bool {
        match self.id() {
            Some(own) => (self.time, own) <= (time, id),
            None => self.time < time,
        }
    }
}

/// By time, then id; a cursor that must be read first stands before all rows of its instant.
impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_id = || match (self.id(), other.id()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => a.cmp(b),
        };
        // Rows alike in both come from the older source last.
        self.time.cmp(&other.time).then_with(by_id).then_with(|| self.cursor.cmp(&other.cursor))
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Next {}

/// Rows picked from the chunks of several cursors.
#[derive(Default)]
struct Picked {
    cursors: Vec<usize>,
    batches: Vec<RecordBatch>,
    rows: Vec<(usize, usize)>,
}

impl Picked {
    fn place_of(&mut self, cursor: usize, batch: &RecordBatch) -> usize {
        self.cursors.iter().position(|known| *known == cursor).unwrap_or_else(|| {
            self.cursors.push(cursor);
            self.batches.push(batch.clone());
            self.cursors.len() - 1
        })
    }

    fn into_batch(self) -> Result<RecordBatch, StoreError> {
        if let [batch] = &self.batches[..] {
            let rows: Vec<u32> = self.rows.iter().map(|(_, row)| *row as u32).collect();
            return pick(batch, &rows);
        }
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        interleave_record_batch(&batches, &self.rows)
            .map_err(|error| StoreError::format("merge rows")(error.into()))
    }
}
