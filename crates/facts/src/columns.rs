//! Open columns: where a row's values are appended, and how they become Arrow arrays.
//!
//! Promise: a column that no row of a group filled costs nothing, neither a byte nor a moment: absent
//! values are padded only when a later row brings one, and a column without any is left out of the
//! batch. "A column that is missing is all null" holds for frames and segments alike.

mod flag;
mod label;
mod labels;
mod name;
mod number;
mod presence;
mod text;

use arrow_array::ArrayRef;
use arrow_schema::DataType;

pub use flag::Flag;
pub use label::Label;
pub use labels::Labels;
pub use name::{Name, Named};
pub use number::{Float, Instant, Int};
pub use text::Text;

/// An emptied column keeps room for so many bytes of text.
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// A value that was read from a file, for a column to take or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number.
    Int(i64),
    /// A number with decimals.
    Float(f64),
    /// Yes or no.
    Flag(bool),
    /// An instant: microseconds, UTC.
    Instant(i64),
    /// Several texts.
    Texts(&'a [&'a str]),
}

/// One open column of a table.
pub trait Column: Default + Send {
    /// What a row carries for it.
    type Value<'a>: Copy;

    /// Arrow's type of the finished array.
    fn data_type() -> DataType;

    /// The value of a cell; `None` when it is of another kind.
    fn read(cell: Cell<'_>) -> Option<Self::Value<'_>>;

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

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int32Type;
    use arrow_array::{Array as _, StringArray};

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
