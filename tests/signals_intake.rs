//! What the grid's client sends is stored once, survives a crash, carries its sender's address, and may come from
//! any page.

use serde_json::{Value, json};

use crate::harness::{Server, Site, wait_until};

fn post(server: &Server, key: &str, route: &str, body: &Value) -> Value {
    let path = format!("/signals/v1/{key}/{route}");
    let client = server.client_without_key();
    client.post(&path, Some("text/plain;charset=UTF-8"), body.to_string().as_bytes()).ok()
}

#[test]
fn a_session_sent_again_is_acknowledged_and_left_as_it_was_also_after_a_crash_and_from_a_segment() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.admin_key();
    let session = |id: &str, country: &str| json!({"b": id, "m": country});
    for (id, country) in [("flushed", "SE"), ("flushed", "NO")] {
        let answer = post(&server, &key, "session", &session(id, country));
        assert_eq!(answer, json!({ "sessionId": id }));
    }
    // A graceful stop moves nothing into segments; a short interval does.
    server.stop();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    post(&server, &key, "session", &session("flushed", "DK"));
    wait_until("the segment", || {
        let segments = std::fs::read_dir(site.data().join("segments")).unwrap();
        segments.flatten().any(|file| file.file_name().to_string_lossy().starts_with("sessions-"))
    });
    server.kill();
    let server = site.start(&[]);
    post(&server, &key, "session", &session("flushed", "FI"));
    post(&server, &key, "session", &session("logged", "SE"));
    server.kill();
    let server = site.start(&[]);
    for id in ["flushed", "logged"] {
        assert_eq!(post(&server, &key, "session", &session(id, "FI")), json!({ "sessionId": id }));
    }
    server.kill();
    let mut rows = site.rows("sessions");
    rows.sort_by_key(|row| row["session_id"].to_string());
    let kept: Vec<_> = rows.iter().map(|row| [&row["session_id"], &row["country"]]).collect();
    assert_eq!(kept, [["flushed", "SE"], ["logged", "SE"]]);
}

#[test]
fn an_event_that_was_acknowledged_survives_kill_9_and_counts_in_its_project() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.make_key("acme", "ingest,read", &["--project", "kiosks"]);
    wait_until("the key", || server.client_with(&key).get("/api/v1/analytics/stats").status == 200);
    let answer = post(&server, &key, "event", &json!({"s": "SEARCH", "a": "capture-1", "unknown": [1, {}]}));
    post(&server, &key, "event", &json!({"eventType": "SEARCH", "tenantId": "acme", "t": "2026-11-21"}));
    assert_eq!(server.client_with(&key).total_events("kiosks"), 2);
    server.kill();
    let rows = site.rows("events");
    let first = rows.iter().find(|row| row["event_id"] == answer["eventId"]).unwrap();
    assert_eq!([&first["tenant_id"], &first["project_id"]], ["acme", "kiosks"]);
    assert_eq!([&first["capture_id"], &first["event_time"]], [&json!("capture-1"), &first["received_at"]]);
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_client_describes_itself_as_often_as_it_likes() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.admin_key();
    for _ in 0..2 {
        let answer = post(&server, &key, "client", &json!({"r": "c1", "ao": 14, "av": 1920}));
        assert_eq!(answer, json!({"clientId": "c1"}));
    }
    server.stop();
    let rows = site.rows("sessions");
    assert_eq!(rows.len(), 2);
    assert_eq!([&rows[0]["session_id"], &rows[0]["client_os_version"]], ["", "14"]);
    assert_eq!(rows[0]["client_screen_width"], 1920);
}

#[test]
fn a_contacts_id_is_the_same_after_a_restart_and_another_tenants_differs() {
    let site = Site::new();
    let identify = json!({"s": "CONTACT_IDENTIFY", "b": "s1", "ac": "email", "ad": "a@example.com"});
    let mut seen = Vec::new();
    for _ in 0..2 {
        let server = site.start(&[]);
        let key = site.admin_key();
        let identified = post(&server, &key, "event", &identify)["contactId"].clone();
        let by_session = post(&server, &key, "contact", &json!({"b": "s1", "c": "default"}));
        assert!(identified.is_string() && by_session["contactId"].is_string());
        seen.push((identified, by_session));
        server.stop();
    }
    assert_eq!(seen[0], seen[1]);
    let other = site.make_key("acme", "ingest", &[]);
    let server = site.start(&[]);
    assert_ne!(post(&server, &other, "event", &identify)["contactId"], seen[0].0);
}

#[test]
fn the_address_stored_is_the_peers_or_the_one_that_a_trusted_proxy_forwards_for() {
    let site = Site::new();
    let sent = |server: &Server, name: &str, headers: &[(&str, &str)]| {
        let body = json!({"s": name, "e": "6.6.6.6", "ai": "10.0.0.7"}).to_string();
        let path = format!("/signals/v1/{}/event", site.admin_key());
        server.client_without_key().send("POST", &path, headers, body.as_bytes()).ok();
    };
    let server = site.start(&[]);
    sent(&server, "untrusted", &[("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")]);
    server.stop();
    let server = site.start(&["--trusted-proxies", "127.0.0.1,10.0.0.0/8"]);
    sent(&server, "direct", &[]);
    sent(&server, "forwarded", &[("X-Forwarded-For", "6.6.6.6, 203.0.113.9, 10.1.1.1")]);
    sent(&server, "rfc7239", &[("Forwarded", "for=6.6.6.6, for=\"[2001:db8::9]:80\"")]);
    server.stop();
    let rows = site.rows("events");
    for (name, ip) in [
        ("untrusted", "127.0.0.1"),
        ("direct", "127.0.0.1"),
        ("forwarded", "203.0.113.9"),
        ("rfc7239", "2001:db8::9"),
    ] {
        assert_eq!(rows.iter().find(|row| row["event_name"] == name).unwrap()["ip"], ip, "{name}");
    }
    let ran = site.run(&["serve", "--trusted-proxies", "10.0.0.0/33"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("a trusted proxy is an IP address or a network"), "{}", ran.stderr);
}

#[test]
fn a_page_of_any_origin_may_send() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client_without_key();
    let path = format!("/signals/v1/{}/event", site.admin_key());
    let origin = ("Origin", "https://shop.example");
    let ask = [origin, ("Access-Control-Request-Method", "POST")];
    let answer = client.send("OPTIONS", &path, &ask, b"");
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("Content-Type"));
    for content_type in
        ["text/plain;charset=UTF-8", "application/json", "application/x-www-form-urlencoded", "x"]
    {
        let answer = client.send("POST", &path, &[origin, ("Content-Type", content_type)], br#"{"s": "A"}"#);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert!(answer.ok()["eventId"].is_string(), "{content_type}");
    }
    assert_eq!(client.send("POST", &path, &[], br#"{"s": "A"}"#).status, 200);
}
