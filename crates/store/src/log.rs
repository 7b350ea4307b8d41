//! The log: numbered files of frames, written a group at a time and synced before anyone is told.
//!
//! Promise: when `append` returns, the group is on the disk (`fdatasync`); a file is read up to the last
//! whole frame before the first damage, and never past it. A file is written by one process only: after
//! a restart a new one begins.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use rustix::fs::OFlags;
use tidegauge_facts::Table;

use crate::aligned::{AlignedBytes, BLOCK};
use crate::directory::sync_dir;
use crate::error::StoreError;
use crate::frame::{self, FRAME_ALIGN, Found, FrameHeader};

/// A log file ends once it is this long; the next group begins another.
pub const LOG_FILE_BYTES: u64 = 128 * 1024 * 1024;
/// The first block of a log file: this text, then the file's number.
pub(crate) const FILE_MAGIC: &[u8; 16] = b"tidegauge log 1\n";

/// The ending of a file whose head is not durable yet.
const UNNAMED: &str = "new";

/// An open log file. Its bytes can be read as long as this lives, also when its name is gone.
#[derive(Debug)]
pub struct LogFile {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    pub(crate) file: File,
}

impl LogFile {
    /// Takes the file's name away; readers that still hold it can go on.
    pub(crate) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// Reads the first `len` bytes, however few a call brings.
    pub(crate) fn read_whole(&self, len: usize) -> Result<AlignedBytes, StoreError> {
        let mut bytes = AlignedBytes::with_capacity(len.next_multiple_of(BLOCK));
        bytes.resize(len.next_multiple_of(BLOCK));
        let mut total = 0;
        while total < len {
            let read = self.file.read_at(&mut bytes.as_mut_slice()[total..], total as u64);
            match read.map_err(StoreError::io("cannot read", &self.path))? {
                0 => break,
                more => total += more,
            }
        }
        bytes.resize(total.min(len));
        Ok(bytes)
    }

    /// Fills the last block with zeros, so that whole blocks can be read back.
    pub(crate) fn end_on_a_block(&self) -> Result<(), StoreError> {
        let fill = || {
            let length = self.file.metadata()?.len();
            let whole = length.next_multiple_of(BLOCK as u64);
            if whole == length { Ok(()) } else { self.file.set_len(whole) }
        };
        fill().map_err(StoreError::io("cannot write", &self.path))
    }

    /// Reads `len` bytes from `offset`, both whole blocks.
    fn read(&self, offset: u64, len: usize) -> Result<AlignedBytes, StoreError> {
        let mut bytes = AlignedBytes::with_capacity(len);
        bytes.resize(len);
        self.file
            .read_exact_at(bytes.as_mut_slice(), offset)
            .map_err(StoreError::io("cannot read", &self.path))?;
        Ok(bytes)
    }
}

/// Where one frame stands.
#[derive(Debug, Clone)]
pub(crate) struct FrameRef {
    pub file: Arc<LogFile>,
    pub offset: u64,
    pub header: FrameHeader,
}

impl FrameRef {
    /// Reads the frame's batch back from the log.
    pub fn load(&self) -> Result<RecordBatch, StoreError> {
        let block = BLOCK as u64;
        let start = self.offset / block * block;
        let end = (self.offset + self.header.frame_len() as u64).next_multiple_of(block);
        let bytes = self.file.read(start, (end - start) as usize)?;
        let at = (self.offset - start) as usize;
        match frame::find(bytes.as_slice(), at, self.file.number) {
            Found::Frame(found) if found == self.header => {
                frame::decode(bytes.into_buffer().slice_with_length(at + FRAME_ALIGN, found.payload_len))
            }
            _ => Err(StoreError::damaged(&self.file.path, "a frame has changed since it was written")),
        }
    }
}

/// A group made durable: its frames, and the batches read in place from the bytes that were written.
pub(crate) struct Written {
    pub frames: Vec<(FrameRef, RecordBatch)>,
    pub bytes: u64,
}

/// The end of the log, where groups are appended.
pub(crate) struct LogWriter {
    dir: PathBuf,
    file: Arc<LogFile>,
    offset: u64,
    /// Where the file ends and the next one begins.
    roll_at: u64,
}

impl LogWriter {
    /// Begins the file `number`.
    pub fn begin(dir: &Path, number: u64) -> Result<Self, StoreError> {
        let path = file_path(dir, number);
        // The name comes once the head is durable: a file of that name without a head is damaged, never new.
        let unnamed = path.with_extension(UNNAMED);
        let file =
            open_direct(&unnamed, OpenOptions::new().read(true).write(true).create(true).truncate(true))?;
        let mut head = AlignedBytes::with_capacity(BLOCK);
        head.extend(FILE_MAGIC);
        head.extend(&number.to_le_bytes());
        head.pad_to(BLOCK);
        file.write_all_at(head.as_slice(), 0)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&unnamed, &path))
            .and_then(|()| sync_dir(dir))
            .map_err(StoreError::io("cannot write", &path))?;
        let file = Arc::new(LogFile { number, path, file });
        Ok(Self { dir: dir.to_owned(), file, offset: BLOCK as u64, roll_at: LOG_FILE_BYTES })
    }

    /// The file that groups go to now.
    pub fn file(&self) -> &Arc<LogFile> {
        &self.file
    }

    /// Begins the next file, and says whether it could. Where that fails (no file descriptor is left, say) this one grows
    /// on for a while.
    pub fn roll(&mut self) -> bool {
        match Self::begin(&self.dir, self.file.number + 1) {
            Ok(next) => {
                *self = next;
                true
            }
            Err(error) => {
                tracing::warn!(%error, "cannot begin a log file; the one before is used on");
                self.roll_at += LOG_FILE_BYTES;
                false
            }
        }
    }

    /// Writes one group, its first frame with the sequence `sequence`, and syncs it.
    pub fn append(
        &mut self,
        sequence: u64,
        batches: &[(Table, RecordBatch)],
        expected_bytes: usize,
    ) -> Result<Written, StoreError> {
        if self.offset >= self.roll_at {
            self.roll();
        }
        let mut group = AlignedBytes::with_capacity(expected_bytes);
        let mut headers = Vec::with_capacity(batches.len());
        for (sequence, (table, batch)) in (sequence..).zip(batches) {
            let at = group.len();
            headers.push((at, frame::encode(&mut group, self.file.number, sequence, *table, batch)?));
        }
        group.pad_to(BLOCK);
        let LogFile { path, file, .. } = &*self.file;
        file.write_all_at(group.as_slice(), self.offset)
            .and_then(|()| file.sync_data())
            .map_err(StoreError::io("cannot write", path))?;
        let end = self.offset + group.len() as u64;
        let buffer = group.into_buffer();
        let frames = headers
            .into_iter()
            .map(|(at, header)| {
                let offset = self.offset + at as u64;
                let payload = buffer.slice_with_length(at + FRAME_ALIGN, header.payload_len);
                Ok((FrameRef { file: Arc::clone(&self.file), offset, header }, frame::decode(payload)?))
            })
            .collect::<Result<_, StoreError>>()?;
        let bytes = end - self.offset;
        self.offset = end;
        Ok(Written { frames, bytes })
    }
}

/// The numbers of the log files in `dir`, ascending.
pub(crate) fn file_numbers(dir: &Path) -> Result<Vec<u64>, StoreError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(StoreError::io("cannot read", dir))? {
        let entry = entry.map_err(StoreError::io("cannot read", dir))?;
        let name = entry.file_name();
        if let Some(number) = name.to_str().and_then(|name| name.strip_suffix(".log")?.parse().ok()) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

pub(crate) fn file_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:010}.log"))
}

/// Opens a file around the page cache where the file system can: a fresh page for every 4 KiB written
/// costs more than the write. Where it cannot, a plain file serves.
pub(crate) fn open_direct(path: &Path, options: &mut OpenOptions) -> Result<File, StoreError> {
    let direct = options.clone().custom_flags(OFlags::DIRECT.bits().cast_signed()).open(path);
    match direct {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => options.open(path),
        other => other,
    }
    .map_err(StoreError::io("cannot open", path))
}
