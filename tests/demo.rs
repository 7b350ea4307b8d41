//! `tidegauge demo` has something true to show on every surface, goes on while it runs, and leaves nothing behind that
//! nobody asked it to keep.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::harness::client::STATS;
use crate::harness::server::Start;
use crate::harness::{Client, Site, tidegauge, wait_until};

const PROJECTS: [&str; 3] = ["shop", "mobile-app", "kiosk"];

fn project(client: &Client, name: &str) -> Value {
    client.get(&format!("/api/realtime/projects/{name}/analytics")).ok()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// The one directory in a directory.
fn only_entry(place: &Path) -> PathBuf {
    let entries: Vec<PathBuf> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries[0].clone()
}

fn is_empty(place: &Path) -> bool {
    fs::read_dir(place).unwrap().next().is_none()
}

#[test]
fn every_surface_has_something_to_show_it_goes_on_and_a_temporary_place_goes_with_it() {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let server = Start::passing_demo(place.path(), &["--days", "1"]).listening();
    let data = only_entry(place.path());
    let key = fs::read_to_string(data.join("admin.key")).unwrap();
    let client = server.client_with(key.trim());
    // What to look at is said after where it listens.
    wait_until("what to look at", || server.stdout().contains("tidegauge top --url"));
    assert!(server.stdout().contains(key.trim()));

    for name in PROJECTS {
        let now = project(&client, name);
        assert!(number(&now["activeConnections"]) > 0 && number(&now["totalEvents"]) > 500, "{now}");
    }
    let history = client.get("/api/realtime/projects/shop/history?period=day").ok();
    let hours = history["data"].as_array().unwrap();
    assert!(hours.len() >= 24, "{history}");
    assert!(
        hours.iter().all(|hour| number(&hour["events"]) > 0 && number(&hour["connections"]) > 0),
        "{history}"
    );
    let groups = client.get("/api/connection-analytics/summary").ok();
    assert!(groups.as_array().unwrap().len() > 10, "{groups}");
    let sessions = client.get("/v2/realtime/session/tenants/default?limit=50").ok();
    assert_eq!(sessions.as_array().unwrap().len(), 50);
    let events = client.get("/v2/realtime/event/tenants/default?spaceId=hall-lyon-river&limit=5").ok();
    assert!(!events.as_array().unwrap().is_empty());
    let errors = client.get("/api/activity/oauthid/endpoint/client-storefront/1/1/2020/31/12/2099").ok();
    assert!(number(&errors["data"][0]["hits"]) > 10, "{errors}");
    let stats = client.get(STATS).ok();
    assert!(stats["events_by_category"].as_object().unwrap().len() == 8, "{stats}");

    let requests = || number(&project(&client, "shop")["totalEvents"]);
    let before = requests();
    wait_until("more events", || requests() > before + 5);
    let output = server.stop();
    assert!(output.stderr.contains("a day of history in"), "{}", output.stderr);
    assert!(is_empty(place.path()), "the temporary directory is still there");
}

#[test]
fn a_kept_demo_goes_on_from_where_it_stopped() {
    let site = Site::new();
    let start = |days| Start::demo(site.data(), &["--days", days]).listening();
    let server = start("1");
    let before = number(&server.client().get(STATS).ok()["total_events"]);
    assert!(before > 5_000);
    assert!(server.stop().stderr.contains("a day of history"));

    let ran = tidegauge(&[
        "demo",
        "--data",
        site.data().to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
        "--seed",
        "9",
    ]);
    assert!(ran.assert_failed().contains("--seed 1"), "{ran:?}");

    // It was not away for long enough to be worth a word, and makes no history a second time.
    let server = start("2");
    let client = server.client();
    let again = number(&client.get(STATS).ok()["total_events"]);
    assert!((before..before + 3_000).contains(&again), "{before} {again}");
    wait_until("more events", || number(&client.get(STATS).ok()["total_events"]) > again);
    let output = server.stop();
    assert!(!output.stderr.contains("of history") && !output.stdout.contains("Admin key"), "{output:?}");
    let mut ids = HashSet::new();
    assert!(site.events().into_iter().all(|row| ids.insert(row.event_id)), "an event is there twice");
    // What it leaves is a data directory as any other.
    let server = site.start(&[]);
    assert!(number(&project(&server.client(), "shop")["totalEvents"]) > 1_000);
    server.stop();
}

#[test]
fn somebodys_own_data_is_left_alone() {
    let site = Site::new();
    site.start(&[]).stop();
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(site.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let data = site.data().to_str().unwrap();
    let ran = tidegauge(&["demo", "--data", data, "--listen", "127.0.0.1:0"]);
    assert!(ran.assert_failed().contains("no demo's"), "{ran:?}");
    assert_eq!(names(), before);
    for wrong in [["--days", "0"], ["--days", "400"], ["--rate", "0"], ["--rate", "NaN"], ["--seed", "x"]] {
        assert_eq!(tidegauge(&[&["demo"], &wrong[..]].concat()).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn whoever_stops_it_while_history_is_made_leaves_nothing_behind() {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut starting = Start::passing_demo(place.path(), &["--days", "300"]).spawn();
    wait_until("some history", || {
        let log = fs::read_dir(place.path()).unwrap().next().map(|entry| entry.unwrap().path().join("log"));
        let files = log.and_then(|log| fs::read_dir(log).ok()).into_iter().flatten();
        files.filter_map(|file| file.ok()?.metadata().ok()).any(|file| file.len() > 100_000)
    });
    starting.process.terminate();
    assert_eq!(starting.process.wait(Duration::from_secs(30)).code(), Some(0));
    assert!(is_empty(place.path()), "the temporary directory is still there");
}
