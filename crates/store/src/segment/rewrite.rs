//! Writing a segment again without some of its rows, a few thousand rows at a time.
//!
//! Promise: what is held in memory is a row group, however long the segment; the rows that stay keep their order.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_buffer::BooleanBuffer;
use arrow_select::filter::filter_record_batch;
use parquet::arrow::ArrowWriter;
use tidegauge_facts::Table;

use super::write::properties;
use super::{Segment, SegmentMeta};
use crate::directory::sync_dir;
use crate::error::{FormatError, StoreError};

/// Writes the segment's rows but the doomed ones as segment `number`; none if none is left.
pub(crate) fn rewrite(
    dir: &Path,
    number: u64,
    table: Table,
    segment: &Segment,
    doomed: &BooleanBuffer,
) -> Result<Option<SegmentMeta>, StoreError> {
    if doomed.count_set_bits() == doomed.len() {
        return Ok(None);
    }
    let mut meta = SegmentMeta { through: segment.meta.through, ..SegmentMeta::new(table, number) };
    let path = dir.join(&meta.name);
    let file = File::create_new(&path).map_err(StoreError::io("cannot write", &path))?;
    let written = write_rest(file, &path, table, segment, doomed, &mut meta)
        .and_then(|()| sync_dir(dir).map_err(StoreError::io("cannot sync", dir)));
    if let Err(error) = written {
        // Half a segment must not take the last of the disk.
        let _ = fs::remove_file(&path);
        return Err(error);
    }
    Ok(Some(meta))
}

fn write_rest(
    file: File,
    path: &Path,
    table: Table,
    segment: &Segment,
    doomed: &BooleanBuffer,
    meta: &mut SegmentMeta,
) -> Result<(), StoreError> {
    let failed = |error: FormatError| StoreError::format("write a segment")(error);
    let mut writer: Option<ArrowWriter<Summing<BufWriter<File>>>> = None;
    let mut unopened = Some(Summing { inner: BufWriter::new(file), bytes: 0, crc32c: 0 });
    let mut first = 0;
    for batch in segment.read(None)? {
        let batch = batch?;
        let keep = !&doomed.slice(first, batch.num_rows());
        first += batch.num_rows();
        let rest: RecordBatch = filter_record_batch(&batch, &BooleanArray::new(keep, None))
            .map_err(|error| failed(error.into()))?;
        if let Some(output) = unopened.take() {
            let new = ArrowWriter::try_new(output, rest.schema(), Some(properties(table)));
            writer = Some(new.map_err(|error| failed(error.into()))?);
        }
        if let Some(writer) = writer.as_mut().filter(|_| rest.num_rows() > 0) {
            meta.count(table, &rest)?;
            writer.write(&rest).map_err(|error| failed(error.into()))?;
        }
    }
    if first != doomed.len() {
        return Err(StoreError::damaged(path, "it was made of another number of rows"));
    }
    let writer = writer.ok_or_else(|| failed("it has no rows".into()))?;
    let Summing { inner, bytes, crc32c } = writer.into_inner().map_err(|error| failed(error.into()))?;
    (meta.bytes, meta.crc32c) = (bytes, crc32c);
    let file =
        inner.into_inner().map_err(|error| StoreError::io("cannot write", path)(error.into_error()))?;
    file.sync_all().map_err(StoreError::io("cannot write", path))
}

/// Counts what passes, and sums it up.
struct Summing<W> {
    inner: W,
    bytes: u64,
    crc32c: u32,
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.bytes += written as u64;
        self.crc32c = crc32c::crc32c_append(self.crc32c, &bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
