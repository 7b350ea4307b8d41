//! The log as JSON: an object a line, with the request that it is about.

use std::fs;

use serde_json::{Value, json};

use crate::harness::client::{STATS, TRACK};
use crate::harness::site::newest_file;
use crate::harness::{Site, wait_for, wait_until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn lines(stderr: &str) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    stderr.lines().map(parse).collect()
}

#[test]
fn a_line_about_a_request_carries_its_id_and_its_trace() {
    let site = Site::new();
    let args = ["--log-format", "json", "--log-level", "warn,tidegauge_server=debug"];
    let server = site.start(&args);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let headers = [("X-Request-Id", "order-66"), ("traceparent", &*parent)];
    assert_eq!(server.client().send("GET", STATS, &headers, b"").status, 200);
    server.client().send("GET", "/nowhere", &[], b"");
    let output = server.stop();
    let lines = lines(&output.stderr);
    let answered: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    let line = answered.iter().find(|line| line["span"]["request_id"] == "order-66").unwrap();
    assert_eq!(line["span"]["trace_id"], TRACE);
    assert_eq!((&line["level"], &line["target"]), (&json!("DEBUG"), &json!("tidegauge_server::front_door")));
    assert_eq!(
        (&line["method"], &line["route"], &line["status"]),
        (&json!("GET"), &json!(STATS), &json!(200))
    );
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
    // A request that brought no id was given one.
    assert!(answered.iter().all(|line| line["span"]["request_id"].is_string()), "{answered:?}");
}

#[test]
fn a_warning_from_deep_inside_a_request_carries_its_id_too() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    server.client().track(&json!({"event_name": "a", "session_id": "s"}));
    let segments = site.data().join("segments");
    wait_until("a segment", || fs::read_dir(&segments).is_ok_and(|entries| entries.count() > 0));
    server.stop();
    // What a report reads is damaged: it fails on another thread than the one that answers.
    let server = site.start(&["--log-format", "json"]);
    let segment = newest_file(&segments, ".parquet");
    let length = fs::metadata(&segment).unwrap().len();
    fs::write(&segment, vec![0; usize::try_from(length).unwrap()]).unwrap();
    let headers = [("X-Request-Id", "deep-inside")];
    let answer = server.client().send("GET", "/v2/realtime/event/tenants/default", &headers, b"");
    let line = wait_for("the line", std::time::Duration::from_secs(10), || {
        let stderr = server.stderr();
        let whole = stderr.rfind('\n').map_or("", |end| &stderr[..end]).to_owned();
        lines(&whole).into_iter().find(|line| line["span"]["request_id"] == "deep-inside")
    });
    assert!(["WARN", "ERROR"].contains(&line["level"].as_str().unwrap()), "{} {line}", answer.status);
    server.stop();
}

#[test]
fn text_is_the_default_and_a_line_each() {
    let site = Site::new();
    let server = site.start(&["--log-level", "debug"]);
    server.client().track(&json!({"event_name": "a"}));
    let output = server.stop();
    assert!(
        output.stderr.contains(&format!("route={TRACK}")) || output.stderr.contains(TRACK),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains('\u{1b}'), "no colours where there is no terminal");
}
