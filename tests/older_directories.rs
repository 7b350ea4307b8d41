//! Upgrades: what an earlier version left, also by `kill -9`, opens as it is. Everything is there, and goes on.
//!
//! The directories, and what their own versions said of them, are in `tests/data/directories`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::harness::{Server, Site, tidegauge, wait_until};

/// Every directory there is.
const NAMES: [&str; 3] = ["first-water", "surfaces", "traffic"];

/// What a directory's own version said of it.
#[derive(Deserialize)]
struct Told {
    keys: BTreeMap<String, String>,
    answers: Vec<Answer>,
    rows: BTreeMap<String, Vec<Map<String, Value>>>,
}

#[derive(Deserialize)]
struct Answer {
    /// The key's name.
    key: String,
    path: String,
    /// The whole answer, or the fields of it that do not depend on the clock.
    answer: Value,
}

fn directories() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/directories")
}

/// The directory, unpacked, and what was said of it.
fn unpack(name: &str) -> (Site, Told) {
    let site = Site::new();
    fs::create_dir(site.data()).unwrap();
    let archive = directories().join(format!("{name}.tar.gz"));
    let unpacked = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(site.data()).status().unwrap();
    assert!(unpacked.success(), "{name}");
    let told = fs::read(directories().join(format!("{name}.json"))).unwrap();
    (site, serde_json::from_slice(&told).unwrap())
}

fn assert_answers(server: &Server, told: &Told, name: &str) {
    for Answer { key, path, answer } in &told.answers {
        let found = server.client_with(&told.keys[key]).get(path).ok();
        assert_holds(&found, answer, &format!("{name}: {path}"));
    }
}

/// The same, but that later versions may tell more.
fn assert_holds(found: &Value, wanted: &Value, place: &str) {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            for (field, value) in wanted {
                let found = found.get(field).unwrap_or(&Value::Null);
                assert_holds(found, value, &format!("{place}: {field}"));
            }
        }
        (Value::Array(found), Value::Array(wanted)) => {
            assert_eq!(found.len(), wanted.len(), "{place}");
            for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                assert_holds(found, wanted, &format!("{place}[{at}]"));
            }
        }
        _ => assert_eq!(found, wanted, "{place}"),
    }
}

/// Every row that was there is, and no other.
fn assert_rows(site: &Site, told: &Told, name: &str) {
    for (table, wanted) in &told.rows {
        let key = |row: &Map<String, Value>| {
            let text = |name: &str| row.get(name).map(Value::to_string).unwrap_or_default();
            let ids =
                ["tenant_id", "event_id", "session_id", "connection_id", "request_id", "event_time", "state"];
            ids.map(text)
        };
        let mut wanted = wanted.clone();
        // From a copy, so that nothing here changes. That counts are made again is worth a warning.
        let exported = site.copy().run(&["export", "--table", table]);
        assert_eq!(exported.code, Some(0), "{name}: {}", exported.stderr);
        let mut found: Vec<Map<String, Value>> =
            exported.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        wanted.sort_by_key(key);
        found.sort_by_key(key);
        let (found, wanted) = (json!(found), json!(wanted));
        assert_holds(&found, &wanted, &format!("{name}: {table}"));
    }
}

#[test]
fn every_earlier_version_has_its_directory_here() {
    let archives = fs::read_dir(directories()).unwrap().filter_map(|entry| {
        entry.unwrap().file_name().to_str().and_then(|name| name.strip_suffix(".tar.gz")).map(str::to_owned)
    });
    let mut archives: Vec<String> = archives.collect();
    archives.sort();
    assert_eq!(archives, NAMES);
}

#[test]
fn the_directories_of_earlier_versions_open_with_all_facts_and_the_same_reports() {
    for name in NAMES {
        let (site, told) = unpack(name);
        assert_rows(&site, &told, name);
        let server = site.start(&[]);
        assert_answers(&server, &told, name);
        // The log is in segments now: nothing is there twice.
        server.stop();
        let server = site.start(&["--flush-interval-seconds", "1", "--flush-bytes", "1"]);
        for key in ["admin", "project"] {
            let client = server.client_with(&told.keys[key]);
            wait_until("segments", || client.stats().buffer_status.events_pending == 0);
        }
        assert_answers(&server, &told, name);
        server.kill();
        let checked = site.run(&["check"]);
        assert_eq!((checked.code, &*checked.stderr), (Some(0), ""), "{name}: {}", checked.stdout);
        assert_rows(&site, &told, name);
    }
}

#[test]
fn the_keys_of_earlier_versions_work_and_new_facts_are_taken() {
    for name in NAMES {
        let (site, told) = unpack(name);
        let server = site.start(&[]);
        let revoked = server.client_with(&told.keys["revoked"]).get("/api/v1/analytics/stats");
        assert_eq!(revoked.status, 401, "{name}");
        let client = server.client_with(&told.keys["project"]);
        let before = client.stats().total_events;
        client.track(&json!({"event_id": "a new one", "event_name": "new"}));
        client.track(&json!({"event_id": "a new one", "event_name": "new"}));
        let connection = json!({"connection_id": "new", "state": "open", "service_name": "s", "protocol_name": "p",
            "data_center": "d", "project_id": "web"});
        client.post_json("/api/v1/connections", &json!({ "connections": [connection] })).ok();
        let request = json!({"api_id": "new", "path": "/new", "api_key": "new"});
        client.post_json("/api/v1/requests", &json!({ "requests": [request] })).ok();
        assert_eq!(client.stats().total_events, before + 1, "{name}");
        server.stop();
        let made = site.make_key("acme", "read", &["--project", "web"]);
        let server = site.start(&[]);
        let client = server.client_with(&made);
        assert_eq!(client.stats().total_events, before + 1, "{name}");
        assert_eq!(client.total_events("web"), before + 1, "{name}");
        server.stop();
    }
}

#[test]
fn a_backup_of_an_earlier_versions_directory_is_restored_as_that_versions() {
    for name in NAMES {
        let (site, told) = unpack(name);
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let (backup, restored) = (place.path().join("backup"), Site::new());
        let made = site.run(&["backup", "--to", backup.to_str().unwrap()]);
        assert_eq!((made.code, &*made.stderr), (Some(0), ""), "{name}");
        let (from, to) = (backup.to_str().unwrap(), restored.data().to_str().unwrap());
        let ran = tidegauge(&["restore", "--from", from, "--data", to]);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{name}");
        assert_rows(&restored, &told, name);
        let server = restored.start(&[]);
        assert_answers(&server, &told, name);
        server.stop();
    }
}
