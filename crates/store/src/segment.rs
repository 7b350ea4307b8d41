//! Segments: facts sorted by tenant and time, as Parquet files that other tools can read too.
//!
//! Promise: a segment is whole on the disk before a manifest names it, and is never changed after. Its
//! checksum is verified before a row of it is answered; a damaged one is refused by its name.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::{Array as _, RecordBatch};
use arrow_select::interleave::interleave_record_batch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};
use tidegauge_facts::Table;

use crate::directory::sync_dir;
use crate::error::{FormatError, StoreError};
use crate::merge::with_same_columns;
use crate::read::{self, Labels};

/// Rows of a Parquet row group.
const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Rows brought together at a time while writing.
const CHUNK_ROWS: usize = 32 * 1024;
/// Rows that a reader is handed at a time.
const READ_ROWS: usize = 8192;

/// What the manifest says of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentMeta {
    /// The file's name in the directory `segments`.
    pub name: String,
    /// The table's name.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// Length of the file.
    pub bytes: u64,
    /// Bytes its rows take in memory.
    pub raw_bytes: u64,
    /// CRC-32C of the file.
    pub crc32c: u32,
    /// Earliest `event_time`, in microseconds.
    pub min_time: i64,
    /// Latest `event_time`, in microseconds.
    pub max_time: i64,
    /// Latest `received_at`, in microseconds.
    pub max_received: i64,
    /// Rows whose id the client gave: the ones to remember against repeats.
    pub client_ids: u64,
}

/// A segment's file. It stays readable while somebody holds this, also once it is obsolete.
#[derive(Debug)]
pub struct Segment {
    /// What the manifest says of it.
    pub meta: SegmentMeta,
    path: PathBuf,
    is_verified: AtomicBool,
    is_damaged: AtomicBool,
    is_obsolete: AtomicBool,
}

impl Drop for Segment {
    fn drop(&mut self) {
        if *self.is_obsolete.get_mut()
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(file = %self.path.display(), %error, "cannot remove a merged segment");
        }
    }
}

impl Segment {
    pub(crate) fn new(dir: &Path, meta: SegmentMeta) -> Self {
        Self {
            path: dir.join(&meta.name),
            meta,
            is_verified: false.into(),
            is_damaged: false.into(),
            is_obsolete: false.into(),
        }
    }

    /// The table whose rows it holds.
    #[must_use]
    pub fn table(&self) -> Option<Table> {
        Table::from_name(&self.meta.table)
    }

    /// Says what is wrong with the file from the outside: whether it is there, and as long as it was.
    ///
    /// # Errors
    /// The file is missing or has another length.
    pub fn check_presence(&self) -> Result<(), StoreError> {
        let length = fs::metadata(&self.path).map_err(StoreError::io("cannot read", &self.path))?.len();
        if length == self.meta.bytes {
            return Ok(());
        }
        let reason = format!("it is {length} bytes long, not {}", self.meta.bytes);
        Err(StoreError::damaged(&self.path, reason))
    }

    /// Reads all rows, a few thousand at a time, with all columns or just the named ones.
    ///
    /// # Errors
    /// The file is missing or damaged; nothing of a damaged file is answered.
    pub fn read(
        &self,
        columns: Option<&[&str]>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, StoreError>> + use<>, StoreError> {
        let content = self.content()?;
        let path = self.path.clone();
        let broken = move |error: String| StoreError::damaged(&path, error);
        let reader = ParquetRecordBatchReaderBuilder::try_new(content)
            .and_then(|builder| {
                let mask = match columns {
                    Some(names) => ProjectionMask::columns(builder.parquet_schema(), names.iter().copied()),
                    None => ProjectionMask::all(),
                };
                builder.with_projection(mask).with_batch_size(READ_ROWS).build()
            })
            .map_err(|error| broken(error.to_string()))?;
        Ok(reader.map(move |batch| batch.map_err(|error| broken(error.to_string()))))
    }

    /// Reads the file whole and compares its checksum.
    ///
    /// # Errors
    /// The file is missing or damaged.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.is_verified.store(false, Ordering::Relaxed);
        self.content().map(drop)
    }

    /// True once a read of it has failed.
    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    /// Marks it when the error says that it is damaged, and not just out of reach.
    pub(crate) fn mark_if_damaged(&self, error: &StoreError) {
        if matches!(error, StoreError::Damaged { .. }) {
            self.mark_damaged();
        }
    }

    pub(crate) fn mark_damaged(&self) {
        self.is_damaged.store(true, Ordering::Relaxed);
    }

    /// The file goes once nobody holds it any more.
    pub(crate) fn make_obsolete(&self) {
        self.is_obsolete.store(true, Ordering::Relaxed);
    }

    fn content(&self) -> Result<Bytes, StoreError> {
        self.check_presence()?;
        let content = fs::read(&self.path).map_err(StoreError::io("cannot read", &self.path))?;
        if !self.is_verified.load(Ordering::Relaxed) {
            if crc32c::crc32c(&content) != self.meta.crc32c {
                return Err(StoreError::damaged(&self.path, "its checksum is wrong"));
            }
            self.is_verified.store(true, Ordering::Relaxed);
        }
        Ok(content.into())
    }
}

/// Writes the rows of `batches` as segment `number` of their table; no file has had that number before.
pub(crate) fn write(
    dir: &Path,
    number: u64,
    table: Table,
    batches: &[RecordBatch],
) -> Result<SegmentMeta, StoreError> {
    let name = format!("{}-{number:010}.parquet", table.name());
    let mut meta = SegmentMeta {
        name,
        table: table.name().to_owned(),
        rows: 0,
        bytes: 0,
        raw_bytes: 0,
        crc32c: 0,
        min_time: i64::MAX,
        max_time: i64::MIN,
        max_received: i64::MIN,
        client_ids: 0,
    };
    for batch in batches {
        meta.count(table, batch)?;
    }
    let content = encode(batches, table)?;
    meta.bytes = content.len() as u64;
    meta.crc32c = crc32c::crc32c(&content);
    let path = dir.join(&meta.name);
    let store = || {
        let mut file = File::create_new(&path)?;
        file.write_all(&content)?;
        file.sync_all()?;
        // Nobody reads it soon: its pages are worth more to others.
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
        sync_dir(dir)
    };
    store().map_err(StoreError::io("cannot write", &path))?;
    Ok(meta)
}

impl SegmentMeta {
    fn count(&mut self, table: Table, batch: &RecordBatch) -> Result<(), StoreError> {
        let times = read::instants(batch, "event_time")?.iter().copied();
        let received = read::instants(batch, "received_at")?.iter().copied();
        self.rows += batch.num_rows() as u64;
        let column_bytes = batch.columns().iter().map(|c| c.to_data().get_slice_memory_size().unwrap_or(0));
        self.raw_bytes += column_bytes.sum::<usize>() as u64;
        self.min_time = times.clone().fold(self.min_time, i64::min);
        self.max_time = times.fold(self.max_time, i64::max);
        self.max_received = received.fold(self.max_received, i64::max);
        self.client_ids += match table {
            Table::Events | Table::Requests => read::count_unset(batch, "id_assigned") as u64,
            // A row without a session only describes a client.
            Table::Sessions => {
                let ids = read::texts(batch, "session_id")?;
                ids.iter().flatten().filter(|id| !id.is_empty()).count() as u64
            }
            Table::Connections => 0,
        };
        Ok(())
    }
}

/// The rows of all batches by tenant, then time, as a Parquet file. Rows are brought together a chunk at a
/// time, so that no second copy of all of them is held.
fn encode(batches: &[RecordBatch], table: Table) -> Result<Vec<u8>, StoreError> {
    let failed = |error: FormatError| StoreError::format("write a segment")(error);
    let batches = with_same_columns(table, batches)?;
    let parts: Vec<&RecordBatch> = batches.iter().collect();
    let order = sorted_places(&batches)?;
    let schema = parts.first().ok_or_else(|| failed("it has no rows".into()))?.schema();
    let mut content = Vec::with_capacity(order.len() * 48);
    let mut writer = ArrowWriter::try_new(&mut content, schema, Some(properties(table)))
        .map_err(|error| failed(error.into()))?;
    for places in order.chunks(CHUNK_ROWS) {
        let chunk = interleave_record_batch(&parts, places).map_err(|error| failed(error.into()))?;
        writer.write(&chunk).map_err(|error| failed(error.into()))?;
    }
    writer.close().map_err(|error| failed(error.into()))?;
    Ok(content)
}

/// Where each row of the segment stands (batch, row), by tenant, then time; rows of one instant keep the
/// order of their commits.
fn sorted_places(batches: &[RecordBatch]) -> Result<Vec<(usize, usize)>, StoreError> {
    let labels = batches.iter().map(|batch| Labels::of(batch, "tenant_id")).collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<&str> = labels.iter().flat_map(Labels::distinct).collect();
    names.sort_unstable();
    names.dedup();
    // Invariant: the flusher and the compaction bound a segment's batches and rows far below 2^32.
    let mut keys: Vec<(u32, i64, u32, u32)> = Vec::new();
    for (part, (batch, labels)) in batches.iter().zip(&labels).enumerate() {
        let ranks: Vec<u32> =
            labels.distinct().map(|name| names.partition_point(|known| *known < name) as u32).collect();
        let times = read::instants(batch, "event_time")?;
        let rows = labels.codes.iter().zip(times).enumerate();
        keys.extend(rows.map(|(row, (code, time))| (ranks[*code as usize], *time, part as u32, row as u32)));
    }
    // A stable sort makes use of the runs that live traffic comes in.
    keys.sort();
    Ok(keys.into_iter().map(|(_, _, part, row)| (part as usize, row as usize)).collect())
}

/// How each kind of column is written. Ids count upwards, so they are kept as what differs from the one
/// before; instants likewise; text that seldom repeats goes without a dictionary. Statistics are kept for what
/// readers skip by.
fn properties(table: Table) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::None);
    for name in ["tenant_id", "project_id", "event_time", "received_at"] {
        properties =
            properties.set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::Page);
    }
    for name in ["event_time", "received_at"] {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(name), false)
            .set_column_encoding(ColumnPath::from(name), Encoding::DELTA_BINARY_PACKED);
    }
    let (id, plain): (&str, &[&str]) = match table {
        Table::Events => ("event_id", &["properties"]),
        Table::Sessions => ("session_id", &[]),
        Table::Connections => ("connection_id", &[]),
        Table::Requests => ("request_id", &["raw_path"]),
    };
    properties = properties
        .set_column_dictionary_enabled(ColumnPath::from(id), false)
        .set_column_encoding(ColumnPath::from(id), Encoding::DELTA_BYTE_ARRAY);
    for name in plain {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(*name), false);
    }
    properties.build()
}

/// True for `events-0000000001.parquet` and the like: other files are not ours to touch.
fn is_segment_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".parquet"));
    name.and_then(|name| name.split_once('-'))
        .is_some_and(|(table, number)| Table::from_name(table).is_some() && number.parse::<u64>().is_ok())
}

/// Removes the segment files that no manifest names: a crash left them half done.
pub(crate) fn remove_orphans(dir: &Path, known: &[Arc<Segment>]) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).map_err(StoreError::io("cannot read", dir))? {
        let path = entry.map_err(StoreError::io("cannot read", dir))?.path();
        if is_segment_name(&path) && !known.iter().any(|segment| segment.path == path) {
            tracing::info!(file = %path.display(), "removing a segment that was never finished");
            fs::remove_file(&path).map_err(StoreError::io("cannot remove", &path))?;
        }
    }
    Ok(())
}
