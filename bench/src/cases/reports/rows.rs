//! Rows of a JSON array of flat objects, while it comes: how many, which facts they are, and whether they stand newest
//! first. Knows that no text of a dataset has a brace in it.

use serde::Deserialize;

/// What an answer's rows say. `sum` tells two sets of rows apart: it adds up a number that each row has drawn.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Rows.
    pub rows: u64,
    /// Sum of the rows' `int1`, or of a session's `locationAccuracy`.
    pub sum: u64,
}

/// Reads rows piece by piece.
#[derive(Default)]
pub struct RowReader {
    part: Vec<u8>,
    last: String,
    seen: Seen,
    trouble: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(alias = "sessionCreated")]
    event_time: &'a str,
    int1: Option<u64>,
    location_accuracy: Option<f64>,
}

impl RowReader {
    /// Takes the next piece of the answer.
    pub fn read(&mut self, mut piece: &[u8]) {
        while let Some(end) = piece.iter().position(|byte| *byte == b'}') {
            self.part.extend_from_slice(&piece[..=end]);
            let part = std::mem::take(&mut self.part);
            if let Err(error) = self.row(&part) {
                self.trouble.get_or_insert(error);
            }
            self.part = part;
            self.part.clear();
            piece = &piece[end + 1..];
        }
        self.part.extend_from_slice(piece);
    }

    fn row(&mut self, part: &[u8]) -> Result<(), String> {
        let start = part.iter().position(|byte| *byte == b'{').ok_or("a row has no beginning")?;
        let text = String::from_utf8_lossy(&part[start..]);
        let row: Row<'_> = serde_json::from_str(&text).map_err(|error| format!("{error} in {text}"))?;
        // The earliest instants of two texts of one form stand in the order of the texts.
        if self.seen.rows > 0 && row.event_time > &*self.last {
            return Err(format!("a row of {} comes after one of {}", row.event_time, self.last));
        }
        self.last.clear();
        self.last.push_str(row.event_time);
        self.seen.rows += 1;
        self.seen.sum += row.int1.unwrap_or(0) + row.location_accuracy.unwrap_or(0.0) as u64;
        Ok(())
    }

    /// What was seen; an error if the array was not closed, or its rows did not stand newest first.
    pub fn end(self) -> Result<Seen, String> {
        match self.trouble {
            Some(trouble) => Err(trouble),
            None if matches!(self.part.trim_ascii(), b"]" | b"[]") => Ok(self.seen),
            None => Err("the array is not closed".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, cut: usize) -> Result<Seen, String> {
        let mut reader = RowReader::default();
        text.as_bytes().chunks(cut).for_each(|piece| reader.read(piece));
        reader.end()
    }

    #[test]
    fn rows_are_counted_wherever_they_are_cut() {
        let text = r#"[{"eventTime":"2026-01-02","int1":5},{"eventTime":"2026-01-01","int1":2},{"eventTime":"2026-01-01"}]"#;
        for cut in 1..text.len() {
            assert_eq!(read(text, cut), Ok(Seen { rows: 3, sum: 7 }));
        }
        assert_eq!(read("[]", 1), Ok(Seen::default()));
    }

    #[test]
    fn a_wrong_order_and_a_cut_array_are_told() {
        assert!(read(r#"[{"eventTime":"1"},{"eventTime":"2"}]"#, 9).unwrap_err().contains("comes after"));
        assert!(read(r#"[{"eventTime":"1"}"#, 9).unwrap_err().contains("not closed"));
        assert!(read(r#"[{"eventTime":"1"},{"sessionCreated":"1","locationAccuracy":3}]"#, 9).is_ok());
    }
}
