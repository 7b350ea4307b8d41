//! What the accounts promise, in a PostgreSQL: one server, a database for each promise.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "common/children.rs"]
mod children;
mod common;
#[allow(dead_code, reason = "the black-box tests use more of it")]
#[path = "../../../tests/harness/postgres.rs"]
mod postgres;

use std::pin::Pin;
use std::thread;
use std::time::Duration;

use common::{Place, me, now, request, within};
use postgres::{PASSWORD, Postgres};
use tidegauge_accounts::{Accounts, AccountsError, DatabaseUrl};

/// A promise, by its name.
type Promise = (&'static str, fn(Place) -> Pin<Box<dyn Future<Output = ()>>>);

/// Lists the promises of a file.
macro_rules! promises {
    ($($name:ident,)*) => {
        pub const ALL: &[crate::Promise] = &[$((stringify!($name), |place| Box::pin($name(place)))),*];
    };
}

mod promises;

const FILES: [&[Promise]; 6] = [
    promises::audit::ALL,
    promises::keys::ALL,
    promises::rotation::ALL,
    promises::tenant_settings::ALL,
    promises::tenants_and_projects::ALL,
    promises::two_processes::ALL,
];

#[test]
fn the_accounts_keep_every_promise() {
    let server = Postgres::start();
    let mut broken: Vec<&str> = Vec::new();
    for (name, promise) in FILES.into_iter().flatten() {
        let place = Place::Postgres(server.database());
        let run = move || runtime().block_on(promise(place));
        // A thread of its own, so that its name is in what it says and the others are tried too.
        let kept = thread::Builder::new().name((*name).to_owned()).spawn(run).unwrap().join();
        broken.extend(kept.is_err().then_some(*name));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

async fn error_of(url: &str) -> AccountsError {
    let error = Accounts::open(url.parse::<DatabaseUrl>().unwrap()).await.map(drop).unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(!said.contains(PASSWORD) && !said.contains("s3cr"), "{said}");
    error
}

#[tokio::test]
async fn what_keeps_it_from_opening_is_said_without_the_password() {
    let server = Postgres::start_with_password();
    let url = server.database();
    let wrong = error_of(&url.replace("pass@", "wrong@")).await;
    assert!(matches!(wrong, AccountsError::Refused { .. }), "{wrong}");
    assert!(
        wrong.to_string().contains("password") && wrong.to_string().contains("tide@127.0.0.1"),
        "{wrong}"
    );
    let missing = error_of(&server.url("nosuch")).await;
    assert!(
        matches!(missing, AccountsError::Refused { .. }) && missing.to_string().contains("nosuch"),
        "{missing}"
    );
    let plain = error_of(&format!("{url}?sslmode=require")).await;
    assert!(
        matches!(plain, AccountsError::Unreachable { .. }) && plain.to_string().contains("TLS"),
        "{plain}"
    );

    server.psql("postgres", "CREATE ROLE guest LOGIN PASSWORD 's3cret'");
    let guest = error_of(&url.replace("tide:s3cr%25t%2Fpass", "guest:s3cret")).await;
    assert!(
        matches!(guest, AccountsError::Refused { .. }) && guest.to_string().contains("rights"),
        "{guest}"
    );
    server.psql("postgres", "ALTER ROLE tide SET default_transaction_read_only = on");
    let standby = error_of(&server.url("template1")).await;
    assert!(matches!(standby, AccountsError::ReadOnly(_)), "{standby}");

    drop(server);
    let gone = error_of(&url).await;
    assert!(
        matches!(gone, AccountsError::Unreachable { .. }) && gone.to_string().contains("refused"),
        "{gone}"
    );
}

#[tokio::test]
async fn a_database_of_a_later_version_is_left_alone() {
    let server = Postgres::start();
    let place = Place::Postgres(server.database());
    place.open().await.close().await;
    server.psql(
        "d0",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', TRUE, '', 0)",
    );
    let Place::Postgres(url) = &place else { unreachable!() };
    let error = error_of(url).await;
    assert!(
        matches!(error, AccountsError::OtherVersion { .. }) && error.to_string().contains("9999"),
        "{error}"
    );
}

#[tokio::test]
async fn known_keys_keep_working_while_the_server_is_gone_and_changes_arrive_when_it_is_back() {
    let mut server = Postgres::start();
    let place = Place::Postgres(server.database());
    let accounts = place.open().await;
    let ring = accounts.key_ring().await.unwrap();
    let known = accounts.create_key(&me(), request("t")).await.unwrap();
    let watch = tokio::spawn(accounts.clone().watch(std::future::pending()));
    server.stop();
    let error = accounts.create_key(&me(), request("t")).await.unwrap_err();
    assert!(matches!(error, AccountsError::Unreachable { .. }), "{error}");
    assert!(ring.authenticate(known.text.expose(), now()).is_some());

    server.start_again();
    let other = place.open().await;
    let new = other.create_key(&me(), request("t")).await.unwrap();
    // Longer than a second: the pool waits a while between two tries to reach a server that is gone.
    within(Duration::from_secs(20), || ring.authenticate(new.text.expose(), now()).is_some()).await;
    assert!(ring.authenticate(known.text.expose(), now()).is_some());
    watch.abort();
}

#[tokio::test]
async fn a_commit_is_durable_whatever_the_servers_default_is() {
    let server = Postgres::start();
    server.psql("postgres", "ALTER ROLE tide SET synchronous_commit = off");
    let url = server.database();
    let accounts = Accounts::open(url.parse::<DatabaseUrl>().unwrap()).await.unwrap();
    // A trigger says what the writer's own connection has.
    server.psql(
        "d0",
        "CREATE TABLE seen (setting TEXT);
         CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
         CREATE TRIGGER see BEFORE INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION see()",
    );
    accounts.create_tenant(&me(), &common::tenant("t")).await.unwrap();
    assert_eq!(server.psql("d0", "SELECT setting FROM seen"), "on");
}

#[tokio::test]
async fn a_writer_that_does_not_end_is_waited_for_and_then_said() {
    let server = Postgres::start();
    let place = Place::Postgres(server.database());
    let accounts = place.open().await;
    let mut raw = place.raw().await;
    for sql in ["BEGIN", "SELECT pg_advisory_xact_lock(8388346167643174247)"] {
        sqlx::query(sql).execute(&mut raw).await.unwrap();
    }
    let error = accounts.create_key(&me(), request("t")).await.unwrap_err();
    assert!(matches!(error, AccountsError::Busy(_)), "{error}");
    sqlx::query("ROLLBACK").execute(&mut raw).await.unwrap();
    accounts.create_key(&me(), request("t")).await.unwrap();
}
