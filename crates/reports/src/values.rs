//! A batch's column as values, whatever Arrow type it came in: text as it is or as a dictionary, missing or not.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_array::{DictionaryArray, TimestampMicrosecondArray};
use arrow_schema::DataType;

/// A column. One that the batch lacks is unknown in every row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values<'a> {
    Missing,
    Labels { keys: &'a DictionaryArray<Int32Type>, texts: &'a StringArray },
    Texts(&'a StringArray),
    Ints(&'a Int64Array),
    Floats(&'a Float64Array),
    Flags(&'a BooleanArray),
    Instants(&'a TimestampMicrosecondArray),
}

impl<'a> Values<'a> {
    pub fn of(batch: &'a RecordBatch, column: &str) -> Self {
        batch.column_by_name(column).map_or(Self::Missing, |array| Self::of_array(array))
    }

    fn of_array(array: &'a dyn Array) -> Self {
        match array.data_type() {
            DataType::Dictionary(..) => {
                let keys = array.as_dictionary::<Int32Type>();
                Self::Labels { keys, texts: keys.values().as_string() }
            }
            DataType::Utf8 => Self::Texts(array.as_string()),
            DataType::Int64 => Self::Ints(array.as_primitive::<Int64Type>()),
            DataType::Float64 => Self::Floats(array.as_primitive::<Float64Type>()),
            DataType::Boolean => Self::Flags(array.as_boolean()),
            DataType::Timestamp(..) => Self::Instants(array.as_primitive::<TimestampMicrosecondType>()),
            _ => Self::Missing,
        }
    }

    /// The row's text; none where it is unknown or the column is no text.
    #[inline]
    pub fn text(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Labels { keys, texts } if keys.is_valid(row) => {
                Some(texts.value(keys.keys().values()[row] as usize))
            }
            Self::Texts(texts) if texts.is_valid(row) => Some(texts.value(row)),
            _ => None,
        }
    }

    /// The rows with this text.
    pub fn rows_saying(&self, text: &str) -> Vec<usize> {
        match self {
            Self::Labels { keys, texts } => {
                // A text may stand under several codes.
                let is_it: Vec<bool> = texts.iter().map(|one| one == Some(text)).collect();
                if !is_it.contains(&true) {
                    return Vec::new();
                }
                let codes = keys.keys().values().iter().enumerate();
                codes
                    .filter(|(row, code)| keys.is_valid(*row) && is_it[**code as usize])
                    .map(|(row, _)| row)
                    .collect()
            }
            Self::Texts(texts) => (0..texts.len()).filter(|row| self.text(*row) == Some(text)).collect(),
            _ => Vec::new(),
        }
    }

    /// The row's text where it says something.
    #[inline]
    pub fn said(&self, row: usize) -> Option<&'a str> {
        self.text(row).filter(|text| !text.is_empty())
    }

    #[inline]
    pub fn int(&self, row: usize) -> Option<i64> {
        match self {
            Self::Ints(ints) if ints.is_valid(row) => Some(ints.value(row)),
            Self::Instants(instants) if instants.is_valid(row) => Some(instants.value(row)),
            _ => None,
        }
    }

    #[inline]
    pub fn float(&self, row: usize) -> Option<f64> {
        match self {
            Self::Floats(floats) if floats.is_valid(row) => Some(floats.value(row)),
            _ => None,
        }
    }

    #[inline]
    pub fn flag(&self, row: usize) -> Option<bool> {
        match self {
            Self::Flags(flags) if flags.is_valid(row) => Some(flags.value(row)),
            _ => None,
        }
    }
}
