//! Frames: how one table's rows of one group stand in the log.
//!
//! A frame is a 64-byte header (magic, CRC-32C, payload length, table, sequence, log file number) and an
//! Arrow IPC stream of one batch, padded to 64 bytes so that a batch is read in place. A group is one or
//! more frames, padded to 4096 bytes so that it can be written around the page cache.
//! Promise: what decodes is byte for byte what was encoded, at this place of this file.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::MetadataVersion;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use tidegauge_facts::Table;

use crate::aligned::{AlignedBytes, BLOCK};
use crate::error::{FormatError, StoreError};

/// Bytes of a frame's header, and what frames are aligned to.
pub(crate) const FRAME_ALIGN: usize = 64;
const MAGIC: [u8; 4] = *b"TGF1";
/// Damage that is nothing but a missing end.
pub(crate) const HEADER_CUT_SHORT: &str = "a header is cut short";
pub(crate) const FRAME_CUT_SHORT: &str = "a frame is cut short";

/// Where a frame's payload stands, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub table: Table,
    pub sequence: u64,
    pub payload_len: usize,
}

impl FrameHeader {
    /// Bytes from the frame's start to the next one's.
    pub fn frame_len(&self) -> usize {
        FRAME_ALIGN + self.payload_len.next_multiple_of(FRAME_ALIGN)
    }
}

/// What stands at a place of a log file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A whole frame.
    Frame(FrameHeader),
    /// Nothing: the rest of the block is padding, or the log ends here.
    Padding,
    /// Something that is no whole frame.
    Damage(&'static str),
}

/// Appends a frame to the bytes of a group.
pub(crate) fn encode(
    group: &mut AlignedBytes,
    file_number: u64,
    sequence: u64,
    table: Table,
    batch: &RecordBatch,
) -> Result<FrameHeader, StoreError> {
    let start = group.len();
    debug_assert_eq!(start % FRAME_ALIGN, 0, "frames stand on their alignment");
    group.extend(&[0; FRAME_ALIGN]);
    write_ipc(group, batch).map_err(|error| StoreError::format("encode a frame")(error.into()))?;
    let payload_len = group.len() - start - FRAME_ALIGN;
    group.pad_to(FRAME_ALIGN);
    let frame = &mut group.as_mut_slice()[start..];
    frame[0..4].copy_from_slice(&MAGIC);
    // Invariant: a group is bounded by `MAX_GROUP_BYTES`, far below 4 GiB.
    frame[8..12].copy_from_slice(&u32::try_from(payload_len).unwrap_or(u32::MAX).to_le_bytes());
    frame[12] = table as u8;
    frame[16..24].copy_from_slice(&sequence.to_le_bytes());
    frame[24..32].copy_from_slice(&file_number.to_le_bytes());
    let crc = crc32c::crc32c(&frame[8..]);
    frame[4..8].copy_from_slice(&crc.to_le_bytes());
    Ok(FrameHeader { table, sequence, payload_len })
}

fn write_ipc(group: &mut AlignedBytes, batch: &RecordBatch) -> Result<(), arrow_schema::ArrowError> {
    let options = IpcWriteOptions::try_new(FRAME_ALIGN, false, MetadataVersion::V5)?;
    let mut writer = StreamWriter::try_new_with_options(group, &batch.schema(), options)?;
    writer.write(batch)?;
    writer.finish()
}

/// What stands at `offset` of a log file's bytes.
pub(crate) fn find(bytes: &[u8], offset: usize, file_number: u64) -> Found {
    let rest = bytes.get(offset..).unwrap_or_default();
    let Some(header) = rest.get(..FRAME_ALIGN) else {
        return if rest.iter().all(|b| *b == 0) { Found::Padding } else { Found::Damage(HEADER_CUT_SHORT) };
    };
    if header.iter().all(|b| *b == 0) {
        return Found::Padding;
    }
    if header[0..4] != MAGIC {
        return Found::Damage("a frame does not begin as one");
    }
    let payload_len = u32_at(header, 8) as usize;
    let Some(table) = Table::from_code(header[12]) else {
        return Found::Damage("a frame is of an unknown table");
    };
    let found = FrameHeader { table, sequence: u64_at(header, 16), payload_len };
    let Some(frame) = rest.get(..found.frame_len()) else {
        return Found::Damage(FRAME_CUT_SHORT);
    };
    if crc32c::crc32c(&frame[8..]) != u32_at(header, 4) {
        return Found::Damage("a frame's checksum is wrong");
    }
    if u64_at(header, 24) != file_number {
        return Found::Damage("a frame is of another file");
    }
    Found::Frame(found)
}

/// The batch in a frame's payload, read in place.
pub(crate) fn decode(payload: Buffer) -> Result<RecordBatch, StoreError> {
    let failed = |error: FormatError| StoreError::format("decode a frame")(error);
    let mut payload = payload;
    let mut decoder = StreamDecoder::new();
    match decoder.decode(&mut payload) {
        Ok(Some(batch)) => Ok(batch),
        Ok(None) => Err(failed("it holds no batch".into())),
        Err(error) => Err(failed(error.into())),
    }
}

/// The block after the one that `offset` is in; `offset` itself when it starts one.
pub(crate) fn next_block(offset: usize) -> usize {
    offset.next_multiple_of(BLOCK)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(value)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(value)
}
