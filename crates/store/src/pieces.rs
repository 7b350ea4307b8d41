//! A tenant's rows in pieces that can be read side by side: a row group's, or a hot part's.
//!
//! Promise: the pieces of a query hold each of its rows once. A piece is read with the columns that are asked
//! for, texts as dictionaries where the file has them, and its rows can be picked later with other columns.

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_buffer::BooleanBufferBuilder;

use crate::budget::Budget;
use crate::error::StoreError;
use crate::hot::Part;
use crate::merge::with_columns_of;
use crate::rows::{Query, Source, count_of_part, pick, rows_of_part, schema_of};
use crate::segment::{OpenSegment, RowRange, Segment, Texts};
use crate::snapshot::Snapshot;

/// Bytes of rows that a piece is read into, about.
const PIECE_BYTES: usize = 48 * 1024 * 1024;
/// Rows of a piece at least, however long they are.
const MIN_PIECE_ROWS: usize = 512;

/// Some rows of a query, from one source, by `event_time`, then id, both ascending.
#[derive(Debug)]
pub struct Piece {
    query: Arc<Query>,
    kind: Kind,
    budget: Arc<Budget>,
}

#[derive(Debug)]
enum Kind {
    /// Opened anew for each read: a report holds few files open, however many segments it goes through.
    Segment(Arc<Segment>, RowRange),
    Part(Arc<Part>),
}

impl Snapshot {
    /// The query's rows in pieces, newest sources first. The query's test is not looked at.
    ///
    /// # Errors
    /// A segment is missing or damaged.
    pub fn pieces(&self, query: Query) -> Result<Vec<Piece>, StoreError> {
        let query = Arc::new(query);
        let mut pieces = Vec::new();
        for source in self.sources(&query).into_iter().rev() {
            match source {
                Source::Part(part) => {
                    pieces.push(Piece {
                        query: Arc::clone(&query),
                        kind: Kind::Part(part),
                        budget: Arc::clone(self.budget()),
                    });
                }
                Source::Segment(segment) => {
                    let found = segment.open().and_then(|open| {
                        let ranges = open.rows_of(&query.tenant, query.from, query.to)?;
                        Ok((open, ranges))
                    });
                    let (open, ranges) = found.inspect_err(|error| segment.mark_if_damaged(error))?;
                    for range in ranges.into_iter().rev().flat_map(|range| split(&open, &query, range)) {
                        pieces.push(Piece {
                            query: Arc::clone(&query),
                            kind: Kind::Segment(Arc::clone(&segment), range),
                            budget: Arc::clone(self.budget()),
                        });
                    }
                }
            }
        }
        Ok(pieces)
    }
}

/// The range in ranges of a bounded size, last first.
fn split(open: &OpenSegment, query: &Query, range: RowRange) -> Vec<RowRange> {
    let RowRange { row_group, rows } = range;
    let row_bytes = open.bytes_per_row(row_group, &rows, &query.columns, Texts::AsDictionaries);
    let most = (PIECE_BYTES / row_bytes.max(1)).max(MIN_PIECE_ROWS);
    let starts = rows.clone().step_by(most);
    let ranges = starts.map(|start| RowRange { row_group, rows: start..rows.end.min(start + most) });
    ranges.collect::<Vec<_>>().into_iter().rev().collect()
}

impl Piece {
    /// How many rows [`Piece::read`] answers.
    ///
    /// # Errors
    /// The file is missing or damaged.
    pub fn rows(&self) -> Result<usize, StoreError> {
        Ok(match &self.kind {
            Kind::Segment(_, RowRange { rows, .. }) => rows.len(),
            Kind::Part(part) => count_of_part(&self.query, part)?,
        })
    }

    /// The query's columns of all rows. A column that the source lacks is left out: it is all null.
    ///
    /// # Errors
    /// The file is missing or damaged.
    pub fn read(&self) -> Result<RecordBatch, StoreError> {
        self.budget.check()?;
        match &self.kind {
            Kind::Segment(segment, RowRange { row_group, rows }) => segment.open()?.read_rows(
                *row_group,
                rows.clone(),
                None,
                &self.query.columns,
                Texts::AsDictionaries,
            ),
            Kind::Part(part) => {
                let whole = part.load()?;
                let known = self.query.columns.iter().filter(|name| whole.column_by_name(name).is_some());
                let columns = schema_of(self.query.table, known);
                pick(&with_columns_of(&columns, &whole)?, &rows_of_part(&self.query, &whole)?)
            }
        }
    }

    /// About how many bytes a row of these columns takes as [`Piece::pick`] answers it, where rows are longest.
    ///
    /// # Errors
    /// The file is missing or damaged.
    pub fn row_bytes(&self, columns: &[&'static str]) -> Result<usize, StoreError> {
        Ok(match &self.kind {
            Kind::Segment(segment, RowRange { row_group, rows }) => {
                segment.open()?.bytes_per_row(*row_group, rows, columns, Texts::AsWritten)
            }
            Kind::Part(part) => part.bytes as usize / part.rows.max(1),
        })
    }

    /// Other columns of some rows, in the table's own types; `rows` are places in what [`Piece::read`] answers,
    /// ascending. A column that the source lacks is all null.
    ///
    /// # Errors
    /// The file is missing or damaged.
    pub fn pick(&self, rows: &[u32], columns: &[&'static str]) -> Result<RecordBatch, StoreError> {
        self.budget.check()?;
        debug_assert!(rows.is_sorted(), "rows are picked in their order");
        let schema = schema_of(self.query.table, columns.iter());
        match &self.kind {
            Kind::Segment(segment, RowRange { row_group, rows: all }) => {
                let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
                    return Ok(RecordBatch::new_empty(schema));
                };
                let span = all.start + *first as usize..all.start + *last as usize + 1;
                let mut keep = BooleanBufferBuilder::new(span.len());
                keep.append_n(span.len(), false);
                rows.iter().for_each(|row| keep.set_bit((row - first) as usize, true));
                let keep = BooleanArray::new(keep.finish(), None);
                let open = segment.open()?;
                let batch = open.read_rows(*row_group, span, Some(&keep), columns, Texts::AsWritten)?;
                with_columns_of(&schema, &batch)
            }
            Kind::Part(part) => {
                let whole = part.load()?;
                let order = rows_of_part(&self.query, &whole)?;
                let rows: Vec<u32> = rows.iter().map(|row| order[*row as usize]).collect();
                pick(&with_columns_of(&schema, &whole)?, &rows)
            }
        }
    }
}
