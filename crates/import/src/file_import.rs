//! A file before it is imported: what it is, how far it is in the store, and where to go on.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use tidegauge_facts::{Micros, Table};
use tidegauge_store::Store;
use tidegauge_store::parquet_panic::caught;

use crate::cell_rows::Defaults;
use crate::column::Columns;
use crate::content::{Content, Source};
use crate::csv::Header;
use crate::error::{ImportError, READING};
use crate::format::Format;
use crate::parse::{Reading, Shape};
use crate::pieces::{LineEnd, Lines, Pieces, Rows};
use crate::plan::Plan;
use crate::recent::{Left, rows_since};
use crate::record::{Found, ImportTarget, Record, Records, STRETCH_BYTES, Stretch, absolute};

/// Rows of a Parquet file that are read at a time, at most.
const MAX_BATCH_ROWS: usize = 8192;
/// About so many bytes of a Parquet file are read at a time; at least a row.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// A file that is ready to be imported.
pub(crate) struct FileImport<'a> {
    pub source: &'a Source,
    /// As it stands on the disk, or will when there is something to import.
    pub record: Record,
    /// Where the record stands. Standard input has none: it cannot be read again.
    pub place: Option<PathBuf>,
    /// Where bad lines go.
    pub set_aside: PathBuf,
    /// What a crash has left in the store behind the record.
    pub left: Left,
    pub reading: Reading<'a>,
    pub pieces: Box<dyn Pieces + 'a>,
    /// Bytes of the file that were read, compressed as they are.
    pub read: Arc<AtomicU64>,
}

impl<'a> FileImport<'a> {
    /// Looks at a file. `None` when it is empty, or was imported before it grew.
    pub fn open(
        source: &'a Source,
        records: &Records,
        plan: &'a Plan,
        store: &Store,
    ) -> Result<Option<Self>, ImportError> {
        let read = Arc::new(AtomicU64::new(0));
        let mut content = source.open(0, &read).map_err(ImportError::io(READING, source.path()))?;
        let head = content.read_up_to(STRETCH_BYTES).map_err(ImportError::io(READING, source.path()))?;
        if head.is_empty() {
            return Ok(None);
        }
        let is_file = matches!(source, Source::File(_));
        let may_grow = content.is_plain && is_file && !plan.whole;
        let format = plan.format.or_else(|| Format::detect(&head));
        let format = format.ok_or_else(|| ImportError::UnknownFormat { path: source.path().to_owned() })?;
        let shape = shape(format, content.is_plain && is_file, plan, &head)
            .map_err(|reason| ImportError::Unfit { path: source.path().to_owned(), reason })?;
        let record = match is_file {
            true => record_of(source, records, plan, format, &head)?,
            false => Some(Record::new(source, target(plan), None, &head, Micros::now().0)),
        };
        let Some(record) = record else { return Ok(None) };
        let left = match record.is_open && record.is_known {
            true => {
                let made_by = (format == Format::AccessLog).then_some(&*record.id);
                rows_since(store, plan.table, record.since, made_by)?
            }
            false => Left::new(),
        };
        let set_aside = plan.set_aside.clone().unwrap_or_else(|| records.set_aside(&record.id));
        Ok(Some(Self {
            source,
            place: is_file.then(|| records.place(&record.id)),
            set_aside,
            left,
            pieces: pieces(source, format, &record, content, head, &read)?,
            reading: Reading {
                shape,
                import: record.id.clone(),
                defaults: Defaults {
                    tenant: plan.tenant.as_ref().map(|tenant| tenant.as_str()),
                    project: plan.project.as_ref().map(|project| project.as_str()),
                    api_id: plan.api_id.as_deref(),
                },
                ignore_unknown: plan.ignore_unknown,
                may_grow,
                countries: &plan.countries,
                addresses: &plan.addresses,
            },
            record,
            read,
        }))
    }
}

/// What its lines are, or why they cannot be taken.
fn shape(format: Format, is_plain_file: bool, plan: &Plan, head: &[u8]) -> Result<Shape, String> {
    let columns = Columns::of(plan.table);
    match format {
        Format::AccessLog if plan.table != Table::Requests => {
            Err("the lines of an access log are requests: leave --table out".to_owned())
        }
        Format::AccessLog => Ok(Shape::AccessLog),
        Format::Ndjson => Ok(Shape::Ndjson(columns)),
        Format::Csv => {
            let header = Header::find(head, &columns, plan.ignore_unknown);
            header.map(|header| Shape::Csv(columns, header)).map_err(|reason| reason.to_string())
        }
        Format::Parquet if !is_plain_file => {
            Err("a Parquet file is neither compressed as a whole nor read from a pipe".to_owned())
        }
        Format::Parquet => Ok(Shape::Parquet(columns)),
    }
}

fn target(plan: &Plan) -> ImportTarget {
    ImportTarget {
        table: plan.table.name().to_owned(),
        tenant: plan.tenant.as_ref().map(ToString::to_string),
        project: plan.project.as_ref().map(ToString::to_string),
    }
}

/// The file's record, brought up to how the file is now; a new one when it is not known.
fn record_of(
    source: &Source,
    records: &Records,
    plan: &Plan,
    format: Format,
    head: &[u8],
) -> Result<Option<Record>, ImportError> {
    let reading = ImportError::io(READING, source.path());
    let mut size = None;
    let mut tail = None;
    if format == Format::Parquet {
        let end = || -> io::Result<(u64, Vec<u8>)> {
            let length = source.path().metadata()?.len();
            let from = length.saturating_sub(STRETCH_BYTES as u64);
            Ok((length, source.open(from, &Arc::default())?.read_up_to(STRETCH_BYTES)?))
        };
        let (length, end) = end().map_err(reading)?;
        size = Some(length);
        tail = Some(Stretch::ending(length, &end));
    }
    let now = Micros::now().0;
    let mut record = match records.find(source, &target(plan), size, head)? {
        Found::Known(mut known) => {
            known.is_known = true;
            if !known.is_open {
                known.since = known.since.max(now);
                let before = known.known_by.clone();
                known.grows(before);
            }
            *known
        }
        Found::Copy => return Ok(None),
        Found::New => Record::new(source, target(plan), size, head, now),
    };
    record.path = absolute(source.path());
    record.known_by.head = Stretch::ending(head.len() as u64, head);
    if let Some(tail) = tail {
        record.known_by.tail = tail;
    }
    Ok(Some(record))
}

fn pieces<'a>(
    source: &Source,
    format: Format,
    record: &Record,
    begun: Content,
    head: Vec<u8>,
    read: &Arc<AtomicU64>,
) -> Result<Box<dyn Pieces + 'a>, ImportError> {
    let line_end = if format == Format::Csv { LineEnd::UnquotedNewline } else { LineEnd::Newline };
    let reading = ImportError::io(READING, source.path());
    Ok(match source {
        Source::File(path) if format == Format::Parquet => {
            Box::new(parquet_rows(path, record.position).map_err(reading)?)
        }
        Source::File(_) => {
            let content = source.open(record.position, read).map_err(reading)?;
            Box::new(Lines::new(content, line_end, record.position, record.line))
        }
        Source::Stdin => Box::new(Lines::new(begun.behind(head), line_end, 0, 1)),
    })
}

fn parquet_rows(path: &Path, position: u64) -> io::Result<Rows> {
    caught(|| open_parquet(path, position)).unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
}

fn open_parquet(path: &Path, position: u64) -> io::Result<Rows> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?).map_err(io::Error::other)?;
    let skip = usize::try_from(position).unwrap_or(usize::MAX);
    let rows = batch_rows(builder.metadata());
    let reader = builder.with_batch_size(rows).with_offset(skip).build().map_err(io::Error::other)?;
    Ok(Rows { reader, row: position })
}

/// How many rows to read at a time, by those of the row group whose rows are the largest.
fn batch_rows(file: &ParquetMetaData) -> usize {
    let bytes_of = |column: &ColumnChunkMetaData| {
        // Decoded, texts of a dictionary are as many as their rows, where the writer says how long that is.
        let unencoded = column.unencoded_byte_array_data_bytes().unwrap_or(0);
        u64::try_from(column.uncompressed_size().max(unencoded)).unwrap_or(0)
    };
    let row_bytes = |group: &RowGroupMetaData| {
        let bytes: u64 = group.columns().iter().map(bytes_of).sum();
        bytes / u64::try_from(group.num_rows()).unwrap_or(0).max(1)
    };
    let largest = file.row_groups().iter().map(row_bytes).max().unwrap_or(0);
    usize::try_from(BATCH_BYTES / largest.max(1)).unwrap_or(usize::MAX).clamp(1, MAX_BATCH_ROWS)
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;

    use super::*;

    #[test]
    fn the_larger_the_rows_the_fewer_are_read_at_a_time() {
        for (chars, rows) in [(10, MAX_BATCH_ROWS), (256 * 1024, 32), (16 * 1024 * 1024, 1)] {
            let text = "x".repeat(chars);
            let texts: ArrayRef = Arc::new(StringArray::from(vec![&*text; 4]));
            let batch = RecordBatch::try_from_iter([("properties", texts)]).unwrap();
            let mut file = tempfile::tempfile().unwrap();
            let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            let read = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            assert_eq!(batch_rows(read.metadata()), rows, "{chars}");
        }
    }

    #[test]
    fn a_parquet_file_with_any_byte_changed_is_read_or_refused_and_panics_nobody() {
        let texts: ArrayRef =
            Arc::new(StringArray::from_iter_values((0..40).map(|n| format!("name {}", n % 7))));
        let batch = RecordBatch::try_from_iter([("event_name", texts)]).unwrap();
        let mut content = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut content, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("damaged.parquet");
        let mut refused = 0;
        for place in 0..content.len() {
            let mut damaged = content.clone();
            damaged[place] ^= 1 << (place % 8);
            std::fs::write(&path, &damaged).unwrap();
            let rows = parquet_rows(&path, 0).and_then(|rows| rows.collect::<io::Result<Vec<_>>>());
            refused += usize::from(rows.is_err());
        }
        assert!(refused > 0);
    }
}
