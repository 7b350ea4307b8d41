//! The platform's own published Python client (`mudbase` on PyPI) works against Tidegauge unchanged.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tidegauge_facts::Micros;

use crate::harness::python::{PYTHON, interpreter};
use crate::harness::{Server, Site};

/// The platform's client, and the server it is pointed at.
struct Platform<'s> {
    python: PathBuf,
    server: &'s Server,
}

impl Platform<'_> {
    /// What the client's methods made of the answers, or its exceptions.
    fn call<const N: usize>(&self, key: &str, calls: [(&str, Value); N]) -> [Value; N] {
        let calls = calls.map(|(method, arguments)| json!([method, arguments]));
        let output = Command::new(&self.python)
            .args([format!("{PYTHON}/realtime_analytics.py"), Value::from(calls.to_vec()).to_string()])
            .env("TIDEGAUGE_URL", self.server.client().base())
            .env("TIDEGAUGE_KEY", key)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        answers.try_into().unwrap()
    }

    /// As [`Platform::call`], of good answers.
    fn answers<const N: usize>(&self, key: &str, calls: [(&str, Value); N]) -> [Value; N] {
        self.call(key, calls).map(|called| {
            assert!(called["answer"].is_object(), "{called}");
            called["answer"].clone()
        })
    }
}

const PROJECT: &str = "685ad30be129932fbb7a1047";

/// RFC 3339, so many seconds ago.
fn ago(seconds: i64) -> String {
    Micros(Micros::now().0 - seconds * 1_000_000).to_millis_text()
}

#[test]
fn every_method_of_the_published_client_reads_real_state() {
    let site = Site::new();
    let server = site.start(&[]);
    let (key, client) = (site.admin_key(), server.client());
    let platform = Platform { python: interpreter(), server: &server };

    let event = |name: &str, at: String| json!({"event_name": name, "project_id": PROJECT, "timestamp": at});
    let events =
        [event("login", ago(10)), event("login", ago(30)), event("buy", ago(20)), event("buy", ago(4000))];
    client.batch(&events);
    client.track(&json!({"event_name": "elsewhere"}));
    let message = |id: &str, state: &str, user: Option<&str>, at: String| {
        json!({"connection_id": id, "state": state, "service_name": "rooms", "protocol_name": "WebSocket",
            "data_center": "eu-1", "project_id": PROJECT, "user_id": user, "at": at})
    };
    let connections = [
        message("c1", "open", Some("ann"), ago(100)),
        message("c2", "open", Some("bob"), ago(90)),
        message("c3", "open", None, ago(80)),
        message("c2", "close", None, ago(5)),
    ];
    client.post_json("/api/v1/connections", &json!({ "connections": connections })).ok();

    let own = json!({"project_id": PROJECT});
    let [project, tenant, throughput, of_a_minute, users, presence] = platform.answers(
        &key,
        [
            ("get_project_analytics", own.clone()),
            ("get_global_analytics", json!({})),
            ("get_event_throughput", json!({"project_id": PROJECT, "window": 120_000})),
            ("get_event_throughput", own.clone()),
            ("get_active_users", own.clone()),
            ("check_user_presence", json!({"project_id": PROJECT, "user_ids": ["ann", "bob", "cem"]})),
        ],
    );
    assert_eq!(project["project_id"], json!(["str", PROJECT]));
    assert_eq!(project["total_events"], json!(["int", 4]));
    assert_eq!(project["active_connections"], json!(["int", 2]));
    let types = (&project["last_activity"][0], &project["timestamp"][0]);
    assert_eq!(types, (&json!("datetime"), &json!("datetime")));

    assert_eq!(tenant["active_connections"], json!(["int", 2]));
    assert_eq!(tenant["total_events"], json!(["int", 5]));
    assert_eq!(tenant["events_per_minute"], json!(["int", 4]));
    // The day may have begun since.
    assert!((2..=3).contains(&tenant["peak_connections"][1].as_u64().unwrap()), "{tenant}");

    assert_eq!(throughput["window_ms"], json!(["int", 120_000]));
    assert_eq!(throughput["total_events"], json!(["int", 3]));
    assert_eq!(throughput["events_per_second"], json!(["float", 0.025]));
    assert_eq!(throughput["by_type"], json!({"buy": ["int", 1], "login": ["int", 2]}));
    assert_eq!(of_a_minute["window_ms"], json!(["int", 60_000]));

    assert_eq!(users["count"], json!(["int", 1]));
    let [user] = &users["users"].as_array().unwrap()[..] else { panic!("{users}") };
    assert_eq!((&user["user_id"], &user["socket_id"]), (&json!(["str", "ann"]), &json!(["str", "c1"])));
    assert_eq!(user["connected_at"][0], "datetime");

    let presence = &presence["presence"];
    assert_eq!(presence["ann"]["online"], json!(["bool", true]));
    assert_eq!(presence["bob"]["online"], json!(["bool", false]));
    assert_eq!(presence["bob"]["last_seen"][0], "datetime");
    assert_eq!(presence["cem"], json!({"online": ["bool", false], "last_seen": ["NoneType", null]}));

    check_history(&platform, &key);
}

fn check_history(platform: &Platform<'_>, key: &str) {
    let asked = [
        ("day", 24),
        ("hour", 60),
        ("1h", 60),
        ("24h", 24),
        ("week", 168),
        ("7d", 168),
        ("30d", 30),
        ("90d", 90),
    ];
    let call = |(period, _)| ("get_historical_analytics", json!({"project_id": PROJECT, "period": period}));
    let [by_default] = platform.answers(key, [("get_historical_analytics", json!({"project_id": PROJECT}))]);
    assert_eq!(by_default["period"], json!(["str", "day"]));
    for ((period, count), answer) in asked.into_iter().zip(platform.answers(key, asked.map(call))) {
        let named = (&answer["project_id"], &answer["period"]);
        assert_eq!(named, (&json!(["str", PROJECT]), &json!(["str", period])));
        assert_eq!(answer["generated_at"][0], "datetime");
        let buckets = answer["data"].as_array().unwrap();
        assert_eq!(buckets.len(), count, "{period}");
        assert!(buckets.iter().all(|bucket| bucket["timestamp"][0] == "datetime"));
        let of =
            |name: &str| buckets.iter().map(|bucket| bucket[name][1].as_u64().unwrap()).collect::<Vec<_>>();
        // The event of an hour ago is in every period but the hour.
        let in_period = if count == 60 { 3 } else { 4 };
        assert_eq!(of("events").iter().sum::<u64>(), in_period, "{period}");
        assert_eq!(of("connections").iter().max(), Some(&3), "{period}");
    }
}

#[test]
fn the_published_client_meets_errors_as_its_own_exceptions() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.admin_key();
    let other = site.make_key("other", "read", &[]);
    let platform = Platform { python: interpreter(), server: &server };
    server.client().track(&json!({"event_name": "a", "project_id": PROJECT}));

    let own = json!({"project_id": PROJECT});
    let of_the_project = [
        ("get_project_analytics", own.clone()),
        ("get_historical_analytics", own.clone()),
        ("get_event_throughput", own.clone()),
        ("get_active_users", own.clone()),
        ("check_user_presence", json!({"project_id": PROJECT, "user_ids": []})),
    ];
    let (unauthorized, not_found) =
        (("UnauthorizedException", 401, "UNAUTHORIZED"), ("NotFoundException", 404, "NOT_FOUND"));
    for refused in platform.call("wrong", of_the_project.clone()) {
        assert_refused(&refused, unauthorized, "Authentication required");
    }
    for refused in platform.call(&other, of_the_project) {
        assert_refused(&refused, not_found, "Project not found");
    }
    let [refused] = platform.call("wrong", [("get_global_analytics", json!({}))]);
    assert_refused(&refused, unauthorized, "Authentication required");
    let bad_period = json!({"project_id": PROJECT, "period": "2h"});
    let [unknown, bad] = platform.call(
        &key,
        [
            ("get_project_analytics", json!({"project_id": "nosuch"})),
            ("get_historical_analytics", bad_period),
        ],
    );
    assert_refused(&unknown, not_found, "Project not found");
    let sentence = "the parameter period must be one of hour, 1h, day, 24h, week, 7d, 30d, 90d";
    assert_refused(&bad, ("BadRequestException", 400, "VALIDATION_ERROR"), sentence);
}

fn assert_refused(answer: &Value, (exception, status, code): (&str, u16, &str), error: &str) {
    assert_eq!((&answer["exception"], &answer["status"]), (&json!(exception), &json!(status)), "{answer}");
    // Where the client's own description knows no model of the status, the body is left as text.
    let body: Value = match &answer["error"] {
        Value::Object(_) => answer["error"].clone(),
        _ => return,
    };
    assert_eq!((&body["error"][1], &body["code"][1]), (&json!(error), &json!(code)));
    assert_eq!(body["timestamp"][0], "datetime");
    assert!(body["path"][1].as_str().unwrap().starts_with("/api/realtime/"), "{body}");
    assert!(!body["request_id"][1].as_str().unwrap().is_empty());
}
