//! What can go wrong with accounts, each in a sentence that its reader can act on.
//!
//! Promise: no variant carries a key's text or digest.

use std::io;
use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;
use tidegauge_facts::{ProjectId, TenantId};

use crate::audit::{MAX_AUDIT_DETAILS_BYTES, MAX_AUDIT_PAGE};
use crate::create_key::{MAX_KEY_NAME_CHARS, MAX_KEYS};
use crate::database::{BUSY_WAIT, CONNECTION_WAIT, Place};
use crate::expiry::MAX_EXPIRY;
use crate::projects::MAX_TENANTS;
use crate::rotate_key::MAX_ROTATION_OVERLAP;

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
    /// The data directory's path is not UTF-8.
    #[error("the path {} is not UTF-8; move the data directory to one that is", .0.display())]
    PathNotUtf8(PathBuf),
    /// The file is no SQLite database, or a damaged one.
    #[error(
        "{place} is damaged or no database ({reason}); restore it from a backup, or move it away to start without accounts"
    )]
    Damaged {
        /// The database.
        place: String,
        /// What SQLite said.
        reason: String,
    },
    /// The tables are of a later version than this program knows.
    #[error(
        "{place} was written by another version of Tidegauge ({reason}); use that version, or a later one"
    )]
    OtherVersion {
        /// The database.
        place: String,
        /// Which migration does not fit.
        reason: String,
    },
    /// Another process held the database for longer than [`BUSY_WAIT`].
    #[error("{0} was in use by another process for {wait} s; try again", wait = BUSY_WAIT.as_secs())]
    Busy(String),
    /// The disk has no room left.
    #[error("there is no room left on the disk of {0}; free some and try again")]
    DiskFull(String),
    /// No PostgreSQL answers at the URL.
    #[error(
        "no PostgreSQL answers at {place} ({reason}); check the host, the port and what the URL says of TLS, and that the server runs"
    )]
    Unreachable {
        /// The URL without its password.
        place: String,
        /// What the system said.
        reason: String,
    },
    /// PostgreSQL lets the user of the URL in no further.
    #[error(
        "PostgreSQL refuses {place} ({reason}); check the user, the password, the database and their rights"
    )]
    Refused {
        /// The URL without its password.
        place: String,
        /// What PostgreSQL said.
        reason: String,
    },
    /// PostgreSQL only reads: it is a standby, or set so.
    #[error("PostgreSQL at {0} takes no writes; name the primary server")]
    ReadOnly(String),
    /// A PostgreSQL of before version 14.
    #[error("PostgreSQL at {place} is version {version}, and Tidegauge needs 14 or later")]
    ServerTooOld {
        /// The URL without its password.
        place: String,
        /// Its version.
        version: String,
    },
    /// Anything else that the database reported.
    #[error("the accounts database {place} failed: {source}")]
    Database {
        /// The database.
        place: String,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// A row that this program would not have written.
    #[error("{place} holds a {what} that this version cannot read; restore it from a backup")]
    UnreadableRow {
        /// The database.
        place: String,
        /// The part of the row.
        what: &'static str,
    },
    /// A tenant's settings that this program would not have written. They are not taken for none: then addresses that
    /// are not to be stored would be.
    #[error(
        "what is set for tenant {tenant} in {place} cannot be read by this version of Tidegauge; use the version that wrote it or a later one, or restore a backup"
    )]
    UnreadableSettings {
        /// The database.
        place: String,
        /// Whose.
        tenant: String,
    },
    /// [`MAX_KEYS`] reached.
    #[error("there are {MAX_KEYS} API keys, revoked ones included, and a data directory holds no more")]
    TooManyKeys,
    /// [`MAX_WORKING_KEYS_PER_TENANT`](crate::MAX_WORKING_KEYS_PER_TENANT) reached.
    #[error(
        "tenant {0} has {1} API keys that work, and can have no more; revoke those that are not used any more"
    )]
    TooManyWorkingKeys(TenantId, i64),
    /// [`MAX_KEYS_PER_TENANT`](crate::MAX_KEYS_PER_TENANT) reached.
    #[error("tenant {0} has {1} API keys, revoked and expired ones included, and can have no more")]
    TooManyKeysOfTenant(TenantId, i64),
    /// [`MAX_TENANTS`] reached.
    #[error("there are {MAX_TENANTS} tenants, and a data directory holds no more")]
    TooManyTenants,
    /// The tenant's limit of projects, or the server's, reached.
    #[error("tenant {tenant} has {most} projects, and can have no more")]
    TooManyProjects {
        /// Whose.
        tenant: TenantId,
        /// How many it can have.
        most: i64,
    },
    /// A tenant with this id is there already.
    #[error("there is a tenant {0} already")]
    TenantExists(TenantId),
    /// The tenant has a project with this id already.
    #[error("tenant {0} has a project {1} already")]
    ProjectExists(TenantId, ProjectId),
    /// No tenant has this id.
    #[error(
        "there is no tenant {0}; `tidegauge tenant list` shows those that exist, and `tidegauge tenant create` makes one"
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
    /// A key that was revoked or has expired cannot be rotated: who holds it was not to go on.
    #[error("API key {0} was revoked or has expired; make a new one with `tidegauge key create`")]
    KeyEnded(String),
    /// A key that was rotated before is not rotated again.
    #[error("API key {key} was rotated before; rotate the key that took its place, {by}")]
    KeyReplaced {
        /// The key's id.
        key: String,
        /// The id of the one that took its place.
        by: String,
    },
    /// An overlap longer than [`MAX_ROTATION_OVERLAP`].
    #[error("a rotated key goes on working for at most {} days", MAX_ROTATION_OVERLAP.as_secs() / 86_400)]
    OverlapTooLong,
    /// A page of the audit log of none or too many entries.
    #[error("a page of the audit log is 1 to {MAX_AUDIT_PAGE} entries")]
    InvalidAuditPage,
    /// Details of a change that are too long to be kept.
    #[error("the details of a change are at most {MAX_AUDIT_DETAILS_BYTES} bytes of JSON")]
    AuditDetailsTooLong,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes for a key: {0}")]
    Random(getrandom::Error),
}

impl AccountsError {
    /// The sentence for what the database at `place` reported.
    pub(crate) fn from_database(place: &Place, source: sqlx::Error) -> Self {
        let shown = || place.shown().to_owned();
        match &source {
            sqlx::Error::ColumnDecode { .. } => Self::UnreadableRow { place: shown(), what: "value" },
            sqlx::Error::PoolTimedOut => match place {
                Place::Sqlite(_) => Self::Busy(shown()),
                Place::Postgres(_) => {
                    let reason = format!("no answer for {} s", CONNECTION_WAIT.as_secs());
                    Self::Unreachable { place: shown(), reason }
                }
            },
            sqlx::Error::Io(error) if matches!(place, Place::Postgres(_)) => {
                // What rustls finds wrong with a certificate comes as such an error.
                let tls = if error.kind() == io::ErrorKind::InvalidData { "TLS: " } else { "" };
                Self::Unreachable { place: shown(), reason: format!("{tls}{error}") }
            }
            sqlx::Error::Tls(error) => Self::Unreachable { place: shown(), reason: format!("TLS: {error}") },
            sqlx::Error::Database(error) => {
                let (code, reason) = (error.code().unwrap_or_default(), error.message().to_owned());
                let known = match place {
                    Place::Sqlite(path) => from_sqlite(path, &code, reason),
                    Place::Postgres(_) => from_postgres(shown(), &code, reason),
                };
                known.unwrap_or_else(|| Self::Database { place: shown(), source })
            }
            _ => Self::Database { place: shown(), source },
        }
    }

    pub(crate) fn from_migration(place: &Place, error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
                Self::from_database(place, source)
            }
            other => Self::OtherVersion { place: place.shown().to_owned(), reason: other.to_string() },
        }
    }

    pub(crate) fn from_io(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::DiskFull(path.display().to_string()),
            _ => Self::NotWritable { path: path.to_owned(), reason: error.to_string() },
        }
    }
}

/// By SQLite's primary result code: the low byte of the extended one that sqlx reports as text
/// (<https://www.sqlite.org/rescode.html>).
fn from_sqlite(path: &str, code: &str, reason: String) -> Option<AccountsError> {
    let place = path.to_owned();
    match code.parse::<i32>().ok()? & 0xff {
        3 | 8 | 14 => Some(AccountsError::NotWritable { path: path.into(), reason }),
        5 | 6 => Some(AccountsError::Busy(place)),
        11 | 26 => Some(AccountsError::Damaged { place, reason }),
        13 => Some(AccountsError::DiskFull(place)),
        _ => None,
    }
}

/// By PostgreSQL's SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn from_postgres(place: String, code: &str, reason: String) -> Option<AccountsError> {
    match code {
        // Wrong password, no right to connect, no such database, no right to a table or to make one.
        "28P01" | "28000" | "3D000" | "42501" => Some(AccountsError::Refused { place, reason }),
        // Starting or stopping, or out of connections.
        "57P01" | "57P02" | "57P03" | "53300" => Some(AccountsError::Unreachable { place, reason }),
        "25006" => Some(AccountsError::ReadOnly(place)),
        // A lock was waited for too long.
        "55P03" => Some(AccountsError::Busy(place)),
        "53100" => Some(AccountsError::DiskFull(place)),
        _ => None,
    }
}
