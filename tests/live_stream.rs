//! A live stream tells what is there at once and each second, and each event as it lands; it loses nothing without saying
//! so, waits for nobody, and ends with a word.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::jwt::Signer;
use crate::harness::stream::Stream;
use crate::harness::{Server, Site, now_seconds, wait_for, wait_until};

const LIVE: &str = "/api/v1/live/default";
const FEED: &str = "/api/v1/live/default?feed=events";

fn open_with(server: &Server, key: &str, path: &str) -> Stream {
    Stream::open(server.address, path, &[("Authorization", &format!("Bearer {key}"))])
}

fn open(server: &Server, site: &Site, path: &str) -> Stream {
    open_with(server, &site.admin_key(), path)
}

fn reopen(server: &Server, site: &Site, path: &str, last_id: &str) -> Stream {
    let key = format!("Bearer {}", site.admin_key());
    Stream::open(server.address, path, &[("Authorization", &key), ("Last-Event-ID", last_id)])
}

fn track(server: &Server, names: &[&str]) {
    for name in names {
        server.client().track(&json!({"event_name": name}));
    }
}

fn metric(server: &Server, name: &str) -> u64 {
    let text = server.client().get("/metrics").text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

#[test]
fn a_snapshot_comes_at_once_and_each_second_and_agrees_with_the_reports() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    track(&server, &["a", "b", "a"]);
    let connection = json!({"connection_id": "c1", "state": "open", "service_name": "s", "protocol_name": "p",
        "data_center": "d"});
    client.post_json("/api/v1/connections", &json!({"connections": [connection]})).ok();
    let request = |code: i64| json!({"api_id": "a1", "path": "/", "response_code": code});
    let requests = json!({"requests": [request(200), request(404), request(-1), request(302), request(500)]});
    client.post_json("/api/v1/requests", &requests).ok();

    let mut stream = open(&server, &site, LIVE);
    for field in
        ["content-type: text/event-stream\r\n", "cache-control: no-store\r\n", "x-accel-buffering: no\r\n"]
    {
        assert!(stream.head.contains(field), "{}", stream.head);
    }
    let first = stream.next().unwrap();
    assert_eq!((&*first.kind, first.id), ("snapshot", None));
    let report = client.get("/api/realtime/projects/default/analytics").ok();
    let agrees = |snapshot: &Value| {
        assert_eq!(snapshot["open_connections"], report["activeConnections"]);
        assert_eq!(snapshot["total_events"], report["totalEvents"]);
        assert_eq!(snapshot["error_rate"], json!(0.5));
        assert_eq!(snapshot["top_names"], json!([{"name": "a", "count": 2}, {"name": "b", "count": 1}]));
    };
    // What landed before the stream began is in it.
    agrees(&first.data);
    let (mut landed, mut requests) = (0.0, 0.0);
    for _ in 0..3 {
        let next = stream.next().unwrap();
        assert!(next.id.is_some());
        agrees(&next.data);
        landed += next.data["events_per_second"].as_f64().unwrap();
        requests += next.data["requests_per_second"].as_f64().unwrap();
    }
    assert_eq!((landed, requests), (0.0, 0.0), "it landed before");

    // Each event counts in one second.
    track(&server, &["c", "c"]);
    let mut landed = 0.0;
    wait_until("the events", || {
        let next = stream.next().unwrap().data;
        landed += next["events_per_second"].as_f64().unwrap();
        next["total_events"] == 5
    });
    landed += stream.next().unwrap().data["events_per_second"].as_f64().unwrap();
    landed += stream.next().unwrap().data["events_per_second"].as_f64().unwrap();
    assert!((landed - 2.0).abs() < f64::EPSILON, "{landed}");
    server.stop();
}

#[test]
fn each_event_comes_once_in_its_order_and_as_the_view_has_it() {
    let site = Site::new();
    let server = site.start(&[]);
    let mut stream = open(&server, &site, FEED);
    stream.next_of("snapshot");
    let acknowledged = Instant::now();
    let answer = server
        .client()
        .track(&json!({"event_name": "buy", "event_id": "e1", "properties": {"cart": {"n": 3}},
        "user_id": "ann", "int1": 7}));
    let event = stream.next_of("event").data;
    assert!(acknowledged.elapsed() < Duration::from_secs(20), "it comes at all");
    assert_eq!(answer["event_id"], event["event_id"]);
    for (name, value) in [
        ("event_name", json!("buy")),
        ("project_id", json!("default")),
        ("properties", json!({"cart": {"n": 3}})),
        ("user_id", json!("ann")),
        ("int1", json!(7)),
        ("category", json!("user_action")),
    ] {
        assert_eq!(event[name], value, "{name}");
    }
    let members = event.as_object().unwrap();
    for hidden in ["tenant_id", "id_assigned", "session_id"] {
        assert!(!members.contains_key(hidden), "{event}");
    }
    let names: Vec<String> = (0..150).map(|number| format!("n{number}")).collect();
    for batch in names.chunks(7) {
        let events: Vec<Value> = batch.iter().map(|name| json!({"event_name": name})).collect();
        server.client().batch(&events);
    }
    assert_eq!(stream.names(names.len()), names);
    server.stop();
}

#[test]
fn a_reader_gets_the_names_that_it_asks_for() {
    let site = Site::new();
    let server = site.start(&[]);
    let mut some = open(&server, &site, &format!("{FEED}&event_name=a&event_name=c%20d"));
    let mut none = open(&server, &site, "/api/v1/live/default?event_name=a");
    track(&server, &["a", "b", "c d", "b", "a"]);
    assert_eq!(some.names(3), ["a", "c d", "a"]);
    for _ in 0..3 {
        assert_eq!(none.next().unwrap().kind, "snapshot", "without `feed` no event comes");
    }
    let key = format!("Bearer {}", site.admin_key());
    let bad = |path: &str| Stream::try_open(server.address, path, &[("Authorization", &key)]).err().unwrap();
    assert_eq!(bad("/api/v1/live/default?feed=all").0, 400);
    let (status, problem) = bad(&format!("{FEED}{}", "&event_name=x".repeat(101)));
    assert_eq!(
        (status, &problem["detail"]),
        (400, &json!("the parameter event_name must be given at most 100 times"))
    );
    server.stop();
}

#[test]
fn nobody_sees_what_is_another_tenants_or_another_projects() {
    let site = Site::new();
    let server = site.start(&[]);
    let [acme, bound, other] = [
        site.make_key("acme", "ingest,read", &[]),
        site.make_key("acme", "ingest,read", &["--project", "web"]),
        site.make_key("other", "ingest,read", &[]),
    ];
    wait_until("the new keys", || server.client_with(&other).get("/api/v1/me").status == 200);
    let (acmes, others) = (server.client_with(&acme), server.client_with(&other));
    acmes.track(&json!({"event_name": "first", "project_id": "web"}));
    acmes.track(&json!({"event_name": "first", "project_id": "shop"}));
    others.track(&json!({"event_name": "first", "project_id": "web"}));
    let status = |key: &str, path: &str| {
        Stream::try_open(server.address, path, &[("X-API-Key", key)])
            .map_or_else(|(status, body)| (status, body), |_| (200, Value::Null))
    };
    for (key, path) in [
        (&bound, "/api/v1/live/shop"),
        (&other, "/api/v1/live/shop"),
        (&acme, "/api/v1/live/nosuch"),
        (&acme, "/api/v1/live/%ff"),
    ] {
        let (refused, problem) = status(key, path);
        assert_eq!((refused, &problem["detail"]), (404, &json!("there is no such project")), "{path}");
    }
    let mut whole = open_with(&server, &acme, "/api/v1/live?feed=events");
    let mut web = open_with(&server, &acme, "/api/v1/live/web?feed=events");
    // A project's credential sees that project where others see the tenant.
    let mut own = open_with(&server, &bound, "/api/v1/live?feed=events");
    let mut theirs = open_with(&server, &other, "/api/v1/live/web?feed=events");
    for (client, project, name) in [
        (&acmes, "web", "w1"),
        (&others, "web", "o1"),
        (&acmes, "shop", "s1"),
        (&others, "shop", "o2"),
        (&acmes, "web", "w2"),
    ] {
        client.track(&json!({"event_name": name, "project_id": project}));
    }
    assert_eq!(whole.names(3), ["w1", "s1", "w2"]);
    assert_eq!(web.names(2), ["w1", "w2"]);
    assert_eq!(own.names(2), ["w1", "w2"]);
    assert_eq!(theirs.names(1), ["o1"]);
    let totals = [&mut whole, &mut web, &mut own, &mut theirs]
        .map(|stream| stream.next_of("snapshot").data["total_events"].clone());
    assert_eq!(totals, [json!(5), json!(3), json!(3), json!(2)]);

    // An id of one stream is nothing to another.
    let id = web.last_id.clone().unwrap();
    for (key, path) in [
        (&acme, "/api/v1/live?feed=events"),
        (&acme, "/api/v1/live/shop?feed=events"),
        (&other, "/api/v1/live/web?feed=events"),
    ] {
        let mut stream = open_with(&server, key, &format!("{path}&last_event_id={id}"));
        stream.next_of("snapshot");
        assert_eq!(stream.next().unwrap().data, json!({"reason": "not_kept"}), "{path}");
    }
    server.stop();
}

#[test]
fn a_reader_who_comes_back_gets_each_event_once_also_after_a_restart() {
    let site = Site::new();
    let server = site.start(&[]);
    let mut stream = open(&server, &site, FEED);
    track(&server, &["a", "b", "c"]);
    assert_eq!(stream.names(2), ["a", "b"]);
    let id = stream.last_id.clone().unwrap();
    drop(stream);
    track(&server, &["d"]);
    // While the ring has it.
    let mut back = reopen(&server, &site, FEED, &id);
    track(&server, &["e"]);
    assert_eq!(back.names(3), ["c", "d", "e"]);
    let later = back.last_id.clone().unwrap();
    drop(back);
    // Behind a snapshot's id as well, and by the parameter; names are looked at.
    let mut back = open(&server, &site, &format!("{FEED}&event_name=c&event_name=e&last_event_id={id}"));
    assert_eq!(back.names(2), ["c", "e"]);
    back.next_of("snapshot");
    assert!(back.last_id.is_some());
    drop(back);
    server.kill();

    // From what is committed.
    let server = site.start(&[]);
    track(&server, &["f"]);
    let mut back = reopen(&server, &site, FEED, &id);
    track(&server, &["g"]);
    assert_eq!(back.names(5), ["c", "d", "e", "f", "g"]);
    let mut back = reopen(&server, &site, FEED, &later);
    assert_eq!(back.names(2), ["f", "g"]);
    server.stop();
}

#[test]
fn an_id_that_is_made_up_or_of_what_is_gone_is_answered_with_missed() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let mut stream = open(&server, &site, FEED);
    track(&server, &["a", "b"]);
    stream.names(1);
    let id = stream.last_id.clone().unwrap();
    drop(stream);
    for made_up in ["x", &"A".repeat(27), &"A".repeat(5000), "%F0%9F%92%A9", &id[..20]] {
        let mut stream = open(&server, &site, &format!("{FEED}&last_event_id={made_up}"));
        stream.next_of("snapshot");
        assert_eq!(stream.next().unwrap().data, json!({"reason": "not_kept"}), "{made_up}");
        drop(stream);
    }
    // In a segment its place in the order of arrival is lost; the ring has it for a while longer.
    wait_until("the flush", || server.client().stats().buffer_status.events_pending == 0);
    server.stop();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let mut stream = reopen(&server, &site, FEED, &id);
    stream.next_of("snapshot");
    assert_eq!(stream.next().unwrap().data, json!({"reason": "not_kept"}));
    track(&server, &["c"]);
    assert_eq!(stream.names(1), ["c"]);
    // Who asks for no events misses none.
    let mut stream = reopen(&server, &site, LIVE, "x");
    for _ in 0..2 {
        assert_eq!(stream.next().unwrap().kind, "snapshot");
    }
    server.stop();
}

#[test]
fn a_flood_is_cut_and_told_and_nobody_is_told_more_than_there_was() {
    let site = Site::new();
    let server = site.start(&[]);
    let mut stream = open(&server, &site, FEED);
    stream.next_of("snapshot");
    let events: Vec<Value> = (0..100).map(|_| json!({"event_name": "flood"})).collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            let (client, events) = (server.client(), &events);
            scope.spawn(move || (0..25).for_each(|_| drop(client.batch(events))));
        }
    });
    let (mut told, mut missed) = (0, 0);
    while told + missed < 10_000 {
        let message = stream.next().unwrap();
        match &*message.kind {
            "event" => told += 1,
            "missed" => {
                assert_eq!(message.data["reason"], "too_many");
                missed += message.data["events"].as_u64().unwrap();
            }
            other => assert_eq!(other, "snapshot"),
        }
    }
    assert_eq!(told + missed, 10_000);
    assert!(missed > 0);
    server.stop();
}

#[test]
fn a_reader_who_reads_nothing_is_dropped_and_the_others_feel_nothing() {
    let site = Site::new();
    let server = site.start(&[]);
    let slow = open(&server, &site, FEED);
    rustix::net::sockopt::set_socket_recv_buffer_size(slow.socket(), 4096).unwrap();
    let mut reader = open(&server, &site, LIVE);
    let client = server.client();
    let long = "x".repeat(50_000);
    let events: Vec<Value> =
        (0..30).map(|_| json!({"event_name": "long", "properties": {"x": long}})).collect();
    wait_for("the slow reader's end", Duration::from_secs(120), || {
        client.batch(&events);
        (metric(&server, "tidegauge_live_dropped_total") == 1).then_some(())
    });
    wait_until("his place", || metric(&server, "tidegauge_live_readers") == 1);
    reader.next_of("snapshot");
    server.stop();
}

#[test]
fn a_credential_that_ends_ends_the_stream() {
    let site = Site::new();
    let secret = site.data().with_file_name("secret");
    fs::create_dir_all(site.data().parent().unwrap()).unwrap();
    fs::write(&secret, "0123456789abcdef0123456789abcdef").unwrap();
    let server = site.start(&["--jwt-secret-file", secret.to_str().unwrap(), "--jwt-leeway-seconds", "0"]);
    let key = site.make_key("default", "read", &[]);
    wait_until("the new key", || server.client_with(&key).get("/api/v1/me").status == 200);
    let claims = json!({"tenant": "default", "scope": "read", "exp": now_seconds() + 3});
    let token = Signer::hs256("0123456789abcdef0123456789abcdef").token(&claims);
    let (mut by_key, mut by_token) = (open_with(&server, &key, LIVE), open_with(&server, &token, FEED));
    by_key.next_of("snapshot");
    assert_eq!(site.run(&["key", "revoke", &key]).code, Some(0));
    assert_eq!(by_key.end(), "credential");
    assert_eq!(by_token.end(), "credential");
    server.stop();
}

#[test]
fn a_server_that_stops_says_so_first_and_waits_for_no_reader() {
    let site = Site::new();
    let server = site.start(&[]);
    let mut streams = [LIVE, FEED, "/api/v1/live"].map(|path| open(&server, &site, path));
    streams.iter_mut().for_each(|stream| drop(stream.next_of("snapshot")));
    let unread = open(&server, &site, FEED);
    server.process.terminate();
    for stream in &mut streams {
        assert_eq!(stream.end(), "server_stopping");
    }
    drop(unread);
    let output = server.stop();
    assert!(!output.stderr.contains("had not ended in time"), "{}", output.stderr);
}

#[test]
fn a_credential_in_the_url_works_here_and_is_in_no_log() {
    let site = Site::new();
    let server = site.start(&["--log-level", "debug"]);
    let key = site.admin_key();
    let path = format!("{FEED}&access_token={key}");
    let mut stream = Stream::open(server.address, &path, &[]);
    track(&server, &["a"]);
    assert_eq!(stream.names(1), ["a"]);
    let refused = |path: &str| Stream::try_open(server.address, path, &[]).err().unwrap().0;
    assert_eq!(refused("/api/v1/live?access_token=nonsense"), 401);
    assert_eq!(refused("/api/v1/live"), 401);
    assert_eq!(refused(&format!("/api/v1/me?access_token={key}")), 401, "elsewhere it is none");
    let output = server.stop();
    assert!(!output.stderr.contains(&key));
}

#[test]
fn a_page_of_the_tenants_origins_may_read_a_stream_also_by_a_credential_in_the_url() {
    let site = Site::new();
    let server = site.start(&[]);
    for (tenant, origin) in [("acme", "https://acme.example"), ("other", "https://other.example")] {
        site.make_key(tenant, "read", &[]);
        let ran = site.run(&["tenant", "set", "--tenant", tenant, "--cors-origins", origin]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    let key = site.make_key("acme", "read", &[]);
    let allows = |origin: &str| {
        let stream = Stream::try_open(
            server.address,
            &format!("/api/v1/live?access_token={key}"),
            &[("Origin", origin)],
        );
        stream.is_ok_and(|stream| stream.head.contains(&format!("access-control-allow-origin: {origin}\r\n")))
    };
    wait_until("the settings", || allows("https://acme.example"));
    assert!(!allows("https://other.example"), "another tenant's page");
    server.stop();
}

#[test]
fn readers_who_leave_leave_nothing_behind() {
    let site = Site::new();
    let server = site.start(&[]);
    for round in 0..50 {
        let path = if round % 2 == 0 { LIVE } else { FEED };
        let streams: Vec<Stream> = (0..20).map(|_| open(&server, &site, path)).collect();
        drop(streams);
    }
    wait_until("the last one's end", || metric(&server, "tidegauge_live_readers") == 0);
    assert_eq!(metric(&server, "tidegauge_live_dropped_total"), 0);
    track(&server, &["a"]);
    let mut stream = open(&server, &site, LIVE);
    assert_eq!(stream.next_of("snapshot").data["total_events"], 1);
    server.stop();
}

#[test]
fn a_tenant_has_as_many_readers_as_connections() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.make_key("acme", "read", &[]);
    let ran = site.run(&["tenant", "set", "--tenant", "acme", "--open-connections", "2"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let open = || Stream::try_open(server.address, "/api/v1/live", &[("X-API-Key", &key)]);
    wait_until("the limit", || {
        let streams = [open(), open(), open()];
        let refused = streams.iter().filter_map(|stream| stream.as_ref().err());
        refused
            .filter(|(status, problem)| {
                *status == 429 && problem["detail"].as_str().unwrap().contains("2 open connections")
            })
            .count()
            == 1
    });
    wait_until("a place", || open().is_ok());
    server.stop();
}

/// Reads from many connections in one thread, and says how many have seen so many snapshots.
fn read_all(streams: &mut [(TcpStream, usize)]) {
    let mut piece = [0; 16 * 1024];
    for (stream, seen) in streams {
        while let Ok(read @ 1..) = stream.read(&mut piece) {
            *seen += piece[..read].windows(15).filter(|text| text == b"event: snapshot").count();
        }
    }
}

#[test]
fn two_thousand_readers_at_once_all_get_snapshots() {
    const READERS: usize = 2000;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let wanted = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, wanted).unwrap();
    let site = Site::new();
    let server = site.start(&[]);
    let request = format!("GET {LIVE} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\r\n", site.admin_key());
    let mut streams: Vec<(TcpStream, usize)> = (0..READERS)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream.set_nonblocking(true).unwrap();
            (stream, 0)
        })
        .collect();
    wait_for("five snapshots for each", Duration::from_secs(120), || {
        read_all(&mut streams);
        streams.iter().all(|(_, seen)| *seen >= 5).then_some(())
    });
    assert_eq!(metric(&server, "tidegauge_live_readers"), READERS as u64);
    assert_eq!(metric(&server, "tidegauge_live_dropped_total"), 0);
    drop(streams);
    wait_until("their end", || metric(&server, "tidegauge_live_readers") == 0);
    server.stop();
}
