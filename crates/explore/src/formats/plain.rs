//! Rows without what only the engine needs: texts are `Utf8` and no dictionaries or views, so that every reader of Arrow
//! and Parquet takes them, and so that all batches of an answer are of one type.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

/// The plain form of an answer's rows.
pub(super) struct Plain(SchemaRef);

impl Plain {
    pub fn new(schema: &SchemaRef) -> Self {
        let fields = schema.fields().iter().map(|field| {
            // Metadata is the engine's own.
            Field::new(field.name(), plain(field.data_type()), field.is_nullable())
        });
        Self(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.0
    }

    pub fn batch(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = batch.columns().iter().zip(self.0.fields());
        let columns = columns.map(|(column, field)| match column.data_type() == field.data_type() {
            true => Ok(Arc::clone(column)),
            false => cast(column, field.data_type()),
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.0), columns, &options)
    }
}

fn plain(of: &DataType) -> DataType {
    let field = |field: &Arc<Field>| {
        Arc::new(Field::new(field.name(), plain(field.data_type()), field.is_nullable()))
    };
    match of {
        DataType::Dictionary(_, values) => plain(values),
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        other => other.clone(),
    }
}
