//! A directory or a file that cannot be used says why, and what to do.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use common::{fresh, me, request};
use sqlx::Connection as _;
use tidegauge_accounts::{Accounts, AccountsError};

async fn error_of(dir: &Path) -> AccountsError {
    match Accounts::open(dir).await {
        Ok(_) => panic!("{} opened", dir.display()),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_missing_directory_is_named_and_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("typo");
    let error = error_of(&missing).await;
    assert!(matches!(error, AccountsError::NoDirectory(_)), "{error}");
    assert!(error.to_string().contains("typo"));
    assert!(!missing.exists());
}

#[tokio::test]
async fn a_directory_that_takes_no_files_is_an_error_that_names_the_file() {
    // /proc takes no files even from root, for whom a directory's mode is no hindrance.
    let error = error_of(Path::new("/proc")).await;
    assert!(matches!(error, AccountsError::NotWritable { .. }), "{error}");
    assert!(error.to_string().contains("/proc/accounts") && error.to_string().contains("write access"));
}

#[tokio::test]
async fn a_read_only_directory_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(dir.path().join("probe"), "").is_ok() {
        return; // root: the test above stands in
    }
    let error = error_of(dir.path()).await;
    assert!(matches!(error, AccountsError::NotWritable { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("accounts.db");
    let garbage = b"not a database, but long enough to be looked at. ".repeat(200);
    fs::write(&file, &garbage).unwrap();
    let error = error_of(dir.path()).await;
    assert!(matches!(error, AccountsError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("accounts.db") && error.to_string().contains("backup"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), garbage);
}

#[tokio::test]
async fn a_damaged_database_is_an_error_by_the_time_its_keys_are_read() {
    let (dir, accounts) = fresh().await;
    accounts.create_key(&me(), request("t")).await.unwrap();
    accounts.close().await;
    let file = dir.path().join("accounts.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(&file, bytes).unwrap();
    let result = match Accounts::open(dir.path()).await {
        Ok(accounts) => accounts.key_ring().await.map(drop),
        Err(error) => Err(error),
    };
    assert!(matches!(result, Err(AccountsError::Damaged { .. })), "{result:?}");
}

#[tokio::test]
async fn a_database_of_a_later_version_is_left_alone() {
    let (dir, accounts) = fresh().await;
    accounts.close().await;
    let url = format!("sqlite:{}", dir.path().join("accounts.db").display());
    let mut raw = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .execute(&mut raw)
    .await
    .unwrap();
    raw.close().await.unwrap();
    let error = error_of(dir.path()).await;
    assert!(matches!(error, AccountsError::OtherVersion { .. }), "{error}");
    assert!(error.to_string().contains("9999"), "{error}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_lets_nobody_in_and_keeps_nobody_else_out() {
    let (dir, accounts) = fresh().await;
    let spoilt = accounts.create_key(&me(), request("t")).await.unwrap();
    let good = accounts.create_key(&me(), request("t")).await.unwrap();
    let url = format!("sqlite:{}", dir.path().join("accounts.db").display());
    let mut raw = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE api_keys SET scopes = 'root' WHERE id = ?1")
        .bind(&*spoilt.id)
        .execute(&mut raw)
        .await
        .unwrap();
    let ring = accounts.key_ring().await.unwrap();
    assert_eq!(ring.authenticate(spoilt.text.expose(), 0), None);
    assert!(ring.authenticate(good.text.expose(), 0).is_some());
    let error = accounts.list_keys(None).await.unwrap_err();
    assert!(matches!(error, AccountsError::UnreadableRow { .. }), "{error}");
}
