//! A Parquet file, zstd. Its key-value metadata says `truncated` where rows are missing.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, IntervalUnit, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::{Ending, FormatError};

/// Rows of a group: what is held until it is written.
const GROUP_ROWS: usize = 32 * 1024;

/// The file.
pub(super) struct Parquet(ArrowWriter<Vec<u8>>);

impl Parquet {
    pub fn new(schema: &SchemaRef) -> Result<Self, FormatError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        if schema.fields().is_empty() {
            return Err(FormatError::Unfit("a Parquet file needs a column".to_owned()));
        }
        let unfit = |why: &dyn std::fmt::Display| {
            FormatError::Unfit(format!("a column's type has no place in Parquet: cast it ({why})"))
        };
        // The writer finds this out when it meets a row.
        let nanos = DataType::Interval(IntervalUnit::MonthDayNano);
        if let Some(field) = schema.fields().iter().find(|field| *field.data_type() == nanos) {
            return Err(unfit(&format!("{} is an interval", field.name())));
        }
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties));
        Ok(Self(writer.map_err(|error| unfit(&error))?))
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), FormatError> {
        Ok(self.0.write(batch)?)
    }

    pub fn end(&mut self, ending: Ending) -> Result<(), FormatError> {
        let truncated = KeyValue::new("tidegauge.truncated".to_owned(), ending.truncated.to_string());
        self.0.append_key_value_metadata(truncated);
        self.0.finish()?;
        Ok(())
    }

    pub fn written(&mut self) -> &mut Vec<u8> {
        self.0.inner_mut()
    }
}
