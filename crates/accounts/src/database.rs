//! The file `DATA/accounts.db`: making it, opening it and bringing its tables up to date.
//!
//! Promise: a commit is on the disk when it returns (WAL with `synchronous=FULL`), only the file's owner
//! can read it, and processes that open it at the same moment do not trip over each other: a lock file
//! lets one at a time create and migrate. That lock is not held afterwards.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Sqlite, Transaction};
use tokio::time::Instant;

use crate::error::AccountsError;

/// The database's name inside a data directory. SQLite keeps `-wal` and `-shm` files beside it.
pub const DATABASE_FILE: &str = "accounts.db";
/// Locked while the database is created or migrated; empty, and harmless to delete when nothing runs.
pub const LOCK_FILE: &str = "accounts.lock";
/// How long a write, or an opening, waits for another process before it gives up.
pub const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Rows read at a time, so that a million keys are never in memory as rows; a page of them is also the most
/// that holds up the ring's readers at once.
pub(crate) const PAGE_ROWS: usize = 5_000;

const LOCK_RETRY: Duration = Duration::from_millis(10);
const MAX_CONNECTIONS: u32 = 4;
/// A call waits for a free connection while others wait, each in its turn, for the database.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);
const OWNER_ONLY: u32 = 0o600;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// An open accounts database.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) pool: SqlitePool,
    options: SqliteConnectOptions,
    path: PathBuf,
}

impl Database {
    /// Opens the database of `data_dir`, which must exist; makes and migrates it as needed.
    pub(crate) async fn open(data_dir: &Path) -> Result<Self, AccountsError> {
        if !data_dir.is_dir() {
            return Err(AccountsError::NoDirectory(data_dir.to_owned()));
        }
        let path = data_dir.join(DATABASE_FILE);
        let lock = lock_for_opening(&data_dir.join(LOCK_FILE)).await?;
        make_private_file(&path, data_dir).map_err(|e| AccountsError::from_io(&path, &e))?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_WAIT)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(CONNECTION_WAIT)
            .connect_with(options.clone())
            .await
            .map_err(|e| AccountsError::from_database(&path, e))?;
        MIGRATIONS.run(&pool).await.map_err(|e| AccountsError::from_migration(&path, e))?;
        drop(lock);
        Ok(Self { pool, options, path })
    }

    /// A connection outside the pool, for a caller that keeps it.
    pub(crate) async fn connect(&self) -> Result<SqliteConnection, AccountsError> {
        self.options.connect().await.map_err(|e| self.error(e))
    }

    /// A transaction that holds the write lock from its start: what it reads stays true until it commits.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>, AccountsError> {
        self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(|e| self.error(e))
    }

    /// Makes what `transaction` did durable.
    pub(crate) async fn commit(
        &self,
        transaction: Transaction<'static, Sqlite>,
    ) -> Result<(), AccountsError> {
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// The sentence for what the database reported.
    pub(crate) fn error(&self, source: sqlx::Error) -> AccountsError {
        AccountsError::from_database(&self.path, source)
    }

    pub(crate) fn unreadable_row(&self, what: &'static str) -> AccountsError {
        AccountsError::UnreadableRow { path: self.path.clone(), what }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The lock, which ends when the file is dropped.
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
            Err(TryLockError::WouldBlock) => return Err(AccountsError::Busy(path.to_owned())),
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

    /// sqlx takes a range of `libsqlite3-sys` versions, and a SQLite before 3.51.3 can damage a WAL database
    /// that two processes write to (<https://www.sqlite.org/wal.html#walresetbug>): a lock file that falls
    /// back to one fails here.
    #[tokio::test]
    async fn the_sqlite_built_in_is_one_that_several_processes_can_write_with() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(dir.path()).await.unwrap();
        let version: String =
            sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&database.pool).await.unwrap();
        let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(parts >= vec![3, 51, 3], "{version}");
    }

    #[tokio::test]
    async fn a_commit_is_durable_and_keys_point_at_what_exists() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(dir.path()).await.unwrap();
        let mut connection = database.connect().await.unwrap();
        let journal: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await.unwrap();
        let synchronous: i64 =
            sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut connection).await.unwrap();
        let foreign_keys: i64 =
            sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut connection).await.unwrap();
        let busy: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&mut connection).await.unwrap();
        assert_eq!((journal.as_str(), synchronous, foreign_keys, busy), ("wal", 2, 1, 5000));
    }

    #[tokio::test]
    async fn an_opening_gives_up_when_another_holds_the_lock_too_long() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock_for_opening(&dir.path().join(LOCK_FILE)).await.unwrap();
        let error = Database::open(dir.path()).await.map(drop).unwrap_err();
        assert!(matches!(error, AccountsError::Busy(_)), "{error}");
        drop(held);
        Database::open(dir.path()).await.unwrap();
    }
}
