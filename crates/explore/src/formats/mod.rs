//! Answers as bytes: JSON, CSV, NDJSON, Arrow, Parquet.
//!
//! Promise: rows are written as they come, and what is held is at most one batch of them, or one row group of Parquet.
//! An answer without rows is a whole answer in each format. Which format a caller wants is for `crates/server`.

mod arrow_stream;
mod csv;
mod instants;
mod json;
mod parquet;
mod plain;
#[cfg(test)]
mod tests;

use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

use plain::Plain;

/// A way to write an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object, with the columns' types and whether there is more.
    Json,
    /// RFC 4180, with a header.
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// Arrow's IPC stream.
    ArrowStream,
    /// A Parquet file.
    Parquet,
}

impl Format {
    /// All of them, the one that is meant when nobody says first.
    pub const ALL: [Self; 5] = [Self::Json, Self::Csv, Self::Ndjson, Self::ArrowStream, Self::Parquet];

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::ArrowStream => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// What is known of an answer when it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Rows that were written.
    pub rows: usize,
    /// Whether there were more than the limit.
    pub truncated: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// Why rows cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A value of this type has no place in the format.
    #[error("{0}")]
    Unfit(String),
    /// Something went wrong.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// Something went wrong.
    #[error(transparent)]
    Parquet(#[from] ::parquet::errors::ParquetError),
}

/// Writes one answer. What is written is taken out as it comes.
pub struct Writer {
    plain: Plain,
    way: Way,
}

/// The writer of each format.
enum Way {
    Json(json::Json),
    Csv(csv::Csv),
    Ndjson(json::Ndjson),
    Arrow(Box<arrow_stream::ArrowStream>),
    Parquet(Box<parquet::Parquet>),
}

impl Writer {
    /// A writer for rows of this schema; what stands before the first row is written.
    ///
    /// # Errors
    /// A column's type has no place in the format, or two columns have one name where names tell them apart.
    pub fn new(format: Format, schema: &SchemaRef) -> Result<Self, FormatError> {
        let plain = Plain::new(schema)?;
        let schema = plain.schema();
        let way = match format {
            Format::Json => Way::Json(json::Json::new(schema)?),
            Format::Csv => Way::Csv(csv::Csv::new(schema)?),
            Format::Ndjson => Way::Ndjson(json::Ndjson::new(schema)?),
            Format::ArrowStream => Way::Arrow(Box::new(arrow_stream::ArrowStream::new(schema)?)),
            Format::Parquet => Way::Parquet(Box::new(parquet::Parquet::new(schema)?)),
        };
        Ok(Self { plain, way })
    }

    /// Writes rows.
    ///
    /// # Errors
    /// See [`FormatError`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), FormatError> {
        let batch = self.plain.batch(batch)?;
        match &mut self.way {
            Way::Json(json) => json.write(&batch),
            Way::Csv(csv) => csv.write(&batch),
            Way::Ndjson(ndjson) => ndjson.write(&batch),
            Way::Arrow(arrow) => arrow.write(&batch),
            Way::Parquet(parquet) => parquet.write(&batch),
        }
    }

    /// Writes what stands behind the last row.
    ///
    /// # Errors
    /// See [`FormatError`].
    pub fn end(&mut self, ending: Ending) -> Result<(), FormatError> {
        match &mut self.way {
            Way::Json(json) => {
                json.end(ending);
                Ok(())
            }
            Way::Csv(_) | Way::Ndjson(_) => Ok(()),
            Way::Arrow(arrow) => arrow.end(),
            Way::Parquet(parquet) => parquet.end(ending),
        }
    }

    /// What was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.written())
    }

    /// Bytes that were written and not taken.
    pub fn waiting(&mut self) -> usize {
        self.written().len()
    }

    fn written(&mut self) -> &mut Vec<u8> {
        match &mut self.way {
            Way::Json(json) => &mut json.written,
            Way::Csv(csv) => &mut csv.written,
            Way::Ndjson(ndjson) => &mut ndjson.written,
            Way::Arrow(arrow) => arrow.written(),
            Way::Parquet(parquet) => parquet.written(),
        }
    }
}
