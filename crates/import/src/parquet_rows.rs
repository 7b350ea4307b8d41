//! Rows of record batches: Parquet files of any writer, and the store's own.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef, BooleanArray, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, TimeUnit};

use crate::bad::Reason;
use crate::cell_rows::OpenRow;
use crate::column::{Columns, Target, Value};
use crate::json::unknown_column;

/// The columns of a batch that the table knows, of the kinds that [`Value`] has.
pub(crate) struct Batch {
    columns: Vec<(usize, Converted)>,
}

/// A column brought to a kind.
struct Converted {
    kind: Kind,
    /// Where it is not null, but is once it is converted: it does not fit.
    unfit: Option<BooleanArray>,
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
                Some(Target::Column(place)) => known.push((place, convert(field, array)?)),
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
        let column = convert(field, batch.column(place)).ok()?;
        Some(Self { columns: vec![(place, column)] })
    }

    /// The value of the first column.
    pub fn first(&self, row: usize) -> Value<'_> {
        self.columns.first().map_or(Value::Null, |(_, column)| column.kind.value(row))
    }

    /// Sets a row's cells.
    pub fn fill(&self, open: &mut OpenRow<'_>, row: usize) -> Result<(), Reason> {
        for (place, Converted { kind, unfit }) in &self.columns {
            let column = &open.columns.list[*place];
            if unfit.as_ref().is_some_and(|unfit| unfit.value(row)) {
                return Err(column.bad("cannot be converted without loss"));
            }
            let taken = column.take(kind.value(row))?;
            open.set(*place, taken);
        }
        Ok(())
    }
}

fn convert(field: &Field, array: &ArrayRef) -> Result<Converted, Reason> {
    let refused = || {
        Reason::with(
            "a column is of a type that cannot be taken",
            format!("{}: {}", field.name(), field.data_type()),
        )
    };
    let to = |data_type: DataType| cast(array, &data_type).map_err(|_| refused());
    let values_of = |data_type: &DataType| match data_type {
        DataType::Dictionary(_, values) => (**values).clone(),
        other => other.clone(),
    };
    let kind = match values_of(field.data_type()) {
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
    }?;
    let unfit = unfit(array, kind.array());
    Ok(Converted { kind, unfit })
}

/// Where a value has become null by its conversion.
fn unfit(before: &ArrayRef, after: &ArrayRef) -> Option<BooleanArray> {
    let after = after.logical_nulls().filter(|_| after.logical_null_count() > before.logical_null_count())?;
    let lost = !after.inner();
    let lost = match before.logical_nulls() {
        Some(before) => &lost & before.inner(),
        None => lost,
    };
    Some(BooleanArray::new(lost, None))
}

impl Kind {
    fn array(&self) -> &ArrayRef {
        let (Self::Text(array)
        | Self::Int(array)
        | Self::Float(array)
        | Self::Flag(array)
        | Self::Instant(array)
        | Self::Texts(array)) = self;
        array
    }

    fn value(&self, row: usize) -> Value<'_> {
        if self.array().is_null(row) {
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
    use arrow_array::{
        BinaryArray, Date32Array, Int32Array, LargeStringArray, TimestampSecondArray, UInt64Array,
    };
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
        let values: Vec<_> = batch.columns.iter().map(|(_, column)| column.kind.value(0)).collect();
        assert_eq!(values, [Value::Instant(5_000_000), Value::Text("n".into()), Value::Int(7)]);
    }

    #[test]
    fn a_value_that_does_not_fit_makes_its_own_row_a_bad_one() {
        let ints: ArrayRef = Arc::new(UInt64Array::from(vec![Some(7), Some(u64::MAX), None]));
        let texts: ArrayRef = Arc::new(BinaryArray::from(vec![Some(&b"a"[..]), Some(b"b"), Some(b"\xff")]));
        let batch = RecordBatch::try_from_iter([("int1", ints), ("str1", texts)]).unwrap();
        let batch = Batch::of(&batch, &Columns::of(Table::Events), false).unwrap();
        let unfit = |row| -> Vec<bool> {
            batch.columns.iter().map(|(_, column)| column.unfit.as_ref().unwrap().value(row)).collect()
        };
        assert_eq!([unfit(0), unfit(1), unfit(2)], [[false, false], [true, false], [false, true]]);
    }

    #[test]
    fn a_column_that_cannot_be_taken_is_refused_by_its_name() {
        let dates: ArrayRef = Arc::new(Date32Array::from(vec![5]));
        let columns = Columns::of(Table::Events);
        let batch = RecordBatch::try_from_iter([("int1", Arc::clone(&dates))]).unwrap();
        let reason = Batch::of(&batch, &columns, false).err().unwrap();
        assert_eq!(reason.to_string(), "a column is of a type that cannot be taken: int1: Date32");
        let batch = RecordBatch::try_from_iter([("colour", dates)]).unwrap();
        assert!(Batch::of(&batch, &columns, false).is_err() && Batch::of(&batch, &columns, true).is_ok());
    }
}
