//! The reports of the last 24 hours (seed 002), over HTTP. Sessions are tested where they are taken in.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};

use crate::harness::client::{HEALTH, PROJECT};
use crate::harness::site::newest_file;
use crate::harness::{Client, Site, now_seconds, wait_until};

const EVENTS: &str = "/v2/realtime/event/tenants/default";
const LATEST: &str = "/v2/realtime/latest-event/tenants/default";
const SESSIONS: &str = "/v2/realtime/session/tenants/default";

fn list(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).ok().as_array().unwrap().clone()
}

/// A field of all rows.
fn texts(rows: &[Value], field: &str) -> Vec<String> {
    rows.iter().map(|row| row[field].as_str().unwrap_or("-").to_owned()).collect()
}

fn captures(client: &Client, path: &str) -> Vec<String> {
    texts(&list(client, path), "captureId")
}

/// Waits until a key that was just made works.
fn wait_for_key(client: &Client) {
    wait_until("the new key", || client.get(HEALTH).status == 200);
}

/// Events `name0` and so on, a second apart, the newest first, each with its name as its capture.
fn send(client: &Client, name: &str, count: u64, seconds_ago: u64) {
    let newest = now_seconds() - seconds_ago;
    let events: Vec<Value> = (0..count)
        .map(|n| {
            let (capture, at) = (format!("{name}{n}"), newest - n);
            json!({"event_name": name, "capture_id": capture, "timestamp": at, "interaction": n % 2 == 0})
        })
        .collect();
    for batch in events.chunks(100) {
        client.batch(batch);
    }
}

#[test]
fn an_event_is_answered_to_the_letter() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    client.track(&json!({
        "event_name": "buy \"now\"", "timestamp": now_seconds(), "event_id": "own", "session_id": "s", "client_id": "c",
        "installation_id": "i", "device_id": "d", "space_id": "sp", "interaction": true, "product_id": "p",
        "category_id": "ca", "int1": 1, "int5": -5, "str2": "é\n", "stateful": false, "public": 60_000,
    }));
    let at = client.get(PROJECT).ok()["lastActivity"].as_str().unwrap().to_owned();
    assert_eq!((at.len(), &at[19..]), (24, ".000Z"));
    let rest = format!(
        "\"eventTime\":\"{at}\",\"dataResidency\":\"\",\"sessionId\":\"s\",\"clientId\":\"c\",\
         \"eventType\":\"buy \\\"now\\\"\",\"interaction\":true,\"ip\":\"\",\"captureId\":\"own\",\
         \"productId\":\"p\",\"categoryId\":\"ca\",\"int1\":1,\"int5\":-5,\"str2\":\"é\\n\",\
         \"stateful\":false,\"public\":60000}}]"
    );
    let expected = format!("[{{\"tenantId\":\"default\",{rest}");
    let answer = client.get(EVENTS);
    assert_eq!((answer.text(), answer.header("content-type")), (expected.clone(), Some("application/json")));
    assert_eq!(client.get(&format!("/regions/eu/reports{EVENTS}")).text(), expected);
    let latest = client.get(&format!("{LATEST}?distinctColumns=eventType,deviceId")).text();
    let ids = "\"installationId\":\"i\",\"deviceId\":\"d\",\"spaceId\":\"sp\"";
    assert_eq!(latest, format!("[{{\"tenantId\":\"default\",{ids},{rest}"));
    assert_eq!(client.get(SESSIONS).text(), "[]");
}

#[test]
fn the_last_day_is_answered_newest_first_also_after_a_flush_and_a_restart() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let client = server.client();
    send(&client, "old", 3, 24 * 3600 + 60);
    send(&client, "day", 3, 24 * 3600 - 600);
    send(&client, "now", 3, 0);
    client.track(&json!({"event_name": "ahead", "capture_id": "ahead", "timestamp": now_seconds() + 7200}));
    let expected = ["ahead", "now0", "now1", "now2", "day0", "day1", "day2"];
    assert_eq!(captures(&client, EVENTS), expected);
    wait_until("a flush", || client.stats().buffer_status.events_pending == 0);
    assert_eq!(captures(&client, EVENTS), expected);
    server.stop();
    let server = site.start(&[]);
    let client = server.client();
    assert_eq!(captures(&client, EVENTS), expected);
    send(&client, "late", 1, 3600);
    let mut expected = expected.to_vec();
    expected.insert(4, "late0");
    assert_eq!(captures(&client, EVENTS), expected);
    let latest = format!("{LATEST}?distinctColumns[]=eventType&distinctColumns%5B%5D=interaction");
    assert_eq!(captures(&client, &latest), ["ahead", "now0", "now1", "late0", "day0", "day1"]);
}

#[test]
fn filters_meet() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    send(&client, "view", 4, 0);
    send(&client, "click", 2, 10);
    client.track(&json!({
        "event_name": "view", "capture_id": "x", "timestamp": now_seconds() - 20, "installation_id": "i 1",
        "space_id": "s", "device_id": "d",
    }));
    for (query, expected) in [
        ("eventType=click", &["click0", "click1"][..]),
        ("interactionType=interactive&eventType=view", &["view0", "view2"]),
        ("interactionType=nonInteractive&eventType=view", &["view1", "view3", "x"]),
        ("interactionType=all&eventType=click", &["click0", "click1"]),
        ("installationId=i+1&spaceId=s&deviceId=d", &["x"]),
        ("installationId=i%201&spaceId=other", &[]),
        ("deviceId=no&unknown=1", &[]),
    ] {
        assert_eq!(captures(&client, &format!("{EVENTS}?{query}")), expected, "{query}");
        let latest = format!("{LATEST}?distinctColumns=captureId&{query}");
        assert_eq!(captures(&client, &latest), expected, "{query}");
    }
}

#[test]
fn pages_follow_their_links_to_the_end_whatever_comes_meanwhile() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let client = server.client();
    send(&client, "a", 250, 10);
    for (path, query) in [(EVENTS, ""), (LATEST, "distinctColumns=captureId&")] {
        let whole = captures(&client, &format!("{path}?{query}"));
        let mut next = Some(format!("{path}?{query}limit=40&eventType=a"));
        let mut rows = Vec::new();
        while let Some(path) = next {
            let answer = client.get(&path);
            let page = texts(answer.ok().as_array().unwrap(), "captureId");
            assert!(page.len() == 40 || rows.len() == 240);
            rows.extend(page);
            next = answer.header("link").map(|link| {
                let url = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
                url.unwrap_or_else(|| panic!("{link}")).to_owned()
            });
            // What is newer than the page's end changes nothing behind it.
            send(&client, "b", 1, 0);
        }
        assert_eq!(rows, whole.iter().filter(|name| name.starts_with('a')).cloned().collect::<Vec<_>>());
    }
    assert_eq!(client.get(&format!("{EVENTS}?limit=1&eventType=none")).header("link"), None);
}

#[test]
fn refusals_are_worded_alike() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let refused = |client: &Client, method: &str, path: &str| {
        let answer = client.send(method, path, &[], b"{}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        (answer.status, answer.text())
    };
    let said = |status: u16, error: &str, message: &str| {
        (status, format!(r#"{{"statusCode":{status},"error":"{error}","message":"{message}"}}"#))
    };
    let nobody = server.client_without_key();
    let wrong = server.client_with("tg_wrong");
    let writer = server.client_with(&site.make_key("default", "ingest", &[]));
    wait_for_key(&writer);
    for path in [EVENTS, LATEST, SESSIONS, "/regions/eu/reports/v2/realtime/event/tenants/default"] {
        assert_eq!(refused(&nobody, "GET", path), said(401, "Unauthorized", "a credential is required"));
        assert_eq!(refused(&wrong, "GET", path), said(401, "Unauthorized", "the credential is not valid"));
        assert_eq!(nobody.get(path).header("www-authenticate"), Some("Bearer"));
        let no_scope = said(403, "Forbidden", "the credential may not read reports");
        assert_eq!(refused(&writer, "GET", path), no_scope);
        assert_eq!(
            refused(&client, "POST", path),
            said(405, "Method Not Allowed", "reports are read with GET")
        );
    }
    for (path, message) in [
        (format!("{LATEST}?x=1"), "distinctColumns is required"),
        (format!("{LATEST}?distinctColumns=userId"), "distinctColumns names an unknown column: userId"),
        (format!("{EVENTS}?limit=0"), "limit is a whole number from 1 to 100000"),
        (format!("{SESSIONS}?cursor=AAAA"), "cursor is none that this report has given"),
        (format!("{EVENTS}?interactionType=some"), "interactionType is interactive, nonInteractive or all"),
        (format!("{SESSIONS}?spaceId=1&spaceId=2"), "spaceId is given more than once"),
        (format!("{EVENTS}?spaceId=%ff"), "the query is not UTF-8"),
    ] {
        assert_eq!(refused(&client, "GET", &path), said(400, "Bad Request", message), "{path}");
    }
}

#[test]
fn another_tenant_is_exactly_what_does_not_exist_and_a_project_sees_its_own() {
    let site = Site::new();
    let server = site.start(&[]);
    let admin = server.client();
    let other = server.client_with(&site.make_key("other", "ingest,read", &[]));
    let bound = server.client_with(&site.make_key("default", "ingest,read", &["--project", "mine"]));
    wait_for_key(&other);
    wait_for_key(&bound);
    send(&admin, "theirs", 2, 0);
    send(&bound, "mine", 2, 10);
    for report in ["session", "event", "latest-event"] {
        let of = |tenant: &str| format!("/v2/realtime/{report}/tenants/{tenant}?distinctColumns=captureId");
        let missing = other.get(&of("nosuch"));
        assert_eq!(missing.status, 404);
        for tenant in ["default", "nosuch2", "a%20b", "%ff", "Other"] {
            let answer = other.get(&of(tenant));
            assert_eq!((answer.status, answer.text()), (404, missing.text()), "{tenant}");
        }
        assert_eq!(other.get(&of("other")).text(), "[]");
    }
    let latest = format!("{LATEST}?distinctColumns=captureId");
    for path in [EVENTS, &latest] {
        assert_eq!(captures(&bound, path), ["mine0", "mine1"]);
        assert_eq!(captures(&admin, path), ["theirs0", "theirs1", "mine0", "mine1"]);
    }
}

#[test]
fn a_report_that_needs_a_damaged_file_says_so_and_another_is_answered() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let client = server.client();
    send(&client, "old", 100, 7200);
    wait_until("a flush", || client.stats().buffer_status.events_pending == 0);
    server.stop();
    let segment = newest_file(&site.data().join("segments"), ".parquet");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[100] ^= 1;
    fs::write(&segment, bytes).unwrap();

    let server = site.start(&[]);
    let client = server.client();
    send(&client, "new", 300, 0);
    let unreadable =
        r#"{"statusCode":503,"error":"Service Unavailable","message":"some of the data cannot be read"}"#;
    for path in [EVENTS, &format!("{LATEST}?distinctColumns=eventType")] {
        let refused = client.get(path);
        assert_eq!((refused.status, refused.text()), (503, unreadable.to_owned()));
    }
    assert_eq!(list(&client, &format!("{EVENTS}?limit=200")).len(), 200);
}

#[test]
fn an_answer_that_cannot_be_read_to_its_end_is_cut_and_never_looks_whole() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let client = server.client();
    let padding = "x".repeat(2_000);
    for _ in 0..150 {
        client.batch(&vec![json!({"event_name": "a", "str1": padding}); 100]);
    }
    wait_until("a flush", || client.stats().buffer_status.events_pending == 0);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let key = site.admin_key();
    write!(stream, "GET {EVENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n\r\n").unwrap();
    let mut answer = vec![0; 1024];
    stream.read_exact(&mut answer).unwrap();
    fs::remove_dir_all(site.data().join("segments")).unwrap();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(answer.len() > 1_000_000 && !answer.contains("}]") && !answer.ends_with("0\r\n\r\n"));
}

#[test]
fn a_long_list_is_whole_and_readers_that_go_away_keep_no_place() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let client = server.client();
    let padding = "x".repeat(500);
    for batch in 0..100 {
        let events: Vec<Value> =
            (0..100).map(|n| json!({"event_name": "a", "int1": batch * 100 + n, "str1": padding})).collect();
        client.batch(&events);
    }
    let key = site.admin_key();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET {EVENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n\r\n").unwrap();
        let mut start = [0; 1024];
        stream.read_exact(&mut start).unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    }
    wait_until("a place for another report", || client.get(&format!("{EVENTS}?limit=1")).status == 200);
    let rows = list(&client, EVENTS);
    let mut ints: Vec<u64> = rows.iter().map(|row| row["int1"].as_u64().unwrap()).collect();
    ints.sort_unstable();
    assert_eq!(ints, (0..10_000).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row["str1"] == padding));
}
