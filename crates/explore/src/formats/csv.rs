//! CSV (RFC 4180): a header, CRLF, quotes where they are needed.
//!
//! A text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a carriage return)
//! gets an apostrophe before it: events are sent by strangers, and tables opened by administrators (OWASP, CSV
//! injection). Who wants the very text takes another format. Lists are written as JSON.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, RecordBatch, StringArray};
use arrow_csv::writer::{Terminator, WriterBuilder};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::FormatError;
use super::instants::{schema_with_texts, with_texts};

/// The table.
pub(super) struct Csv {
    /// With texts for instants.
    schema: SchemaRef,
    pub written: Vec<u8>,
}

impl Csv {
    pub fn new(schema: &SchemaRef) -> Result<Self, FormatError> {
        let names = schema.fields().iter().map(|field| cell(&field_text(field.name())).into_owned());
        let written = (names.collect::<Vec<_>>().join(",") + "\r\n").into_bytes();
        Ok(Self { schema: schema_with_texts(schema), written })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), FormatError> {
        let batch = with_texts(batch, &self.schema)?;
        let mut fields = Vec::with_capacity(batch.num_columns());
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
            let column = flat(field, column)?;
            fields.push(Field::new(field.name(), column.data_type().clone(), true));
            columns.push(column);
        }
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
        let builder = WriterBuilder::new().with_header(false).with_line_terminator(Terminator::CRLF);
        Ok(builder.build(&mut self.written).write(&batch)?)
    }
}

/// A column of what fits into cells.
fn flat(field: &Field, column: &ArrayRef) -> Result<ArrayRef, FormatError> {
    match column.data_type() {
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            let is_harmless = texts.iter().flatten().all(|text| !begins_a_formula(text));
            Ok(match is_harmless {
                true => Arc::clone(column),
                false => Arc::new(texts.iter().map(|text| text.map(field_text)).collect::<StringArray>()),
            })
        }
        of if of.is_nested() => as_json(field, column),
        _ => Ok(Arc::clone(column)),
    }
}

/// Each value of a column as JSON.
fn as_json(field: &Field, column: &ArrayRef) -> Result<ArrayRef, FormatError> {
    let field = Arc::new(field.clone());
    let options = arrow_json::writer::EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = arrow_json::writer::make_encoder(&field, column, &options)?;
    let mut texts = Vec::with_capacity(column.len());
    for row in 0..column.len() {
        let mut text = Vec::new();
        if column.is_valid(row) {
            encoder.encode(row, &mut text);
        }
        texts.push(column.is_valid(row).then(|| String::from_utf8_lossy(&text).into_owned()));
    }
    Ok(Arc::new(StringArray::from(texts)))
}

fn begins_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A text that is no formula.
fn field_text(text: &str) -> Cow<'_, str> {
    if begins_a_formula(text) { format!("'{text}").into() } else { text.into() }
}

/// A text as a cell, in quotes where it needs them.
fn cell(text: &str) -> Cow<'_, str> {
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")).into(),
        false => text.into(),
    }
}
