//! The data directory: its files' names, its lock and its format number.
//!
//! Promise: a `DataDir` that exists is ours alone, writable, and of a format this program knows.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::backup::Unready;
use crate::error::StoreError;

/// The format this program writes.
pub const FORMAT: u32 = 1;

/// The file that holds the format's number, and makes a directory a data directory.
pub(crate) const FORMAT_FILE: &str = "FORMAT";
/// Held locked by the process that has the directory open.
pub(crate) const LOCK_FILE: &str = "LOCK";

/// An open, locked data directory.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Opens the directory, making it when it is missing.
    ///
    /// # Errors
    /// Not writable, in use, of a newer format, or of no format at all.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let not_writable = |source| StoreError::NotWritable { path: path.to_owned(), source };
        if !path.exists() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(not_writable)?;
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            sync_dir(parent.unwrap_or(Path::new("."))).map_err(not_writable)?;
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK_FILE))
            .map_err(not_writable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(not_writable(source)),
        }
        let directory = Self { path: path.to_owned(), _lock: lock };
        directory.check_format()?;
        let parts =
            [directory.log_dir(), directory.segment_dir(), directory.traffic_dir(), directory.erasure_dir()];
        for part in parts {
            fs::create_dir_all(&part).map_err(not_writable)?;
        }
        sync_dir(path).map_err(not_writable)?;
        Ok(directory)
    }

    /// Opens a directory that must be one already.
    ///
    /// # Errors
    /// As [`DataDir::open`], and when there is no data directory at this place.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        if !path.join(FORMAT_FILE).exists() {
            return Err(StoreError::NoDataDirectory { path: path.to_owned() });
        }
        Self::open(path)
    }

    fn check_format(&self) -> Result<(), StoreError> {
        match format_of(&self.path)? {
            Some(found) if found > FORMAT => {
                Err(StoreError::NewerVersion { path: self.path.clone(), found, known: FORMAT })
            }
            Some(_) => Ok(()),
            None => replace_file(&self.path.join(FORMAT_FILE), format!("{FORMAT}\n").as_bytes()),
        }
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn log_dir(&self) -> PathBuf {
        self.path.join("log")
    }

    pub(crate) fn segment_dir(&self) -> PathBuf {
        self.path.join("segments")
    }

    pub(crate) fn traffic_dir(&self) -> PathBuf {
        self.path.join("traffic")
    }

    pub(crate) fn erasure_dir(&self) -> PathBuf {
        self.path.join("erasures")
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.path.join("MANIFEST.json")
    }

    /// True when there are segments or logs.
    pub(crate) fn has_facts(&self) -> Result<bool, StoreError> {
        for part in [self.log_dir(), self.segment_dir()] {
            let mut entries = fs::read_dir(&part).map_err(StoreError::io("cannot read", &part))?;
            if entries.next().is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) fn checkpoint(&self, number: u64) -> PathBuf {
        self.path.join(checkpoint_name(number))
    }

    /// Bytes that the file system still has for us.
    pub(crate) fn free_bytes(&self) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(&self.path)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// The format of the data directory; none when there is none.
pub(crate) fn format_of(path: &Path) -> Result<Option<u32>, StoreError> {
    let file = path.join(FORMAT_FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("cannot read", &file)(error)),
    };
    match (text.trim().parse(), Unready::from_text(&text)) {
        (Ok(format), _) => Ok(Some(format)),
        (Err(_), Some(Unready::Backup)) => Err(StoreError::IsBackup { path: path.to_owned() }),
        (Err(_), Some(Unready::Restoring)) => Err(StoreError::RestoreNotEnded { path: path.to_owned() }),
        (Err(_), None) => Err(StoreError::damaged(&file, "it holds no format number")),
    }
}

pub(crate) fn checkpoint_name(number: u64) -> String {
    format!("checkpoint-{number:010}.msgpack")
}

/// Replaces a file as a whole: after a crash it holds the old content or the new, never a part.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let temporary = path.with_extension("tmp");
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_dir(path.parent().unwrap_or(Path::new(".")))
    };
    write().map_err(StoreError::io("cannot write", path))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opening_is_refused_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path()).unwrap();
        assert!(matches!(DataDir::open(dir.path()), Err(StoreError::Locked { .. })));
        drop(first);
        DataDir::open(dir.path()).unwrap();
    }

    #[test]
    fn a_newer_or_senseless_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataDir::open(dir.path()).unwrap());
        fs::write(dir.path().join("FORMAT"), "2\n").unwrap();
        let error = DataDir::open(dir.path()).unwrap_err();
        assert!(matches!(error, StoreError::NewerVersion { found: 2, known: 1, .. }), "{error}");
        fs::write(dir.path().join("FORMAT"), "x").unwrap();
        assert!(matches!(DataDir::open(dir.path()), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "").unwrap();
        let error = DataDir::open(&path).unwrap_err().to_string();
        assert!(error.contains("not writable"), "{error}");
    }
}
