//! A store's files as of one moment, held for a backup: beside a running server, without its lock and its help.
//!
//! Hard links keep what the manifest names from going away while it is copied. The manifest is looked at before and
//! after the links are made: if it is the same, they are the files of one state, and the log behind it is whole.
//! Promise: what was acknowledged before [`Held::take`] began is in the files, and they open as a directory does that
//! a crash has left at that moment. What is copied where, and how it is known again, is left to the caller.

mod held_log;
mod links;
mod named;
mod unready;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::directory::{FORMAT, format_of};
use crate::error::StoreError;
use links::Links;

pub use links::Beside;
pub(crate) use links::remove_leftovers;
pub use unready::{Restoring, Unready, is_empty, refuse_unready};

/// Held locked as long as a backup of the directory is under way, and shared by the store while none may begin.
const LOCK: &str = "backup.lock";
/// How long a backup waits for the store, which holds it off for the moments in which an erasure ends.
const HELD_OFF: Duration = Duration::from_secs(60);
const HELD_OFF_POLL: Duration = Duration::from_millis(20);
/// How often the manifest may change while the links are made.
const MAX_TRIES: usize = 100;
/// Bytes copied at a time.
const PIECE_BYTES: usize = 1024 * 1024;

/// The files of a data directory as of one moment. They go on being held until this is dropped.
#[derive(Debug)]
pub struct Held {
    links: Links,
    format: u32,
    _lock: File,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFile {
    /// Where it stands in the data directory.
    pub path: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It does not change.
    Whole { crc32c: Option<u32> },
    /// A log file, which may grow: its number, and how much of it belongs to the moment.
    Log { number: u64, length: u64 },
}

impl Held {
    /// Holds the files of the data directory, and those of the directories `beside` the store.
    ///
    /// # Errors
    /// It is no data directory, or of a newer format; another backup of it is under way; its files cannot be read or
    /// linked to; or they change faster than they can be held.
    pub fn take(data: &Path, beside: &[Beside<'_>]) -> Result<Self, StoreError> {
        let format = match format_of(data)? {
            None => return Err(StoreError::NoDataDirectory { path: data.to_owned() }),
            Some(found) if found > FORMAT => {
                return Err(StoreError::NewerVersion { path: data.to_owned(), found, known: FORMAT });
            }
            Some(found) => found,
        };
        let lock = lock(data)?;
        links::remove(data)?;
        for _ in 0..MAX_TRIES {
            if let Some(links) = Links::make(data, beside)? {
                return Ok(Self { links, format, _lock: lock });
            }
        }
        Err(StoreError::Restless { path: data.to_owned() })
    }

    /// The data directory's format.
    #[must_use]
    pub fn format(&self) -> u32 {
        self.format
    }

    /// The files, in no order that matters.
    #[must_use]
    pub fn files(&self) -> &[HeldFile] {
        &self.links.files
    }

    /// A sentence for each file that the manifest names and that is not there.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.links.missing
    }

    /// Writes a file as of the moment: of a log file the whole frames.
    ///
    /// Returns a sentence if the file is damaged; it is written as it is then.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn copy(&self, file: &HeldFile, to: &mut impl Write) -> Result<Option<String>, StoreError> {
        let link = self.links.place(&file.path);
        match file.kind {
            Kind::Log { number, length } => held_log::copy(&link, number, length, to),
            Kind::Whole { crc32c } => {
                let found = copy_whole(&link, to).map_err(StoreError::io("cannot copy", &link))?;
                let is_damaged = crc32c.is_some_and(|wanted| wanted != found);
                Ok(is_damaged.then(|| format!("{} is damaged: its checksum is wrong", file.path.display())))
            }
        }
    }
}

fn copy_whole(link: &Path, to: &mut impl Write) -> io::Result<u32> {
    let mut file = File::open(link)?;
    let mut piece = vec![0; PIECE_BYTES];
    let mut sum = 0;
    loop {
        match io::Read::read(&mut file, &mut piece)? {
            0 => return Ok(sum),
            read => {
                sum = crc32c::crc32c_append(sum, &piece[..read]);
                to.write_all(&piece[..read])?;
            }
        }
    }
}

fn lock(data: &Path) -> Result<File, StoreError> {
    let file = open_lock(data)?;
    let begun = Instant::now();
    while !is_locked(data, file.try_lock())? {
        // A backup holds it for itself alone, the store shares it.
        if begun.elapsed() > HELD_OFF || !is_locked(data, file.try_lock_shared())? {
            return Err(StoreError::BackupUnderWay { path: data.to_owned() });
        }
        file.unlock().map_err(StoreError::io("cannot unlock", &data.join(LOCK)))?;
        thread::sleep(HELD_OFF_POLL);
    }
    Ok(file)
}

/// Keeps backups from beginning as long as what is returned lives: they wait. What a killed one left is removed.
///
/// # Errors
/// A backup is under way, or the system refused.
pub(crate) fn hold_off(data: &Path) -> Result<File, StoreError> {
    let file = open_lock(data)?;
    if !is_locked(data, file.try_lock_shared())? {
        return Err(StoreError::BackupUnderWay { path: data.to_owned() });
    }
    links::remove(data)?;
    Ok(file)
}

/// Says so when a backup is under way.
///
/// # Errors
/// It is.
pub(crate) fn refuse_under_way(data: &Path) -> Result<(), StoreError> {
    match File::open(data.join(LOCK)).map(|file| file.try_lock_shared()) {
        Ok(Err(TryLockError::WouldBlock)) => Err(StoreError::BackupUnderWay { path: data.to_owned() }),
        _ => Ok(()),
    }
}

fn open_lock(data: &Path) -> Result<File, StoreError> {
    let path = data.join(LOCK);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(StoreError::io("cannot write", &path))?;
    give_to_owner(data, &path);
    Ok(file)
}

fn is_locked(data: &Path, result: Result<(), TryLockError>) -> Result<bool, StoreError> {
    match result {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(StoreError::io("cannot lock", &data.join(LOCK))(source)),
    }
}

/// Gives what root makes to the data directory's owner: the server has to be able to clean up after a killed backup. For
/// anybody else there is nothing to give.
fn give_to_owner(data: &Path, path: &Path) {
    if let Ok(owner) = fs::metadata(data) {
        let _ = chown(path, Some(owner.uid()), Some(owner.gid()));
    }
}

/// The lock, if there is such a file and nobody holds it.
fn free_lock(data: &Path) -> Option<File> {
    let file = File::open(data.join(LOCK)).ok()?;
    file.try_lock().is_ok().then_some(file)
}
