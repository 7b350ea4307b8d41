//! A copy of the accounts as of one moment, while others use them.
//!
//! Promise: the copy is a whole database by itself (no `-wal` beside it), readable by its owner alone, and on the disk.
//! What it is copied from is not changed: a database of an earlier version stays one.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::database::{BUSY_WAIT, Place};
use crate::error::AccountsError;
use crate::sqlite_file::DATABASE_FILE;

/// Copies `data_dir`'s accounts to the new file `to`; false if the directory has none, as when they are in PostgreSQL.
///
/// # Errors
/// [`AccountsError`] when they cannot be read, or `to` exists or cannot be written.
pub async fn copy_accounts(data_dir: &Path, to: &Path) -> Result<bool, AccountsError> {
    let from = data_dir.join(DATABASE_FILE);
    if !from.exists() {
        return Ok(false);
    }
    let place = Place::Sqlite(from.display().to_string());
    let failed = |e| AccountsError::from_database(&place, e);
    // SQLite takes an empty file for a new one, and keeps its mode.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(|e| AccountsError::from_io(to, &e))?;
    let options =
        SqliteConnectOptions::new().filename(&from).busy_timeout(BUSY_WAIT).disable_statement_logging();
    let mut connection = options.connect().await.map_err(failed)?;
    let target = to.to_str().ok_or_else(|| AccountsError::PathNotUtf8(to.to_owned()))?;
    sqlx::query("VACUUM INTO ?").bind(target).execute(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(|e| AccountsError::from_io(to, &e))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::accounts::Accounts;

    #[tokio::test]
    async fn a_copy_of_accounts_in_use_knows_the_same_keys() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(dir.path()).await.unwrap();
        let key = accounts.first_start().await.unwrap().unwrap();
        let copy = tempfile::tempdir().unwrap();
        let to = copy.path().join(DATABASE_FILE);
        assert!(copy_accounts(dir.path(), &to).await.unwrap());
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(copy.path()).unwrap().count(), 1);
        let copied = Accounts::open(copy.path()).await.unwrap();
        assert!(copied.key_ring().await.unwrap().authenticate(key.text.expose(), 0).is_some());
        copied.close().await;
        accounts.close().await;
    }

    #[tokio::test]
    async fn without_accounts_there_is_no_copy_and_no_file_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("copy");
        assert!(!copy_accounts(dir.path(), &to).await.unwrap());
        assert!(!to.exists());
        Accounts::open(dir.path()).await.unwrap().close().await;
        std::fs::write(&to, "something").unwrap();
        assert!(copy_accounts(dir.path(), &to).await.is_err());
        assert_eq!(std::fs::read(&to).unwrap(), b"something");
    }
}
