//! A disk that fails or fills: writes are refused in words, reads go on, and what was acknowledged stays.

use std::collections::HashSet;
use std::fs;
use std::sync::Mutex;
use std::thread;

use serde_json::{Value, json};

use crate::harness::client::{Answer, BATCH, HEALTH, TRACK};
use crate::harness::server::Start;
use crate::harness::{Client, Server, Site, wait_until};

fn event(id: &str) -> Value {
    json!({"event_name": "a", "event_id": id, "properties": {"filler": "x".repeat(500)}})
}

fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let seconds: u64 = answer.header("retry-after").expect("a 503 says when to come back").parse().unwrap();
    assert!((1..=300).contains(&seconds));
    assert!(answer.json()["detail"].is_string());
}

/// Sends from several threads until each meets a refusal; returns what was acknowledged.
fn send_until_refused(server: &Server) -> HashSet<String> {
    let acknowledged = Mutex::new(HashSet::new());
    thread::scope(|scope| {
        for sender in 0..3 {
            let (acknowledged, client) = (&acknowledged, server.client());
            scope.spawn(move || {
                for number in 0..20_000 {
                    let id = format!("{sender}-{number}");
                    let answer = client.post_json(TRACK, &event(&id));
                    if answer.status != 200 {
                        return assert_unavailable(&answer);
                    }
                    acknowledged.lock().unwrap().insert(id);
                }
                panic!("nothing was ever refused");
            });
        }
    });
    acknowledged.into_inner().unwrap()
}

fn assert_refuses_writes(client: &Client) {
    for number in 0..3 {
        assert_unavailable(&client.post_json(TRACK, &event(&format!("late-{number}"))));
        assert_unavailable(&client.post_json(BATCH, &json!({"events": [event("late-batch")]})));
    }
    let health = client.get(HEALTH);
    assert_eq!((health.status, &health.json()["status"]), (503, &json!("unavailable")));
    assert_eq!(health.json()["checks"]["accepts_writes"], false);
    assert_eq!(client.get("/readyz").status, 503);
    assert_eq!(client.get("/healthz").status, 200);
}

fn stored(site: &Site) -> Vec<String> {
    site.events().into_iter().map(|row| row.event_id).collect()
}

#[test]
fn after_a_failed_write_everything_more_is_refused_and_everything_acknowledged_is_kept() {
    let site = Site::new();
    site.start(&[]).stop();
    for round in 0..2 {
        let limit = Start::with_longest_file(site.data(), 300, &["--flush-interval-seconds", "3600"]);
        let before = stored(&site).len() as u64;
        let server = limit.listening();
        let client = server.client();
        // The second time the ids are known already: only new ones are written.
        let acknowledged = match round {
            0 => send_until_refused(&server),
            _ => send_new_until_refused(&client),
        };
        assert_refuses_writes(&client);
        assert!(!acknowledged.is_empty());
        let stats = client.stats();
        assert_eq!(stats.total_events, before + acknowledged.len() as u64);
        assert_eq!(client.total_events("default"), stats.total_events);
        if round == 0 {
            server.stop();
        } else {
            server.kill();
        }

        let kept = stored(&site);
        let distinct: HashSet<String> = kept.iter().cloned().collect();
        assert_eq!(kept.len(), distinct.len(), "an event is there twice");
        let lost: Vec<_> = acknowledged.difference(&distinct).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        assert!(!kept.iter().any(|id| id.starts_with("late")), "a refused event was stored");

        let server = site.start(&["--flush-bytes", "1"]);
        let client = server.client();
        assert_eq!(client.stats().total_events, kept.len() as u64);
        client.track(&event(&format!("after-{round}")));
        assert_eq!(client.stats().total_events, kept.len() as u64 + 1);
        assert_eq!(client.get(HEALTH).status, 200);
        wait_until("a flush", || client.stats().buffer_status.events_pending == 0);
        server.stop();
        assert_eq!(stored(&site).len(), kept.len() + 1);
    }
}

fn send_new_until_refused(client: &Client) -> HashSet<String> {
    let mut acknowledged = HashSet::new();
    for number in 0..20_000 {
        let id = format!("second-{number}");
        let answer = client.post_json(TRACK, &event(&id));
        if answer.status != 200 {
            assert_unavailable(&answer);
            return acknowledged;
        }
        acknowledged.insert(id);
    }
    panic!("nothing was ever refused")
}

#[test]
fn a_full_backlog_refuses_before_it_accepts_and_takes_more_once_there_is_room() {
    let site = Site::new();
    let (segments, away) = (site.data().join("segments"), site.data().join("segments-away"));
    let server = site.start(&["--max-backlog-bytes", "200000", "--flush-interval-seconds", "3600"]);
    let client = server.client();
    // Nothing can be written to segments, so the log is all the room there is.
    fs::rename(&segments, &away).unwrap();
    let acknowledged = send_until_refused(&server);
    assert!(!acknowledged.is_empty());
    assert_refuses_writes(&client);
    assert_eq!(client.stats().total_events, acknowledged.len() as u64);
    assert_eq!(client.stats().buffer_status.events_pending, acknowledged.len() as u64);
    server.kill();
    fs::rename(&away, &segments).unwrap();
    assert_eq!(stored(&site).into_iter().collect::<HashSet<_>>(), acknowledged);
    assert_eq!(stored(&site).len(), acknowledged.len());

    // Room comes back by itself, and what was refused can be sent again.
    let server = site.start(&["--max-backlog-bytes", "200000", "--flush-interval-seconds", "1"]);
    let client = server.client();
    wait_until("room", || client.post_json(TRACK, &event("late-0")).status == 200);
    client.batch(&[event("late-0"), event("late-1"), event("late-batch")]);
    assert_eq!(client.stats().total_events, acknowledged.len() as u64 + 3);
    assert_eq!(client.get(HEALTH).status, 200);
    server.stop();
    assert_eq!(stored(&site).len(), acknowledged.len() + 3);
}

#[test]
fn a_disk_that_is_almost_full_takes_no_writes_and_answers_reads() {
    let site = Site::new();
    let server = site.start(&[]);
    server.client().track(&event("first"));
    server.stop();
    let server = site.start(&["--min-free-bytes", &u64::MAX.to_string()]);
    let client = server.client();
    assert_refuses_writes(&client);
    assert_eq!(client.stats().total_events, 1);
    server.stop();
    assert_eq!(stored(&site), ["first"]);
}

#[test]
fn a_flush_that_fails_loses_nothing_is_shown_by_health_and_is_tried_again() {
    let site = Site::new();
    let (segments, away) = (site.data().join("segments"), site.data().join("segments-away"));
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let client = server.client();
    fs::rename(&segments, &away).unwrap();
    client.batch(&[event("a"), event("b")]);
    wait_until("a failed flush", || client.get(HEALTH).ok()["checks"]["flush_error"].is_string());
    assert_eq!(client.get(HEALTH).ok()["status"], "degraded");
    client.track(&event("c"));
    assert_eq!(client.stats().buffer_status.events_pending, 3);
    fs::rename(&away, &segments).unwrap();
    wait_until("a flush", || client.stats().buffer_status.events_flushed_total == 3);
    wait_until("health", || client.get(HEALTH).ok()["status"] == "healthy");
    server.kill();
    let mut ids = stored(&site);
    ids.sort();
    assert_eq!(ids, ["a", "b", "c"]);
}
