//! A committed batch's columns, whatever it was read from. A column that is missing is unknown in every row.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, BooleanArray, DictionaryArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::DataType;

/// One column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Values<'a> {
    Missing,
    Labels { keys: &'a DictionaryArray<Int32Type>, texts: &'a StringArray },
    Texts(&'a StringArray),
    Ints(&'a Int64Array),
    Flags(&'a BooleanArray),
    Instants(&'a TimestampMicrosecondArray),
}

impl<'a> Values<'a> {
    pub fn of(batch: &'a RecordBatch, column: &str) -> Self {
        batch.column_by_name(column).map_or(Self::Missing, |array| Self::of_array(array))
    }

    pub fn of_array(array: &'a dyn Array) -> Self {
        match array.data_type() {
            DataType::Dictionary(..) => array
                .as_dictionary_opt::<Int32Type>()
                .and_then(|keys| Some(Self::Labels { keys, texts: keys.values().as_string_opt()? }))
                .unwrap_or(Self::Missing),
            DataType::Utf8 => Self::Texts(array.as_string()),
            DataType::Int64 => Self::Ints(array.as_primitive::<Int64Type>()),
            DataType::Boolean => Self::Flags(array.as_boolean()),
            DataType::Timestamp(..) => {
                array.as_primitive_opt::<TimestampMicrosecondType>().map_or(Self::Missing, Self::Instants)
            }
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

    /// The row's code, where texts are coded.
    #[inline]
    pub fn code(&self, row: usize) -> Option<i32> {
        match self {
            Self::Labels { keys, .. } if keys.is_valid(row) => Some(keys.keys().values()[row]),
            _ => None,
        }
    }

    /// How many codes there are.
    pub fn codes(&self) -> usize {
        match self {
            Self::Labels { texts, .. } => texts.len(),
            _ => 0,
        }
    }

    #[inline]
    pub fn int(&self, row: usize) -> Option<i64> {
        match self {
            Self::Ints(ints) if ints.is_valid(row) => Some(ints.value(row)),
            Self::Instants(instants) if instants.is_valid(row) => Some(instants.value(row)),
            _ => None,
        }
    }
}
