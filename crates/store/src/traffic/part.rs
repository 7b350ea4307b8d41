//! A part: a file of sorted entries, in compressed blocks, with an index of the blocks' first keys at its end.
//!
//! Promise: a part is whole on the disk before a manifest names it, and is never changed after. Each block's checksum is
//! verified whenever it is read; a damaged part is refused by its name.
//!
//! `blocks, index, trailer`: the trailer is the index's place (8 bytes), length (8) and CRC-32C (4), low bytes first, and
//! eight bytes that say what the file is.

mod open;
#[cfg(test)]
mod tests;
mod write;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::error::StoreError;

pub(crate) use open::{Entries, OpenPart};
pub(super) use write::PartWriter;

/// So much of a block's first key is kept in the index: what is in memory for a block is bounded.
const MAX_INDEX_KEY_BYTES: usize = 128;
const MAGIC: [u8; 8] = *b"TGTRAF01";
const TRAILER_BYTES: u64 = 28;

/// What the manifest says of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartMeta {
    /// The file's number.
    pub number: u64,
    /// Entries.
    pub entries: u64,
    /// Length of the file.
    pub bytes: u64,
}

/// A part's file. It stays readable while somebody holds this, also once it was replaced.
#[derive(Debug)]
pub(crate) struct Part {
    pub meta: PartMeta,
    path: PathBuf,
    is_damaged: AtomicBool,
    /// Read when an entry is first asked for.
    open: OnceLock<Arc<OpenPart>>,
}

impl Part {
    pub fn new(dir: &Path, meta: PartMeta) -> Self {
        Self { path: dir.join(name(meta.number)), meta, is_damaged: false.into(), open: OnceLock::new() }
    }

    /// Visits the entries with `from <= key < to`.
    pub fn visit(
        &self,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8], &Measure),
    ) -> Result<(), StoreError> {
        let open = self.open()?;
        let mut entries = Entries::from(self, &open, from);
        let mut is_before = true;
        while entries.advance()? && entries.key() < to {
            is_before &= entries.key() < from;
            if !is_before {
                visit(entries.key(), entries.measure());
            }
        }
        Ok(())
    }

    /// All entries, to be gone through one by one.
    pub fn entries<'p>(&'p self, open: &'p OpenPart) -> Entries<'p> {
        Entries::all(self, open)
    }

    pub fn open(&self) -> Result<Arc<OpenPart>, StoreError> {
        if let Some(open) = self.open.get() {
            return Ok(Arc::clone(open));
        }
        let open =
            OpenPart::read(&self.path, self.meta.bytes).inspect_err(|error| self.mark_if_damaged(error))?;
        Ok(Arc::clone(self.open.get_or_init(|| Arc::new(open))))
    }

    /// Reads the file whole.
    pub fn verify(&self) -> Result<(), StoreError> {
        let open = self.open()?;
        let mut entries = self.entries(&open);
        let mut count = 0;
        while entries.advance()? {
            count += 1;
        }
        match count == self.meta.entries {
            true => Ok(()),
            false => Err(self.damaged(format!("it has {count} entries, not {}", self.meta.entries))),
        }
    }

    /// True once a read of it has failed, or if it is missing.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    fn mark_if_damaged(&self, error: &StoreError) {
        // A file that is not there will not come back either.
        if matches!(error, StoreError::Damaged { .. }) || !self.path.exists() {
            self.is_damaged.store(true, Ordering::Relaxed);
        }
    }

    fn damaged(&self, reason: impl ToString) -> StoreError {
        let error = StoreError::damaged(&self.path, reason);
        self.mark_if_damaged(&error);
        error
    }

    /// Takes the file's name away; readers that still hold it can go on, by the handle they share.
    pub fn retire(&self) {
        if let Err(error) = self.open() {
            tracing::debug!(%error, "a part is removed that could not be read");
        }
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(file = %self.path.display(), %error, "cannot remove a part that is no longer needed");
        }
    }
}

pub(crate) fn name(number: u64) -> String {
    format!("traffic-{number:010}.part")
}

/// Removes the parts that no manifest names: a crash left them half done, or they are of another version.
pub(crate) fn remove_orphans(dir: &Path, known: &[Arc<Part>]) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).map_err(StoreError::io("cannot read", dir))? {
        let path = entry.map_err(StoreError::io("cannot read", dir))?.path();
        let is_part = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
            name.strip_prefix("traffic-").and_then(|rest| rest.strip_suffix(".part")).is_some()
        });
        if is_part && !known.iter().any(|part| part.path == path) {
            tracing::info!(file = %path.display(), "removing a part that no manifest names");
            fs::remove_file(&path).map_err(StoreError::io("cannot remove", &path))?;
        }
    }
    Ok(())
}
