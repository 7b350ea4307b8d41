//! Columns of yes or no.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::BooleanBufferBuilder;
use arrow_schema::DataType;

use super::presence::Presence;
use super::{Cell, Column};

/// Yes or no.
pub struct Flag {
    present: Presence,
    values: BooleanBufferBuilder,
}

impl Default for Flag {
    fn default() -> Self {
        Self { present: Presence::default(), values: BooleanBufferBuilder::new(0) }
    }
}

impl Column for Flag {
    type Value<'a> = bool;

    fn data_type() -> DataType {
        DataType::Boolean
    }

    fn read(cell: Cell<'_>) -> Option<bool> {
        match cell {
            Cell::Flag(value) => Some(value),
            _ => None,
        }
    }

    fn put(&mut self, row: usize, value: bool) {
        let missing = self.present.mark(row);
        self.values.append_n(missing, false);
        self.values.append(value);
    }

    fn finish(&mut self, rows: usize) -> Option<ArrayRef> {
        if self.values.is_empty() {
            return None;
        }
        let (nulls, missing) = self.present.finish(rows);
        self.values.append_n(missing, false);
        Some(Arc::new(BooleanArray::new(self.values.finish(), nulls)))
    }
}
