//! Which rows of a column have a value.

use arrow_buffer::{BooleanBufferBuilder, NullBuffer};

/// Which rows have a value; nothing is kept while all of them have one.
#[derive(Default)]
pub(super) struct Presence {
    rows: usize,
    gaps: Option<BooleanBufferBuilder>,
}

impl Presence {
    /// Notes a value in row `row` and returns how many nulls stand before it.
    #[inline]
    pub fn mark(&mut self, row: usize) -> usize {
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
    pub fn finish(&mut self, rows: usize) -> (Option<NullBuffer>, usize) {
        let missing = rows - self.rows;
        self.pad(missing);
        self.rows = 0;
        (self.gaps.take().map(|mut gaps| NullBuffer::from(gaps.finish())), missing)
    }
}
