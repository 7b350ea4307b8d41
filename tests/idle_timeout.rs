//! Each tenant's connections may be silent for as long as its own idle timeout says: from the first request on, after
//! each change beside the running server, and for nobody else's.

use serde_json::{Value, json};

use crate::harness::client::HEALTH;
use crate::harness::socket::Socket;
use crate::harness::{Client, Server, Site, now_seconds, wait_until};

const MINUTE: u64 = 60;

/// A message about `id`, from so many seconds ago.
fn message(id: &str, state: &str, ago: u64) -> Value {
    json!({"connection_id": id, "state": state, "service_name": "ws", "protocol_name": "tcp", "data_center": "d",
        "at": now_seconds() - ago})
}

/// Tells of connections that fell silent 1, 7 and 20 minutes ago, and of one that was closed a minute ago.
fn tell_all(client: &Client) {
    let messages = [
        message("silent-1", "open", MINUTE),
        message("silent-7", "open", 30 * MINUTE),
        message("silent-7", "activity", 7 * MINUTE),
        message("silent-20", "open", 20 * MINUTE),
        message("closed-1", "open", 2 * MINUTE),
        message("closed-1", "close", MINUTE),
    ];
    client.post_json("/api/v1/connections", &json!({ "connections": messages })).ok();
}

/// How many count as open: both reports must say the same.
fn open(client: &Client) -> u64 {
    let project = client.get("/api/realtime/projects/default/analytics").ok();
    let summary = client.get("/api/connection-analytics/summary").ok();
    let rows = summary.as_array().unwrap();
    let of_rows = rows.iter().map(|row| row["activeConnections"].as_u64().unwrap()).sum::<u64>();
    let open = project["activeConnections"].as_u64().unwrap();
    // A change may come between the two.
    if of_rows == open { open } else { u64::MAX }
}

fn set(site: &Site, tenant: &str, idle_timeout: &str) -> Value {
    let ran = site.run(&["tenant", "set", "--tenant", tenant, "--idle-timeout", idle_timeout]);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{idle_timeout}");
    serde_json::from_str(&ran.stdout).unwrap()
}

fn client_of(site: &Site, server: &Server, tenant: &str) -> (String, Client) {
    let key = site.make_key(tenant, "ingest,read", &[]);
    let client = server.client_with(&key);
    wait_until("the key", || client.get(HEALTH).status == 200);
    (key, client)
}

#[test]
fn a_running_server_opens_and_closes_connections_by_the_tenants_own_timeout() {
    let site = Site::new();
    let server = site.start(&[]);
    let (_, acme) = client_of(&site, &server, "acme");
    let (_, other) = client_of(&site, &server, "other");
    tell_all(&acme);
    tell_all(&other);
    assert_eq!([open(&acme), open(&other)], [1, 1]);
    for (timeout, expected) in [("10m", 2), ("1h", 3), ("30s", 0), ("15m", 2), ("default", 1), ("24h", 3)] {
        set(&site, "acme", timeout);
        wait_until(timeout, || open(&acme) == expected);
        assert_eq!(open(&other), 1, "{timeout}");
    }
    // What counts as closed ended at its last activity, whatever the timeout was.
    set(&site, "acme", "5m");
    wait_until("the shorter timeout", || open(&acme) == 1);
    let query = |client: &Client| client.get("/api/connection-analytics/query?activeOnly=true").ok();
    assert_eq!([query(&acme), query(&other)].map(|rows| rows.as_array().unwrap().len()), [1, 1]);
    let summary = &acme.get("/api/connection-analytics/summary").ok()[0];
    // The lives are 0 (silent since it was opened), 23 minutes, 1, and for the open one 1 and what has passed since.
    let lives = summary["totalConnectionTimeSeconds"].as_u64().unwrap() / MINUTE;
    assert!((25..30).contains(&lives), "{summary}");
    // What comes now is judged by the timeout of now.
    acme.post_json("/api/v1/connections", &json!({"connections": [message("late", "open", 6 * MINUTE)]}))
        .ok();
    assert_eq!(open(&acme), 1);
    set(&site, "acme", "10m");
    wait_until("the longer timeout", || open(&acme) == 3);
    assert_eq!(open(&other), 1);
}

#[test]
fn what_is_set_holds_from_the_first_request_after_a_restart_or_a_crash() {
    let site = Site::new();
    let server = site.start(&[]);
    let (acme_key, acme) = client_of(&site, &server, "acme");
    let (other_key, other) = client_of(&site, &server, "other");
    tell_all(&acme);
    tell_all(&other);
    set(&site, "acme", "10m");
    wait_until("the timeout", || open(&acme) == 2);
    server.stop();

    let opens = |server: &Server| [&acme_key, &other_key].map(|key| open(&server.client_with(key)));
    let server = site.start(&[]);
    assert_eq!(opens(&server), [2, 1]);
    server.kill();
    // Without a server, too.
    set(&site, "acme", "1h");
    set(&site, "other", "10m");
    let server = site.start(&["--idle-timeout-seconds", "30"]);
    assert_eq!(opens(&server), [3, 2]);
    set(&site, "acme", "default");
    wait_until("the server's own default", || opens(&server) == [0, 2]);
}

#[test]
fn a_socket_that_a_killed_server_left_open_stays_closed_whatever_the_timeout_becomes() {
    let site = Site::new();
    let brief = ["--idle-timeout-seconds", "1", "--websocket-ping-seconds", "27"];
    let server = site.start(&brief);
    let (key, acme) = client_of(&site, &server, "acme");
    let path = "/api/realtime/projects/default/connect";
    let connect = |server: &Server| {
        let headers = [("Authorization", &*format!("Bearer {key}"))];
        let mut socket = Socket::open(server.address, path, &headers).unwrap();
        // It is stored before this is sent.
        assert_eq!(socket.text()["type"], "connected");
        socket
    };
    let first = connect(&server);
    wait_until("its silence", || open(&acme) == 0);
    server.kill();
    drop(first);

    // It is closed for its silence, and would be open again by the longer timeout.
    let server = site.start(&brief);
    let acme = server.client_with(&key);
    set(&site, "acme", "1h");
    acme.post_json("/api/v1/connections", &json!({"connections": [message("marker", "open", MINUTE)]})).ok();
    wait_until("the marker alone", || open(&acme) == 1);
    set(&site, "acme", "default");
    let second = connect(&server);
    wait_until("the silence of both", || open(&acme) == 0);
    server.kill();
    drop(second);

    // Here the longer timeout is set before the server starts.
    set(&site, "acme", "1h");
    let server = site.start(&brief);
    assert_eq!(open(&server.client_with(&key)), 1);
    server.stop();
    let rows = site.rows("connections");
    let told = rows.iter().filter(|row| row["close_reason"] == "server restarted").count();
    assert_eq!(told, 2, "{rows:?}");
}

#[test]
fn the_commands_show_what_is_set_and_refuse_what_cannot_be() {
    let site = Site::new();
    let _server = site.start(&[]);
    site.make_key("acme", "read", &[]);
    let shown = set(&site, "acme", "10m");
    assert_eq!([&shown["tenant"], &shown["idle_timeout_seconds"]], [&json!("acme"), &json!(600)]);
    let listed = || {
        let ran = site.run(&["tenant", "list"]);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
        let rows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
        assert!(rows.iter().all(|row| row["created_at"].is_string()));
        let row =
            |row: Value| (row["tenant"].as_str().unwrap().to_owned(), row["idle_timeout_seconds"].clone());
        rows.into_iter().map(row).collect::<Vec<_>>()
    };
    let before = [("acme".to_owned(), json!(600)), ("default".to_owned(), Value::Null)];
    assert_eq!(listed(), before);

    let refused = |tenant: &str, timeout: &str| {
        site.run(&["tenant", "set", "--tenant", tenant, "--idle-timeout", timeout])
    };
    for out_of_range in ["0s", "25h", "86401s", "99999999999999999999d"] {
        assert!(refused("acme", out_of_range).assert_failed().contains("1s to 24h"), "{out_of_range}");
    }
    assert!(refused("typo", "10m").assert_failed().contains("no tenant typo"));
    for no_duration in ["", "10", "10 m", "-5m", "soon", "Default"] {
        let ran = refused("acme", no_duration);
        assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{no_duration}: {}", ran.stderr);
    }
    for usage in [&["tenant", "set", "--tenant", "acme"][..], &["tenant", "set", "--idle-timeout", "10m"]] {
        assert_eq!(site.run(usage).code, Some(2));
    }
    assert_eq!(listed(), before);
    assert_eq!(set(&site, "acme", "default")["idle_timeout_seconds"], Value::Null);
}
