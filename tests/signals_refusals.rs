//! What the grid's intake refuses it refuses in one shape, `{"error": "..."}`, readable by any page; nothing of it is
//! stored, and the key in the path is shown nowhere.

use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::{Server, Site, wait_until};

const ROUTES: [&str; 4] = ["event", "session", "client", "contact"];
/// A record that every route takes.
const GOOD: &str = r#"{"s": "A", "b": "s1", "r": "c1"}"#;

fn post(server: &Server, key: &str, route: &str, body: &[u8]) -> Answer {
    let path = format!("/signals/v1/{key}/{route}");
    server.client_without_key().post(&path, Some("text/plain;charset=UTF-8"), body)
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.json()), (status, json!({ "error": error })));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

/// Nothing was stored; and no key was logged or told.
fn assert_nothing_came_of_it(site: &Site, server: Server, keys: &[&str]) {
    let output = server.stop();
    for key in keys {
        assert!(!output.stderr.contains(key), "a key is in the log");
    }
    assert_eq!((site.rows("events"), site.rows("sessions")), (vec![], vec![]));
}

#[test]
fn a_key_that_does_not_work_or_may_not_ingest_is_refused_and_never_shown() {
    let site = Site::new();
    let server = site.prepare(&[]).env("TIDEGAUGE_LOG", "trace").listening();
    let reader = site.make_key("default", "read,admin", &[]);
    let revoked = site.make_key("default", "ingest", &[]);
    let expired = site.make_key("default", "ingest", &["--expires", "1s"]);
    assert_eq!(site.run(&["key", "revoke", &revoked]).code, Some(0));
    // Until the server has heard of it, a new key is a wrong one.
    wait_until("the reader's key", || post(&server, &reader, "contact", b"").status == 403);
    wait_until("the end of a key", || post(&server, &expired, "contact", GOOD.as_bytes()).status == 401);
    let mut mistyped = reader.clone();
    mistyped.replace_range(10..11, if reader[10..].starts_with('0') { "1" } else { "0" });
    for route in ROUTES {
        for key in [&*mistyped, &revoked, &expired, "tg_", "%ff", "a%2Fb", &"x".repeat(5000)] {
            // Before the body is looked at.
            let answer = post(&server, key, route, b"this is no JSON");
            assert_refused(&answer, 401, "the ingest key in the path is not valid");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
        assert_refused(&post(&server, &reader, route, GOOD.as_bytes()), 403, "this key may not ingest");
    }
    // Nor is a body waited for.
    let mut raw = server.raw();
    raw.send(format!(
        "POST /signals/v1/{mistyped}/event HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
    ));
    assert_eq!(raw.answer().unwrap().status, 401);
    // Neither a header nor a query stands in for the path.
    let path = format!("/signals/v1/x/event?key={}", site.admin_key());
    assert_eq!(server.client().post(&path, None, GOOD.as_bytes()).status, 401);
    assert_nothing_came_of_it(&site, server, &[&reader, &revoked, &expired, &mistyped]);
}

#[test]
fn another_tenants_id_is_refused_alike_whether_it_exists_or_not() {
    let site = Site::new();
    let server = site.start(&[]);
    let (own, other) = (site.admin_key(), site.make_key("acme", "ingest,read", &[]));
    wait_until("the key", || post(&server, &other, "contact", GOOD.as_bytes()).status == 200);
    let body = |tenant: Value| json!({"s": "A", "b": "s1", "r": "c1", "tenantId": tenant}).to_string();
    for route in ROUTES {
        for (key, tenant) in
            [(&own, "acme"), (&own, "nosuch"), (&other, "default"), (&own, "Default"), (&own, " ")]
        {
            let answer = post(&server, key, route, body(tenant.into()).as_bytes());
            assert_refused(&answer, 403, "tenantId does not belong to this key");
        }
    }
    assert_nothing_came_of_it(&site, server, &[&own, &other]);

    // None, an empty one and the key's own are all the key's own.
    let server = site.start(&[]);
    for tenant in [Value::Null, "".into(), "default".into()] {
        assert_eq!(post(&server, &own, "event", body(tenant).as_bytes()).status, 200);
    }
    server.stop();
    assert!(site.rows("events").iter().all(|row| row["tenant_id"] == "default"));
}

#[test]
fn a_bad_body_is_answered_400_with_what_is_wrong_and_a_large_one_413() {
    let site = Site::new();
    let server = site.start(&["--max-body-bytes", "100000"]);
    let key = site.admin_key();
    for route in ROUTES {
        for (body, error) in [
            (&b""[..], "the body is not JSON: it breaks off or goes wrong at line 1, column 0"),
            (b"{\"s\": \"A\"", "the body is not JSON: it breaks off or goes wrong at line 1, column 9"),
            (b"[{\"s\": \"A\"}]", "the body is not a JSON object"),
            (b"{\"s\": \"\xff\"}", "the body is not UTF-8"),
            (b"{\"b\": {}}", "sessionId may not be a list or an object"),
            (b"{\"s\": \"a\\u0000b\"}", "eventType may not contain control characters"),
            (b"{\"o\": 91}", "latitude should be -90 to 90 degrees"),
        ] {
            assert_refused(&post(&server, &key, route, body), 400, error);
        }
        for time in
            ["Invalid Date", "Sat Feb 30 2026 07:03:52 GMT+0000", "2026-13-01", "+012026-11-21T00:00:00Z"]
        {
            for field in ["eventTime", "sessionCreated", "clientCreated"] {
                let body = json!({"s": "A", "b": "s1", "r": "c1", field: time}).to_string();
                let answer = post(&server, &key, route, body.as_bytes());
                let error = answer.json()["error"].as_str().unwrap().to_owned();
                assert_eq!(answer.status, 400);
                assert!(error.starts_with(&format!("{field} should be a time")), "{error}");
            }
        }
        let large = format!("{{\"unknown\": \"{}\"}}", "x".repeat(100_000));
        assert_refused(&post(&server, &key, route, large.as_bytes()), 413, "the body is too large");
        let path = format!("/signals/v1/{key}/{route}");
        let compressed =
            server.client_without_key().send("POST", &path, &[("Content-Encoding", "gzip")], GOOD.as_bytes());
        assert_refused(&compressed, 415, "a compressed body is not accepted");
    }
    for (route, field) in
        [("event", "eventType"), ("session", "sessionId"), ("client", "clientId"), ("contact", "sessionId")]
    {
        assert_refused(&post(&server, &key, route, b"{}"), 400, &format!("{field} is required"));
    }
    assert_nothing_came_of_it(&site, server, &[&key]);
}

#[test]
fn a_wrong_method_and_an_unknown_path_are_answered_in_the_same_shape_without_the_key() {
    let site = Site::new();
    let server = site.start(&[]);
    let (key, client) = (site.admin_key(), server.client_without_key());
    for route in ROUTES {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = client.send(method, &format!("/signals/v1/{key}/{route}"), &[], b"");
            assert_refused(&answer, 405, "only POST is answered here");
            assert!(answer.header("allow").unwrap().contains("POST"), "{method}");
        }
    }
    for path in ["/session-state", "/space-state", "/event/", "/event/x", "//event", "", "/"] {
        let answer = client.send("POST", &format!("/signals/v1/{key}{path}"), &[], GOOD.as_bytes());
        assert_refused(&answer, 404, "there is nothing at this path");
    }
    assert_nothing_came_of_it(&site, server, &[&key]);
}

#[test]
fn a_server_that_takes_no_more_says_so_before_it_takes_anything() {
    let site = Site::new();
    let server = site.start(&["--min-free-bytes", &u64::MAX.to_string()]);
    let key = site.admin_key();
    for route in ["event", "session", "client"] {
        let answer = post(&server, &key, route, GOOD.as_bytes());
        assert_refused(&answer, 503, "The server's disk is almost full; nothing was stored");
        assert_eq!(answer.header("retry-after"), Some("30"));
    }
    assert_nothing_came_of_it(&site, server, &[&key]);
}
