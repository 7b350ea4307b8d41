//! A segment's file, read by ranges: only the pages of the wanted columns and rows leave the disk.
//!
//! Promise: a read of some rows decodes no other page than theirs, and readers of one file do not disturb
//! each other.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arrow_array::{BooleanArray, RecordBatch, RecordBatchReader as _};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::basic::Encoding;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::reader::{ChunkReader, Length};

use crate::error::StoreError;
use crate::parquet_panic::caught;

/// Bytes read ahead where the length of what comes is not known.
const READ_AHEAD_BYTES: usize = 4096;

/// How columns of text are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    /// As the table's schema says.
    AsWritten,
    /// As dictionaries, where the file has them: each distinct text once.
    AsDictionaries,
}

/// What a file says of itself at its end, page index included.
#[derive(Debug)]
pub(crate) struct Footer {
    as_written: ArrowReaderMetadata,
    as_dictionaries: ArrowReaderMetadata,
}

/// An open, verified segment.
#[derive(Debug, Clone)]
pub(crate) struct OpenSegment {
    file: RangedFile,
    footer: Arc<Footer>,
    path: PathBuf,
}

impl OpenSegment {
    pub fn new(file: File, len: u64, path: &Path, known: &OnceLock<Arc<Footer>>) -> Result<Self, StoreError> {
        let file = RangedFile { file: Arc::new(file), len };
        let footer = match known.get() {
            Some(footer) => Arc::clone(footer),
            None => {
                let damaged = |error: &dyn ToString| StoreError::damaged(path, error.to_string());
                let read = caught(|| Footer::read(&file)).map_err(|panicked| damaged(&panicked))?;
                let footer = read.map_err(|error| damaged(&error))?;
                Arc::clone(known.get_or_init(|| Arc::new(footer)))
            }
        };
        Ok(Self { file, footer, path: path.to_owned() })
    }

    pub fn metadata(&self) -> &ParquetMetaData {
        self.footer.as_written.metadata()
    }

    /// True when the file has the column; one that it lacks is all null.
    pub fn has_column(&self, name: &str) -> bool {
        self.footer.as_written.schema().field_with_name(name).is_ok()
    }

    /// Which of the file's rows is the first of a row group.
    pub fn first_row(&self, row_group: usize) -> usize {
        let groups = self.metadata().row_groups().iter().take(row_group);
        groups.map(|group| usize::try_from(group.num_rows()).unwrap_or(0)).sum()
    }

    pub fn builder(&self, texts: Texts) -> ParquetRecordBatchReaderBuilder<RangedFile> {
        let metadata = match texts {
            Texts::AsWritten => &self.footer.as_written,
            Texts::AsDictionaries => &self.footer.as_dictionaries,
        };
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), metadata.clone())
    }

    /// The columns of some rows of a row group, in the file's order, as one batch. `keep` says which of the rows,
    /// all if it is none. A column that the file lacks is left out.
    pub fn read_rows(
        &self,
        row_group: usize,
        rows: Range<usize>,
        keep: Option<&BooleanArray>,
        columns: &[&str],
        texts: Texts,
    ) -> Result<RecordBatch, StoreError> {
        self.guarded(|| self.decode_rows(row_group, rows, keep, columns, texts))
    }

    /// Reads, with a panic of Parquet's as the damage that it comes from.
    pub fn guarded<T>(&self, read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        caught(read).unwrap_or_else(|panicked| Err(StoreError::damaged(&self.path, panicked)))
    }

    fn decode_rows(
        &self,
        row_group: usize,
        rows: Range<usize>,
        keep: Option<&BooleanArray>,
        columns: &[&str],
        texts: Texts,
    ) -> Result<RecordBatch, StoreError> {
        let mut selectors = vec![RowSelector::skip(rows.start)];
        let mut wanted = rows.len();
        match keep {
            None => selectors.push(RowSelector::select(rows.len())),
            Some(keep) => {
                wanted = keep.true_count();
                selectors.extend(RowSelection::from_filters(std::slice::from_ref(keep)).iter());
            }
        }
        let broken = |error: &dyn ToString| StoreError::damaged(&self.path, error.to_string());
        let builder = self.builder(texts);
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let reader = builder
            .with_row_groups(vec![row_group])
            .with_row_selection(selectors.into())
            .with_projection(mask)
            .with_batch_size(wanted.max(1))
            .build()
            .map_err(|error| broken(&error))?;
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<_>, _>>().map_err(|error| broken(&error))?;
        let batch = match batches.len() {
            1 => batches.into_iter().next(),
            _ => Some(concat_batches(&schema, &batches).map_err(|error| broken(&error))?),
        };
        batch.filter(|batch| batch.num_rows() == wanted).ok_or_else(|| broken(&"rows are missing"))
    }

    /// About how many bytes a row of these columns takes in memory, among some rows of a row group.
    pub fn bytes_per_row(
        &self,
        row_group: usize,
        rows: &Range<usize>,
        columns: &[&str],
        texts: Texts,
    ) -> usize {
        let metadata = self.metadata();
        let group = metadata.row_group(row_group);
        let indexes = metadata.offset_index().and_then(|index| index.get(row_group));
        let mut bytes = 0;
        for (place, column) in group.columns().iter().enumerate() {
            if !columns.contains(&column.column_path().string().as_str()) {
                continue;
            }
            bytes += size_of::<i64>();
            let is_dictionary = column.page_encoding_stats_mask().is_some_and(|mask| {
                mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
            });
            let as_label = texts == Texts::AsDictionaries
                || matches!(
                    self.footer.as_written.schema().fields().get(place).map(|field| field.data_type()),
                    Some(DataType::Dictionary(..))
                );
            if is_dictionary && as_label {
                continue;
            }
            let Some(index) = indexes.and_then(|indexes| indexes.get(place)) else { continue };
            let Some(texts) = index.unencoded_byte_array_data_bytes() else { continue };
            let total_rows = group.num_rows() as usize;
            let starts: Vec<usize> =
                index.page_locations().iter().map(|page| page.first_row_index as usize).collect();
            let mut most = 0;
            for (page, start) in starts.iter().enumerate() {
                let end = starts.get(page + 1).copied().unwrap_or(total_rows);
                if *start < rows.end && end > rows.start {
                    let bytes = texts.get(page).copied().unwrap_or_default() as usize;
                    most = most.max(bytes / end.saturating_sub(*start).max(1));
                }
            }
            bytes += most;
        }
        bytes
    }
}

impl Footer {
    fn read(file: &RangedFile) -> ParquetResult<Self> {
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let as_written = ArrowReaderMetadata::load(file, options.clone())?;
        let schema = with_dictionaries(as_written.schema(), as_written.metadata());
        let as_dictionaries = ArrowReaderMetadata::try_new(
            Arc::clone(as_written.metadata()),
            options.with_schema(schema.into()),
        )?;
        Ok(Self { as_written, as_dictionaries })
    }
}

/// The schema, with a dictionary for each column of text that has one in the file.
fn with_dictionaries(schema: &Schema, metadata: &ParquetMetaData) -> Schema {
    let has_dictionary =
        |name: &str| {
            metadata.row_groups().iter().flat_map(|group| group.columns()).any(|column| {
                column.column_path().string() == name && column.dictionary_page_offset().is_some()
            })
        };
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 if has_dictionary(field.name()) => {
            let labels = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(Field::new(field.name(), labels, field.is_nullable()))
        }
        _ => Arc::clone(field),
    });
    Schema::new(fields.collect::<Vec<_>>())
}

/// A file read by position: readers that share it do not share a place in it.
#[derive(Debug, Clone)]
pub(crate) struct RangedFile {
    file: Arc<File>,
    len: u64,
}

impl Length for RangedFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for RangedFile {
    type T = BufReader<FromPlace>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        let place = FromPlace { file: Arc::clone(&self.file), at: start };
        Ok(BufReader::with_capacity(READ_AHEAD_BYTES, place))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        // A damaged length must not ask for more memory than the file is long.
        if start.checked_add(length as u64).is_none_or(|end| end > self.len) {
            return Err(ParquetError::EOF("a page ends behind the file".into()));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// The file from one place on.
#[derive(Debug)]
pub(crate) struct FromPlace {
    file: Arc<File>,
    at: u64,
}

impl Read for FromPlace {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
