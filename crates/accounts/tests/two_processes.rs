//! Two holders of one data directory: what one changes, the other's ring honours within a second.

mod common;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{fresh, me, now, request, within};
use sqlx::Connection as _;
use tidegauge_accounts::Accounts;
use tokio::sync::oneshot;
use tracing_subscriber::fmt::MakeWriter;

const A_SECOND: Duration = Duration::from_secs(1);
/// Names the directory to the other process.
const CHILD_DIR: &str = "TIDEGAUGE_ACCOUNTS_CHILD_DIR";

#[tokio::test]
async fn a_key_made_and_revoked_by_one_is_honoured_by_the_other_within_a_second() {
    let (dir, server) = fresh().await;
    let command_line = Accounts::open(dir.path()).await.unwrap();
    let ring = server.key_ring().await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let watch = tokio::spawn(server.clone().watch(async move { drop(stopped.await) }));

    for _ in 0..3 {
        let key = command_line.create_key(&me(), request("t")).await.unwrap();
        within(A_SECOND, || ring.authenticate(key.text.expose(), now()).is_some()).await;
        command_line.revoke_key(&me(), None, &key.id).await.unwrap();
        within(A_SECOND, || ring.authenticate(key.text.expose(), now()).is_none()).await;
    }

    stop.send(()).unwrap();
    watch.await.unwrap();
}

#[tokio::test]
async fn what_changed_before_the_watch_began_is_seen_too() {
    let (dir, server) = fresh().await;
    let ring = server.key_ring().await.unwrap();
    let command_line = Accounts::open(dir.path()).await.unwrap();
    let key = command_line.create_key(&me(), request("t")).await.unwrap();
    assert_eq!(ring.authenticate(key.text.expose(), now()), None);
    let watch = tokio::spawn(server.watch(std::future::pending()));
    within(A_SECOND, || ring.authenticate(key.text.expose(), now()).is_some()).await;
    watch.abort();
}

#[tokio::test]
async fn while_the_database_cannot_be_read_the_ring_stays_and_then_catches_up() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    // This thread's alone; the test's runtime runs on no other.
    let _guard = tracing::subscriber::set_default(subscriber);
    let (dir, server) = fresh().await;
    let ring = server.key_ring().await.unwrap();
    let old = server.create_key(&me(), request("t")).await.unwrap();
    let watch = tokio::spawn(server.clone().watch(std::future::pending()));

    let url = format!("sqlite:{}", dir.path().join("accounts.db").display());
    let mut raw = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("ALTER TABLE api_keys RENAME TO hidden").execute(&mut raw).await.unwrap();
    within(A_SECOND, || log.has("cannot be read; known API keys keep working")).await;
    assert!(ring.authenticate(old.text.expose(), now()).is_some());
    assert!(!watch.is_finished());

    sqlx::query("ALTER TABLE hidden RENAME TO api_keys").execute(&mut raw).await.unwrap();
    let command_line = Accounts::open(dir.path()).await.unwrap();
    let new = command_line.create_key(&me(), request("t")).await.unwrap();
    within(A_SECOND, || ring.authenticate(new.text.expose(), now()).is_some()).await;
    assert!(ring.authenticate(old.text.expose(), now()).is_some());
    assert!(log.has("can be read again"));
    watch.abort();
}

#[tokio::test]
async fn a_key_made_by_another_process_is_honoured_within_a_second() {
    let (dir, server) = fresh().await;
    let ring = server.key_ring().await.unwrap();
    let watch = tokio::spawn(server.clone().watch(std::future::pending()));
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_other_process", "--ignored"])
        .env(CHILD_DIR, dir.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    within(A_SECOND, || ring.len() == 1).await;
    watch.abort();
}

#[tokio::test]
#[ignore = "what the test above runs in a process of its own"]
async fn the_other_process() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let accounts = Accounts::open(PathBuf::from(dir)).await.unwrap();
    accounts.create_key(&me(), request("t")).await.unwrap();
    // No close: a process that ends with its commit done has done enough.
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What a panicking test left behind is still what was logged.
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, part: &str) -> bool {
        String::from_utf8_lossy(&self.bytes()).contains(part)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
