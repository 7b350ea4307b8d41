//! What the server refuses it refuses with the right status and words, stores nothing of it, and lives on.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::client::{BATCH, HEALTH, PROJECT, STATS, TRACK};
use crate::harness::{Client, Server, Site, wait_for, wait_until};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const TRACK_ROUTES: [(&str, &str); 4] = [("POST", TRACK), ("POST", BATCH), ("GET", STATS), ("GET", HEALTH)];

/// Nothing was stored, the next event is, and nothing panicked (which stopping it looks at too).
fn assert_unharmed(server: &Server) {
    let client = server.client();
    assert_eq!(client.stats().total_events, 0, "something of a refused request was stored");
    client.track(&json!({"event_name": "still here"}));
    assert_eq!(client.stats().total_events, 1);
    assert!(!server.stderr().contains("panicked at"), "{}", server.stderr());
}

fn assert_unauthorized(client: &Client, detail: &str) {
    for (method, path) in TRACK_ROUTES {
        let answer = client.send(method, path, &[JSON], b"this is no JSON");
        assert_eq!((answer.status, answer.json()), (401, json!({ "detail": detail })), "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
    }
    let answer = client.get(PROJECT);
    let body = answer.json();
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    assert_eq!(
        [&body["error"], &body["code"], &body["path"]],
        ["Authentication required", "UNAUTHORIZED", PROJECT]
    );
    assert!(body["details"].is_object() && body["timestamp"].is_string() && body["requestId"].is_string());
}

#[test]
fn without_a_credential_or_with_a_wrong_revoked_or_expired_one_every_route_answers_401() {
    let site = Site::new();
    let server = site.start(&[]);
    let revoked = site.make_key("default", "ingest,read,admin", &[]);
    let mut mistyped = revoked.clone();
    mistyped.replace_range(10..11, if revoked[10..].starts_with('0') { "1" } else { "0" });
    assert_eq!(site.run(&["key", "revoke", &revoked]).code, Some(0));

    assert_unauthorized(&server.client_without_key(), "Not authenticated");
    let wrong = "Invalid authentication credentials";
    for key in [&mistyped, "tg_", "nonsense", "a b c", &"x".repeat(5000)] {
        assert_unauthorized(&server.client_with(key), wrong);
    }
    let expired = site.make_key("default", "ingest,read,admin", &["--expires", "3s"]);
    // It is good first: until the server has heard of it, it would be refused as a wrong one.
    wait_until("the new key", || server.client_with(&expired).get(STATS).status == 200);
    for key in [&revoked, &expired] {
        wait_for("the key's end", Duration::from_secs(5), || {
            (server.client_with(key).get(STATS).status == 401).then_some(())
        });
        assert_unauthorized(&server.client_with(key), wrong);
    }
    assert_unharmed(&server);
}

#[test]
fn a_good_key_without_the_scope_is_answered_403() {
    let site = Site::new();
    let server = site.start(&[]);
    let reader = server.client_with(&site.make_key("default", "read", &[]));
    let writer = server.client_with(&site.make_key("default", "ingest", &[]));
    wait_for("the keys", Duration::from_secs(5), || (writer.get(HEALTH).status == 200).then_some(()));
    for (client, method, path) in
        [(&reader, "POST", TRACK), (&reader, "POST", BATCH), (&writer, "GET", STATS)]
    {
        let answer = client.send(method, path, &[JSON], b"this is no JSON");
        assert_eq!(
            (answer.status, answer.json()),
            (403, json!({"detail": "Not enough permissions"})),
            "{method} {path}"
        );
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let answer = writer.get(PROJECT);
    assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("FORBIDDEN")));
    assert_unharmed(&server);
}

#[test]
fn a_key_works_bare_as_bearer_and_in_its_own_header() {
    let site = Site::new();
    let server = site.start(&[]);
    let (key, client) = (site.admin_key(), server.client_without_key());
    let bearer = format!("bearer {key}");
    for header in [("Authorization", &*key), ("Authorization", &bearer), ("X-API-Key", &key)] {
        for (method, path) in [("GET", STATS), ("GET", HEALTH)] {
            assert_eq!(client.send(method, path, &[header], b"").status, 200, "{} {path}", header.0);
        }
        let sent = client.send("POST", TRACK, &[header, JSON], br#"{"event_name": "a"}"#);
        assert_eq!(sent.status, 200, "{}", header.0);
        assert_eq!(client.send("GET", PROJECT, &[header], b"").status, 200);
    }
}

#[test]
fn the_refusal_of_a_credential_does_not_wait_for_the_body() {
    let site = Site::new();
    let server = site.start(&[]);
    for path in [TRACK, BATCH] {
        for announced in ["Content-Length: 99999999999", "Transfer-Encoding: chunked"] {
            let mut raw = server.raw();
            raw.send(format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{announced}\r\n\r\n"
            ));
            let answer = raw.answer().unwrap();
            assert_eq!((answer.status, &*answer.body), (401, r#"{"detail":"Not authenticated"}"#));
        }
    }
    assert_unharmed(&server);
}

#[test]
fn a_body_over_the_limit_is_answered_413_whether_announced_or_not() {
    let site = Site::new();
    let server = site.start(&["--max-body-bytes", "1000"]);
    let (client, key) = (server.client(), site.admin_key());
    let event = |length: usize| {
        let frame = r#"{"event_name":"a","page_url":""}"#.len();
        format!(r#"{{"event_name":"a","page_url":"{}"}}"#, "x".repeat(length - frame))
    };
    let answer = client.post(TRACK, Some("application/json"), event(1001).as_bytes());
    assert_eq!((answer.status, answer.json()), (413, json!({"detail": "The body is too large"})));

    let head = format!(
        "POST {TRACK} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Type: application/json\r\n"
    );
    // Announced, and never sent.
    let mut raw = server.raw();
    raw.send(format!("{head}Content-Length: 1001\r\n\r\n"));
    assert_eq!(raw.answer().unwrap().status, 413);
    // Not announced.
    let mut raw = server.raw();
    raw.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n"));
    for _ in 0..11 {
        raw.send(format!("64\r\n{}\r\n", "x".repeat(100)));
    }
    assert_eq!(raw.answer().unwrap().status, 413);
    assert_eq!(client.stats().total_events, 0);
    // The limit itself passes, in both ways.
    assert_eq!(client.post(TRACK, Some("application/json"), event(1000).as_bytes()).status, 200);
    let mut raw = server.raw();
    raw.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n3e8\r\n{}\r\n0\r\n\r\n", event(1000)));
    assert_eq!(raw.answer().unwrap().status, 200);
}

#[test]
fn a_connection_that_ends_in_the_middle_of_a_body_leaves_nothing() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.admin_key();
    let head = format!("HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Type: application/json\r\n");
    for rest in [
        "Content-Length: 100\r\n\r\n{\"event_name\": \"a\"}",
        "Transfer-Encoding: chunked\r\n\r\n13\r\n{\"event_name\": \"a\"}\r\n",
        "Transfer-Encoding: chunked\r\n\r\n13\r\n{\"event_n",
        "Content-Length: 19\r\n",
        "Content-Le",
    ] {
        let mut raw = server.raw();
        raw.send(format!("POST {TRACK} {head}{rest}"));
        raw.end();
        let answer = raw.answer();
        assert!(answer.as_ref().is_none_or(|answer| answer.status == 400), "{rest:?}: {answer:?}");
    }
    assert_unharmed(&server);
}

#[test]
fn a_slow_head_and_a_slow_body_are_not_waited_for() {
    let site = Site::new();
    let server = site.start(&["--request-timeout-seconds", "1"]);
    let key = site.admin_key();
    let started = Instant::now();
    let mut silent = server.raw();
    let mut slow_head = server.raw();
    slow_head.send(format!("POST {TRACK} HTTP/1.1\r\nHost: x\r\nAutho"));
    let mut slow_body = server.raw();
    slow_body.send(format!(
        "POST {TRACK} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Type: application/json\r\n\
         Content-Length: 19\r\n\r\n{{\"event_name\""
    ));
    let mut between_two = server.raw();
    between_two.send(format!("GET {STATS} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n\r\n"));
    assert_eq!(between_two.answer().unwrap().status, 200);

    let body = slow_body.answer().unwrap();
    assert_eq!((body.status, &*body.body), (408, r#"{"detail":"The body took too long to arrive"}"#));
    let head = slow_head.answer();
    assert!(head.as_ref().is_none_or(|answer| answer.status == 408), "{head:?}");
    assert!(silent.answer().is_none());
    assert!(between_two.answer().is_none());
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
    assert_unharmed(&server);
}

#[test]
fn hostile_bodies_are_refused_without_harm() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(200_000), close.repeat(200_000));
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"event_name": "a", "properties": {{"a": {open}{close}}}}}"#)
    };
    let refused = [
        deep("[", "]"),
        deep("{\"a\":", "}"),
        "[".repeat(1_000_000),
        nested(10_000),
        r#"{"event_name": "a\u0000b"}"#.to_owned(),
        r#"{"event_name": "a", "properties": {"a": "\u0000"}}"#.to_owned(),
        r#"{"event_name": "a", "event_id": "\ud800"}"#.to_owned(),
        "{\"event_name\": \"a\u{1}\"}".to_owned(),
        r#"{"event_name": "a", "int1": 9223372036854775808}"#.to_owned(),
        r#"{"event_name": "a", "int1": 1e400}"#.to_owned(),
        format!(r#"{{"event_name": "a", "int1": {}}}"#, "9".repeat(100_000)),
        format!(r#"{{"event_name": "a", "properties": {{"a": {}}}}}"#, "9".repeat(5_000)),
        r#"{"event_name": "a", "timestamp": 1e300}"#.to_owned(),
        r#"{"event_name": "a", "timestamp": "+275760-09-14T00:00:00Z"}"#.to_owned(),
        r#"{"event_name": "a", "properties": {"a": 1e400}}"#.to_owned(),
        r#"{"event_name": "a", "properties": {"a": NaN}}"#.to_owned(),
        String::new(),
    ];
    for body in &refused {
        for path in [TRACK, BATCH] {
            let shown: String = body.chars().take(60).collect();
            let body = match path {
                BATCH if body.starts_with("{\"event_name\"") => format!(r#"{{"events": [{body}]}}"#),
                _ => body.clone(),
            };
            let answer = client.post(path, Some("application/json"), body.as_bytes());
            assert_eq!(answer.status, 422, "{path} {shown}: {}", answer.text());
            assert!(answer.text().starts_with(r#"{"detail":[{"type":""#), "{shown}");
        }
    }
    for body in [&b"{\"event_name\": \"\xff\"}"[..], b"\xc3\x28", b"{\"event_name\": \"\xed\xa0\x80\"}"] {
        let answer = client.post(TRACK, Some("application/json"), body);
        let expected = json!({"detail": "There was an error parsing the body"});
        assert_eq!((answer.status, answer.json()), (400, expected));
    }
    assert_unharmed(&server);
}

#[test]
fn a_compressed_body_is_answered_415() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    for (encoding, status) in [("gzip", 415), ("br", 415), ("identity", 422)] {
        let headers = [JSON, ("Content-Encoding", encoding)];
        let answer = client.send("POST", TRACK, &headers, b"\x1f\x8b not really");
        assert_eq!(answer.status, if status == 422 { 400 } else { status }, "{encoding}");
        assert!(answer.json()["detail"].is_string());
    }
    assert_unharmed(&server);
}

#[test]
fn a_wrong_method_is_answered_405_and_an_unknown_path_404() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    for (method, path, allowed) in
        [("GET", TRACK, "POST"), ("PUT", BATCH, "POST"), ("POST", STATS, "GET"), ("DELETE", HEALTH, "GET")]
    {
        let answer = client.send(method, path, &[], b"");
        let expected = json!({"detail": "Method Not Allowed"});
        assert_eq!((answer.status, answer.json()), (405, expected), "{method} {path}");
        // RFC 9110, 15.5.6: a 405 must say what would be allowed.
        let allow = answer.header("allow").unwrap_or_default();
        assert!(allow.contains(allowed), "{method} {path}: Allow: {allow:?}");
    }
    let answer = client.send("POST", PROJECT, &[], b"");
    assert_eq!((answer.status, &answer.json()["code"]), (405, &json!("METHOD_NOT_ALLOWED")));
    for path in ["/api/v1/analytics/", "/api/v1/analytics/nothing", "/api/v2", "/%ff", "/../etc/passwd"] {
        let answer = client.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
    assert_unharmed(&server);
}

#[test]
fn malformed_http_ends_its_own_connection_only() {
    let site = Site::new();
    let server = site.start(&["--request-timeout-seconds", "2"]);
    let key = site.admin_key();
    let good = r#"{"event_name": "a"}"#;
    let post = format!(
        "POST {TRACK} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Type: application/json\r\n"
    );
    let requests: Vec<Vec<u8>> = [
        "\r\n\r\n\r\n".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03".to_owned(),
        format!("{post}Content-Length: -1\r\n\r\n{good}"),
        format!("{post}Content-Length: 19\r\nContent-Length: 5\r\n\r\n{good}"),
        format!("{post}Content-Length: 99999999999999999999999999\r\n\r\n{good}"),
        format!("{post}Transfer-Encoding: gzip\r\n\r\n{good}"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nzz\r\n{good}\r\n0\r\n\r\n"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{good}"),
        format!("{post}Bad Header: x\r\nContent-Length: 19\r\n\r\n{good}"),
        format!("{post}X: {}\r\nContent-Length: 19\r\n\r\n{good}", "x".repeat(1_000_000)),
        format!("{post}{}Content-Length: 19\r\n\r\n{good}", "X: y\r\n".repeat(1_000)),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1_000_000)),
        format!("POST {TRACK} HTTP/1.1\r\nAuthorization: \u{7f}\u{1}\r\n\r\n"),
    ]
    .into_iter()
    .map(String::into_bytes)
    .chain([vec![0; 5_000], vec![0xff; 5_000]])
    .collect();
    for request in &requests {
        let mut raw = server.raw();
        raw.send(request);
        let answer = raw.answer();
        let shown = String::from_utf8_lossy(&request[..request.len().min(100)]).into_owned();
        let is_refused =
            answer.as_ref().is_none_or(|answer| (400..500).contains(&answer.status) || answer.status == 505);
        assert!(is_refused, "{shown:?}: {answer:?}");
    }
    assert_unharmed(&server);
}
