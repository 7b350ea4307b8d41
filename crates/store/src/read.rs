//! Reading columns of a batch by name, whatever the batch was read from: a frame or a segment. A column
//! that is missing is all null.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, TimestampMicrosecondType};
use arrow_array::{Array as _, BooleanArray, DictionaryArray, Int64Array, PrimitiveArray};
use arrow_array::{RecordBatch, StringArray};
use arrow_buffer::ScalarBuffer;

use crate::error::StoreError;

/// A column of repeated texts.
pub(crate) struct Labels<'a> {
    pub codes: &'a [i32],
    pub values: &'a StringArray,
}

impl<'a> Labels<'a> {
    pub fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Self, StoreError> {
        let array: &DictionaryArray<Int32Type> = required(batch, name)?;
        Ok(Self { codes: array.keys().values(), values: array.values().as_string::<i32>() })
    }

    /// The texts by their codes; one may stand under two codes.
    pub fn distinct(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.values.iter().map(Option::unwrap_or_default)
    }

    pub fn get(&self, row: usize) -> &'a str {
        self.values.value(self.codes[row] as usize)
    }
}

/// A column of repeated texts that may be missing, whole or in part.
pub(crate) struct OptionalLabels<'a>(Option<(&'a DictionaryArray<Int32Type>, &'a StringArray)>);

impl<'a> OptionalLabels<'a> {
    pub fn of(batch: &'a RecordBatch, name: &str) -> Self {
        let array = batch.column_by_name(name).and_then(|column| column.as_dictionary_opt::<Int32Type>());
        Self(array.and_then(|array| Some((array, array.values().as_string_opt::<i32>()?))))
    }

    pub fn get(&self, row: usize) -> Option<&'a str> {
        let (array, values) = self.0?;
        Some(values.value(array.key(row)?))
    }
}

/// A column of plain text that may be missing, whole or in part.
pub(crate) struct OptionalTexts<'a>(Option<&'a StringArray>);

impl<'a> OptionalTexts<'a> {
    pub fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>()))
    }

    pub fn get(&self, row: usize) -> Option<&'a str> {
        self.0.filter(|array| array.is_valid(row)).map(|array| array.value(row))
    }
}

/// A column of whole numbers that may be missing, whole or in part.
pub(crate) struct OptionalInts<'a>(Option<&'a Int64Array>);

impl<'a> OptionalInts<'a> {
    pub fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(batch.column_by_name(name).and_then(|column| column.as_primitive_opt()))
    }

    pub fn get(&self, row: usize) -> Option<i64> {
        self.0.filter(|array| array.is_valid(row)).map(|array| array.value(row))
    }
}

/// A required column of plain text.
pub(crate) fn texts<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a StringArray, StoreError> {
    required(batch, name)
}

/// A required column of instants, in microseconds.
pub(crate) fn instants<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a [i64], StoreError> {
    let array: &PrimitiveArray<TimestampMicrosecondType> = required(batch, name)?;
    Ok(array.values())
}

/// [`instants`], to be kept.
pub(crate) fn instant_buffer(
    batch: &RecordBatch,
    name: &'static str,
) -> Result<ScalarBuffer<i64>, StoreError> {
    let array: &PrimitiveArray<TimestampMicrosecondType> = required(batch, name)?;
    Ok(array.values().clone())
}

/// True in row `row` of a column of flags.
pub(crate) fn flag(batch: &RecordBatch, name: &str, row: usize) -> bool {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_boolean_opt())
        .is_some_and(|flags| flags.is_valid(row) && flags.value(row))
}

/// How many rows of a column of flags are not true.
pub(crate) fn count_unset(batch: &RecordBatch, name: &str) -> usize {
    let flags = batch.column_by_name(name).and_then(|column| column.as_boolean_opt());
    batch.num_rows() - flags.map_or(0, BooleanArray::true_count)
}

fn required<'a, A: 'static>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a A, StoreError> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_any().downcast_ref())
        .ok_or_else(|| StoreError::format("read a batch")(format!("it has no column {name}").into()))
}
