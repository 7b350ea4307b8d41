//! A column of text, whatever it was read as.

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{Array as _, DictionaryArray, RecordBatch, StringArray};

/// A column of text; one that the batch lacks is null.
pub(super) enum Texts<'a> {
    Missing,
    Plain(&'a StringArray),
    Labels(&'a DictionaryArray<Int32Type>, &'a StringArray),
}

impl<'a> Texts<'a> {
    pub fn of(batch: &'a RecordBatch, column: &str) -> Self {
        let Some(column) = batch.column_by_name(column) else { return Self::Missing };
        if let Some(plain) = column.as_string_opt::<i32>() {
            return Self::Plain(plain);
        }
        let labels = column.as_dictionary_opt::<Int32Type>();
        labels
            .and_then(|labels| Some(Self::Labels(labels, labels.values().as_string_opt()?)))
            .unwrap_or(Self::Missing)
    }

    pub fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Plain(texts) if texts.is_valid(row) => Some(texts.value(row)),
            Self::Labels(labels, texts) => Some(texts.value(labels.key(row)?)),
            _ => None,
        }
    }
}
