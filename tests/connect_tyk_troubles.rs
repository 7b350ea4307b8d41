//! `tidegauge connect tyk` when something goes wrong: bad records, a server that refuses, falls silent or is away, a
//! second taker, a kill at any moment. The server is a stand-in that fails when it is told to.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::harness::command::assert_one_line;
use crate::harness::redis::Redis;
use crate::harness::server::{Output, Process};
use crate::harness::takes_requests::{KEY, Meets, TakesRequests};
use crate::harness::tyk::{
    LIST, ORGANIZATION, connect, connect_once, messagepack, protobuf, record, record_with, records,
};
use crate::harness::{Chance, tidegauge, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

fn ended(mut connector: Process, code: i32) -> Output {
    let status = connector.wait(PATIENCE);
    let output = connector.output();
    assert_eq!(status.code(), Some(code), "{}", output.stderr);
    output
}

fn storing() -> TakesRequests {
    TakesRequests::start(|_| Meets::Storing)
}

#[test]
fn every_list_in_both_encodings_is_taken_whole_and_then_is_empty() {
    let (redis, server) = (Redis::start(&[]), storing());
    redis.push(LIST, &records(0..2500));
    redis.push(&format!("{LIST}_0"), &records(2500..2510));
    redis.push(&format!("{LIST}_9"), &records(2510..2520));
    redis.push(&format!("{LIST}_protobuf"), &[protobuf(2520)]);
    redis.push(&format!("{LIST}_3_protobuf"), &[protobuf(2521)]);
    redis.push("analytics-other", &records(1..2));
    let output = ended(connect_once(&redis.url(), &server.url(), KEY), 0);
    assert!(
        output.stdout.starts_with("2522 records: 2522 stored, 0 stored before, 0 set aside;"),
        "{}",
        output.stdout
    );
    let stored = server.by_path();
    assert_eq!(stored.len(), 2522);
    for list in ["", "_0", "_9", "_protobuf", "_3_protobuf"] {
        assert_eq!(redis.length(&format!("{LIST}{list}")), 0);
    }
    assert_eq!(redis.length("analytics-other"), 1);
    let request = &stored["/things/7"];
    let id = request["request_id"].as_str().unwrap();
    assert!(id.starts_with("tyk-") && id.len() == 36, "{id}");
    let mut expected = json!({
        "request_id": id, "api_id": "41351a6a94094da05f75146a695a16f6", "path": "/things/7",
        "timestamp": "2026-11-18T11:06:40.000000Z", "method": "GET", "host": "gw.example.com", "raw_path": "/things",
        "response_code": 200, "api_key": "7f3c3ca87376cabe", "alias": "ada", "api_name": "things",
        "api_version": "Default", "request_time": 12, "latency": {"total": 12, "upstream": 10},
        "ip_address": "192.0.2.7", "country": "NZ", "user_agent": "curl/8", "content_length": 0,
        "bytes_in": 10, "bytes_out": 20,
    });
    assert_eq!(request, &expected);
    expected["path"] = json!("/things/2520");
    assert_eq!(stored["/things/2520"]["timestamp"], expected["timestamp"]);
}

#[test]
fn bad_records_are_set_aside_as_they_are_with_their_reasons_and_the_rest_go_on() {
    let (redis, server) = (Redis::start(&[]), storing());
    let bad = [
        b"garbage".to_vec(),
        messagepack(&record_with(1, &[("APIID", json!(""))])),
        messagepack(&record_with(2, &[("RequestTime", json!(-5))])),
        messagepack(&record_with(3, &[("Alias", json!("refused"))])),
        messagepack(&record_with(4, &[("OrgID", json!("other"))])),
        b"\x82\xa5APIID\xa1\xff\xa4Path\xa1/".to_vec(),
    ];
    redis.push(LIST, &[&bad[..3], &records(10..20)[..], &bad[3..]].concat());
    let output = ended(connect_once(&redis.url(), &server.url(), KEY), 0);
    assert!(
        output.stdout.starts_with("16 records: 10 stored, 0 stored before, 6 set aside;"),
        "{}",
        output.stdout
    );
    assert_eq!((server.by_path().len(), redis.length(LIST)), (10, 0));
    assert_eq!(redis.list(&format!("tidegauge-set-aside:{{{LIST}}}")), bad);
    for reason in [
        "not a MessagePack record",
        "APIID is missing",
        "RequestTime is negative",
        "the server refuses alias: Input should be better",
        "no key for organization other",
        "APIID or OrgID is not UTF-8",
    ] {
        assert!(output.stderr.contains(reason), "{reason}: {}", output.stderr);
    }
    for secret in [KEY, "7f3c3ca87376cabe", "secret-input"] {
        assert!(!output.stderr.contains(secret) && !output.stdout.contains(secret), "{secret}");
    }
}

#[test]
fn records_set_aside_can_be_put_back_as_the_documentation_says() {
    const PUT_BACK: &str = "local n = 0; while redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT') do n = n + 1 end; \
        return n";
    let (redis, server) = (Redis::start(&[]), storing());
    redis.push(LIST, &records(0..7));
    ended(connect(&redis.url(), &server.url(), KEY, &["--org", "another", "--once"]), 0);
    let aside = format!("tidegauge-set-aside:{{{LIST}}}");
    assert_eq!((redis.length(LIST), redis.length(&aside)), (0, 7));
    redis.command(&[b"EVAL", PUT_BACK.as_bytes(), b"2", aside.as_bytes(), LIST.as_bytes()]);
    assert_eq!((redis.length(LIST), redis.length(&aside)), (7, 0));
    ended(connect_once(&redis.url(), &server.url(), KEY), 0);
    assert_eq!(server.by_path().len(), 7);
}

#[test]
fn the_records_set_aside_are_bounded_and_the_oldest_make_room() {
    let (redis, server) = (Redis::start(&[]), storing());
    let bad: Vec<Vec<u8>> = (0..120).map(|number: u8| vec![0xc1, number]).collect();
    redis.push(LIST, &bad);
    let args = ["--org", ORGANIZATION, "--once", "--max-set-aside", "100"];
    let output = ended(connect(&redis.url(), &server.url(), KEY, &args), 0);
    assert_eq!(redis.list(&format!("tidegauge-set-aside:{{{LIST}}}")), bad[20..]);
    assert!(output.stderr.contains("the oldest were given up"), "{}", output.stderr);
}

#[test]
fn a_server_that_is_busy_or_falls_silent_gets_every_record_once() {
    let redis = Redis::start(&[]);
    let server = TakesRequests::start(|call| match call {
        0 => Meets::Refusal(503, "retry-after: 1\r\n"),
        1 => Meets::Silence,
        2 => Meets::Refusal(429, ""),
        3 => Meets::Storing,
        4 => Meets::Silence,
        _ => Meets::Storing,
    });
    redis.push(LIST, &records(0..120));
    let output = ended(connect_once(&redis.url(), &server.url(), KEY), 0);
    assert!(output.stdout.starts_with("120 records: 120 stored"), "{}", output.stdout);
    assert!(output.stdout.contains("; 4 retries;"), "{}", output.stdout);
    assert_eq!((server.by_path().len(), redis.length(LIST)), (120, 0));
}

#[test]
fn a_refused_key_ends_it_with_one_clear_line_and_the_records_stay() {
    let (redis, server) = (Redis::start(&[]), storing());
    redis.push(LIST, &records(0..3));
    let output = ended(connect_once(&redis.url(), &server.url(), "a-wrong-key"), 1);
    let said = output.stderr.lines().last().unwrap();
    assert!(said.starts_with("tidegauge: the server at http://127.0.0.1:"), "{said}");
    assert!(said.ends_with("does not know the key, or it has expired or was revoked (401)"), "{said}");
    assert!(!output.stderr.contains("a-wrong-key"));
    assert_eq!(redis.length(LIST), 3);
}

#[test]
fn a_server_out_of_reach_is_waited_for_and_once_gives_up_in_the_end() {
    let redis = Redis::start(&[]);
    redis.push(LIST, &records(0..3));
    // Nothing listens on port 1.
    let args = ["--org", ORGANIZATION, "--once", "--give-up-after", "1"];
    let output = ended(connect(&redis.url(), "http://127.0.0.1:1", KEY, &args), 1);
    assert!(
        output.stderr.contains("trying again") && output.stderr.contains("Connection refused"),
        "{}",
        output.stderr
    );
    assert_eq!(redis.length(LIST), 3);
}

#[test]
fn a_container_without_certificate_authorities_is_no_trouble_where_no_tls_is_spoken() {
    let (redis, server) = (Redis::start(&[]), storing());
    redis.push(LIST, &records(0..3));
    let (redis_url, server_url) = (redis.url(), server.url());
    let args =
        ["connect", "tyk", "--redis", &redis_url, "--server", &server_url, "--org", ORGANIZATION, "--once"];
    let variables = [("TIDEGAUGE_KEY", KEY), ("SSL_CERT_FILE", "/no/such"), ("SSL_CERT_DIR", "/no/such")];
    ended(Process::tidegauge(&args, &variables), 0);
    assert_eq!(server.by_path().len(), 3);
}

#[test]
fn what_somebody_else_takes_meanwhile_never_makes_it_remove_what_it_has_not_read() {
    let redis = Arc::new(Redis::start(&[]));
    // The stand-in outlives the test, and must not keep Redis.
    let list = Arc::downgrade(&redis);
    // The gateway's own Pump takes ten records while the first call is under way.
    let server = TakesRequests::start(move |call| {
        if call == 0 {
            list.upgrade().unwrap().command(&[b"LTRIM", LIST.as_bytes(), b"10", b"-1"]);
        }
        Meets::Storing
    });
    redis.push(LIST, &records(0..200));
    let output = ended(connect_once(&redis.url(), &server.url(), KEY), 0);
    assert!(output.stderr.contains("somebody else takes records off this list"), "{}", output.stderr);
    assert_eq!((server.by_path().len(), redis.length(LIST)), (200, 0));
}

#[test]
fn records_that_look_the_same_at_both_ends_are_told_from_those_that_were_read() {
    let redis = Arc::new(Redis::start(&[]));
    let list = Arc::downgrade(&redis);
    let server = TakesRequests::start(move |call| {
        if call == 0 {
            list.upgrade().unwrap().command(&[b"LTRIM", LIST.as_bytes(), b"4", b"-1"]);
        }
        Meets::Storing
    });
    // Read first are 50; the next 50 after those that are taken begin and end with the same bytes as they do.
    let same = [b"garbage".to_vec()];
    let pieces = [&same[..], &records(0..3), &same, &records(3..47), &same, &records(47..50), &same];
    redis.push(LIST, &pieces.concat());
    let output = ended(connect_once(&redis.url(), &server.url(), KEY), 0);
    assert!(output.stderr.contains("somebody else takes records off this list"), "{}", output.stderr);
    assert_eq!((server.by_path().len(), redis.length(LIST)), (50, 0));
    assert_eq!(redis.length(&format!("tidegauge-set-aside:{{{LIST}}}")), 3);
}

#[test]
fn two_connectors_on_one_redis_store_every_record_once() {
    let (redis, server) = (Redis::start(&[]), storing());
    redis.push(LIST, &records(0..5000));
    let both = [0, 1].map(|_| connect_once(&redis.url(), &server.url(), KEY));
    for connector in both {
        ended(connector, 0);
    }
    assert_eq!((server.by_path().len(), redis.length(LIST)), (5000, 0));
}

#[test]
fn killed_at_any_moment_it_loses_no_record_and_stores_none_twice() {
    const ROUNDS: u64 = 10;
    let (redis, server) = (Redis::start(&[]), storing());
    let mut chance = Chance(0x7479_6b31);
    let is_over = AtomicBool::new(false);
    let pushed = thread::scope(|scope| {
        let gateway = scope.spawn(|| {
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                redis.push(&format!("{LIST}_{}", number % 10), &records(number..number + 50));
                redis.push(&format!("{LIST}_protobuf"), &[protobuf(number + 50)]);
                number += 51;
                thread::sleep(Duration::from_millis(2));
            }
            number
        });
        for _ in 0..ROUNDS {
            let mut connector = connect(&redis.url(), &server.url(), KEY, &["--org", ORGANIZATION]);
            thread::sleep(Duration::from_millis(chance.between(20, 400)));
            connector.kill();
        }
        is_over.store(true, Ordering::Relaxed);
        gateway.join().unwrap()
    });
    assert!(server.calls() > 10, "it was killed before it did anything");
    ended(connect_once(&redis.url(), &server.url(), KEY), 0);
    let stored: HashSet<String> = server.by_path().into_keys().collect();
    let expected: HashSet<String> = (0..pushed).map(|number| format!("/things/{number}")).collect();
    assert_eq!(stored.len(), expected.len());
    assert_eq!(stored, expected);
}

#[test]
fn asked_to_stop_it_ends_after_the_batch_under_way() {
    let (redis, server) = (Redis::start(&[]), storing());
    let connector = connect(&redis.url(), &server.url(), KEY, &["--org", ORGANIZATION]);
    redis.push(LIST, &records(0..5));
    wait_until("the records to leave", || redis.length(LIST) == 0);
    connector.terminate();
    let output = ended(connector, 0);
    assert!(output.stdout.starts_with("5 records: 5 stored"), "{}", output.stdout);
    assert!(output.stderr.contains("what is not stored is still in Redis"), "{}", output.stderr);
}

#[test]
fn asked_to_stop_while_the_server_is_away_it_ends_at_once_and_the_records_stay() {
    let redis = Redis::start(&[]);
    redis.push(LIST, &records(0..5));
    let connector = connect(&redis.url(), "http://127.0.0.1:1", KEY, &["--org", ORGANIZATION]);
    connector.wait_for_stderr("trying again");
    connector.terminate();
    ended(connector, 0);
    assert_eq!(redis.length(LIST), 5);
}

#[test]
fn each_organization_goes_with_its_own_key_and_all_others_only_where_that_was_said() {
    let (redis, server) = (Redis::start(&[]), storing());
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("key");
    std::fs::write(&file, format!("{KEY}\n")).unwrap();
    let other = messagepack(&record_with(2, &[("OrgID", json!("other"))]));
    redis.push(LIST, &[messagepack(&record(1)), other]);
    let org = format!("{ORGANIZATION}={}", file.display());
    // The wrong key is for the others, who meet a 401 with it.
    let output =
        ended(connect(&redis.url(), &server.url(), "wrong", &["--org", &org, "--org", "*", "--once"]), 1);
    assert!(output.stderr.contains("(401)"), "{}", output.stderr);
    ended(connect(&redis.url(), &server.url(), KEY, &["--org", "*", "--once"]), 0);
    assert_eq!(server.by_path().len(), 2);
}

#[test]
fn wrong_arguments_end_it_with_exit_code_2() {
    let redis = ["connect", "tyk", "--redis", "redis://127.0.0.1:1"];
    for (args, said) in [
        (&["connect", "tyk", "--org", "*"][..], "--redis"),
        (&redis, "--org"),
        (&[&redis[..], &["--org", "a"]].concat(), "a key is needed"),
        (&[&redis[..], &["--org", "a", "--org", "a", "--key", "k"]].concat(), "named twice"),
        (&[&redis[..], &["--org", "a", "--key", "k", "--server", "ftp://x"]].concat(), "http://HOST"),
        (&[&redis[..], &["--org", "a", "--key", "k", "--server", "http://u:p@x"]].concat(), "must not carry"),
        (
            &[&redis[..], &["--org", "a", "--key", "k", "--redis-cluster", "--list", "a{b}"]].concat(),
            "braces",
        ),
        (&["connect", "tyk", "--redis", "http://u:secret@x", "--org", "a", "--key", "k"], "redis://"),
    ] {
        let ran = tidegauge(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said) && !ran.stderr.contains("secret"), "{args:?}: {}", ran.stderr);
    }
    let ran = tidegauge(&["connect", "tyk", "--redis", "redis://x", "--org", "a=/no/such/file"]);
    assert_eq!(ran.code, Some(1));
    assert_one_line(&ran.stderr);
}
