//! One source's rows, read backwards: chunk by chunk from a segment, at once from a hot part.
//!
//! Promise: a source is opened when its first chunk is asked for; a chunk of a segment is at most a page of
//! rows, fewer where they are long; a hot part that is in memory is not copied.

use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::SchemaRef;

use crate::error::StoreError;
use crate::hot::Part;
use crate::merge::with_columns_of;
use crate::newest_first::Position;
use crate::read;
use crate::rows::{Query, Source, pick, rows_of_part, schema_of, tested};
use crate::segment::{OpenSegment, RowRange, Segment, Texts, id_column};

/// Rows of a segment decoded at a time, at most: a page's.
const CHUNK_ROWS: usize = 16 * 1024;
/// Rows decoded at a time at least, however long they are.
const MIN_CHUNK_ROWS: usize = 64;

/// What all cursors of one read have in common.
pub(crate) struct Reading<'a> {
    pub query: &'a Query,
    /// The columns that are read.
    pub schema: &'a SchemaRef,
    /// The place from which on rows are asked for.
    pub before: Option<&'a Position>,
    /// About how many bytes of rows a chunk of a segment may take.
    pub chunk_bytes: usize,
}

/// One source, read backwards.
#[derive(Debug)]
pub(crate) struct Cursor {
    state: State,
    /// No row that is not read yet is later.
    pub bound: i64,
    /// Rows that are read and not handed on.
    pub chunk: Option<Chunk>,
}

#[derive(Debug)]
enum State {
    Unopened(Source),
    /// The rows that are not read yet, in the file's order.
    Segment(Arc<Segment>, Vec<RowRange>),
    Ended,
}

/// Rows of one source, ascending by instant and id: as they stand, or as `order` says.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub batch: RecordBatch,
    pub times: ScalarBuffer<i64>,
    pub ids: StringArray,
    order: Option<Vec<u32>>,
    /// How many are not handed on.
    pub left: usize,
}

impl Chunk {
    /// The row that comes next.
    pub fn newest(&self) -> Option<usize> {
        let last = self.left.checked_sub(1)?;
        Some(self.order.as_ref().map_or(last, |order| order[last] as usize))
    }

    pub fn key(&self, row: usize) -> (i64, &str) {
        (self.times[row], self.ids.value(row))
    }
}

impl Cursor {
    pub fn new(source: Source) -> Self {
        Self { bound: source.latest(), state: State::Unopened(source), chunk: None }
    }

    /// True when there is nothing more to read.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Reads the next chunk, if there is one.
    pub fn load(&mut self, reading: &Reading<'_>) -> Result<(), StoreError> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Unopened(Source::Part(part)) => self.chunk = load_part(&part, reading)?,
            State::Unopened(Source::Segment(segment)) => {
                let (tenant, from, to) = (&reading.query.tenant, reading.query.from, reading.query.to);
                let ranges = segment.open().and_then(|open| open.rows_of(tenant, from, to));
                let ranges = ranges.inspect_err(|error| segment.mark_if_damaged(error))?;
                return self.load_segment(segment, ranges, reading);
            }
            State::Segment(segment, ranges) => return self.load_segment(segment, ranges, reading),
            State::Ended => {}
        }
        Ok(())
    }

    fn load_segment(
        &mut self,
        segment: Arc<Segment>,
        mut ranges: Vec<RowRange>,
        reading: &Reading<'_>,
    ) -> Result<(), StoreError> {
        // Opened anew for each chunk: a list that is read slowly holds no file open.
        let open = segment.open().inspect_err(|error| segment.mark_if_damaged(error))?;
        while let Some(mut range) = ranges.pop() {
            let chunk = take_chunk(&open, &mut range, reading);
            if !range.rows.is_empty() {
                ranges.push(range);
            }
            let read = read_chunk(&open, &chunk, reading);
            if let Some(chunk) = read.inspect_err(|error| segment.mark_if_damaged(error))? {
                self.bound = chunk.times.first().copied().unwrap_or(self.bound);
                self.chunk = Some(chunk);
                break;
            }
        }
        if !ranges.is_empty() {
            self.state = State::Segment(segment, ranges);
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
