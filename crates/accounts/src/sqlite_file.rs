//! The file `DATA/accounts.db`: making it, and keeping others out of it while it is made or migrated.
//!
//! Promise: only the file's owner can read it, and processes that open it at the same moment do not trip over each
//! other: a lock file lets one at a time create and migrate. That lock is not held afterwards.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::AnyConnectOptions;
use tokio::time::Instant;

use crate::database::BUSY_WAIT;
use crate::error::AccountsError;

/// The database's name inside a data directory. SQLite keeps `-wal` and `-shm` files beside it.
pub const DATABASE_FILE: &str = "accounts.db";
/// Locked while the database is created or migrated; empty, and harmless to delete when nothing runs.
pub const LOCK_FILE: &str = "accounts.lock";

const LOCK_RETRY: Duration = Duration::from_millis(10);
const OWNER_ONLY: u32 = 0o600;
const ALL_BUT_SLASHES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/');

/// What each connection is told: a commit is on the disk when it returns, and keys point at what exists.
pub(crate) const CONNECTION_RULES: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
                                           PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";

/// A database file that is there, and the lock on making it, which ends when this is dropped.
pub(crate) struct SqliteFile {
    pub(crate) path: PathBuf,
    _lock: File,
}

impl SqliteFile {
    /// The file of `data_dir`, which must exist; made when it is missing.
    pub(crate) async fn make(data_dir: &Path) -> Result<Self, AccountsError> {
        if !data_dir.is_dir() {
            return Err(AccountsError::NoDirectory(data_dir.to_owned()));
        }
        let path = data_dir.join(DATABASE_FILE);
        let lock = lock_for_opening(&data_dir.join(LOCK_FILE)).await?;
        make_private_file(&path, data_dir).map_err(|e| AccountsError::from_io(&path, &e))?;
        Ok(Self { path, _lock: lock })
    }

    /// How to connect to it. A URL is how sqlx is told, and a URL is UTF-8.
    pub(crate) fn options(&self) -> Result<AnyConnectOptions, AccountsError> {
        let path = fs::canonicalize(&self.path).map_err(|e| AccountsError::from_io(&self.path, &e))?;
        let Some(text) = path.to_str() else { return Err(AccountsError::PathNotUtf8(path)) };
        format!("sqlite://{}", utf8_percent_encode(text, ALL_BUT_SLASHES))
            .parse()
            .map_err(|source| AccountsError::Database { place: text.to_owned(), source })
    }
}

async fn lock_for_opening(path: &Path) -> Result<File, AccountsError> {
    let failed = |e: &io::Error| AccountsError::from_io(path, e);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(OWNER_ONLY)
        .open(path)
        .map_err(|e| failed(&e))?;
    let deadline = Instant::now() + BUSY_WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                tokio::time::sleep(LOCK_RETRY).await
            }
            Err(TryLockError::WouldBlock) => return Err(AccountsError::Busy(path.display().to_string())),
            Err(TryLockError::Error(e)) => return Err(failed(&e)),
        }
    }
}

/// Makes the file when it is missing and takes others' access away when it is not.
///
/// An existing file is never opened here: closing it would drop the POSIX locks that SQLite holds on it
/// elsewhere in this process (<https://www.sqlite.org/howtocorrupt.html>, section 2.2). The `-wal` and
/// `-shm` files get the mode of this one.
fn make_private_file(path: &Path, data_dir: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path) {
        Ok(_) => File::open(data_dir)?.sync_all(),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            let mode = fs::metadata(path)?.permissions().mode() & 0o777;
            if mode & !OWNER_ONLY == 0 {
                return Ok(());
            }
            fs::set_permissions(path, fs::Permissions::from_mode(OWNER_ONLY))
        }
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;

    /// sqlx takes a range of `libsqlite3-sys` versions, and a SQLite before 3.51.3 can damage a WAL database
    /// that two processes write to (<https://www.sqlite.org/wal.html#walresetbug>): a lock file that falls
    /// back to one fails here.
    #[tokio::test]
    async fn the_sqlite_built_in_is_one_that_several_processes_can_write_with() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(&dir.path().into()).await.unwrap();
        let version: String =
            sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&database.pool).await.unwrap();
        let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(parts >= vec![3, 51, 3], "{version}");
    }

    #[tokio::test]
    async fn a_commit_is_durable_and_keys_point_at_what_exists() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(&dir.path().into()).await.unwrap();
        let journal: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&database.pool).await.unwrap();
        assert_eq!(journal, "wal");
        for (pragma, expected) in
            [("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1), ("PRAGMA busy_timeout", 5000)]
        {
            let value: i64 = sqlx::query_scalar(pragma).fetch_one(&database.pool).await.unwrap();
            assert_eq!(value, expected, "{pragma}");
        }
    }

    #[tokio::test]
    async fn an_opening_gives_up_when_another_holds_the_lock_too_long() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock_for_opening(&dir.path().join(LOCK_FILE)).await.unwrap();
        let error = Database::open(&dir.path().into()).await.map(drop).unwrap_err();
        assert!(matches!(error, AccountsError::Busy(_)), "{error}");
        drop(held);
        Database::open(&dir.path().into()).await.unwrap();
    }

    #[tokio::test]
    async fn a_directory_with_any_name_in_unicode_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a b", "50%25?x=y#z", "ä/../ä"] {
            fs::create_dir_all(dir.path().join(name.split('/').next().unwrap())).unwrap();
            let path = dir.path().join(name);
            Database::open(&path.as_path().into()).await.unwrap();
            assert!(fs::metadata(path.join(DATABASE_FILE)).unwrap().len() > 0, "{name}");
        }
    }
}
