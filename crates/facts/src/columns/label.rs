//! Columns of text that repeats: each distinct text is kept once a group.

use std::sync::Arc;

use ahash::RandomState;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Int32Array};
use arrow_buffer::{Buffer, ScalarBuffer};
use arrow_schema::DataType;
use hashbrown::HashTable;

use super::presence::Presence;
use super::text::string_array;
use super::{Cell, Column, KEPT_BYTES};

/// Text that repeats: names, tenants, user agents. Each distinct text is kept once a group.
#[derive(Default)]
pub struct Label {
    present: Presence,
    codes: Vec<i32>,
    ends: Vec<i32>,
    bytes: Vec<u8>,
    index: HashTable<i32>,
    last: Option<i32>,
    hasher: RandomState,
}

impl Column for Label {
    type Value<'a> = &'a str;

    fn data_type() -> DataType {
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
    }

    fn read(cell: Cell<'_>) -> Option<&str> {
        match cell {
            Cell::Text(value) => Some(value),
            _ => None,
        }
    }

    fn size(value: &str) -> usize {
        size_of::<i32>() + value.len()
    }

    fn put(&mut self, row: usize, value: &str) {
        let code = self.code(value);
        let missing = self.present.mark(row);
        self.codes.resize(self.codes.len() + missing, 0);
        self.codes.push(code);
    }

    fn finish(&mut self, rows: usize) -> Option<ArrayRef> {
        if self.codes.is_empty() {
            return None;
        }
        let (nulls, _) = self.present.finish(rows);
        self.codes.resize(rows, 0);
        let mut offsets = Vec::with_capacity(self.ends.len() + 1);
        offsets.push(0);
        offsets.extend_from_slice(&self.ends);
        let values = string_array(offsets, Buffer::from(self.bytes.as_slice()), None);
        let keys = Int32Array::new(ScalarBuffer::from(self.codes.clone()), nulls);
        let array = dictionary_array(keys, Arc::new(values));
        self.codes.clear();
        self.ends.clear();
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        self.index.clear();
        self.last = None;
        Some(Arc::new(array))
    }
}

#[allow(clippy::expect_used)]
pub(super) fn dictionary_array(keys: Int32Array, values: ArrayRef) -> DictionaryArray<Int32Type> {
    DictionaryArray::try_new(keys, values).expect("invariant: every code was handed out by the index")
}

impl Label {
    fn code(&mut self, value: &str) -> i32 {
        if let Some(last) = self.last
            && text_at(&self.ends, &self.bytes, last) == value.as_bytes()
        {
            return last;
        }
        let hash = self.hasher.hash_one(value.as_bytes());
        let found = self.index.find(hash, |code| text_at(&self.ends, &self.bytes, *code) == value.as_bytes());
        let code = if let Some(code) = found {
            *code
        } else {
            let code = i32::try_from(self.ends.len()).unwrap_or(i32::MAX);
            self.bytes.extend_from_slice(value.as_bytes());
            self.ends.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
            let (ends, bytes, hasher) = (&self.ends, &self.bytes, &self.hasher);
            self.index.insert_unique(hash, code, |code| hasher.hash_one(text_at(ends, bytes, *code)));
            code
        };
        self.last = Some(code);
        code
    }
}

fn text_at<'a>(ends: &[i32], bytes: &'a [u8], code: i32) -> &'a [u8] {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] as usize };
    &bytes[start..ends[code] as usize]
}
