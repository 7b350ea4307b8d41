//! Columns of numbers and instants.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, TimestampMicrosecondArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, TimeUnit};

use super::presence::Presence;
use super::{Cell, Column};

/// The time zone of every instant, as an offset: names would need a time zone database.
const UTC: &str = "+00:00";

macro_rules! number_column {
    ($(#[$doc:meta])* $name:ident, $native:ty, $cell:ident, $data_type:expr, $array:expr) => {
        $(#[$doc])*
        #[derive(Default)]
        pub struct $name {
            present: Presence,
            values: Vec<$native>,
        }

        impl Column for $name {
            type Value<'a> = $native;

            fn data_type() -> DataType {
                $data_type
            }

            fn read(cell: Cell<'_>) -> Option<$native> {
                match cell {
                    Cell::$cell(value) => Some(value),
                    _ => None,
                }
            }

            fn put(&mut self, row: usize, value: $native) {
                let missing = self.present.mark(row);
                self.values.resize(self.values.len() + missing, <$native>::default());
                self.values.push(value);
            }

            fn finish(&mut self, rows: usize) -> Option<ArrayRef> {
                if self.values.is_empty() {
                    return None;
                }
                let (nulls, _) = self.present.finish(rows);
                self.values.resize(rows, <$native>::default());
                let array = ($array)(ScalarBuffer::from(self.values.clone()), nulls);
                self.values.clear();
                Some(Arc::new(array))
            }
        }
    };
}

number_column!(
    /// A whole number.
    Int, i64, Int, DataType::Int64, Int64Array::new
);
number_column!(
    /// A number with decimals.
    Float, f64, Float, DataType::Float64, Float64Array::new
);
number_column!(
    /// An instant: microseconds, UTC.
    Instant,
    i64,
    Instant,
    DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
    |values, nulls| TimestampMicrosecondArray::new(values, nulls).with_timezone(UTC)
);
