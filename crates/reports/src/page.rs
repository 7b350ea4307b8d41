//! Pages of a list that is streamed: where one ends is known before its first row is answered.

use arrow_array::RecordBatch;
use tidegauge_store::{NewestFirst, Position, Query, Snapshot};

use crate::error::ReportError;
use crate::values::Values;

/// Which part of a list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The place from which on, or the newest row.
    pub before: Option<Position>,
    /// How many rows at most, or all.
    pub limit: Option<usize>,
}

/// A page's rows, and the place where the next page begins, if there is one.
#[derive(Debug)]
pub(crate) struct PageRows {
    rows: NewestFirst,
    left: usize,
    pub next: Option<Position>,
}

impl PageRows {
    pub fn new(snapshot: &Snapshot, query: Query, page: &Page) -> Result<Self, ReportError> {
        let next = match page.limit {
            Some(limit) => {
                let keys = Query { columns: Vec::new(), ..query.clone() };
                end_of(snapshot.newest_first(keys, page.before.clone()), page, limit)?
            }
            None => None,
        };
        let rows = snapshot.newest_first(query, page.before.clone());
        Ok(Self { rows, left: page.limit.unwrap_or(usize::MAX), next })
    }
}

impl Iterator for PageRows {
    type Item = Result<RecordBatch, ReportError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let batch = match self.rows.next()? {
            Ok(batch) => batch,
            Err(error) => {
                // A list without the rows of one source would look whole.
                self.left = 0;
                return Some(Err(error.into()));
            }
        };
        let rows = batch.num_rows().min(self.left);
        self.left -= rows;
        Some(Ok(batch.slice(0, rows)))
    }
}

/// The place after the page's last row, if more rows come behind it.
fn end_of(keys: NewestFirst, page: &Page, limit: usize) -> Result<Option<Position>, ReportError> {
    let mut last = page.before.clone();
    let mut left = limit;
    for batch in keys {
        let batch = batch?;
        // Invariant: batches of the store begin with the row's instant and id.
        let columns = batch.schema();
        let (times, ids) = (Values::of(&batch, "event_time"), Values::of(&batch, columns.field(1).name()));
        for row in 0..batch.num_rows() {
            if left == 0 {
                return Ok(last);
            }
            left -= 1;
            last = Some(after(last, times.int(row).unwrap_or_default(), ids.text(row).unwrap_or_default()));
        }
    }
    Ok(None)
}

/// The place after a row that follows another place.
pub(crate) fn after(last: Option<Position>, time: i64, id: &str) -> Position {
    match last {
        Some(last) if (last.time, &*last.id) == (time, id) => Position { seen: last.seen + 1, ..last },
        _ => Position { time, id: id.to_owned(), seen: 1 },
    }
}
