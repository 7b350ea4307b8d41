//! While the database cannot be read, what is known stays in force, and the log says so once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{fresh, me, now, request, within};
use sqlx::Connection as _;
use tidegauge_accounts::Accounts;
use tracing_subscriber::fmt::MakeWriter;

const A_SECOND: Duration = Duration::from_secs(1);

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
