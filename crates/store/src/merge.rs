//! Several batches of one table as one, whatever columns each of them has.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{Field, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use tidegauge_facts::Table;

use crate::error::StoreError;

/// All rows of `batches`, in their order, with every column that any of them has.
pub(crate) fn merge(table: Table, batches: &[RecordBatch]) -> Result<RecordBatch, StoreError> {
    if let [one] = batches {
        return Ok(one.clone());
    }
    let batches = with_same_columns(table, batches)?;
    let schema = batches.first().map_or_else(|| table.schema(), RecordBatch::schema);
    concat_batches(&schema, &batches).map_err(|error| StoreError::format("merge batches")(error.into()))
}

/// The batches, each with every column that any of them has: what one lacks is null there.
pub(crate) fn with_same_columns(
    table: Table,
    batches: &[RecordBatch],
) -> Result<Vec<RecordBatch>, StoreError> {
    let fields: Vec<Arc<Field>> = table
        .schema()
        .fields()
        .iter()
        .filter(|field| batches.iter().any(|batch| batch.column_by_name(field.name()).is_some()))
        .cloned()
        .collect();
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    batches.iter().map(|batch| with_columns_of(&schema, batch)).collect()
}

pub(crate) fn with_columns_of(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, StoreError> {
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => Arc::clone(column),
            None => new_null_array(field.data_type(), batch.num_rows()),
        })
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| StoreError::format("merge batches")(error.into()))
}
