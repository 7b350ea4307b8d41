//! Rows without what only the engine needs: texts are `Utf8` and no dictionaries or views, so that every reader of Arrow
//! and Parquet takes them, and so that all batches of an answer are of one type.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use super::FormatError;

/// The plain form of an answer's rows.
pub(super) struct Plain(SchemaRef);

impl Plain {
    pub fn new(schema: &SchemaRef) -> Result<Self, FormatError> {
        let odd = schema.fields().iter().find(|field| !is_plain(&plain(field.data_type())));
        if let Some(odd) = odd {
            let (name, of) = (odd.name(), odd.data_type());
            return Err(FormatError::Unfit(format!(
                "column {name:?} is of type {of}: cast it, or ask for its parts"
            )));
        }
        let fields = schema.fields().iter().map(|field| {
            // Metadata is the engine's own.
            Field::new(field.name(), plain(field.data_type()), field.is_nullable())
        });
        Ok(Self(Arc::new(Schema::new(fields.collect::<Vec<_>>()))))
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

/// Whether nothing of it shares its bytes with others: the bytes behind a view or a dictionary may be those of rows that are
/// not in the answer, of whom ever, and Arrow's writer sends them along.
fn is_plain(of: &DataType) -> bool {
    match of {
        DataType::Utf8View | DataType::BinaryView | DataType::Dictionary(..) => false,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            is_plain(item.data_type())
        }
        DataType::Struct(fields) => fields.iter().all(|field| is_plain(field.data_type())),
        of => !of.is_nested(),
    }
}
