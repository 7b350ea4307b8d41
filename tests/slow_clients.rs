//! Slow clients and greedy ones: each bound of a connection closes it, and the others are served.

use std::time::Duration;

use crate::harness::client::TRACK;
use crate::harness::{Site, wait_until};

/// The server waits one second; a busy machine may add to it.
const PATIENCE: Duration = Duration::from_secs(8);
const ONE_SECOND: [&str; 2] = ["--request-timeout-seconds", "1"];

#[test]
fn a_head_that_trickles_is_closed_and_a_connection_that_idles_too() {
    let site = Site::new();
    let server = site.start(&ONE_SECOND);
    let (mut silent, mut idle, mut trickling) = (server.raw(), server.raw(), server.raw());
    idle.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(idle.answer().unwrap().status, 200);
    // A byte now and then is no sign of life.
    wait_until("the end of what trickles", || !trickling.send("G"));
    assert_eq!((silent.rest(PATIENCE), idle.rest(PATIENCE)), (String::new(), String::new()));
    server.stop();
}

#[test]
fn a_body_that_trickles_is_answered_with_408() {
    let site = Site::new();
    let server = site.start(&ONE_SECOND);
    let head = format!(
        "POST {TRACK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
        site.admin_key()
    );
    let (mut counted, mut chunked) = (server.raw(), server.raw());
    counted.send(format!("{head}Content-Length: 1000\r\n\r\n{{"));
    chunked.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"));
    for raw in [&mut counted, &mut chunked] {
        assert_eq!(raw.answer().unwrap().status, 408);
        raw.rest(PATIENCE);
    }
    assert_eq!(server.client().stats().total_events, 0);
    server.stop();
}

#[test]
fn an_address_holds_so_many_connections_and_a_trusted_proxy_any_number() {
    let site = Site::new();
    let server = site.start(&["--max-connections-per-address", "2"]);
    let (mut first, second) = (server.raw(), server.raw());
    // The two are known to be accepted once the first is answered.
    first.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(first.answer().unwrap().status, 200);
    assert_eq!(server.raw().rest(PATIENCE), "");
    server.process.wait_for_stderr("name it in trusted_proxies");
    drop(second);
    wait_until("a place", || {
        let mut third = server.raw();
        third.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        third.answer().is_some_and(|answer| answer.status == 200)
    });
    drop(first);
    server.stop();

    let server = site.start(&["--max-connections-per-address", "1", "--trusted-proxies", "127.0.0.1"]);
    let held: Vec<_> = (0..10).map(|_| server.raw()).collect();
    let mut last = server.raw();
    last.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(last.answer().unwrap().status, 200);
    drop(held);
    server.stop();
}
