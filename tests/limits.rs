//! What one tenant or one key may take up: refused with 429 in each surface's words, with when to come back, and
//! nobody else feels it.

use std::thread;

use serde_json::{Value, json};
use tungstenite::Message;

use crate::harness::client::{Answer, BATCH, HEALTH, STATS, TRACK};
use crate::harness::socket::{Ended, Socket};
use crate::harness::{Client, Server, Site, wait_for, wait_until};

fn set(server: &Server, tenant: &str, limits: &Value) {
    let body = json!({ "limits": limits }).to_string();
    let path = format!("/api/v1/admin/tenants/{tenant}");
    let headers = [("Content-Type", "application/json")];
    server.client().send("PATCH", &path, &headers, body.as_bytes()).ok();
}

fn tenant(site: &Site, server: &Server, name: &str) -> (String, Client) {
    let key = site.make_key(name, "ingest,read,admin", &[]);
    let client = server.client_with(&key);
    wait_until("the key", || client.get(HEALTH).status == 200);
    (key, client)
}

/// Asks until it is refused; the rates here are so low that it is soon.
fn until_refused(mut ask: impl FnMut() -> Answer) -> Answer {
    wait_for("a refusal", std::time::Duration::from_secs(20), || Some(ask()).filter(|a| a.status == 429))
}

fn is_told(answer: &Answer, kind: &str, limit: u64) {
    let window = if ["requests", "events", "bytes"].contains(&kind) { ";w=1" } else { "" };
    assert_eq!(
        answer.header("ratelimit-policy"),
        Some(&*format!("\"{kind}\";q={limit}{window}")),
        "{answer:?}"
    );
    assert!(answer.header("ratelimit").unwrap().starts_with(&format!("\"{kind}\";r=0;t=")), "{answer:?}");
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
}

#[test]
fn too_many_requests_are_refused_in_each_surfaces_words() {
    let site = Site::new();
    let server = site.start(&[]);
    let (key, acme) = tenant(&site, &server, "acme");
    set(&server, "acme", &json!({"requests_per_second": 2}));
    let grid = "/v2/realtime/event/tenants/acme";
    type Shape = fn(&Value) -> bool;
    let surfaces: [(&str, &str, Shape); 8] = [
        ("GET", STATS, |body| body["detail"].is_string()),
        ("POST", TRACK, |body| body["detail"].is_string()),
        ("GET", "/api/realtime/analytics", |body| body["code"] == "RATE_LIMITED"),
        ("GET", grid, |body| body["statusCode"] == 429),
        ("GET", "/api/connection-analytics/summary", |body| body["status"] == 429),
        ("GET", "/api/activity/apis/1/1/2024/1/1/2024", |body| body["Status"] == "Error"),
        ("POST", "/v1/traces", |body| body["code"] == 8),
        ("GET", "/api/v1/admin/tenants", |body| body["status"] == 429),
    ];
    for (method, path, is_shape) in surfaces {
        let refused =
            until_refused(|| acme.send(method, path, &[("Content-Type", "application/json")], b"{}"));
        is_told(&refused, "requests", 2);
        let body = refused.json();
        assert!(is_shape(&body), "{path}: {body}");
        assert!(body.to_string().contains("2 requests a second"), "{path}: {body}");
    }
    let signals = server.client_without_key();
    let path = format!("/signals/v1/{key}/session");
    let refused = until_refused(|| signals.post(&path, Some("text/plain"), b"{\"sessionId\":\"s\"}"));
    is_told(&refused, "requests", 2);
    // Who is told of his limit is told what is left of it, too.
    let answer = wait_for("room", std::time::Duration::from_secs(20), || {
        Some(acme.get(STATS)).filter(|a| a.status == 200)
    });
    assert_eq!(answer.header("ratelimit-policy"), Some("\"requests\";q=2;w=1"));
    // Nobody else is refused.
    let (_, other) = tenant(&site, &server, "other");
    assert!((0..50).all(|_| other.get(STATS).status == 200));
    let metrics = server.client().get("/metrics").text();
    let counted =
        metrics.lines().find(|line| line.starts_with("tidegauge_limited_total{limit=\"requests\"}"));
    let counted: f64 = counted.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(counted >= 9.0, "{counted}");
}

#[test]
fn too_many_events_and_bytes_are_refused_and_nothing_of_them_is_stored() {
    let site = Site::new();
    let server = site.start(&[]);
    let (_, acme) = tenant(&site, &server, "acme");
    set(&server, "acme", &json!({"events_per_second": 10}));
    let events: Vec<Value> = (0..30).map(|_| json!({"event_name": "a"})).collect();
    acme.batch(&events);
    let refused = acme.post_json(BATCH, &json!({ "events": events }));
    assert_eq!(refused.status, 429, "a batch larger than the rate is taken, and paid for afterwards");
    is_told(&refused, "events", 10);
    assert_eq!(acme.stats().total_events, 30);
    for (path, body) in [
        (
            "/api/v1/connections",
            json!({"connections": [{"connection_id": "c", "state": "open", "service_name": "s",
            "protocol_name": "p", "data_center": "d"}]}),
        ),
        ("/api/v1/requests", json!({"requests": [{"api_id": "a", "path": "/"}]})),
    ] {
        assert_eq!(acme.post_json(path, &body).status, 429, "{path}");
    }
    // A huge body that is only announced costs the tenant nothing.
    let mut raw = server.raw();
    let key = site.make_key("acme", "ingest", &[]);
    raw.send(format!("POST {TRACK} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Length: 18446744073709551613\r\n\r\n").as_bytes());
    drop(raw);
    // Later the same batch passes, without a restart.
    set(&server, "acme", &json!({"events_per_second": null, "bytes_per_second": 1000}));
    acme.batch(&events);
    let refused = until_refused(|| acme.post_json(BATCH, &json!({ "events": events })));
    is_told(&refused, "bytes", 1000);
}

#[test]
fn a_key_has_limits_of_its_own_beside_its_tenants() {
    let site = Site::new();
    let server = site.start(&[]);
    let (_, whole) = tenant(&site, &server, "acme");
    let body = json!({"scopes": ["read"], "limits": {"requests_per_second": 1}});
    let key = server.client().post_json("/api/v1/admin/tenants/acme/keys", &body).json();
    let narrow = server.client_with(key["key"].as_str().unwrap());
    let refused = until_refused(|| narrow.get(STATS));
    is_told(&refused, "requests", 1);
    assert!((0..20).all(|_| whole.get(STATS).status == 200), "the tenant's other keys are not refused");
}

#[test]
fn open_connections_are_counted_and_the_one_too_many_is_refused() {
    let site = Site::new();
    let server = site.start(&[]);
    let (key, _) = tenant(&site, &server, "acme");
    set(&server, "acme", &json!({"open_connections": 2}));
    let path = format!("/api/realtime/projects/p/connect?access_token={key}");
    let open = || Socket::open(server.address, &path, &[]);
    let (first, second) = (open().unwrap(), open().unwrap());
    let refused = open().map(drop).unwrap_err();
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("RATE_LIMITED")));
    drop(first);
    wait_until("a place", || open().is_ok());
    let (_, other) = tenant(&site, &server, "other");
    assert_eq!(other.get(STATS).status, 200);
    drop(second);
}

#[test]
fn what_a_socket_sends_counts_and_too_much_of_it_closes_the_socket() {
    let site = Site::new();
    let server = site.start(&["--websocket-ping-seconds", "1"]);
    let (key, acme) = tenant(&site, &server, "acme");
    let (other_key, _) = tenant(&site, &server, "other");
    let open = |key: &str| {
        let path = format!("/api/realtime/projects/p/connect?access_token={key}");
        let mut socket = Socket::open(server.address, &path, &[]).unwrap();
        assert_eq!(socket.text()["type"], "connected");
        socket
    };
    let (mut socket, mut empty, mut other) = (open(&key), open(&key), open(&other_key));
    // Set while they are open: what is in force now counts.
    set(&server, "acme", &json!({"bytes_per_second": 1000}));
    let flood = |socket: &mut Socket, bytes: usize| {
        let message = Message::binary(vec![0; bytes]);
        // A write fails once the server has closed; what it said is read then.
        while socket.inner.send(message.clone()).is_ok() {}
        socket.end()
    };
    for (socket, bytes) in [(&mut socket, 5000), (&mut empty, 0)] {
        // Who closes with unread bytes in his hands may take his goodbye back.
        let ended = flood(socket, bytes);
        let told = Ended::Closed(1008, "too much is sent".into());
        assert!(ended == told || ended == Ended::Dropped, "{ended:?}");
    }
    for _ in 0..20 {
        other.inner.send(Message::binary(vec![0; 5000])).unwrap();
    }
    other.send_text(r#"{"type":"ping"}"#);
    assert_eq!(other.text(), json!({"type": "pong"}), "nobody else is closed");
    drop(other);
    // A message within the rate is let through, and the one after a batch larger than it is told.
    set(&server, "acme", &json!({"bytes_per_second": 100_000}));
    let mut socket = open(&key);
    socket.send_text(r#"{"type":"ping"}"#);
    assert_eq!(socket.text(), json!({"type": "pong"}));
    set(&server, "acme", &json!({"bytes_per_second": 100}));
    socket.inner.send(Message::binary(vec![0; 1000])).unwrap();
    socket.send_text("once more");
    assert_eq!(socket.end(), Ended::Closed(1008, "too much is sent".into()));
    let path = "/api/connection-analytics/events/query?eventType=disconnect";
    wait_until("the reasons", || acme.get(path).ok().as_array().unwrap().len() == 3);
    assert_eq!(acme.get(path).text().matches("too much is sent").count(), 3);
}

#[test]
fn a_sockets_activity_is_charged_as_an_event_and_written_once_there_is_room() {
    let site = Site::new();
    let server = site.start(&[]);
    let (key, acme) = tenant(&site, &server, "acme");
    let path = format!("/api/realtime/projects/p/connect?access_token={key}");
    let mut socket = Socket::open(server.address, &path, &[]).unwrap();
    socket.text();
    set(&server, "acme", &json!({"events_per_second": 1}));
    // Five seconds' worth is owed: a row of activity has to wait so long, and no message is lost by it.
    let events: Vec<Value> = (0..6).map(|_| json!({"event_name": "a"})).collect();
    wait_until("the batch", || acme.post_json(BATCH, &json!({ "events": events })).status == 200);
    let heartbeats = || {
        let path = "/api/connection-analytics/events/query?eventType=heartbeat";
        acme.get(path).ok().as_array().unwrap().len()
    };
    let began = std::time::Instant::now();
    socket.send_text(r#"{"type":"ping"}"#);
    assert_eq!(socket.text(), json!({"type": "pong"}), "it is answered all the same");
    wait_until("the row that was owed", || heartbeats() == 1);
    let waited = began.elapsed();
    assert!(waited >= std::time::Duration::from_secs(3), "{waited:?}");
    // The row itself was charged: what comes right behind it is refused.
    assert_eq!(acme.post_json(TRACK, &json!({"event_name": "a"})).status, 429);
    socket.close();
}

#[test]
fn a_report_that_takes_too_much_is_ended_and_says_what_would_help() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let (_, acme) = tenant(&site, &server, "acme");
    set(&server, "acme", &json!({"report_memory_bytes": 1 << 20, "max_projects": 3}));
    let name = "n".repeat(100);
    for batch in 0..15 {
        let requests: Vec<Value> = (0..1000)
            .map(|n| json!({"api_id": format!("{name}{batch}-{n}"), "path": "/", "api_key": "k", "timestamp": "2026-01-01T00:00:00Z"}))
            .collect();
        acme.post_json("/api/v1/requests", &json!({ "requests": requests })).ok();
    }
    let report = acme.get("/api/activity/keys/k/1/1/2026/1/1/2026?p=1");
    assert_eq!((report.status, &report.json()["Status"]), (400, &json!("Error")));
    assert!(report.text().contains("ask for less"), "{}", report.text());
    set(&server, "acme", &json!({"report_memory_bytes": null}));
    assert_eq!(acme.get("/api/activity/keys/k/1/1/2026/1/1/2026?p=1").ok()["pages"], json!(1500));

    let event =
        |project: &str| acme.post_json(TRACK, &json!({"event_name": "a", "project_id": project})).status;
    // `default` has the requests; two more may come.
    assert_eq!(["a", "b", "c", "a"].map(event), [200, 200, 422, 200]);
}

#[test]
fn many_reports_at_once_of_one_tenant_wait_for_each_other_and_not_for_another() {
    let site = Site::new();
    let server = site.start(&[]);
    let (_, acme) = tenant(&site, &server, "acme");
    let (_, other) = tenant(&site, &server, "other");
    set(&server, "acme", &json!({"concurrent_reports": 1}));
    thread::scope(|scope| {
        let asked: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| acme.clone().get("/api/connection-analytics/summary").status))
            .collect();
        assert_eq!(other.get("/api/connection-analytics/summary").status, 200);
        for asked in asked {
            assert!([200, 429].contains(&asked.join().unwrap()));
        }
    });
    assert_eq!(acme.get("/api/connection-analytics/summary").status, 200);
}
