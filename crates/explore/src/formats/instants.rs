//! Instants as texts, for formats that have no type for them: `2026-11-21T10:00:00.000Z`, with six digits where three
//! would not say it all.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array as _, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use tidegauge_facts::Micros;

/// The schema with texts where it has instants.
pub(super) fn schema_with_texts(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Timestamp(..) => Field::new(field.name(), DataType::Utf8, field.is_nullable()),
        _ => Field::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The rows with texts where they have instants; `schema` is their [`schema_with_texts`].
pub(super) fn with_texts(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let mut columns = batch.columns().to_vec();
    for column in &mut columns {
        let DataType::Timestamp(unit, zone) = column.data_type() else { continue };
        let micros = match unit {
            TimeUnit::Microsecond => Arc::clone(column),
            // Whatever else the engine has made of instants: told as exactly as facts are.
            _ => cast(column, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?,
        };
        let micros = micros.as_primitive::<TimestampMicrosecondType>();
        let mut texts = StringBuilder::with_capacity(micros.len(), micros.len() * 27);
        for at in micros {
            match at {
                None => texts.append_null(),
                Some(at) => {
                    // Writing to memory does not fail.
                    let _ = texts.write_str(&text(Micros(at)));
                    texts.append_value("");
                }
            }
        }
        *column = Arc::new(texts.finish());
    }
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn text(at: Micros) -> String {
    match at.0.rem_euclid(1_000) {
        0 => at.to_millis_text(),
        _ => at.to_micros_text(),
    }
}
