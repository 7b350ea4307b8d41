//! Columns of several short texts a row.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_schema::DataType;

use super::{Cell, Column, Text};

/// Several short texts: the tags of a request.
#[derive(Default)]
pub struct Labels {
    rows: usize,
    lists: ListBuilder<StringBuilder>,
}

impl Column for Labels {
    type Value<'a> = &'a [&'a str];

    fn data_type() -> DataType {
        DataType::new_list(DataType::Utf8, true)
    }

    fn read<'a>(cell: Cell<'a>) -> Option<&'a [&'a str]> {
        match cell {
            Cell::Texts(value) => Some(value),
            _ => None,
        }
    }

    fn size(value: &[&str]) -> usize {
        value.iter().map(|text| Text::size(text)).sum::<usize>() + size_of::<i32>()
    }

    fn put(&mut self, row: usize, value: &[&str]) {
        self.pad(row);
        for text in value {
            self.lists.values().append_value(text);
        }
        self.lists.append(true);
        self.rows = row + 1;
    }

    fn finish(&mut self, rows: usize) -> Option<ArrayRef> {
        if self.rows == 0 {
            return None;
        }
        self.pad(rows);
        self.rows = 0;
        Some(Arc::new(self.lists.finish()))
    }
}

impl Labels {
    fn pad(&mut self, row: usize) {
        for _ in self.rows..row {
            self.lists.append(false);
        }
        self.rows = row;
    }
}
