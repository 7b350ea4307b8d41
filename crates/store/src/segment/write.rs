//! Writing a segment: rows sorted by tenant, time and id, then encoded so that a part can be read alone.
//!
//! Promise: the order of rows is a function of the rows, so that flushing and merging in any grouping give the
//! same order; a file that was written is on the disk.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use arrow_array::{Array as _, RecordBatch, StringArray};
use arrow_select::interleave::interleave_record_batch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use tidegauge_facts::Table;

use super::SegmentMeta;
use crate::directory::sync_dir;
use crate::error::{FormatError, StoreError};
use crate::merge::with_same_columns;
use crate::read::{self, Labels};

/// Rows of a Parquet row group.
const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Rows of a page: what a reader of a few rows decodes at least.
const PAGE_ROWS: usize = 16 * 1024;
/// Rows brought together at a time while writing.
const CHUNK_ROWS: usize = 32 * 1024;
/// Longest dictionary of a column that names a session or a client: there are many, and each comes often.
const ID_DICTIONARY_BYTES: usize = 4 * 1024 * 1024;

/// Writes the rows of `batches` as segment `number` of their table; no file has had that number before.
pub(crate) fn write(
    dir: &Path,
    number: u64,
    table: Table,
    batches: &[RecordBatch],
) -> Result<SegmentMeta, StoreError> {
    let mut meta = SegmentMeta::new(table, number);
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
        sync_dir(dir)
    };
    store().map_err(StoreError::io("cannot write", &path))?;
    Ok(meta)
}

impl SegmentMeta {
    /// Of a segment without rows.
    pub(super) fn new(table: Table, number: u64) -> Self {
        Self {
            name: format!("{}-{number:010}.parquet", table.name()),
            table: table.name().to_owned(),
            rows: 0,
            bytes: 0,
            raw_bytes: 0,
            crc32c: 0,
            min_time: i64::MAX,
            max_time: i64::MIN,
            max_received: i64::MIN,
            client_ids: 0,
            through: 0,
            is_fresh: true,
        }
    }

    pub(super) fn count(&mut self, table: Table, batch: &RecordBatch) -> Result<(), StoreError> {
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
            Table::Connections => read::count_unset(batch, "at_assigned") as u64,
        };
        Ok(())
    }
}

/// The rows of all batches in their order, as a Parquet file. Rows are brought together a chunk at a
/// time, so that no second copy of all of them is held.
fn encode(batches: &[RecordBatch], table: Table) -> Result<Vec<u8>, StoreError> {
    let failed = |error: FormatError| StoreError::format("write a segment")(error);
    let batches = with_same_columns(table, batches)?;
    let parts: Vec<&RecordBatch> = batches.iter().collect();
    let order = sorted_places(table, &batches)?;
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

/// Where each row of the segment stands (batch, row): by tenant, then time, then id. Versions of one connection
/// at one instant keep the order of their commits.
fn sorted_places(table: Table, batches: &[RecordBatch]) -> Result<Vec<(usize, usize)>, StoreError> {
    let labels = batches.iter().map(|batch| Labels::of(batch, "tenant_id")).collect::<Result<Vec<_>, _>>()?;
    let ids = batches.iter().map(|batch| read::texts(batch, id_column(table)));
    let ids: Vec<&StringArray> = ids.collect::<Result<_, _>>()?;
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
    // Texts are compared among rows of one instant only, and mostly stand in order there already.
    let id = |key: &(u32, i64, u32, u32)| ids[key.2 as usize].value(key.3 as usize);
    for instant in keys.chunk_by_mut(|a, b| (a.0, a.1) == (b.0, b.1)) {
        if !instant.is_sorted_by(|a, b| id(a) <= id(b)) {
            instant.sort_by(|a, b| id(a).cmp(id(b)));
        }
    }
    Ok(keys.into_iter().map(|(_, _, part, row)| (part as usize, row as usize)).collect())
}

/// The column that orders rows of one instant.
pub(crate) fn id_column(table: Table) -> &'static str {
    match table {
        Table::Events => "event_id",
        Table::Sessions => "session_id",
        Table::Connections => "connection_id",
        Table::Requests => "request_id",
    }
}

/// How each kind of column is written. Ids count upwards, so they are kept as what differs from the one
/// before; instants likewise; text that seldom repeats goes without a dictionary. Statistics are kept for what
/// readers skip by.
pub(super) fn properties(table: Table) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
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
    let (shared, plain): (&[&str], &[&str]) = match table {
        Table::Events => (&["session_id", "client_id"], &["properties"]),
        Table::Sessions => (&["client_id"], &[]),
        Table::Connections => (&[], &[]),
        Table::Requests => (&[], &["raw_path"]),
    };
    for name in shared {
        properties =
            properties.set_column_dictionary_page_size_limit(ColumnPath::from(*name), ID_DICTIONARY_BYTES);
    }
    let id = id_column(table);
    properties = properties
        .set_column_dictionary_enabled(ColumnPath::from(id), false)
        .set_column_encoding(ColumnPath::from(id), Encoding::DELTA_BYTE_ARRAY);
    for name in plain {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(*name), false);
    }
    properties.build()
}
