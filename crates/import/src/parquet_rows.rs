//! Rows of record batches: Parquet files of any writer, and the store's own.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, TimeUnit};

use crate::bad::Reason;
use crate::cell_rows::OpenRow;
use crate::column::{Columns, Target, Value};
use crate::json::unknown_column;

/// The columns of a batch that the table knows, of the kinds that [`Value`] has.
pub(crate) struct Batch {
    columns: Vec<(usize, Kind)>,
}

enum Kind {
    Text(ArrayRef),
    Int(ArrayRef),
    Float(ArrayRef),
    Flag(ArrayRef),
    Instant(ArrayRef),
    Texts(ArrayRef),
}

impl Batch {
    /// Finds the batch's columns by their names and brings each to the nearest kind without loss.
    pub fn of(batch: &RecordBatch, columns: &Columns, ignore_unknown: bool) -> Result<Self, Reason> {
        let mut known = Vec::new();
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            match columns.target(field.name()) {
                Some(Target::Column(place)) => known.push((place, kind(field, array)?)),
                Some(Target::OwnFill) => {}
                None | Some(Target::Latency) if ignore_unknown => {}
                None | Some(Target::Latency) => return Err(unknown_column(field.name())),
            }
        }
        Ok(Self { columns: known })
    }

    /// One column of a batch that the store has made, whatever it is for.
    pub fn single(batch: &RecordBatch, name: &str) -> Option<Self> {
        let (place, field) = batch.schema_ref().column_with_name(name)?;
        let kind = kind(field, batch.column(place)).ok()?;
        Some(Self { columns: vec![(place, kind)] })
    }

    /// The value of the first column.
    pub fn first(&self, row: usize) -> Value<'_> {
        self.columns.first().map_or(Value::Null, |(_, kind)| kind.value(row))
    }

    /// Sets a row's cells.
    pub fn fill(&self, open: &mut OpenRow<'_>, row: usize) -> Result<(), Reason> {
        for (place, kind) in &self.columns {
            let taken = open.columns.list[*place].take(kind.value(row))?;
            open.set(*place, taken);
        }
        Ok(())
    }
}

fn kind(field: &Field, array: &ArrayRef) -> Result<Kind, Reason> {
    let refused = || {
        Reason::with(
            "a column is of a type that cannot be taken",
            format!("{}: {}", field.name(), field.data_type()),
        )
    };
    let to = |data_type: DataType| {
        let converted = cast(array, &data_type).map_err(|_| refused())?;
        // What does not fit becomes null: nothing may.
        if converted.logical_null_count() == array.logical_null_count() {
            Ok(converted)
        } else {
            Err(refused())
        }
    };
    let values_of = |data_type: &DataType| match data_type {
        DataType::Dictionary(_, values) => (**values).clone(),
        other => other.clone(),
    };
    match values_of(field.data_type()) {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => to(DataType::Utf8).map(Kind::Text),
        // Some writers leave out that their bytes are text.
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => to(DataType::Utf8).map(Kind::Text),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            to(DataType::Int64).map(Kind::Int)
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            to(DataType::Int64).map(Kind::Int)
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => to(DataType::Float64).map(Kind::Float),
        DataType::Boolean => to(DataType::Boolean).map(Kind::Flag),
        // Without a zone it is UTC.
        DataType::Timestamp(_, zone) => {
            to(DataType::Timestamp(TimeUnit::Microsecond, zone)).map(Kind::Instant)
        }
        DataType::List(_) | DataType::LargeList(_) => {
            to(DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))).map(Kind::Texts)
        }
        DataType::Null => to(DataType::Utf8).map(Kind::Text),
        _ => Err(refused()),
    }
}

impl Kind {
    fn value(&self, row: usize) -> Value<'_> {
        let (Self::Text(array)
        | Self::Int(array)
        | Self::Float(array)
        | Self::Flag(array)
        | Self::Instant(array)
        | Self::Texts(array)) = self;
        if array.is_null(row) {
            return Value::Null;
        }
        match self {
            Self::Text(array) => Value::Text(Cow::Borrowed(array.as_string::<i32>().value(row))),
            Self::Int(array) => Value::Int(array.as_primitive::<Int64Type>().value(row)),
            Self::Float(array) => Value::Float(array.as_primitive::<Float64Type>().value(row)),
            Self::Flag(array) => Value::Flag(array.as_boolean().value(row)),
            Self::Instant(array) => {
                Value::Instant(array.as_primitive::<TimestampMicrosecondType>().value(row))
            }
            Self::Texts(array) => {
                let texts = array.as_list::<i32>().value(row);
                let texts = texts.as_string::<i32>().iter().flatten();
                Value::Texts(texts.map(|text| Cow::Owned(text.to_owned())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int32Array, LargeStringArray, TimestampSecondArray, UInt64Array};
    use tidegauge_facts::Table;

    use super::*;

    #[test]
    fn types_are_converted_where_nothing_is_lost() {
        let time: ArrayRef = Arc::new(TimestampSecondArray::from(vec![5]));
        let name: ArrayRef = Arc::new(LargeStringArray::from(vec!["n"]));
        let int: ArrayRef = Arc::new(Int32Array::from(vec![Some(7)]));
        let batch =
            RecordBatch::try_from_iter([("event_time", time), ("event_name", name), ("int1", int)]).unwrap();
        let batch = Batch::of(&batch, &Columns::of(Table::Events), false).unwrap();
        let values: Vec<_> = batch.columns.iter().map(|(_, kind)| kind.value(0)).collect();
        assert_eq!(values, [Value::Instant(5_000_000), Value::Text("n".into()), Value::Int(7)]);
    }

    #[test]
    fn a_column_that_does_not_fit_is_refused_by_its_name() {
        let big: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
        let columns = Columns::of(Table::Events);
        let batch = RecordBatch::try_from_iter([("int1", Arc::clone(&big))]).unwrap();
        let reason = Batch::of(&batch, &columns, false).err().unwrap();
        assert_eq!(reason.to_string(), "a column is of a type that cannot be taken: int1: UInt64");
        let batch = RecordBatch::try_from_iter([("colour", big)]).unwrap();
        assert!(Batch::of(&batch, &columns, false).is_err() && Batch::of(&batch, &columns, true).is_ok());
    }
}
