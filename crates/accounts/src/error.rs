//! What can go wrong with accounts, each in a sentence that its reader can act on.
//!
//! Promise: no variant carries a key's text or digest.

use std::io;
use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;
use tidegauge_facts::TenantId;

use crate::create_key::{MAX_KEY_NAME_CHARS, MAX_KEYS};
use crate::database::BUSY_WAIT;
use crate::expiry::MAX_EXPIRY;
use crate::projects::{MAX_PROJECTS_PER_TENANT, MAX_TENANTS};

/// Why an operation on the accounts was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The directory that should hold the database is missing, or is no directory.
    #[error("the data directory {} does not exist; create it, or name another one", .0.display())]
    NoDirectory(PathBuf),
    /// The database's file cannot be made, opened or written to.
    #[error("{} cannot be written to ({reason}); give this user write access to it and to its directory", path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is no SQLite database, or a damaged one.
    #[error("{} is damaged or no database ({reason}); restore it from a backup, or move it away to start without accounts", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// The tables are of a later version than this program knows.
    #[error("{} was written by another version of Tidegauge ({reason}); use that version, or a later one", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Which migration does not fit.
        reason: String,
    },
    /// Another process held the database for longer than [`BUSY_WAIT`].
    #[error("{} was in use by another process for {} s; try again", .0.display(), BUSY_WAIT.as_secs())]
    Busy(PathBuf),
    /// The disk has no room left.
    #[error("there is no room left on the disk of {}; free some and try again", .0.display())]
    DiskFull(PathBuf),
    /// Anything else that the database reported.
    #[error("the accounts database {} failed: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// A row that this program would not have written.
    #[error("{} holds a {what} that this version cannot read; restore it from a backup", path.display())]
    UnreadableRow {
        /// The file.
        path: PathBuf,
        /// The part of the row.
        what: &'static str,
    },
    /// [`MAX_KEYS`] reached.
    #[error("there are {MAX_KEYS} API keys, revoked ones included, and a data directory holds no more")]
    TooManyKeys,
    /// [`MAX_TENANTS`] reached.
    #[error("there are {MAX_TENANTS} tenants, and a data directory holds no more")]
    TooManyTenants,
    /// [`MAX_PROJECTS_PER_TENANT`] reached.
    #[error("tenant {0} has {MAX_PROJECTS_PER_TENANT} projects, and a tenant can have no more")]
    TooManyProjects(TenantId),
    /// No tenant has this id.
    #[error(
        "there is no tenant {0}; `tidegauge tenant list` shows those that exist, and `tidegauge key create` makes one with its first key"
    )]
    UnknownTenant(TenantId),
    /// No key has this id.
    #[error("there is no API key {0}; `tidegauge key list` shows those that exist")]
    UnknownKeyId(String),
    /// No key has this text.
    #[error(
        "no API key of this data directory is the one given; `tidegauge key list` shows those that exist"
    )]
    UnknownKeyText,
    /// A text that looks like a key but is mistyped.
    #[error(transparent)]
    InvalidKeyText(#[from] crate::key_text::InvalidKeyText),
    /// Neither a key's id nor a key; not repeated, since it may be most of a secret.
    #[error("name a key by its id (key_ and 16 more characters) or by its whole text (tg_...)")]
    NoKeyName,
    /// A key that could do nothing.
    #[error("a key needs at least one of the scopes ingest, read and admin")]
    NoScopes,
    /// A key's name that is empty, too long or not printable.
    #[error("a key's name is 1 to {MAX_KEY_NAME_CHARS} characters, without control characters")]
    InvalidKeyName,
    /// A key's life longer than [`MAX_EXPIRY`].
    #[error("a key expires within {} days, or never", MAX_EXPIRY.as_secs() / 86_400)]
    ExpiryTooLong,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes for a key: {0}")]
    Random(getrandom::Error),
}

impl AccountsError {
    /// The sentence for what the database at `path` reported.
    pub(crate) fn from_database(path: &Path, source: sqlx::Error) -> Self {
        let path = path.to_owned();
        let Some(code) = sqlite_code(&source) else {
            return match source {
                sqlx::Error::PoolTimedOut => Self::Busy(path),
                sqlx::Error::ColumnDecode { .. } => Self::UnreadableRow { path, what: "value" },
                _ => Self::Database { path, source },
            };
        };
        let reason = source.as_database_error().map(|e| e.message().to_owned()).unwrap_or_default();
        match code {
            // https://www.sqlite.org/rescode.html
            3 | 8 | 14 => Self::NotWritable { path, reason },
            5 | 6 => Self::Busy(path),
            11 | 26 => Self::Damaged { path, reason },
            13 => Self::DiskFull(path),
            _ => Self::Database { path, source },
        }
    }

    pub(crate) fn from_migration(path: &Path, error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
                Self::from_database(path, source)
            }
            other => Self::OtherVersion { path: path.to_owned(), reason: other.to_string() },
        }
    }

    pub(crate) fn from_io(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::DiskFull(path.to_owned()),
            _ => Self::NotWritable { path: path.to_owned(), reason: error.to_string() },
        }
    }
}

/// SQLite's primary result code: the low byte of the extended one that sqlx reports as text.
fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}
