//! CSV (RFC 4180): commas, quotes doubled, the first line names the columns.

use csv_core::{ReadRecordResult, Reader};
use tidegauge_facts::Table;

use crate::bad::Reason;
use crate::cell_rows::OpenRow;
use crate::column::{Columns, Target, Value};
use crate::format::BOM;
use crate::json::unknown_column;
use crate::pieces::LineEnd;

/// What each field of a record is for.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    fields: Vec<Option<Target>>,
    /// Where its line begins in the content.
    pub at: u64,
}

impl Header {
    /// By the first line of a file that is not blank; `head` is the file's beginning.
    pub fn find(head: &[u8], columns: &Columns, ignore_unknown: bool) -> Result<Self, Reason> {
        let mut at = 0;
        loop {
            let rest = &head[at..];
            let length = LineEnd::UnquotedNewline.first(rest).unwrap_or(rest.len());
            let line = &rest[..length];
            let line = if at == 0 { line.strip_prefix(BOM).unwrap_or(line) } else { line };
            if !line.trim_ascii().is_empty() || length == rest.len() {
                let header = Self::of(line.trim_ascii_end(), columns, ignore_unknown)?;
                return Ok(Self { at: at as u64, ..header });
            }
            at += length;
        }
    }

    /// By its record.
    fn of(record: &[u8], columns: &Columns, ignore_unknown: bool) -> Result<Self, Reason> {
        let mut fields = Fields::default();
        let names = fields.split(record)?;
        let target = |name: &str| match columns.target(name.trim()) {
            None | Some(Target::Latency) if ignore_unknown => Ok(None),
            None | Some(Target::Latency) => Err(unknown_column(name)),
            known => Ok(known),
        };
        Ok(Self { fields: names.map(target).collect::<Result<_, _>>()?, at: 0 })
    }

    /// Sets a row's cells by a record. An empty field is no value.
    pub fn fill(&self, row: &mut OpenRow<'_>, record: &[u8], buffer: &mut Fields) -> Result<(), Reason> {
        let values = buffer.split(record)?;
        if values.len() != self.fields.len() {
            let (has, wanted) = (values.len(), self.fields.len());
            return Err(Reason::with(
                "it has another number of fields than the first line",
                format!("{has}, not {wanted}"),
            ));
        }
        for (target, value) in self.fields.iter().zip(values) {
            if let (Some(Target::Column(place)), false) = (target, value.is_empty()) {
                let taken = row.columns.list[*place].take(Value::Text(value.into()))?;
                row.set(*place, taken);
            }
        }
        Ok(())
    }
}

/// The fields of a record, unquoted.
#[derive(Default)]
pub(crate) struct Fields {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    fn split(&mut self, record: &[u8]) -> Result<impl ExactSizeIterator<Item = &str>, Reason> {
        // A field takes no more room than it took in the record, and a record has at most a field more than bytes.
        self.text.resize(record.len() + 1, 0);
        self.ends.resize(record.len() + 2, 0);
        let mut reader = Reader::new();
        let (mut read, mut written, mut count) = (0, 0, 0);
        loop {
            let (result, more_read, more_written, more_ends) =
                reader.read_record(&record[read..], &mut self.text[written..], &mut self.ends[count..]);
            read += more_read;
            written += more_written;
            count += more_ends;
            match result {
                // Another call without input tells the reader that this is the end.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break,
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(Reason::of("its fields cannot be told apart"));
                }
            }
        }
        let text = str::from_utf8(&self.text[..written]).map_err(|_| Reason::of("it is not UTF-8"))?;
        let ends = &self.ends[..count];
        if !ends.iter().all(|end| text.is_char_boundary(*end)) {
            return Err(Reason::of("it is not UTF-8"));
        }
        Ok((0..count).map(move |field| {
            let start = if field == 0 { 0 } else { ends[field - 1] };
            &text[start..ends[field]]
        }))
    }
}

/// True when the line names columns of one of the tables, an instant among them.
pub(crate) fn looks_like_a_header(line: &[u8]) -> bool {
    Table::ALL.into_iter().any(|table| {
        let columns = Columns::of(table);
        let is_known = Header::of(line, &columns, true)
            .is_ok_and(|header| header.fields.contains(&columns.target("event_time")));
        line.contains(&b',') && is_known
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(record: &str) -> Vec<String> {
        Fields::default().split(record.as_bytes()).unwrap().map(str::to_owned).collect()
    }

    #[test]
    fn fields_are_unquoted() {
        assert_eq!(split("a,b,c"), ["a", "b", "c"]);
        assert_eq!(split("\"a,\"\"b\"\"\nc\",,\"\"\r"), ["a,\"b\"\nc", "", ""]);
        assert_eq!(split(","), ["", ""]);
        assert_eq!(split("a\"b,é"), ["a\"b", "é"]);
    }

    #[test]
    fn a_header_names_columns() {
        assert!(looks_like_a_header(b"event_time,event_name"));
        assert!(looks_like_a_header(b"path,timestamp,api_id"));
        assert!(!looks_like_a_header(b"event_time"));
        assert!(!looks_like_a_header(b"a,b,c"));
        let unknown = Header::of(b"event_time,colour", &Columns::of(Table::Events), false).unwrap_err();
        assert!(unknown.to_string().ends_with(": colour"), "{unknown}");
    }
}
