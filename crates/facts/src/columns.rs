//! Open columns: where a row's values are appended, and how they become Arrow arrays.
//!
//! Promise: a column that no row of a group filled costs nothing, neither a byte nor a moment: absent
//! values are padded only when a later row brings one, and a column without any is left out of the
//! batch. "A column that is missing is all null" holds for frames and segments alike.

use std::marker::PhantomData;
use std::sync::Arc;

use ahash::RandomState;
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use hashbrown::HashTable;

/// The time zone of every instant, as an offset: names would need a time zone database.
const UTC: &str = "+00:00";

/// An emptied column keeps room for so many bytes of text.
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// One open column of a table.
pub trait Column: Default + Send {
    /// What a row carries for it.
    type Value<'a>: Copy;

    /// Arrow's type of the finished array.
    fn data_type() -> DataType;

    /// About how many bytes a value takes in the column, and then in the log.
    fn size(_value: Self::Value<'_>) -> usize {
        size_of::<u64>()
    }

    /// Sets the value of row `row`; rows come in ascending order, and those left out are null.
    fn put(&mut self, row: usize, value: Self::Value<'_>);

    /// The array of the first `rows` rows, or `None` when no row has a value. The column is empty
    /// afterwards and keeps its memory for the next group.
    fn finish(&mut self, rows: usize) -> Option<ArrayRef>;
}

/// Which rows have a value; nothing is kept while all of them have one.
#[derive(Default)]
struct Presence {
    rows: usize,
    gaps: Option<BooleanBufferBuilder>,
}

impl Presence {
    /// Notes a value in row `row` and returns how many nulls stand before it.
    #[inline]
    fn mark(&mut self, row: usize) -> usize {
        debug_assert!(row >= self.rows, "rows are appended in ascending order");
        let missing = row - self.rows;
        if missing > 0 {
            self.pad(missing);
        }
        if let Some(gaps) = &mut self.gaps {
            gaps.append(true);
        }
        self.rows = row + 1;
        missing
    }

    fn pad(&mut self, missing: usize) {
        if missing > 0 {
            let rows = self.rows;
            let gaps = self.gaps.get_or_insert_with(|| {
                let mut gaps = BooleanBufferBuilder::new(2 * (rows + missing));
                gaps.append_n(rows, true);
                gaps
            });
            gaps.append_n(missing, false);
        }
    }

    /// The null bitmap of `rows` rows, and how many nulls end it.
    fn finish(&mut self, rows: usize) -> (Option<NullBuffer>, usize) {
        let missing = rows - self.rows;
        self.pad(missing);
        self.rows = 0;
        (self.gaps.take().map(|mut gaps| NullBuffer::from(gaps.finish())), missing)
    }
}

/// Text that differs from row to row: session ids, URLs, JSON.
#[derive(Default)]
pub struct Text {
    present: Presence,
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

impl Column for Text {
    type Value<'a> = &'a str;

    fn data_type() -> DataType {
        DataType::Utf8
    }

    fn size(value: &str) -> usize {
        size_of::<i32>() + value.len()
    }

    fn put(&mut self, row: usize, value: &str) {
        let missing = self.present.mark(row);
        if missing > 0 {
            let end = self.end();
            self.ends.resize(self.ends.len() + missing, end);
        }
        self.bytes.extend_from_slice(value.as_bytes());
        let end = self.end();
        self.ends.push(end);
    }

    fn finish(&mut self, rows: usize) -> Option<ArrayRef> {
        if self.ends.is_empty() {
            return None;
        }
        let (nulls, missing) = self.present.finish(rows);
        let end = self.end();
        self.ends.resize(self.ends.len() + missing, end);
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        offsets.extend_from_slice(&self.ends);
        let array = string_array(offsets, Buffer::from(self.bytes.as_slice()), nulls);
        self.ends.clear();
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        Some(Arc::new(array))
    }
}

impl Text {
    /// Where the text so far ends. Invariant: a group is bounded far below 2 GiB (the store's
    /// `MAX_GROUP_BYTES`), so an offset fits `i32`.
    fn end(&self) -> i32 {
        i32::try_from(self.bytes.len()).unwrap_or(i32::MAX)
    }
}

#[allow(clippy::expect_used)]
fn string_array(offsets: Vec<i32>, bytes: Buffer, nulls: Option<NullBuffer>) -> StringArray {
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    StringArray::try_new(offsets, bytes, nulls)
        .expect("invariant: whole `&str`s were appended, each with its end")
}

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
fn dictionary_array(keys: Int32Array, values: ArrayRef) -> DictionaryArray<Int32Type> {
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

/// A fixed set of names, known to the program: categories, priorities, states.
pub trait Named: Copy + Send + 'static {
    /// All names, in the order of their codes.
    const NAMES: &'static [&'static str];

    /// This one's place among them.
    fn code(self) -> u8;
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

fn text_at<'a>(ends: &[i32], bytes: &'a [u8], code: i32) -> &'a [u8] {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] as usize };
    &bytes[start..ends[code] as usize]
}

macro_rules! number_column {
    ($(#[$doc:meta])* $name:ident, $native:ty, $data_type:expr, $array:expr) => {
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
    Int, i64, DataType::Int64, Int64Array::new
);
number_column!(
    /// A number with decimals.
    Float, f64, DataType::Float64, Float64Array::new
);
number_column!(
    /// An instant: microseconds, UTC.
    Instant,
    i64,
    DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
    |values, nulls| TimestampMicrosecondArray::new(values, nulls).with_timezone(UTC)
);

/// Yes or no.
pub struct Flag {
    present: Presence,
    values: BooleanBufferBuilder,
}

impl Default for Flag {
    fn default() -> Self {
        Self { present: Presence::default(), values: BooleanBufferBuilder::new(0) }
    }
}

impl Column for Flag {
    type Value<'a> = bool;

    fn data_type() -> DataType {
        DataType::Boolean
    }

    fn put(&mut self, row: usize, value: bool) {
        let missing = self.present.mark(row);
        self.values.append_n(missing, false);
        self.values.append(value);
    }

    fn finish(&mut self, rows: usize) -> Option<ArrayRef> {
        if self.values.is_empty() {
            return None;
        }
        let (nulls, missing) = self.present.finish(rows);
        self.values.append_n(missing, false);
        Some(Arc::new(BooleanArray::new(self.values.finish(), nulls)))
    }
}

/// Several short texts: the tags of a request.
#[derive(Default)]
pub struct Labels {
    rows: usize,
    lists: ListBuilder<StringBuilder>,
}

impl Column for Labels {
    type Value<'a> = &'a [&'a str];

    fn data_type() -> DataType {
        DataType::new_list(DataType::Utf8, true)
    }

    fn size(value: &[&str]) -> usize {
        value.iter().map(|text| Text::size(text)).sum::<usize>() + size_of::<i32>()
    }

    fn put(&mut self, row: usize, value: &[&str]) {
        self.pad(row);
        for text in value {
            self.lists.values().append_value(text);
        }
        self.lists.append(true);
        self.rows = row + 1;
    }

    fn finish(&mut self, rows: usize) -> Option<ArrayRef> {
        if self.rows == 0 {
            return None;
        }
        self.pad(rows);
        self.rows = 0;
        Some(Arc::new(self.lists.finish()) as Arc<dyn Array>)
    }
}

impl Labels {
    fn pad(&mut self, row: usize) {
        for _ in self.rows..row {
            self.lists.append(false);
        }
        self.rows = row;
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::*;

    #[test]
    fn a_column_nobody_filled_is_left_out() {
        assert!(Text::default().finish(10).is_none());
        assert!(Labels::default().finish(10).is_none());
    }

    #[test]
    fn gaps_before_between_and_after_are_null() {
        let mut text = Text::default();
        text.put(1, "a");
        text.put(3, "");
        let array = text.finish(6).unwrap();
        let read: Vec<_> = array.as_string::<i32>().iter().collect();
        assert_eq!(read, [None, Some("a"), None, Some(""), None, None]);

        let mut flag = Flag::default();
        flag.put(0, true);
        let array = flag.finish(2).unwrap();
        assert_eq!(array.as_boolean().iter().collect::<Vec<_>>(), [Some(true), None]);

        let mut lists = Labels::default();
        lists.put(1, &["x", "y"]);
        let array = lists.finish(3).unwrap();
        assert_eq!(array.null_count(), 2);
        assert_eq!(array.as_list::<i32>().value(1).len(), 2);
    }

    #[test]
    fn a_label_is_kept_once_and_the_column_starts_afresh() {
        let mut label = Label::default();
        for round in 0..2 {
            for (row, text) in ["a", "b", "a", "", "b"].into_iter().enumerate() {
                label.put(row, text);
            }
            let array = label.finish(6).unwrap();
            let array = array.as_dictionary::<Int32Type>();
            assert_eq!(array.values().len(), 3, "round {round}");
            let read: Vec<_> = array.downcast_dict::<StringArray>().unwrap().into_iter().collect();
            assert_eq!(read, [Some("a"), Some("b"), Some("a"), Some(""), Some("b"), None]);
        }
    }

    #[test]
    fn many_labels_survive_the_growth_of_their_index() {
        let mut label = Label::default();
        let texts: Vec<String> = (0..5000).map(|i| format!("label {}", i % 1700)).collect();
        for (row, text) in texts.iter().enumerate() {
            label.put(row, text);
        }
        let array = label.finish(texts.len()).unwrap();
        let array = array.as_dictionary::<Int32Type>();
        assert_eq!(array.values().len(), 1700);
        let read = array.downcast_dict::<StringArray>().unwrap();
        assert!(read.into_iter().zip(&texts).all(|(a, b)| a == Some(b.as_str())));
    }

    #[test]
    fn numbers_without_gaps_carry_no_null_bitmap() {
        let mut int = Int::default();
        int.put(0, 5);
        int.put(1, -5);
        let array = int.finish(2).unwrap();
        assert!(array.nulls().is_none());
    }
}
