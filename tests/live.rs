//! A WebSocket is a tracked connection: opened before its client is told so, active at each sign of life, closed when
//! it goes away, with its reason, whatever the reason.

use std::io::{ErrorKind, Write as _};
use std::net::Shutdown;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::{Bytes, Message};

use crate::harness::client::HEALTH;
use crate::harness::python::{PYTHON, interpreter};
use crate::harness::socket::{Ended, Refused, Socket};
use crate::harness::{Chance, Server, Site, wait_for, wait_until};

const CONNECT: &str = "/api/realtime/projects/default/connect";

fn connect(server: &Server, site: &Site, path: &str) -> (Socket, String) {
    let key = site.admin_key();
    let mut socket =
        Socket::open(server.address, path, &[("Authorization", &format!("Bearer {key}"))]).unwrap();
    let connected = socket.text();
    assert_eq!(connected["type"], "connected");
    let id = connected["socketId"].as_str().unwrap().to_owned();
    assert!(id.starts_with("ws_"), "{id}");
    (socket, id)
}

fn open_now(server: &Server, project: &str) -> u64 {
    let answer = server.client().get(&format!("/api/realtime/projects/{project}/analytics"));
    if answer.status == 404 { 0 } else { answer.ok()["activeConnections"].as_u64().unwrap() }
}

fn wait_until_none_is_open(server: &Server) {
    wait_for("the sockets' end", Duration::from_secs(30), || {
        (open_now(server, "default") == 0).then_some(())
    });
}

/// The rows of one connection, as (state, reason).
fn told(rows: &[Value], id: &str) -> Vec<(String, Option<String>)> {
    let own = rows.iter().filter(|row| row["connection_id"] == id);
    own.map(|row| {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        (text("state").unwrap(), text("close_reason"))
    })
    .collect()
}

fn last_reason(site: &Site, id: &str) -> String {
    let told = told(&site.rows("connections"), id);
    assert_eq!(told.first().map(|(state, _)| &**state), Some("open"), "{told:?}");
    assert_eq!(told.iter().filter(|(state, _)| state == "close").count(), 1, "{told:?}");
    let (state, reason) = told.last().cloned().unwrap();
    assert_eq!(state, "close", "{told:?}");
    reason.unwrap()
}

#[test]
fn a_socket_is_an_open_connection_until_its_client_closes_it() {
    let site = Site::new();
    let server = site.start(&[]);
    let path = "/api/realtime/projects/web/connect?userId=u%201&service=chat&data_center=eu";
    let (mut socket, id) = connect(&server, &site, path);
    assert_eq!(open_now(&server, "web"), 1);
    socket.send_text(r#"{"type":"ping"}"#);
    assert_eq!(socket.text(), json!({"type": "pong"}));
    socket.close();
    // The goodbye comes after the row that closes it is durable, and so visible.
    assert_eq!(open_now(&server, "web"), 0);
    server.stop();

    let rows = site.rows("connections");
    let [open, .., activity, close] = &rows[..] else { panic!("{rows:?}") };
    for row in [open, activity, close] {
        for (name, value) in [
            ("tenant_id", "default"),
            ("project_id", "web"),
            ("connection_id", &*id),
            ("service_name", "chat"),
            ("protocol_name", "WebSocket"),
            ("data_center", "eu"),
            ("user_id", "u 1"),
            ("ip", "127.0.0.1"),
        ] {
            assert_eq!(row[name], value, "{name}");
        }
        assert_eq!([&row["is_live"], &row["at_assigned"]], [true, true]);
        assert_eq!(row["opened_at"], open["event_time"]);
        assert_eq!(row["api_key_hash"].as_str().unwrap().len(), 64);
    }
    assert_eq!([&open["state"], &activity["state"], &close["state"]], ["open", "activity", "close"]);
    assert_eq!(
        [&close["close_reason"], &close["closed_at"]],
        [&json!("client closed"), &close["event_time"]]
    );
    assert_eq!(activity["bytes_in"].as_u64().unwrap_or(15), 15);
    assert_eq!(close["bytes_in"], 15);
}

#[test]
fn activity_is_written_at_most_once_a_second_and_the_last_one_is_not_lost() {
    let site = Site::new();
    let server = site.start(&[]);
    let (mut socket, id) = connect(&server, &site, CONNECT);
    let newest =
        || server.client().get("/api/realtime/projects/default/analytics").ok()["lastActivity"].clone();
    let (began, before) = (std::time::Instant::now(), newest());
    for number in 0..500 {
        socket.send_text(&format!("message {number}"));
        socket.inner.send(Message::binary(vec![0; 100])).unwrap();
    }
    // The last of them is written when its second is over, without anything more to set it off.
    wait_until("the last activity's row", || newest() != before);
    let spent = began.elapsed().as_secs();
    socket.inner.send(Message::Ping(Bytes::new())).unwrap();
    socket.close();
    server.stop();
    let rows = site.rows("connections");
    let activities = told(&rows, &id).iter().filter(|(state, _)| state == "activity").count() as u64;
    // The second under way, and what is owed at the close, come on top.
    assert!((1..=spent + 3).contains(&activities), "{activities} in {spent} s");
    assert_eq!(
        rows.last().unwrap()["bytes_in"],
        500 * 100 + (0..500).map(|n| format!("message {n}").len()).sum::<usize>()
    );
}

#[test]
fn a_client_that_vanishes_is_closed_at_once_and_a_silent_one_when_it_answers_no_ping() {
    let site = Site::new();
    let server = site.start(&["--websocket-ping-seconds", "1"]);
    let (vanishing, vanished) = connect(&server, &site, CONNECT);
    let (silent, fell_silent) = connect(&server, &site, CONNECT);
    let (mut talking, talked) = connect(&server, &site, CONNECT);
    let (half, half_closed) = connect(&server, &site, CONNECT);
    drop(vanishing);
    half.inner.get_ref().shutdown(Shutdown::Write).unwrap();
    wait_until("the two that ended", || open_now(&server, "default") == 2);
    // Reading answers pings; the silent one is connected and reads nothing.
    talking.inner.get_ref().set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    wait_for("the silent one's end", Duration::from_secs(30), || {
        let _ = talking.inner.read();
        (open_now(&server, "default") == 1).then_some(())
    });
    drop((silent, half));
    talking.inner.get_ref().set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    talking.close();
    server.stop();
    assert_eq!(last_reason(&site, &vanished), "went away");
    assert_eq!(last_reason(&site, &half_closed), "went away");
    assert_eq!(last_reason(&site, &fell_silent), "no answer to ping");
    assert_eq!(last_reason(&site, &talked), "client closed");
    let rows = site.rows("connections");
    assert!(told(&rows, &talked).len() >= 3, "pongs are activity");
    // Nobody knows when it fell silent: its last sign of life counts, which was its opening.
    let end =
        rows.iter().find(|row| row["connection_id"] == *fell_silent && row["state"] == "close").unwrap();
    assert_eq!(end["closed_at"], end["opened_at"]);
}

#[test]
fn a_graceful_stop_says_goodbye_to_all_and_their_ends_are_stored() {
    let site = Site::new();
    let server = site.start(&[]);
    let mut sockets: Vec<(Socket, String)> = (0..200).map(|_| connect(&server, &site, CONNECT)).collect();
    assert_eq!(open_now(&server, "default"), 200);
    let readers: Vec<_> =
        sockets.drain(1..).map(|(mut socket, id)| std::thread::spawn(move || (socket.end(), id))).collect();
    // One reads nothing at all, and does not hold the stop up.
    let (deaf, deaf_id) = sockets.remove(0);
    server.stop();
    drop(deaf);
    let rows = site.rows("connections");
    let mut ids = vec![deaf_id];
    for reader in readers {
        let (ended, id) = reader.join().unwrap();
        assert_eq!(ended, Ended::Closed(1001, "server stopping".into()));
        ids.push(id);
    }
    for id in ids {
        let told = told(&rows, &id);
        assert_eq!(told.last().unwrap(), &("close".into(), Some("server stopping".into())), "{told:?}");
    }
    let server = site.start(&[]);
    assert_eq!(open_now(&server, "default"), 0);
}

#[test]
fn what_breaks_the_protocol_or_is_too_big_is_told_why_and_closed() {
    let site = Site::new();
    let server = site.start(&[]);
    let (mut big, big_id) = connect(&server, &site, CONNECT);
    big.inner.send(Message::binary(vec![0; 16 * 1024])).unwrap();
    big.send_text(r#"{"type":"ping"}"#);
    assert_eq!(big.text(), json!({"type": "pong"}), "16 KiB pass");
    let _ = big.inner.send(Message::binary(vec![0; 16 * 1024 + 1]));
    assert_eq!(big.end(), Ended::Closed(1009, "message too big".into()));

    let (mut broken, broken_id) = connect(&server, &site, CONNECT);
    // A reserved opcode, masked with zeros.
    broken.inner.get_mut().write_all(&[0x8B, 0x80, 0, 0, 0, 0]).unwrap();
    assert_eq!(broken.end(), Ended::Closed(1002, "protocol error".into()));

    let (mut garbled, garbled_id) = connect(&server, &site, CONNECT);
    garbled.inner.get_mut().write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).unwrap();
    assert_eq!(garbled.end(), Ended::Closed(1007, "text is not UTF-8".into()));
    wait_until_none_is_open(&server);
    server.stop();
    assert_eq!(last_reason(&site, &big_id), "message too big");
    assert_eq!(last_reason(&site, &broken_id), "protocol error");
    assert_eq!(last_reason(&site, &garbled_id), "text is not UTF-8");
}

#[test]
fn a_message_in_pieces_counts_as_a_whole_and_what_follows_the_handshake_at_once_is_read() {
    let site = Site::new();
    let server = site.start(&[]);
    let (mut pieces, id) = connect(&server, &site, CONNECT);
    // Three fragments of 8 KiB, each with an empty mask.
    for number in 0..3 {
        let opcode = if number == 0 { 0x02 } else { 0x00 };
        let frame = [&[opcode, 0x80 | 126, 0x20, 0x00, 0, 0, 0, 0][..], &[b'x'; 0x2000]].concat();
        let _ = pieces.inner.get_mut().write_all(&frame);
    }
    assert_eq!(pieces.end(), Ended::Closed(1009, "message too big".into()));

    let mut eager = server.raw();
    let ping = br#"{"type":"ping"}"#;
    let head = format!(
        "GET {CONNECT} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nConnection: keep-alive, Upgrade\r\n\
         Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        site.admin_key()
    );
    let frame = [&[0x81, 0x80 | 15, 0, 0, 0, 0][..], ping].concat();
    let goodbye = [0x88, 0x80, 0, 0, 0, 0];
    eager.send([head.as_bytes(), &frame, &goodbye].concat());
    let answer = eager.answer().unwrap();
    assert_eq!(answer.status, 101);
    assert!(answer.body.contains(r#"{"type":"pong"}"#), "{answer:?}");
    wait_until_none_is_open(&server);
    server.stop();
    assert_eq!(last_reason(&site, &id), "message too big");
}

#[test]
fn a_client_that_only_talks_and_never_reads_is_not_waited_for() {
    let site = Site::new();
    let server = site.start(&["--websocket-ping-seconds", "1"]);
    let (mut talker, id) = connect(&server, &site, CONNECT);
    let ping = [&[0x81, 0x80 | 15, 0, 0, 0, 0][..], br#"{"type":"ping"}"#].concat().repeat(100);
    talker.inner.get_ref().set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut sent = 0;
    wait_for("the talker's end", Duration::from_secs(60), || {
        while let Ok(taken) = talker.inner.get_mut().write(&ping[sent..]) {
            sent = (sent + taken) % ping.len();
        }
        (open_now(&server, "default") == 0).then_some(())
    });
    server.stop();
    assert_eq!(last_reason(&site, &id), "client reads nothing");
}

#[test]
fn garbage_on_a_socket_ends_that_socket_alone() {
    let site = Site::new();
    let server = site.start(&[]);
    let (mut bystander, _) = connect(&server, &site, CONNECT);
    let mut chance = Chance(20_261_121);
    for _ in 0..50 {
        let (mut socket, _) = connect(&server, &site, CONNECT);
        let garbage: Vec<u8> = (0..chance.between(1, 3_000)).map(|_| chance.next() as u8).collect();
        let _ = socket.inner.get_mut().write_all(&garbage);
        let _ = socket.inner.get_mut().shutdown(Shutdown::Write);
    }
    wait_until("the sockets' end", || open_now(&server, "default") == 1);
    bystander.send_text(r#"{"type":"ping"}"#);
    assert_eq!(bystander.text(), json!({"type": "pong"}));
    server.stop();
    let rows = site.rows("connections");
    assert_eq!(rows.iter().filter(|row| row["state"] == "close").count(), 51);
}

#[test]
fn who_may_not_connect_is_told_so_before_the_upgrade_and_leaves_nothing() {
    let site = Site::new();
    let server = site.start(&[]);
    let reader = site.make_key("default", "read", &[]);
    let bound = site.make_key("default", "ingest", &["--project", "mine"]);
    wait_until("the keys", || server.client_with(&bound).get(HEALTH).status == 200);
    let refuse = |path: &str, key: &str| -> Refused {
        let headers: Vec<(&str, &str)> = if key.is_empty() { vec![] } else { vec![("X-API-Key", key)] };
        Socket::open(server.address, path, &headers).err().expect("a refusal")
    };
    let admin = site.admin_key();
    for (path, key, status, code) in [
        (CONNECT, "", 401, "UNAUTHORIZED"),
        (CONNECT, "wrong", 401, "UNAUTHORIZED"),
        ("/api/realtime/projects/default/connect?access_token=wrong", "", 401, "UNAUTHORIZED"),
        (CONNECT, &reader, 403, "FORBIDDEN"),
        (CONNECT, &bound, 404, "NOT_FOUND"),
        ("/api/realtime/projects/a%20b/connect", &admin, 404, "NOT_FOUND"),
        ("/api/realtime/projects/default/connect?user_id=a%0Ab", &admin, 400, "VALIDATION_ERROR"),
        ("/api/realtime/projects/default/connect?userId=a&user_id=b", &admin, 400, "VALIDATION_ERROR"),
        (&format!("{CONNECT}?service={}", "x".repeat(257)), &admin, 400, "VALIDATION_ERROR"),
    ] {
        let refused = refuse(path, key);
        assert_eq!((refused.status, &refused.body["code"]), (status, &json!(code)), "{path} {refused:?}");
        assert_eq!(refused.body["path"], path.split('?').next().unwrap());
    }
    let plain = server.client().get(CONNECT);
    assert_eq!((plain.status, plain.header("upgrade")), (426, Some("websocket")));
    assert_eq!(plain.json()["code"], "UPGRADE_REQUIRED");
    assert_eq!(server.client().post(CONNECT, None, b"").status, 405);
    server.stop();
    assert_eq!(site.rows("connections"), Vec::<Value>::new());
}

#[test]
fn a_key_of_one_project_opens_sockets_of_its_own_and_tenants_do_not_see_each_other() {
    let site = Site::new();
    let server = site.start(&[]);
    let bound = site.make_key("default", "ingest,read", &["--project", "mine"]);
    let theirs = site.make_key("theirs", "ingest,read", &[]);
    wait_until("the keys", || server.client_with(&theirs).get(HEALTH).status == 200);
    let open = |path: &str, key: &str| {
        let mut socket = Socket::open(server.address, path, &[("Authorization", key)]).unwrap();
        socket.text();
        socket
    };
    let mine = "/api/realtime/projects/mine/connect";
    let _sockets = [open(mine, &bound), open(mine, &theirs), open(mine, &theirs)];
    let count = |key: &str| server.client_with(key).get("/api/realtime/projects/mine/analytics").ok();
    assert_eq!(count(&bound)["activeConnections"], 1);
    assert_eq!(count(&theirs)["activeConnections"], 2);
}

#[test]
fn a_key_in_the_query_works_here_alone_and_is_never_written_down() {
    let site = Site::new();
    let server = site.prepare(&[]).env("TIDEGAUGE_LOG", "trace").listening();
    let key = site.admin_key();
    for name in ["access_token", "token"] {
        let mut socket = Socket::open(server.address, &format!("{CONNECT}?{name}={key}"), &[]).unwrap();
        assert_eq!(socket.text()["projectId"], "default");
        socket.close();
    }
    let stats = server.client_without_key().get(&format!("/api/v1/analytics/stats?access_token={key}"));
    assert_eq!(stats.status, 401);
    let refused =
        Socket::open(server.address, &format!("{CONNECT}?token={key}&user_id=%00"), &[]).err().unwrap();
    assert_eq!(refused.status, 400);
    assert!(!refused.body.to_string().contains(&key));
    let output = server.stop();
    assert!(!output.stderr.contains(&key), "{}", output.stderr);
}

#[test]
fn a_revoked_key_ends_its_sockets() {
    let site = Site::new();
    let server = site.start(&["--websocket-ping-seconds", "1"]);
    let key = site.make_key("default", "ingest,read", &[]);
    wait_until("the key", || server.client_with(&key).get(HEALTH).status == 200);
    let mut socket = Socket::open(server.address, CONNECT, &[("Authorization", &key)]).unwrap();
    let id = socket.text()["socketId"].as_str().unwrap().to_owned();
    assert_eq!(site.run(&["key", "revoke", &key]).code, Some(0));
    assert_eq!(socket.end(), Ended::Closed(1008, "key revoked or expired".into()));
    server.stop();
    assert_eq!(last_reason(&site, &id), "key revoked or expired");
}

#[test]
fn a_revoked_key_ends_a_socket_that_never_lets_a_second_pass() {
    let site = Site::new();
    // No ping comes before the test's patience ends.
    let server = site.start(&["--websocket-ping-seconds", "27"]);
    let key = site.make_key("default", "ingest,read", &[]);
    wait_until("the key", || server.client_with(&key).get(HEALTH).status == 200);
    let mut socket = Socket::open(server.address, CONNECT, &[("Authorization", &key)]).unwrap();
    let id = socket.text()["socketId"].as_str().unwrap().to_owned();
    // So often that each row is written when its second is over, and none when a message comes.
    socket.inner.get_ref().set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut is_revoked = false;
    wait_for("the end", Duration::from_secs(20), || {
        if !is_revoked {
            is_revoked = site.run(&["key", "revoke", &key]).code == Some(0);
        }
        let _ = socket.inner.send(Message::text("here"));
        match socket.inner.read() {
            Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => None,
            ended => Some(ended.unwrap()),
        }
    });
    server.stop();
    assert_eq!(last_reason(&site, &id), "key revoked or expired");
}

#[test]
fn a_server_that_takes_no_writes_says_so_and_closes() {
    let site = Site::new();
    let server = site.start(&["--min-free-bytes", &u64::MAX.to_string()]);
    let key = site.admin_key();
    let mut socket = Socket::open(server.address, CONNECT, &[("Authorization", &key)]).unwrap();
    let told = "the server takes no writes; try again later".to_owned();
    assert_eq!(socket.end(), Ended::Closed(1013, told));
    server.stop();
    assert_eq!(site.rows("connections"), Vec::<Value>::new());
}

#[test]
fn there_is_a_bound_on_sockets_and_requests_are_answered_beyond_it() {
    let site = Site::new();
    let server = site.start(&["--max-connections", "12"]);
    let mut sockets: Vec<_> = (0..9).map(|_| connect(&server, &site, CONNECT)).collect();
    let key = site.admin_key();
    let refused = Socket::open(server.address, CONNECT, &[("Authorization", &key)]).err().unwrap();
    assert_eq!((refused.status, &refused.body["code"]), (503, &json!("UNAVAILABLE")));
    assert_eq!(open_now(&server, "default"), 9);
    sockets.pop().unwrap().0.close();
    wait_until("room for another", || {
        Socket::open(server.address, CONNECT, &[("Authorization", &key)]).is_ok()
    });
}

#[test]
fn a_client_that_others_wrote_is_tracked_alike() {
    let python = interpreter();
    let site = Site::new();
    let server = site.start(&["--websocket-ping-seconds", "1"]);
    let output = Command::new(&python)
        .arg(format!("{PYTHON}/live_socket.py"))
        .env("TIDEGAUGE_URL", format!("ws://{}{CONNECT}", server.address))
        .env("TIDEGAUGE_KEY", site.admin_key())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["refused"], 401);
    assert_eq!(seen["pong"], json!({"type": "pong"}));
    assert_eq!(seen["too_big"], json!([1009, "message too big"]));
    assert!(seen["pings_answered"].as_bool().unwrap());
    wait_until_none_is_open(&server);
    server.stop();
    assert_eq!(last_reason(&site, seen["closed"].as_str().unwrap()), "client closed");
    let rows = site.rows("connections");
    let opened = rows.iter().filter(|row| row["state"] == "open").count();
    assert_eq!((opened, rows.iter().filter(|row| row["state"] == "close").count()), (3, 3));
}
