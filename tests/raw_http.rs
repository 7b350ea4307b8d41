//! What no HTTP client would send: every byte sequence is answered as it should be or closed, none is read as two
//! requests, none is answered with 5xx, and the server serves on.

use std::time::Duration;

use crate::harness::client::TRACK;
use crate::harness::server::Server;
use crate::harness::{Site, wait_until};

/// Longer than anything here may take: the server waits one second for what is missing.
const PATIENCE: Duration = Duration::from_secs(8);
/// In a test that needs no waiting.
const SHORT: [&str; 2] = ["--request-timeout-seconds", "1"];

/// The statuses of all answers that came before the end.
fn statuses(received: &str) -> Vec<u16> {
    let starts =
        received.match_indices("HTTP/1.").filter_map(|(at, _)| received[at + 9..].get(..3)?.parse().ok());
    starts.collect()
}

/// Sends bytes and the end of what is sent; what came back until the other side closed.
fn exchange(server: &Server, bytes: impl AsRef<[u8]>) -> Vec<u16> {
    let mut raw = server.raw();
    raw.send(bytes);
    let received = raw.rest(PATIENCE);
    let statuses = statuses(&received);
    assert!(statuses.iter().all(|status| *status < 500), "{received}");
    statuses
}

fn still_serves(server: &Server) {
    assert_eq!(server.client_without_key().get("/healthz").text(), "ok\n");
}

/// A request that would store an event, if it were taken for one.
fn smuggled(key: &str) -> String {
    let body = r#"{"event_name": "smuggled"}"#;
    format!(
        "POST {TRACK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn no_two_ways_to_tell_a_bodys_length_make_two_requests_of_one() {
    let site = Site::new();
    let server = site.start(&SHORT);
    let inner = smuggled(&site.admin_key());
    let length = inner.len();
    for (name, head, body) in [
        (
            "both",
            format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
            format!("0\r\n\r\n{inner}"),
        ),
        (
            "both, the other way",
            format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"),
            format!("0\r\n\r\n{inner}"),
        ),
        ("two lengths", "Content-Length: 0\r\nContent-Length: 5".into(), inner.clone()),
        ("two lengths in one field", "Content-Length: 0, 5".into(), inner.clone()),
        ("a length with a sign", "Content-Length: +0".into(), inner.clone()),
        ("a negative length", "Content-Length: -1".into(), inner.clone()),
        ("a hexadecimal length", "Content-Length: 0x5".into(), inner.clone()),
        ("a length beyond all", "Content-Length: 99999999999999999999999".into(), inner.clone()),
        ("a length with a space", "Content-Length: 0 5".into(), inner.clone()),
        ("an empty length", "Content-Length:".into(), inner.clone()),
        ("a coding that is none", "Transfer-Encoding: xchunked".into(), format!("0\r\n\r\n{inner}")),
        (
            "a coding that is not last",
            "Transfer-Encoding: chunked, identity".into(),
            format!("0\r\n\r\n{inner}"),
        ),
        ("a coding before chunked", "Transfer-Encoding: gzip, chunked".into(), String::new()),
        (
            "a coding in two fields",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity".into(),
            format!("0\r\n\r\n{inner}"),
        ),
        (
            "a coding with a tab",
            "Transfer-Encoding:\tchunked\r\nContent-Length: 3".into(),
            format!("0\r\n\r\n{inner}"),
        ),
        (
            "a coding with a vertical tab",
            "Transfer-Encoding: \x0bchunked".into(),
            format!("0\r\n\r\n{inner}"),
        ),
        ("a coding in quotes", "Transfer-Encoding: \"chunked\"".into(), format!("0\r\n\r\n{inner}")),
        (
            "a field with a space before its colon",
            "Transfer-Encoding : chunked".into(),
            format!("0\r\n\r\n{inner}"),
        ),
        ("a length with a space before its colon", "Content-Length : 0".into(), inner.clone()),
        ("a folded field", "X-A: b\r\n Content-Length: 5".into(), inner.clone()),
        ("a folded coding", "Transfer-Encoding:\r\n chunked".into(), format!("0\r\n\r\n{inner}")),
        ("a zero byte in a value", "X-A: a\0b".into(), inner.clone()),
        ("a zero byte in a name", "X\0A: a".into(), inner.clone()),
        ("a bare carriage return", "X-A: a\rContent-Length: 5".into(), inner.clone()),
        ("a name that is empty", ": a".into(), inner.clone()),
        ("a name with other letters", "X-\u{c4}: a".into(), inner.clone()),
    ] {
        let request = format!("POST /nowhere HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{body}");
        let answered = exchange(&server, request);
        // What is well-formed after all (RFC 9112 lets a recipient skip some of this) is one request without a body,
        // and the inner one is the second; then it is no smuggling. All others are refused or closed.
        let is_plain = matches!(answered.first(), Some(404));
        assert!(answered.len() <= 1 || is_plain, "{name}: {answered:?}");
        assert!(answered.first().is_none_or(|status| (400..500).contains(status)), "{name}: {answered:?}");
    }
    still_serves(&server);
    server.stop();
}

#[test]
fn a_length_and_a_coding_together_never_let_a_second_request_through() {
    let site = Site::new();
    let server = site.start(&SHORT);
    let inner = smuggled(&site.admin_key());
    let body = format!("0\r\n\r\n{inner}");
    for head in [
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked", body.len()),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {}", body.len()),
        format!("Transfer-Encoding: CHUNKED\r\nContent-Length: {}", body.len()),
        format!("Content-Length: {}\r\nContent-Length: {}", body.len(), body.len() + 1),
    ] {
        exchange(&server, format!("POST /nowhere HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{body}"));
        assert_eq!(server.client().stats().total_events, 0, "{head}");
    }
    server.stop();
}

#[test]
fn chunks_that_are_none_are_refused_and_closed() {
    let site = Site::new();
    let server = site.start(&SHORT);
    let key = site.admin_key();
    let post = |body: &[u8]| {
        let head = format!(
            "POST {TRACK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n"
        );
        exchange(&server, [head.as_bytes(), body].concat())
    };
    let long_extension = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(1 << 20));
    let many_extensions = "1;a=b\r\n \r\n".repeat(10_000) + "0\r\n\r\n";
    let long_trailer = format!("0\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    for (name, body) in [
        ("a size beyond all", "FFFFFFFFFFFFFFFFF\r\na"),
        ("the largest size", "FFFFFFFFFFFFFFFF\r\na"),
        ("a negative size", "-1\r\na\r\n0\r\n\r\n"),
        ("a size with 0x", "0x1\r\na\r\n0\r\n\r\n"),
        ("no size", "\r\na\r\n0\r\n\r\n"),
        ("no hexadecimal", "z\r\na\r\n0\r\n\r\n"),
        ("a chunk longer than it says", "1\r\nabc\r\n0\r\n\r\n"),
        ("a bare line feed", "1\na\n0\n\n"),
        ("a huge extension", &*long_extension),
        ("many extensions", &*many_extensions),
        ("a huge trailer", &*long_trailer),
        ("an end that does not come", "1\r\na"),
    ] {
        let answered = post(body.as_bytes());
        assert!(answered.len() <= 1, "{name}: {answered:?}");
        assert!(answered.iter().all(|status| (400..500).contains(status)), "{name}: {answered:?}");
    }
    // A trailer is no header: this one would make it another's request.
    let event = r#"{"event_name": "a"}"#;
    let chunked = format!("{:x}\r\n{event}\r\n0\r\nAuthorization: Bearer nobody\r\n\r\n", event.len());
    assert_eq!(post(chunked.as_bytes()), [200]);
    assert_eq!(server.client().stats().total_events, 1);
    still_serves(&server);
    server.stop();
}

#[test]
fn lines_heads_and_fields_beyond_their_bounds_are_told_so() {
    let site = Site::new();
    let server = site.start(&SHORT);
    let long = "x".repeat(1 << 20);
    let many = (0..200).map(|n| format!("X-{n}: a\r\n")).collect::<String>();
    for (name, request, told) in [
        ("a path", format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(65_000)), &[404, 414, 431][..]),
        ("a line", format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"), &[414, 431]),
        ("a line without end", format!("GET /{long}"), &[414, 431]),
        ("a field", format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {long}\r\n\r\n"), &[431]),
        ("a name", format!("GET / HTTP/1.1\r\nHost: x\r\n{long}: a\r\n\r\n"), &[400, 431]),
        ("fields", format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"), &[431]),
    ] {
        let answered = exchange(&server, &request);
        // Who closes with unread bytes in his hands may take his answer back: then there is none.
        assert!(
            answered.len() <= 1 && answered.iter().all(|status| told.contains(status)),
            "{name}: {answered:?}"
        );
    }
    let fields = format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    assert_eq!(exchange(&server, fields), [431]);
    still_serves(&server);
    server.stop();
}

#[test]
fn what_is_no_http_1_is_refused_and_closed() {
    let site = Site::new();
    let server = site.start(&SHORT);
    for (name, bytes) in [
        ("HTTP/0.9", &b"GET /healthz\r\n"[..]),
        ("HTTP/0.9 with its version", b"GET /healthz HTTP/0.9\r\n\r\n"),
        ("HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
        ("HTTP/2.0", b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n"),
        ("HTTP/1.9", b"GET /healthz HTTP/1.9\r\nHost: x\r\n\r\n"),
        (
            "a TLS handshake",
            b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n",
        ),
        ("a handshake of SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        ("zeros", &[0; 4096]),
        ("all ones", &[0xff; 4096]),
        ("spaces", &[b' '; 4096]),
        ("no path", b"GET  HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("a path with spaces", b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("a method that is none", b"G\x01T / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ] {
        let answered = exchange(&server, bytes);
        let is_fine = answered.len() <= 1 && answered.iter().all(|status| (400..500).contains(status));
        assert!(is_fine, "{name}: {answered:?}");
    }
    still_serves(&server);
    server.stop();
}

#[test]
fn every_method_is_answered_and_none_opens_a_tunnel() {
    let site = Site::new();
    let server = site.start(&SHORT);
    let ask =
        |line: &str| exchange(&server, format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    for (line, told) in [
        ("GET /healthz", 200),
        ("HEAD /healthz", 200),
        ("OPTIONS /healthz", 405),
        ("TRACE /healthz", 405),
        ("BREW /healthz", 405),
        ("get /healthz", 405),
        ("PUT /healthz", 405),
        ("OPTIONS *", 404),
    ] {
        assert_eq!(ask(line), [told], "{line}");
    }
    // A proxy would open a connection to elsewhere.
    for line in ["CONNECT example.com:80", "CONNECT /healthz"] {
        let answered = ask(line);
        assert!(answered.iter().all(|status| (400..500).contains(status)), "{line}: {answered:?}");
    }
    // A proxy would fetch it; here it is the path that counts.
    assert_eq!(ask("GET http://example.com/healthz"), [200]);
    still_serves(&server);
    server.stop();
}

#[test]
fn a_head_has_no_body_and_an_expectation_is_answered_before_the_body() {
    let site = Site::new();
    let server = site.start(&SHORT);
    let mut raw = server.raw();
    raw.send("HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let received = raw.rest(PATIENCE);
    assert!(received.ends_with("\r\n\r\n") && received.contains("content-length: 3"), "{received}");

    let key = site.admin_key();
    let event = r#"{"event_name": "a"}"#;
    let head = |expect: &str, key: &str| {
        format!(
            "POST {TRACK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nExpect: {expect}\r\nConnection: close\r\n\r\n",
            event.len()
        )
    };
    let mut raw = server.raw();
    raw.send(head("100-continue", &key));
    raw.send(event);
    assert_eq!(statuses(&raw.rest(PATIENCE)), [100, 200]);
    // Who is refused is not asked for his body.
    let mut raw = server.raw();
    raw.send(head("100-continue", "nobody"));
    assert_eq!(statuses(&raw.rest(PATIENCE)), [401]);
    still_serves(&server);
    server.stop();
}

#[test]
fn pipelined_requests_are_answered_each_once_and_in_order() {
    let site = Site::new();
    let server = site.start(&SHORT);
    let mut raw = server.raw();
    let one = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let many = [one("/healthz"), one("/nowhere"), one("/healthz")].concat().repeat(20);
    raw.send(many + "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + &one("/healthz"));
    let expected: Vec<u16> = [200, 404, 200].repeat(20).into_iter().chain([404]).collect();
    assert_eq!(statuses(&raw.rest(PATIENCE)), expected);
    server.stop();
}

#[test]
fn who_leaves_early_leaves_nothing_behind() {
    let site = Site::new();
    let server = site.start(&["--max-connections", "8"]);
    let key = site.admin_key();
    let head = format!(
        "POST {TRACK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Content-Length: 26\r\n\r\n"
    );
    for cut in [0, 1, 30, head.len()] {
        for _ in 0..8 {
            let mut raw = server.raw();
            raw.send(&head[..cut]);
        }
    }
    wait_until("all places to be free", || (0..8).map(|_| server.raw()).all(|mut raw| raw.send("GET")));
    still_serves(&server);
    assert_eq!(server.client().stats().total_events, 0);
    server.stop();
}
