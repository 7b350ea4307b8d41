//! Directories that look like data directories and must not be opened as one: a backup, and a restore that has not ended.
//!
//! What they are stands in the file `FORMAT`, where a data directory has a number: so every version refuses them.
//! Promise: a [`Restoring`] that was not ended is refused by everything but the next restore.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::directory::{FORMAT_FILE, LOCK_FILE, format_of, replace_file, sync_dir};
use crate::error::StoreError;

/// Why a directory is not to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// It is a backup.
    Backup,
    /// A restore into it has not ended.
    Restoring,
}

impl Unready {
    const ALL: [Self; 2] = [Self::Backup, Self::Restoring];

    /// What the file `FORMAT` says.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Backup => "a backup: `tidegauge restore` makes a data directory of it\n",
            Self::Restoring => "a restore that has not ended: `tidegauge restore --again` begins it anew\n",
        }
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unready| unready.text() == text)
    }
}

/// Refuses a directory that is not to be opened; any other, also one that is no data directory yet, is let pass.
///
/// # Errors
/// It is a backup, or a restore into it has not ended.
pub fn refuse_unready(path: &Path) -> Result<(), StoreError> {
    match format_of(path) {
        Err(error @ (StoreError::IsBackup { .. } | StoreError::RestoreNotEnded { .. })) => Err(error),
        _ => Ok(()),
    }
}

/// A directory that is being restored into, and locked.
#[derive(Debug)]
pub struct Restoring {
    path: PathBuf,
    _lock: File,
}

impl Restoring {
    /// Begins: the directory is made, or must be empty. With `again` it may also hold a restore that has not ended,
    /// which is removed.
    ///
    /// # Errors
    /// It holds something else, is in use, or cannot be written.
    pub fn begin(path: &Path, again: bool) -> Result<Self, StoreError> {
        let not_writable = |source| StoreError::NotWritable { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(not_writable)?;
        let unready = fs::read_to_string(path.join(FORMAT_FILE)).ok().and_then(|t| Unready::from_text(&t));
        match unready {
            Some(Unready::Restoring) if again => {}
            Some(Unready::Restoring) => return Err(StoreError::RestoreNotEnded { path: path.to_owned() }),
            _ if is_empty(path).map_err(not_writable)? => {}
            _ => return Err(StoreError::NotEmpty { path: path.to_owned() }),
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK_FILE));
        let lock = lock.map_err(not_writable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(not_writable(source)),
        }
        let restoring = Self { path: path.to_owned(), _lock: lock };
        replace_file(&path.join(FORMAT_FILE), Unready::Restoring.text().as_bytes())?;
        restoring.clear().map_err(not_writable)?;
        Ok(restoring)
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends: everything is in its place and durable, and the directory is a data directory from now on.
    ///
    /// # Errors
    /// The system refused.
    pub fn end(self, format: u32) -> Result<(), StoreError> {
        sync_dir(&self.path).map_err(StoreError::io("cannot sync", &self.path))?;
        replace_file(&self.path.join(FORMAT_FILE), format!("{format}\n").as_bytes())
    }

    /// Removes what an earlier restore has brought.
    fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let is_kept =
                [FORMAT_FILE, LOCK_FILE, LOST_AND_FOUND].iter().any(|name| entry.file_name() == *name);
            match entry.file_type()?.is_dir() {
                _ if is_kept => {}
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
        Ok(())
    }
}

/// What a file system puts into its top directory.
const LOST_AND_FOUND: &str = "lost+found";
/// What a restore leaves that is killed while it writes its first file.
const UNWRITTEN_FORMAT: &str = "FORMAT.tmp";

/// True for a directory that holds nothing, or what may stand in an empty one.
///
/// # Errors
/// It cannot be read.
pub fn is_empty(path: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if ![LOCK_FILE, LOST_AND_FOUND, UNWRITTEN_FORMAT].iter().any(|known| name == *known) {
            return Ok(false);
        }
    }
    Ok(true)
}
