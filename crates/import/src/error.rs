//! Why an import ended before its end, each as a sentence its user can act on.

use std::io;
use std::path::{Path, PathBuf};

use tidegauge_store::{NotDurable, StoreError};

/// Why an import ended early. What was stored before stays; the same command goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A pattern that no file has.
    #[error("no file matches {pattern}")]
    NoFile {
        /// The pattern.
        pattern: String,
    },
    /// A pattern that is none.
    #[error("{pattern} is no pattern: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A pattern that matches the file which bad lines are written to.
    #[error("{} is what --set-aside names: bad lines are written there, and not read from it", .path.display())]
    OwnSetAside {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// What was being done, such as `cannot read`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// What a file is cannot be told by its beginning.
    #[error("cannot tell what {} is by its first line: say it with --format", .path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A file that cannot be read into this table.
    #[error("{}: {reason}", .path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A file that begins as one that was imported further than it now reaches.
    #[error(
        "{} was imported up to byte {imported} but is shorter now: it was cut or replaced; to import it anew remove {}",
        .path.display(),
        .record.display()
    )]
    Shrunk {
        /// The file.
        path: PathBuf,
        /// How far it was imported.
        imported: u64,
        /// Its record.
        record: PathBuf,
    },
    /// More bad lines than allowed.
    #[error("more than {allowed} bad lines (--max-errors); the next is {}:{line}: {reason}", .path.display())]
    TooManyBad {
        /// How many are allowed.
        allowed: u64,
        /// The file.
        path: PathBuf,
        /// The line that is one too many.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A record that is not what it should be.
    #[error("{} is damaged: {reason}", .path.display())]
    DamagedRecord {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// More was taken in since a crash than can be compared with the rest of a file.
    #[error(
        "more rows than can be brought together were taken in since this import was cut short: it cannot be told which \
         of them are its own"
    )]
    TooManySince,
    /// The store has failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk is almost full.
    #[error("the disk is almost full; nothing more was stored")]
    DiskFull,
    /// The store takes nothing more.
    #[error("the store takes no writes: {reason}")]
    Stopped {
        /// What the disk said.
        reason: String,
    },
    /// The thread that writes records has ended; its own error says why.
    #[error("it can no longer be recorded how far the import is")]
    RecordLost,
    /// A commit failed.
    #[error(transparent)]
    NotDurable(#[from] NotDurable),
}

impl ImportError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    /// True when only this file is concerned: the others can be imported all the same.
    pub(crate) fn is_of_one_file(&self) -> bool {
        matches!(
            self,
            Self::Io { doing: READING, .. }
                | Self::UnknownFormat { .. }
                | Self::Unfit { .. }
                | Self::Shrunk { .. }
                | Self::TooManySince
        )
    }
}

/// What an import does with its files.
pub(crate) const READING: &str = "cannot read";
