//! What can go wrong with a data directory, each as a sentence its owner can act on.

use std::io;
use std::path::{Path, PathBuf};

/// Why a store did not open, or a part of it could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be created or written.
    #[error("data directory {} is not writable: {source}", .path.display())]
    NotWritable {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// There is none.
    #[error("{} is no data directory (`tidegauge serve` makes one)", .path.display())]
    NoDataDirectory {
        /// The place.
        path: PathBuf,
    },
    /// Another process has it open.
    #[error("data directory {} is in use by another process", .path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// A later Tidegauge wrote it.
    #[error(
        "data directory {} was written by a newer Tidegauge (format {found}; this one knows up to {known})",
        .path.display()
    )]
    NewerVersion {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format this program knows.
        known: u32,
    },
    /// It is a backup.
    #[error("{} is a backup: `tidegauge restore` makes a data directory of it", .path.display())]
    IsBackup {
        /// The directory.
        path: PathBuf,
    },
    /// A restore into it was cut short.
    #[error(
        "{} holds a restore that has not ended: `tidegauge restore --again` empties it and begins anew",
        .path.display()
    )]
    RestoreNotEnded {
        /// The directory.
        path: PathBuf,
    },
    /// Something stands where nothing may.
    #[error("{} is not empty: a restore wants a directory that is missing or empty", .path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// One backup at a time.
    #[error("a backup of {} is under way", .path.display())]
    BackupUnderWay {
        /// The data directory.
        path: PathBuf,
    },
    /// The files of one state could not be held together.
    #[error("{} changes too fast for a backup: try again", .path.display())]
    Restless {
        /// The data directory.
        path: PathBuf,
    },
    /// A file that the store cannot do without is not what it should be.
    #[error("{} is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system refused.
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// What was being done, such as `cannot read`.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// More is asked for than is brought together for one question.
    #[error("more {what} than can be counted at once: narrow the period")]
    TooMuch {
        /// Of what.
        what: &'static str,
    },
    /// A report took longer than it may.
    #[error("the report took longer than {seconds} s: narrow the period")]
    TookTooLong {
        /// What it may take.
        seconds: u64,
    },
    /// A report brings together more than it may.
    #[error("the report would bring more than {bytes} bytes together: narrow it")]
    TooMuchMemory {
        /// What it may.
        bytes: u64,
    },
    /// Arrow or Parquet refused its own data.
    #[error("cannot {doing}: {reason}")]
    Format {
        /// What was being done.
        doing: &'static str,
        /// The library's reason.
        reason: String,
    },
}

impl StoreError {
    /// Whether a report was stopped for what it may take, and not for anything that is wrong with the store.
    #[must_use]
    pub fn is_of_budget(&self) -> bool {
        matches!(self, Self::TookTooLong { .. } | Self::TooMuchMemory { .. })
    }

    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, reason: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn format(doing: &'static str) -> impl FnOnce(FormatError) -> Self {
        move |error| Self::Format { doing, reason: error.to_string() }
    }
}

/// Whatever Arrow or Parquet complains of.
pub(crate) type FormatError = Box<dyn std::error::Error + Send + Sync>;

/// Why a write was not taken in. Nothing of it has been stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A buffer is full; a later try may pass.
    #[error("the store is busy")]
    Busy,
    /// The disk is almost full.
    #[error("the disk is almost full")]
    DiskFull,
    /// The store takes nothing more: it is shutting down, or a write to disk has failed.
    #[error("the store takes no writes")]
    Stopped,
}

/// The group a write belonged to did not reach the disk; whether it will be there after a restart is
/// unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the write could not be made durable")]
pub struct NotDurable;
