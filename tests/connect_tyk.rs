//! A Tyk gateway's records in a real server: taken by `tidegauge connect tyk`, and by the server itself.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::redis::Redis;
use crate::harness::server::Process;
use crate::harness::tyk::{LIST, ORGANIZATION, connect_once, messagepack, protobuf, record_with, records};
use crate::harness::{Chance, Client, Server, Site, wait_until};

/// The day of the records.
const REPORT: &str = "/api/activity/keys/endpoint/7f3c3ca87376cabe/18/11/2026/18/11/2026?p=0";

fn url(server: &Server) -> String {
    format!("http://{}", server.address)
}

fn take_all(redis: &Redis, server: &Server, key: &str) -> String {
    let mut connector = connect_once(&redis.url(), &url(server), key);
    let status = connector.wait(Duration::from_secs(60));
    let output = connector.output();
    assert_eq!(status.code(), Some(0), "{}", output.stderr);
    output.stdout
}

/// How often each path is stored.
fn stored(rows: &[Value]) -> HashMap<String, usize> {
    let mut paths = HashMap::new();
    for row in rows {
        *paths.entry(row["path"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    paths
}

fn once_each(paths: std::ops::Range<u64>) -> HashMap<String, usize> {
    paths.map(|number| (format!("/things/{number}"), 1)).collect()
}

#[test]
fn a_gateways_records_are_in_the_reports_and_network_statistics_are_kept_but_are_no_hits() {
    let (redis, site) = (Redis::start(&[]), Site::new());
    let server = site.start(&[]);
    let statistics = [
        ("ResponseCode", json!(-1)),
        ("Path", json!("")),
        ("Network", json!({"OpenConnections": 3, "ClosedConnection": 2, "BytesIn": 1, "BytesOut": 4})),
    ];
    redis.push(LIST, &records(0..20));
    redis.push(&format!("{LIST}_4"), &[messagepack(&record_with(20, &statistics))]);
    redis.push(&format!("{LIST}_protobuf"), &[protobuf(21)]);
    let said = take_all(&redis, &server, &site.admin_key());
    assert!(said.starts_with("22 records: 22 stored, 0 stored before, 0 set aside;"), "{said}");
    let report = server.client().get(REPORT).ok();
    let rows = report["data"].as_array().unwrap();
    assert_eq!(rows.len(), 20, "{report}");
    assert!(
        rows.iter().all(|row| row["hits"] == 1 && row["success"] == 1 && row["request_time"] == 12),
        "{report}"
    );
    server.stop();
    let rows = site.rows("requests");
    assert_eq!(rows.len(), 22);
    let kept = rows.iter().find(|row| row["response_code"] == -1).unwrap();
    assert_eq!((&kept["path"], &kept["bytes_in"], &kept["bytes_out"]), (&json!("/"), &json!(1), &json!(4)));
}

#[test]
fn records_that_are_read_again_are_told_from_new_ones() {
    let (redis, site) = (Redis::start(&[]), Site::new());
    let server = site.start(&[]);
    redis.push(LIST, &records(0..30));
    take_all(&redis, &server, &site.admin_key());
    // A Redis that was restored from an older state.
    redis.push(LIST, &records(20..40));
    let said = take_all(&redis, &server, &site.admin_key());
    assert!(said.starts_with("20 records: 10 stored, 10 stored before, 0 set aside;"), "{said}");
    server.stop();
    assert_eq!(stored(&site.rows("requests")), once_each(0..40));
}

#[test]
fn what_the_route_refuses_is_nothing_that_the_connector_lets_through() {
    let (redis, site) = (Redis::start(&[]), Site::new());
    let server = site.start(&[]);
    let odd = [
        [("Path", json!("/a\u{0}b\n")), ("UserAgent", json!("x".repeat(40_000)))],
        [("Path", json!("/é".repeat(2048))), ("IPAddress", json!("unknown"))],
        [("ResponseCode", json!(0)), ("ContentLength", json!(-1))],
        [("RawPath", json!("\u{7f}".repeat(20_000))), ("Host", json!("h".repeat(3000)))],
        [("TimeStamp", json!([-62_135_596_800_i64, 0])), ("APIKey", json!(""))],
        [("TimeStamp", json!([253_402_207_199_i64, 999_999_999])), ("IPAddress", json!("2001:DB8::1"))],
        [("Path", json!("/".repeat(5000))), ("Method", json!("M".repeat(2000)))],
        [("Path", json!("")), ("APIVersion", json!("v\u{1}".repeat(1000)))],
        [("Tags", json!(vec!["t"; 200])), ("Alias", json!("a\tb"))],
        [("Tags", json!(["a\tb", "t".repeat(2000), ""])), ("APIKey", json!("k".repeat(2000)))],
    ];
    let odd: Vec<Vec<u8>> =
        (0..).zip(&odd).map(|(number, changes)| messagepack(&record_with(number, changes))).collect();
    redis.push(LIST, &odd);
    // Bytes that are no UTF-8, as a Go gateway writes them: in place of others of the same length.
    let mut bytes = messagepack(&record_with(20, &[("Path", json!("/!!")), ("UserAgent", json!("?!!"))]));
    for text in [b"/!!", b"?!!"] {
        let at = bytes.windows(3).position(|some| some == text).unwrap();
        bytes[at + 1..at + 3].copy_from_slice(b"\xff\xc3");
    }
    redis.push(LIST, &[bytes]);
    let said = take_all(&redis, &server, &site.admin_key());
    assert!(said.starts_with("11 records: 11 stored, 0 stored before, 0 set aside;"), "{said}");
    server.stop();
    let rows = site.rows("requests");
    let row = rows.iter().find(|row| row["path"] == "/%FF%C3").unwrap();
    assert_eq!(row["user_agent"], "?%FF%C3");
}

#[test]
fn through_kills_of_the_connector_and_of_the_server_every_record_is_stored_once() {
    const ROUNDS: u64 = 10;
    let (redis, site) = (Redis::start(&[]), Site::new());
    site.start(&[]).stop();
    let key = site.admin_key();
    let mut chance = Chance(0x7479_6b32);
    let is_over = AtomicBool::new(false);
    let pushed = thread::scope(|scope| {
        let gateway = scope.spawn(|| push_until(&redis, &is_over));
        for round in 0..ROUNDS {
            let server = site.start(&["--flush-interval-seconds", "1"]);
            let args =
                ["connect", "tyk", "--redis", &redis.url(), "--server", &url(&server), "--org", ORGANIZATION];
            let mut connector = Process::tidegauge(&args, &[("TIDEGAUGE_KEY", &key)]);
            thread::sleep(Duration::from_millis(chance.between(50, 400)));
            if round % 2 == 0 {
                connector.kill();
            }
            server.kill();
        }
        is_over.store(true, Ordering::Relaxed);
        gateway.join().unwrap()
    });
    assert!(waiting(&redis) < pushed, "they were killed before they did anything");
    let server = site.start(&[]);
    take_all(&redis, &server, &key);
    server.stop();
    let rows = site.rows("requests");
    assert_eq!((rows.len() as u64, stored(&rows)), (pushed, once_each(0..pushed)));
}

/// A gateway at work: how many records it left.
fn push_until(redis: &Redis, is_over: &AtomicBool) -> u64 {
    let mut number = 0;
    while !is_over.load(Ordering::Relaxed) {
        redis.push(&format!("{LIST}_{}", number % 10), &records(number..number + 30));
        redis.push(&format!("{LIST}_0_protobuf"), &[protobuf(number + 30)]);
        number += 31;
        thread::sleep(Duration::from_millis(5));
    }
    number
}

/// How many of these records are in the lists.
fn waiting(redis: &Redis) -> u64 {
    let lists = (0..10).map(|shard| format!("{LIST}_{shard}")).chain([format!("{LIST}_0_protobuf")]);
    lists.map(|list| redis.length(&list) as u64).sum()
}

#[test]
fn a_server_that_takes_records_itself_gives_each_organization_its_own_and_sets_strangers_aside() {
    let (redis, site) = (Redis::start(&[]), Site::new());
    let server = site.start(&["--tyk-redis", &redis.url()]);
    let key = site.make_key(ORGANIZATION, "read", &[]);
    let stranger = messagepack(&record_with(9, &[("OrgID", json!("stranger"))]));
    let of_default = messagepack(&record_with(8, &[("OrgID", json!("default"))]));
    redis.push(LIST, &[records(0..5), vec![stranger.clone(), of_default]].concat());
    wait_until("the records to leave", || redis.length(LIST) == 0);
    let rows = |client: Client| client.get(REPORT).ok()["data"].as_array().unwrap().len();
    assert_eq!((rows(server.client_with(&key)), rows(server.client())), (5, 1));
    assert_eq!(redis.list(&format!("tidegauge-set-aside:{{{LIST}}}")), [stranger]);
    assert!(server.stderr().contains("there is no tenant stranger"), "{}", server.stderr());
    server.stop();
}

#[test]
fn a_server_can_give_all_records_to_one_tenant_and_keeps_all_that_a_gateway_says() {
    let (redis, site) = (Redis::start(&[]), Site::new());
    let server =
        site.prepare(&["--tyk-tenant", "default"]).env("TIDEGAUGE_TYK_REDIS", &redis.url()).listening();
    let network = json!({"OpenConnections": 3, "ClosedConnection": 2, "BytesIn": 1, "BytesOut": 4});
    redis.push(LIST, &[messagepack(&record_with(1, &[("Network", network), ("TrackPath", json!(true))]))]);
    wait_until("the record to leave", || redis.length(LIST) == 0);
    server.stop();
    let rows = site.rows("requests");
    assert_eq!(rows.len(), 1);
    for (name, value) in [
        ("tenant_id", json!("default")),
        ("project_id", json!("default")),
        ("open_connections", json!(3)),
        ("closed_connections", json!(2)),
        ("track_path", json!(true)),
        ("country", json!("NZ")),
    ] {
        assert_eq!(rows[0][name], value, "{name}");
    }
}

#[test]
fn through_kills_of_a_server_that_takes_records_itself_every_record_is_stored_once() {
    const ROUNDS: u64 = 10;
    let (redis, site) = (Redis::start(&[]), Site::new());
    site.start(&[]).stop();
    let mut chance = Chance(0x7479_6b33);
    let is_over = AtomicBool::new(false);
    let redis_url = redis.url();
    let args = ["--tyk-redis", &redis_url, "--tyk-tenant", "default", "--flush-interval-seconds", "1"];
    let pushed = thread::scope(|scope| {
        let gateway = scope.spawn(|| push_until(&redis, &is_over));
        for _ in 0..ROUNDS {
            let server = site.start(&args);
            thread::sleep(Duration::from_millis(chance.between(50, 400)));
            server.kill();
        }
        is_over.store(true, Ordering::Relaxed);
        gateway.join().unwrap()
    });
    assert!(waiting(&redis) < pushed, "it was killed before it did anything");
    let server = site.start(&args);
    wait_until("all records to leave", || waiting(&redis) == 0);
    server.stop();
    let rows = site.rows("requests");
    assert_eq!((rows.len() as u64, stored(&rows)), (pushed, once_each(0..pushed)));
}

#[test]
fn a_redis_out_of_reach_does_not_keep_a_server_from_serving_or_from_stopping() {
    let site = Site::new();
    let server = site.start(&["--tyk-redis", "redis://u:s3cret@127.0.0.1:1"]);
    server.process.wait_for_stderr("trying again");
    assert_eq!(server.client().get(REPORT).status, 200);
    let output = server.stop();
    assert!(!output.stderr.contains("s3cret"), "{}", output.stderr);
}

#[test]
fn an_impossible_address_ends_a_server_before_it_touches_anything() {
    let site = Site::new();
    let mut starting = site.prepare(&["--tyk-redis", "http://x"]).spawn();
    assert_eq!(starting.process.wait(Duration::from_secs(30)).code(), Some(2));
    assert!(!site.data().exists());
}

#[test]
fn a_tenant_that_is_not_there_is_named_before_the_server_listens() {
    let site = Site::new();
    let mut starting =
        site.prepare(&["--tyk-redis", "redis://127.0.0.1:1", "--tyk-tenant", "nobody"]).spawn();
    assert_eq!(starting.process.wait(Duration::from_secs(30)).code(), Some(1));
    let said = starting.process.output().stderr;
    assert!(said.lines().last().unwrap().starts_with("tidegauge: --tyk-tenant: "), "{said}");
    assert!(said.contains("nobody"), "{said}");
}
