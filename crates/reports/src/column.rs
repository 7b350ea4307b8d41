//! Columns of a batch by their names; one that is missing is all null.

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{DictionaryArray, RecordBatch, StringArray};

/// A column of repeated texts.
pub(crate) struct Labels<'a>(Option<(&'a DictionaryArray<Int32Type>, &'a StringArray)>);

impl<'a> Labels<'a> {
    pub fn of(batch: &'a RecordBatch, name: &str) -> Self {
        let array = batch.column_by_name(name).and_then(|column| column.as_dictionary_opt::<Int32Type>());
        Self(array.and_then(|array| Some((array, array.values().as_string_opt::<i32>()?))))
    }

    pub fn get(&self, row: usize) -> Option<&'a str> {
        let (array, values) = self.0?;
        Some(values.value(array.key(row)?))
    }
}
