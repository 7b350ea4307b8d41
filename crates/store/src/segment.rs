//! Segments: facts sorted by tenant and time, as Parquet files that other tools can read too.
//!
//! Promise: a segment is whole on the disk before a manifest names it, and is never changed after. Its
//! checksum is verified before a row of it is answered; a damaged one is refused by its name.

mod file;
mod rewrite;
mod rows;
mod write;

use std::fs::{self, File};
use std::io;
use std::iter;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use serde::{Deserialize, Serialize};
use tidegauge_facts::Table;

use crate::error::StoreError;

use file::Footer;
pub(crate) use file::{OpenSegment, Texts};
pub(crate) use rewrite::rewrite;
pub(crate) use rows::RowRange;
pub(crate) use write::{id_column, write};

/// Rows that a reader of all rows is handed at a time.
const READ_ROWS: usize = 8192;
/// Bytes read at a time to verify a file.
const VERIFY_BYTES: usize = 1024 * 1024;

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
    /// The newest frame of the log that has a row in it; 0 where an earlier version wrote it.
    #[serde(default)]
    pub(crate) through: u64,
    /// True in the process that has written the file: it knows the bytes, and need not verify them.
    #[serde(skip)]
    pub(crate) is_fresh: bool,
}

/// A segment's file. It stays readable while somebody holds this, also once it was replaced.
#[derive(Debug)]
pub struct Segment {
    /// What the manifest says of it.
    pub meta: SegmentMeta,
    path: PathBuf,
    is_verified: AtomicBool,
    is_damaged: AtomicBool,
    /// Set once the file has lost its name: who still holds the segment reads through this.
    nameless: OnceLock<File>,
    /// Read once, when a row is first asked for.
    footer: OnceLock<Arc<Footer>>,
}

impl Segment {
    pub(crate) fn new(dir: &Path, meta: SegmentMeta) -> Self {
        Self {
            path: dir.join(&meta.name),
            is_verified: meta.is_fresh.into(),
            meta,
            is_damaged: false.into(),
            nameless: OnceLock::new(),
            footer: OnceLock::new(),
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
        self.check_length(length)
    }

    fn check_length(&self, length: u64) -> Result<(), StoreError> {
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
        let open = self.open()?;
        let builder = open.builder(Texts::AsWritten);
        let mask = match columns {
            Some(names) => ProjectionMask::columns(builder.parquet_schema(), names.iter().copied()),
            None => ProjectionMask::all(),
        };
        let builder = builder.with_projection(mask).with_batch_size(READ_ROWS);
        let path = self.path.clone();
        let damaged = move |error: &dyn ToString| StoreError::damaged(&path, error.to_string());
        let reader = open.guarded(|| builder.build().map_err(|error| damaged(&error)))?;
        let mut reader = Some(reader);
        Ok(iter::from_fn(move || {
            let next = open.guarded(|| {
                reader.as_mut().and_then(Iterator::next).transpose().map_err(|error| damaged(&error))
            });
            if next.is_err() {
                // What comes behind damage means nothing.
                reader = None;
            }
            next.transpose()
        }))
    }

    /// Reads the file whole and compares its checksum.
    ///
    /// # Errors
    /// The file is missing or damaged.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.is_verified.store(false, Ordering::Relaxed);
        self.open().map(drop)
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

    /// True for an error that says that the file is damaged or gone: no other try will read it.
    pub(crate) fn is_lost_by(&self, error: &StoreError) -> bool {
        match error {
            StoreError::Damaged { .. } => true,
            StoreError::Io { source, path, .. } => {
                source.kind() == io::ErrorKind::NotFound && *path == self.path
            }
            _ => false,
        }
    }

    pub(crate) fn mark_damaged(&self) {
        self.is_damaged.store(true, Ordering::Relaxed);
    }

    /// Takes the file's name away: what only it holds is gone from the directory. Readers that still hold the segment can go
    /// on.
    pub(crate) fn retire(&self) {
        let removed = File::open(&self.path).and_then(|file| {
            let _ = self.nameless.set(file);
            fs::remove_file(&self.path)
        });
        if let Err(error) = removed {
            tracing::warn!(file = %self.path.display(), %error, "cannot remove a segment that was replaced");
        }
    }

    /// Opens the file to read parts of it, whole and verified.
    pub(crate) fn open(&self) -> Result<OpenSegment, StoreError> {
        let file = self.file().map_err(StoreError::io("cannot read", &self.path))?;
        let length = file.metadata().map_err(StoreError::io("cannot read", &self.path))?.len();
        self.check_length(length)?;
        if !self.is_verified.load(Ordering::Relaxed) {
            if self.checksum(&file)? != self.meta.crc32c {
                return Err(StoreError::damaged(&self.path, "its checksum is wrong"));
            }
            self.is_verified.store(true, Ordering::Relaxed);
        }
        OpenSegment::new(file, self.meta.bytes, &self.path, &self.footer)
    }

    fn file(&self) -> io::Result<File> {
        match File::open(&self.path) {
            // It may have lost its name this moment.
            Err(error) => self.nameless.get().map_or(Err(error), File::try_clone),
            opened => opened,
        }
    }

    fn checksum(&self, file: &File) -> Result<u32, StoreError> {
        let mut piece = vec![0; VERIFY_BYTES];
        let (mut sum, mut at) = (0, 0);
        loop {
            let read = file.read_at(&mut piece, at).map_err(StoreError::io("cannot read", &self.path))?;
            if read == 0 {
                return Ok(sum);
            }
            sum = crc32c::crc32c_append(sum, &piece[..read]);
            at += read as u64;
        }
    }
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
