//! Columns whose values are one of a few names that the program knows.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, StringArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::DataType;

use super::label::{Label, dictionary_array};
use super::presence::Presence;
use super::{Cell, Column};

/// A fixed set of names, known to the program: categories, priorities, states.
pub trait Named: Copy + Send + 'static {
    /// All names, in the order of their codes.
    const NAMES: &'static [&'static str];

    /// This one's place among them.
    fn code(self) -> u8;

    /// The one of exactly this name.
    fn from_name(text: &str) -> Option<Self>;
}

/// One of a fixed set of names. It reads as a [`Label`] does.
pub struct Name<N> {
    present: Presence,
    codes: Vec<i32>,
    set: PhantomData<N>,
}

impl<N> Default for Name<N> {
    fn default() -> Self {
        Self { present: Presence::default(), codes: Vec::new(), set: PhantomData }
    }
}

impl<N: Named> Column for Name<N> {
    type Value<'a> = N;

    fn data_type() -> DataType {
        Label::data_type()
    }

    fn read(cell: Cell<'_>) -> Option<N> {
        match cell {
            Cell::Text(text) => N::from_name(text),
            _ => None,
        }
    }

    fn put(&mut self, row: usize, value: N) {
        let missing = self.present.mark(row);
        self.codes.resize(self.codes.len() + missing, 0);
        self.codes.push(i32::from(value.code()));
    }

    fn finish(&mut self, rows: usize) -> Option<ArrayRef> {
        if self.codes.is_empty() {
            return None;
        }
        let (nulls, _) = self.present.finish(rows);
        self.codes.resize(rows, 0);
        let keys = Int32Array::new(ScalarBuffer::from(self.codes.clone()), nulls);
        self.codes.clear();
        let values = Arc::new(StringArray::from_iter_values(N::NAMES));
        Some(Arc::new(dictionary_array(keys, values)))
    }
}
