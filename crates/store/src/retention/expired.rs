//! What of a segment has expired.

use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use tidegauge_facts::time::DAY;

use super::Kept;
use crate::error::StoreError;
use crate::read::{self, Labels};
use crate::segment::{Segment, Texts};

/// A segment is written again when one of so many of its rows has expired.
const EXPIRED_SHARE: usize = 10;
/// And when some row of it has expired so long ago.
const LONGEST_OVERDUE: i64 = DAY;

pub(super) struct Expired {
    doomed: BooleanBufferBuilder,
    /// How many rows have.
    pub rows: usize,
    /// When the first of them has.
    first: i64,
    /// When the next row will.
    pub next: i64,
}

impl Expired {
    /// Looks at all rows of a segment.
    pub fn find(segment: &Segment, kept: &Kept, now: i64) -> Result<Self, StoreError> {
        let mut expired = Self::none_of(segment);
        let mut row = 0;
        for batch in segment.read(Some(&["tenant_id", "event_time"]))? {
            let batch = batch?;
            let tenants = Labels::of(&batch, "tenant_id")?;
            let kept: Vec<Option<i64>> = tenants.distinct().map(|tenant| kept.get(tenant).copied()).collect();
            for (code, at) in tenants.codes.iter().zip(read::instants(&batch, "event_time")?) {
                if let Some(kept) = kept[*code as usize] {
                    expired.note(row, at.saturating_add(kept), now);
                }
                row += 1;
            }
        }
        Ok(expired)
    }

    /// Looks at the rows of some tenants only, and reads no others.
    pub fn find_of(segment: &Segment, kept: &Kept, now: i64) -> Result<Self, StoreError> {
        let mut expired = Self::none_of(segment);
        let open = segment.open()?;
        for (tenant, kept) in kept {
            for range in open.rows_of(tenant, i64::MIN, i64::MAX)? {
                let first = open.first_row(range.row_group) + range.rows.start;
                let columns = ["event_time"];
                let batch = open.read_rows(range.row_group, range.rows, None, &columns, Texts::AsWritten)?;
                for (row, at) in (first..).zip(read::instants(&batch, "event_time")?) {
                    expired.note(row, at.saturating_add(*kept), now);
                }
            }
        }
        Ok(expired)
    }

    fn none_of(segment: &Segment) -> Self {
        let rows = usize::try_from(segment.meta.rows).unwrap_or(0);
        let mut doomed = BooleanBufferBuilder::new(rows);
        doomed.append_n(rows, false);
        Self { doomed, rows: 0, first: i64::MAX, next: i64::MAX }
    }

    fn note(&mut self, row: usize, end: i64, now: i64) {
        if end < now {
            self.doomed.set_bit(row, true);
            self.rows += 1;
            self.first = self.first.min(end);
        } else {
            self.next = self.next.min(end);
        }
    }

    /// Whether the segment is to be written again for it.
    pub fn is_worth_it(&self, now: i64) -> bool {
        let is_much = self.rows * EXPIRED_SHARE >= self.doomed.len();
        self.rows > 0 && (is_much || now.saturating_sub(self.first) >= LONGEST_OVERDUE)
    }

    /// The rows that have, among all.
    pub fn doomed(mut self) -> BooleanBuffer {
        self.doomed.finish()
    }
}
