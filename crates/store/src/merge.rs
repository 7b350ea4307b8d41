//! Several batches of one table as one, whatever columns each of them has.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{Field, Schema};
use arrow_select::concat::concat;
use tidegauge_facts::Table;

use crate::error::StoreError;

/// All rows of `batches`, in their order, with every column that any of them has.
pub(crate) fn merge(table: Table, batches: &[RecordBatch]) -> Result<RecordBatch, StoreError> {
    if let [one] = batches {
        return Ok(one.clone());
    }
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut fields: Vec<Arc<Field>> = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for field in table.schema().fields() {
        let Some(array) = merge_column(field, batches)? else { continue };
        fields.push(Arc::clone(field));
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
        .map_err(|error| StoreError::format("merge batches")(error.into()))
}

fn merge_column(field: &Field, batches: &[RecordBatch]) -> Result<Option<ArrayRef>, StoreError> {
    let columns: Vec<Option<&ArrayRef>> =
        batches.iter().map(|batch| batch.column_by_name(field.name())).collect();
    if columns.iter().all(Option::is_none) {
        return Ok(None);
    }
    let filled: Vec<ArrayRef> = columns
        .into_iter()
        .zip(batches)
        .map(|(column, batch)| {
            column.map_or_else(|| new_null_array(field.data_type(), batch.num_rows()), Arc::clone)
        })
        .collect();
    let parts: Vec<&dyn Array> = filled.iter().map(AsRef::as_ref).collect();
    concat(&parts).map(Some).map_err(|error| StoreError::format("merge batches")(error.into()))
}
