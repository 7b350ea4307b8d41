//! The store's promises, each shown on a real data directory.

mod backup;
mod damage;
mod durability;
mod erasure;
mod erasure_model;
mod erasure_order;
mod feed;
mod idle_timeout;
mod model;
mod newest_first;
mod raw_search;
mod repeats;
mod retention;
mod sessions;
mod speed;
mod traffic;

use std::path::Path;
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray as _;
use tidegauge_facts::connections::State;
use tidegauge_facts::events::{Category, Priority};
use tidegauge_facts::time::{DAY, HOUR};
use tidegauge_facts::{Connection, Event, Micros, Table};

use crate::{Appended, Options, Refused, Snapshot, Store, StoreError};

/// Today at 12:00 UTC, in microseconds.
fn noon() -> i64 {
    Micros::now().day() * DAY + 12 * HOUR
}

/// Bounds under which nothing is flushed unless asked.
fn lazy() -> Options {
    Options { flush_interval: Duration::from_hours(24), flush_bytes: u64::MAX, ..Options::default() }
}

fn open(path: &Path) -> Store {
    Store::open(path, lazy()).unwrap()
}

/// An event with little more than its id; the id is the client's when `is_client_id`.
fn event<'a>(tenant: &'a str, project: &'a str, id: &'a str, is_client_id: bool) -> Event<'a> {
    Event {
        tenant_id: tenant,
        project_id: project,
        event_id: id,
        id_assigned: !is_client_id,
        event_time: noon(),
        received_at: Micros::now().0,
        event_name: "login",
        category: Category::Auth,
        priority: Priority::Medium,
        ..Event::default()
    }
}

fn connection<'a>(id: &'a str, project: &'a str, state: State, at: i64) -> Connection<'a> {
    Connection {
        tenant_id: "t",
        project_id: project,
        connection_id: id,
        event_time: at,
        received_at: noon(),
        state,
        service_name: "ws",
        protocol_name: "WebSocket",
        data_center: "eu",
        opened_at: at,
        closed_at: (state == State::Close).then_some(at),
        api_key_hash: None,
        user_id: None,
        ip: None,
        bytes_in: None,
        bytes_out: None,
        close_reason: None,
        host: None,
        at_assigned: None,
        is_live: None,
    }
}

/// Appends events of tenant `t`, project `p`, with clients' ids, and waits for the commit.
fn put(store: &Store, ids: &[&str]) -> Appended {
    let rows = ids
        .iter()
        .map(|id| (Some(store.fingerprint("t", "p", Table::Events, id)), event("t", "p", id, true)));
    let appended = store.append(rows).unwrap();
    let waiting = store.append(std::iter::empty::<(_, Event<'_>)>()).unwrap();
    wait(waiting).unwrap();
    appended
}

fn wait(appended: Appended) -> Result<(), crate::NotDurable> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(appended.ticket.committed())
}

/// Every event's id, in the order of a scan; a part that cannot be read is an error.
fn event_ids(snapshot: &Snapshot) -> Vec<Result<String, StoreError>> {
    let mut ids = Vec::new();
    for batch in snapshot.scan(Table::Events) {
        match batch {
            Ok(batch) => {
                let column = batch.column_by_name("event_id").unwrap().as_string::<i32>();
                ids.extend(column.iter().map(|id| Ok(id.unwrap().to_owned())));
            }
            Err(error) => ids.push(Err(error)),
        }
    }
    ids
}

fn sorted_ids(store: &Store) -> Vec<String> {
    let mut ids: Vec<String> = event_ids(&store.snapshot()).into_iter().map(Result::unwrap).collect();
    ids.sort();
    ids
}

fn total(store: &Store) -> u64 {
    store.look(|view| view.gauges.tenant("t").map_or(0, |tenant| tenant.events))
}

/// Moves everything hot into segments.
fn flush(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while store.look(|view| !view.hot.parts().is_empty()) {
        store.request_flush();
        assert!(Instant::now() < deadline, "the flush never came: {:?}", store.health());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Somewhere in memory when the system has such a place: thousands of files are written, or synced.
fn fast_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A copy of a data directory as a crash would leave it.
fn copy_of(path: &Path) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &target);
            } else if let Err(error) = std::fs::copy(entry.path(), target) {
                // What a flush removes after it is published may go meanwhile, as it may before a crash.
                assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
            }
        }
    }
    let dir = if path.starts_with("/dev/shm") { fast_dir() } else { tempfile::tempdir().unwrap() };
    copy(path, dir.path());
    dir
}

/// The store that a crash of this moment would leave.
fn crashed(path: &Path) -> (tempfile::TempDir, Store) {
    let copy = copy_of(path);
    let store = open(copy.path());
    (copy, store)
}

#[test]
fn a_closed_store_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a"]);
    store.close();
    let rows = std::iter::once((None, event("t", "p", "b", false)));
    assert_eq!(store.append(rows).unwrap_err(), Refused::Stopped);
    assert_eq!(store.health().refuses, Some(Refused::Stopped));
}
