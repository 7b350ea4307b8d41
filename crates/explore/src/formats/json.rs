//! JSON: one object with the columns and the rows, or a line a row.
//!
//! Whole numbers are written as they are, also beyond 2^53, where JavaScript rounds them; NaN and infinities, for which
//! JSON has no word, as null.

use std::collections::HashSet;
use std::io::Write as _;

use arrow_array::RecordBatch;
use arrow_json::writer::{JsonFormat, LineDelimited, WriterBuilder};
use arrow_schema::{ArrowError, DataType, SchemaRef};

use super::instants::{schema_with_texts, with_texts};
use super::{Ending, FormatError};

/// The object.
pub(super) struct Json {
    rows: Rows,
    pub written: Vec<u8>,
    has_rows: bool,
}

impl Json {
    pub fn new(schema: &SchemaRef) -> Result<Self, FormatError> {
        let rows = Rows::new(schema)?;
        let columns = schema
            .fields()
            .iter()
            .map(|field| serde_json::json!({"name": field.name(), "type": type_name(field.data_type())}));
        let columns = serde_json::Value::Array(columns.collect());
        let written = format!("{{\"columns\":{columns},\"rows\":[").into_bytes();
        Ok(Self { rows, written, has_rows: false })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), FormatError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.has_rows {
            self.written.push(b',');
        }
        self.has_rows = true;
        self.rows.write::<BetweenCommas>(batch, &mut self.written)
    }

    pub fn end(&mut self, Ending { rows, truncated, elapsed }: Ending) {
        let elapsed_ms = elapsed.as_millis();
        // Writing to memory does not fail.
        let _ = write!(
            self.written,
            "],\"row_count\":{rows},\"truncated\":{truncated},\"elapsed_ms\":{elapsed_ms}}}"
        );
    }
}

/// The lines.
pub(super) struct Ndjson {
    rows: Rows,
    pub written: Vec<u8>,
}

impl Ndjson {
    pub fn new(schema: &SchemaRef) -> Result<Self, FormatError> {
        Ok(Self { rows: Rows::new(schema)?, written: Vec::new() })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), FormatError> {
        self.rows.write::<LineDelimited>(batch, &mut self.written)
    }
}

/// Writes rows as objects, every member there, null where there is no value.
struct Rows {
    schema: SchemaRef,
}

impl Rows {
    fn new(schema: &SchemaRef) -> Result<Self, FormatError> {
        let mut names = HashSet::new();
        for field in schema.fields() {
            if !names.insert(field.name()) {
                let problem =
                    format!("two columns are called {}: name one of them otherwise, with AS", field.name());
                return Err(FormatError::Unfit(problem));
            }
        }
        let schema = schema_with_texts(schema);
        let rows = Self { schema };
        // What cannot be written is found out before anything is.
        let nothing = RecordBatch::new_empty(std::sync::Arc::clone(&rows.schema));
        rows.check(&nothing)?;
        Ok(rows)
    }

    fn check(&self, nothing: &RecordBatch) -> Result<(), FormatError> {
        let fields = self.schema.fields().iter().zip(nothing.columns());
        for (field, column) in fields {
            let options = arrow_json::writer::EncoderOptions::default();
            if arrow_json::writer::make_encoder(field, column, &options).is_err() {
                let (name, of) = (field.name(), field.data_type());
                let problem = format!("the column {name} is {of}, which JSON cannot hold: cast it to a text");
                return Err(FormatError::Unfit(problem));
            }
        }
        Ok(())
    }

    fn write<F: JsonFormat>(&self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let batch = with_texts(batch, &self.schema)?;
        let builder = WriterBuilder::new().with_explicit_nulls(true);
        let mut writer = builder.build::<_, F>(out);
        Ok(writer.write(&batch)?)
    }
}

/// Rows with a comma between two of them.
#[derive(Debug, Default)]
struct BetweenCommas;

impl JsonFormat for BetweenCommas {
    fn start_row<W: std::io::Write>(&self, out: &mut W, is_first_row: bool) -> Result<(), ArrowError> {
        if !is_first_row {
            out.write_all(b",")?;
        }
        Ok(())
    }
}

/// What a column's type is called.
fn type_name(of: &DataType) -> &'static str {
    match of {
        DataType::Timestamp(..) => "timestamp",
        DataType::Boolean => "boolean",
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => "number",
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "list",
        DataType::Struct(_) | DataType::Map(..) => "object",
        of if of.is_integer() => "integer",
        of if of.is_floating() => "number",
        _ => "string",
    }
}
