//! A tenant's rows, newest first: a merge of backward cursors over segments and hot parts.
//!
//! Promise: rows come by `event_time`, then id, both descending, each once. A source is opened only when its
//! newest row may be the next, and of each open one a bounded piece is held, however many rows are read.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use arrow_array::{RecordBatch, StringArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::SchemaRef;
use arrow_select::interleave::interleave_record_batch;

use crate::error::StoreError;
use crate::hot::Part;
use crate::merge::with_columns_of;
use crate::read;
use crate::rows::{Query, Source, pick, rows_of_part, schema_of, tested};
use crate::segment::{OpenSegment, RowRange, Texts, id_column};
use crate::snapshot::Snapshot;

/// Rows of a batch that a reader is handed, at most.
const BATCH_ROWS: usize = 4096;
/// Rows of a segment decoded at a time, at most: a page's.
const CHUNK_ROWS: usize = 16 * 1024;
/// Bytes of rows held of all open segments together, about; and at most, whatever their number, of one.
const OPEN_BYTES: usize = 32 * 1024 * 1024;
const CHUNK_BYTES: usize = 8 * 1024 * 1024;
/// Rows decoded at a time at least, however long they are.
const MIN_CHUNK_ROWS: usize = 64;

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
                    Ok(()) => self.queue.extend(self.cursors[next.cursor].next(next.cursor)),
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
        self.queue.extend(at.next(cursor));
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

/// What all cursors of one read have in common.
struct Reading<'a> {
    query: &'a Query,
    schema: &'a SchemaRef,
    before: Option<&'a Position>,
    chunk_bytes: usize,
}

/// One source, read backwards.
#[derive(Debug)]
struct Cursor {
    state: State,
    /// No row that is not read yet is later.
    bound: i64,
    chunk: Option<Chunk>,
}

#[derive(Debug)]
enum State {
    Unopened(Source),
    /// The rows that are not read yet, in the file's order.
    Segment(OpenSegment, Vec<RowRange>),
    Ended,
}

/// Rows read and not handed on yet; `order` says where they stand, ascending.
#[derive(Debug)]
struct Chunk {
    batch: RecordBatch,
    times: ScalarBuffer<i64>,
    ids: StringArray,
    order: Option<Vec<u32>>,
    left: usize,
}

impl Chunk {
    /// The row that comes next.
    fn newest(&self) -> Option<usize> {
        let last = self.left.checked_sub(1)?;
        Some(self.order.as_ref().map_or(last, |order| order[last] as usize))
    }

    fn key(&self, row: usize) -> (i64, &str) {
        (self.times[row], self.ids.value(row))
    }
}

impl Cursor {
    fn new(source: Source) -> Self {
        Self { bound: source.latest(), state: State::Unopened(source), chunk: None }
    }

    /// Where the cursor stands in the queue now; nowhere when it has ended.
    fn next(&mut self, cursor: usize) -> Option<Next> {
        if let Some(chunk) = &self.chunk {
            if let Some(row) = chunk.newest() {
                let id = Some((chunk.ids.clone(), row));
                return Some(Next { time: chunk.times[row], id, cursor });
            }
            self.chunk = None;
        }
        let has_ended = matches!(self.state, State::Ended);
        (!has_ended).then_some(Next { time: self.bound, id: None, cursor })
    }

    fn load(&mut self, reading: &Reading<'_>) -> Result<(), StoreError> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Unopened(Source::Part(part)) => self.chunk = load_part(&part, reading)?,
            State::Unopened(Source::Segment(segment)) => {
                let query = reading.query;
                let read = segment.open().and_then(|open| {
                    let ranges = open.rows_of(&query.tenant, query.from, query.to)?;
                    self.load_segment(open, ranges, reading)
                });
                return read.inspect_err(|error| segment.mark_if_damaged(error));
            }
            State::Segment(open, ranges) => return self.load_segment(open, ranges, reading),
            State::Ended => {}
        }
        Ok(())
    }

    fn load_segment(
        &mut self,
        open: OpenSegment,
        mut ranges: Vec<RowRange>,
        reading: &Reading<'_>,
    ) -> Result<(), StoreError> {
        while let Some(mut range) = ranges.pop() {
            let chunk = take_chunk(&open, &mut range, reading);
            if !range.rows.is_empty() {
                ranges.push(range);
            }
            if let Some(chunk) = read_chunk(&open, &chunk, reading)? {
                self.bound = chunk.times.first().copied().unwrap_or(self.bound);
                self.chunk = Some(chunk);
                break;
            }
        }
        if !ranges.is_empty() {
            self.state = State::Segment(open, ranges);
        }
        Ok(())
    }
}

/// Takes the rows to read next from the end of the range: at most a page's, and few where they are long.
fn take_chunk(open: &OpenSegment, range: &mut RowRange, reading: &Reading<'_>) -> RowRange {
    let RowRange { row_group, rows } = range;
    let page = (rows.end - 1) / CHUNK_ROWS * CHUNK_ROWS;
    let last_page = page.max(rows.start)..rows.end;
    let names: Vec<&str> = reading.schema.fields().iter().map(|field| field.name().as_str()).collect();
    let row_bytes = open.bytes_per_row(*row_group, &last_page, &names, Texts::AsWritten);
    let most = (reading.chunk_bytes / row_bytes.max(1)).max(MIN_CHUNK_ROWS);
    let start = last_page.start.max(rows.end.saturating_sub(most));
    let chunk = RowRange { row_group: *row_group, rows: start..rows.end };
    rows.end = start;
    chunk
}

fn read_chunk(
    open: &OpenSegment,
    chunk: &RowRange,
    reading: &Reading<'_>,
) -> Result<Option<Chunk>, StoreError> {
    let RowRange { row_group, rows } = chunk;
    let read = |keep: Option<&_>, schema: &SchemaRef| {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let batch = open.read_rows(*row_group, rows.clone(), keep, &names, Texts::AsWritten)?;
        with_columns_of(schema, &batch)
    };
    let mut keep = None;
    if let Some(test) = &reading.query.test {
        let schema = schema_of(reading.query.table, test.columns.iter());
        let wanted = (test.test)(&read(None, &schema)?);
        if wanted.true_count() == 0 {
            return Ok(None);
        }
        keep = Some(wanted);
    }
    let batch = read(keep.as_ref(), reading.schema)?;
    to_chunk(batch, None, reading).map(Some)
}

fn load_part(part: &Part, reading: &Reading<'_>) -> Result<Option<Chunk>, StoreError> {
    let query = reading.query;
    let whole = part.load()?;
    let mut rows = rows_of_part(query, &whole)?;
    if let Some(test) = &query.test {
        rows = tested(query.table, test, &whole, rows)?;
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let batch = with_columns_of(reading.schema, &whole)?;
    if part.is_resident() {
        return to_chunk(batch, Some(rows), reading).map(Some);
    }
    // What was read back from the log is not kept: only the wanted rows are.
    to_chunk(pick(&batch, &rows)?, None, reading).map(Some)
}

/// The rows as a chunk, without those before the place from which they are asked for.
fn to_chunk(batch: RecordBatch, order: Option<Vec<u32>>, reading: &Reading<'_>) -> Result<Chunk, StoreError> {
    let times = read::instant_buffer(&batch, "event_time")?;
    let ids = read::texts(&batch, id_column(reading.query.table))?.clone();
    let left = order.as_ref().map_or(times.len(), Vec::len);
    let mut chunk = Chunk { batch, times, ids, order, left };
    if let Some(before) = reading.before {
        let from = (before.time, &*before.id);
        while chunk.newest().is_some_and(|row| chunk.key(row) > from) {
            chunk.left -= 1;
        }
    }
    Ok(chunk)
}
