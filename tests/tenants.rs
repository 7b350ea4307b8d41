//! Tenants do not see each other, keys do what they say and no more, and no key's text is kept anywhere.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::client::{BATCH, HEALTH, STATS, TRACK};
use crate::harness::{Client, Site, wait_for, wait_until};

fn wait_for_key(client: &Client) {
    wait_until("the key", || client.get(HEALTH).status == 200);
}

/// An answer without what is each request's own.
fn without_own(client: &Client, project: &str, shown_as: &str) -> (u16, Vec<(String, String)>, String) {
    let path = format!("/api/realtime/projects/{project}/analytics");
    let answer = client.get(&path);
    let mut body = answer.text().replace(&format!("{path:?}"), &format!("{shown_as:?}"));
    let json = answer.json();
    for own in ["timestamp", "requestId"] {
        body = body.replace(json[own].as_str().unwrap(), own);
    }
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "content-length", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, body)
}

#[test]
fn another_tenants_project_answers_as_one_that_does_not_exist() {
    let site = Site::new();
    let server = site.start(&[]);
    let theirs = server.client_with(&site.make_key("theirs", "ingest,read", &[]));
    let ours = server.client_with(&site.make_key("ours", "ingest,read", &[]));
    wait_for_key(&ours);
    theirs.track(&json!({"event_name": "a", "project_id": "secret"}));
    assert_eq!(theirs.total_events("secret"), 1);
    let missing = without_own(&ours, "nosuch", "path");
    assert_eq!(missing.0, 404);
    for project in ["secret", "none-either", "Default", "%20", "a%2fb", &"x".repeat(500)] {
        assert_eq!(without_own(&ours, project, "path"), missing, "{project}");
    }
    let bound = server.client_with(&site.make_key("theirs", "read,ingest", &["--project", "public"]));
    wait_for_key(&bound);
    let missing = without_own(&bound, "nosuch", "path");
    assert_eq!(without_own(&bound, "secret", "path"), missing);
    assert_eq!(bound.total_events("public"), 0);
}

#[test]
fn a_key_of_one_project_writes_to_no_other_and_reads_no_other() {
    let site = Site::new();
    let server = site.start(&[]);
    let admin = server.client();
    let bound = server.client_with(&site.make_key("default", "ingest,read", &["--project", "mine"]));
    wait_for_key(&bound);
    admin.track(&json!({"event_name": "a"}));
    bound.track(&json!({"event_name": "a"}));
    bound.track(&json!({"event_name": "a", "project_id": "mine"}));
    assert_eq!(bound.total_events("mine"), 2);
    assert_eq!(bound.get("/api/realtime/projects/default/analytics").status, 404);

    let foreign = json!({"event_name": "a", "project_id": "default"});
    let refused = bound.post_json(TRACK, &foreign);
    assert_eq!(refused.status, 422);
    let detail = &refused.json()["detail"][0];
    assert_eq!((&detail["loc"], &detail["input"]), (&json!(["body", "project_id"]), &json!("default")));
    let batch = json!({"events": [{"event_name": "good"}, foreign]});
    let refused = bound.post_json(BATCH, &batch);
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["detail"][0]["loc"], json!(["body", "events", 1, "project_id"]));
    let headers = [("Content-Type", "application/json"), ("Prefer", "handling=lenient")];
    let lenient = bound.send("POST", BATCH, &headers, batch.to_string().as_bytes()).ok();
    assert_eq!([&lenient["events_queued"], &lenient["events_failed"]], [1, 1]);
    assert_eq!((admin.total_events("default"), admin.total_events("mine")), (1, 3));
}

#[test]
fn stats_and_the_buffer_are_the_tenants_own() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let other = server.client_with(&site.make_key("other", "ingest,read", &[]));
    wait_for_key(&other);
    let admin = server.client();
    admin.batch(&vec![json!({"event_name": "a", "category": "auth"}); 10]);
    let empty = other.stats();
    assert_eq!((empty.total_events, empty.events_today, empty.events_this_hour), (0, 0, 0));
    assert!(empty.events_by_category.is_empty());
    assert_eq!((empty.buffer_status.events_pending, empty.buffer_status.buffer_size), (0, 0));
    other.track(&json!({"event_name": "a", "category": "error"}));
    wait_until("a flush", || {
        let (ours, theirs) = (admin.stats(), other.stats());
        assert_eq!((ours.total_events, theirs.total_events), (10, 1));
        for stats in [&ours, &theirs] {
            let buffer = &stats.buffer_status;
            assert_eq!(buffer.events_pending + buffer.events_flushed_total, stats.total_events);
        }
        ours.buffer_status.events_pending + theirs.buffer_status.events_pending == 0
    });
    assert_eq!(other.stats().events_by_category, [("error".to_owned(), 1)].into());
    assert_eq!(other.stats().buffer_status.events_flushed_total, 1);
}

#[test]
fn a_running_server_honours_new_and_revoked_keys_within_a_second() {
    let site = Site::new();
    let server = site.start(&[]);
    for _ in 0..3 {
        let made = site.key_create("default", "read", &["--name", "a name"]);
        let client = server.client_with(made["key"].as_str().unwrap());
        let patience = Duration::from_millis(1500);
        wait_for("the new key", patience, || (client.get(STATS).status == 200).then_some(()));
        assert_eq!(site.run(&["key", "revoke", made["id"].as_str().unwrap()]).code, Some(0));
        let revoked = Instant::now();
        wait_for("the key's end", patience, || (client.get(STATS).status == 401).then_some(()));
        assert!(revoked.elapsed() < patience);
    }
    assert_eq!(server.client().get(STATS).status, 200);
}

#[test]
fn a_list_of_keys_shows_all_but_the_secrets() {
    let site = Site::new();
    let _server = site.start(&[]);
    let secrets = [
        site.admin_key(),
        site.make_key("t", "read", &["--name", "reader", "--expires", "90d"]),
        site.make_key("t", "ingest", &["--project", "p"]),
    ];
    site.run(&["key", "revoke", &secrets[2]]);
    let listed = site.run(&["key", "list"]);
    assert_eq!((listed.code, &*listed.stderr), (Some(0), ""));
    for secret in &secrets {
        assert!(!listed.stdout.contains(secret.as_str()));
        // What is shown to recognise a key by is no more than its first characters.
        assert!(!listed.stdout.contains(&secret[..16]));
    }
    let keys: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| key.get("key").is_none()));
    let named = |name: &str| keys.iter().find(|key| key["name"] == name).unwrap();
    assert_eq!(named("reader")["tenant"], "t");
    assert!(named("reader")["expires_at"].is_string() && named("reader")["revoked_at"].is_null());
    assert!(keys.iter().any(|key| key["project"] == "p" && key["revoked_at"].is_string()));
}

#[test]
fn no_file_and_no_output_ever_holds_a_keys_text() {
    let site = Site::new();
    let first = site.start(&["--flush-bytes", "1"]);
    let admin_key = site.admin_key();
    let others =
        [site.make_key("default", "ingest,read", &[]), site.make_key("t", "read", &["--expires", "1h"])];
    let printed = first.stop();
    assert!(printed.stdout.contains(&admin_key), "the first start shows the key");
    assert!(!printed.stderr.contains(&admin_key));

    let second = site.prepare(&["--flush-bytes", "1"]).env("TIDEGAUGE_LOG", "trace").listening();
    let keys: Vec<&str> = [&admin_key].into_iter().chain(&others).map(String::as_str).collect();
    for key in &keys {
        let client = second.client_with(key);
        client.get(STATS);
        client.post_json(TRACK, &json!({"event_name": "a"}));
        client.post_json(TRACK, &json!({"event_name": 1}));
        client.send("GET", STATS, &[("Authorization", &format!("Basic {key}"))], b"");
        client.send("GET", STATS, &[("Authorization", &format!("{key}x"))], b"");
        client.send("GET", STATS, &[("X-API-Key", key)], b"");
        second.client_without_key().send("GET", STATS, &[("Authorization", key)], b"");
    }
    site.run(&["key", "revoke", keys[1]]);
    let client = second.client();
    wait_until("a flush", || client.stats().buffer_status.events_pending == 0);
    let output = second.kill();
    for (file, bytes) in files_below(site.data()) {
        let may_hold = file.ends_with("admin.key");
        for key in &keys {
            let holds = bytes.windows(key.len()).any(|window| window == key.as_bytes());
            assert!(!holds || (may_hold && *key == admin_key), "{file} holds a key");
        }
    }
    for key in &keys {
        assert!(!output.stdout.contains(key) && !output.stderr.contains(key), "the server printed a key");
    }
}

fn files_below(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false => vec![(path.display().to_string(), fs::read(&path).unwrap())],
        })
        .collect()
}
