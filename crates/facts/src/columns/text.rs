//! Columns of text that differs from row to row.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use super::presence::Presence;
use super::{Cell, Column, KEPT_BYTES};

/// Text that differs from row to row: session ids, URLs, JSON.
#[derive(Default)]
pub struct Text {
    present: Presence,
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

impl Column for Text {
    type Value<'a> = &'a str;

    fn data_type() -> DataType {
        DataType::Utf8
    }

    fn read(cell: Cell<'_>) -> Option<&str> {
        match cell {
            Cell::Text(value) => Some(value),
            _ => None,
        }
    }

    fn size(value: &str) -> usize {
        size_of::<i32>() + value.len()
    }

    fn put(&mut self, row: usize, value: &str) {
        let missing = self.present.mark(row);
        if missing > 0 {
            let end = self.end();
            self.ends.resize(self.ends.len() + missing, end);
        }
        self.bytes.extend_from_slice(value.as_bytes());
        let end = self.end();
        self.ends.push(end);
    }

    fn finish(&mut self, rows: usize) -> Option<ArrayRef> {
        if self.ends.is_empty() {
            return None;
        }
        let (nulls, missing) = self.present.finish(rows);
        let end = self.end();
        self.ends.resize(self.ends.len() + missing, end);
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        offsets.extend_from_slice(&self.ends);
        let array = string_array(offsets, Buffer::from(self.bytes.as_slice()), nulls);
        self.ends.clear();
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        Some(Arc::new(array))
    }
}

impl Text {
    /// Where the text so far ends. Invariant: a group is bounded far below 2 GiB (the store's
    /// `MAX_GROUP_BYTES`), so an offset fits `i32`.
    fn end(&self) -> i32 {
        i32::try_from(self.bytes.len()).unwrap_or(i32::MAX)
    }
}

#[allow(clippy::expect_used)]
pub(super) fn string_array(offsets: Vec<i32>, bytes: Buffer, nulls: Option<NullBuffer>) -> StringArray {
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    StringArray::try_new(offsets, bytes, nulls)
        .expect("invariant: whole `&str`s were appended, each with its end")
}
