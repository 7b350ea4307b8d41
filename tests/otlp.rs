//! OpenTelemetry's own SDK exports spans over OTLP/HTTP, and each of a server becomes one request.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::harness::python::{PYTHON, interpreter};
use crate::harness::{Server, Site};

const TRACES: &str = "/v1/traces";
/// 2026-11-21T08:00:00Z, in nanoseconds.
const START: u64 = 1_795_248_000_000_000_000;
/// `printf 'a raw key' | sha256sum`
const HASH: &str = "397341149e5b671badbcdd692e49438406f6d15bb90ab35fe55426c6c4c9ac45";

/// Runs the SDK with this key, on this job.
fn sdk(server: &Server, key: &str, compression: &str, job: &Value) -> Output {
    Command::new(interpreter())
        .args([format!("{PYTHON}/otlp_spans.py"), job.to_string()])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", server.address))
        .env("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization=Bearer {key}"))
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", compression)
        .output()
        .unwrap()
}

/// As [`sdk`]; what the exporter made of the answers.
fn results(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"))
}

fn span(millis: u64, attributes: Value) -> Value {
    json!({"start": START, "end": START + millis * 1_000_000, "attributes": attributes})
}

/// What the tests look at in an exported request; what is not there is left out.
fn rows(site: &Site) -> Vec<Value> {
    let looked_at = [
        "api_id",
        "api_name",
        "api_version",
        "path",
        "raw_path",
        "method",
        "host",
        "response_code",
        "request_time",
        "latency_total",
        "ip",
        "user_agent",
        "bytes_in",
        "bytes_out",
        "api_key",
        "alias",
        "oauth_id",
        "country",
    ];
    let row = |row: Value| -> Value {
        let fields = looked_at.iter().filter_map(|name| Some(((*name).to_owned(), row.get(*name)?.clone())));
        Value::Object(fields.collect())
    };
    site.rows("requests").into_iter().map(row).collect()
}

#[test]
fn spans_of_the_sdk_with_stable_and_with_old_names_become_requests_once_however_often_they_are_sent() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.admin_key();
    let resource = json!({"service.name": "orders", "service.namespace": "shop", "service.version": "1.4.0"});
    let stable = json!({"http.request.method": "GET", "url.path": "/orders/17", "url.query": "a=1", "url.scheme": "https",
        "http.route": "/orders/{id}", "http.response.status_code": 200, "server.address": "shop.example",
        "client.address": "198.51.100.7", "network.peer.address": "10.0.0.1", "user_agent.original": "curl/8",
        "http.request.body.size": 12, "http.response.body.size": 345, "geo.country.iso_code": "NZ",
        "tidegauge.api_key": "a raw key", "tidegauge.alias": "ann", "tidegauge.oauth_id": "client-1"});
    let old = json!({"http.method": "POST", "http.target": "/orders?x=1", "http.status_code": 503, "net.host.name": "old.example",
        "http.client_ip": "::ffff:198.51.100.8", "net.peer.ip": "10.0.0.2", "http.user_agent": "old/1",
        "http.request_content_length": 7, "http.response_content_length": 8, "tidegauge.api_key_hash": "7f3c3ca87376cabe"});
    let mut failed = span(40, json!({"http.method": "GET", "http.url": "http://h.example:80/late?q"}));
    failed["error"] = json!(true);
    let client = json!({"kind": "CLIENT", "start": START, "end": START + 1, "attributes": stable});
    let grpc = json!({"rpc.system": "grpc", "rpc.service": "Orders", "rpc.method": "Get", "rpc.grpc.status_code": 0});
    let job = json!({"resource": resource, "times": 2,
        "spans": [span(20, stable), span(30, old), failed, client, span(1, grpc)]});
    for compression in ["none", "gzip"] {
        assert_eq!(results(&sdk(&server, &key, compression, &job)), json!(["SUCCESS", "SUCCESS"]));
    }
    // Two runs of the SDK, so two sets of ids; each was exported twice and is there once.
    let day = "21/11/2026";
    let report = server.client().get(&format!("/api/activity/keys/endpoint/{HASH}/{day}/{day}?p=-1")).ok();
    let [row] = &report["data"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!(
        (&row["id"]["path"], &row["hits"], &row["success"]),
        (&json!("/orders/{id}"), &json!(2), &json!(2))
    );
    assert_eq!((&row["id"]["api_id"], &row["request_time"]), (&json!("shop/orders"), &json!(20)));
    server.stop();

    let stable = json!({"api_id": "shop/orders", "api_name": "orders", "api_version": "1.4.0", "path": "/orders/{id}",
        "raw_path": "/orders/17", "method": "GET", "host": "shop.example", "response_code": 200, "request_time": 20,
        "latency_total": 20, "ip": "198.51.100.7", "user_agent": "curl/8", "bytes_in": 12, "bytes_out": 345,
        "country": "NZ", "alias": "ann", "oauth_id": "client-1",
        "api_key": HASH});
    let old = json!({"api_id": "shop/orders", "api_name": "orders", "api_version": "1.4.0", "path": "/orders",
        "raw_path": "/orders", "method": "POST", "host": "old.example", "response_code": 503, "request_time": 30,
        "latency_total": 30, "ip": "198.51.100.8", "user_agent": "old/1", "bytes_in": 7, "bytes_out": 8,
        "api_key": "7f3c3ca87376cabe"});
    let failed = json!({"api_id": "shop/orders", "api_name": "orders", "api_version": "1.4.0", "path": "/late",
        "raw_path": "/late", "method": "GET", "response_code": 500, "request_time": 40, "latency_total": 40});
    let expected = [&stable, &stable, &old, &old, &failed, &failed];
    assert_eq!(rows(&site).iter().collect::<Vec<_>>(), expected);
}

/// An export in OTLP's JSON of so many good spans of a server, and of these further ones.
fn export(good: u64, more: &[Value]) -> Value {
    let good = (1..=good).map(|n| {
        json_span(
            n,
            1,
            &json!([attribute("http.request.method", "GET"),
        attribute("url.path", "/"), {"key": "http.response.status_code", "value": {"intValue": "204"}}]),
        )
    });
    let spans: Vec<Value> = good.chain(more.iter().cloned()).collect();
    let resource = json!({"attributes": [attribute("service.name", "orders")]});
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "tests"}, "spans": spans}]}]})
}

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn json_span(n: u64, millis: i64, attributes: &Value) -> Value {
    let end = i128::from(START) + i128::from(millis) * 1_000_000;
    json!({"traceId": format!("5B8EFFF798038103D269B633{n:08X}"), "spanId": format!("EEE19B7E{n:08X}"), "name": "GET",
        "kind": 2, "startTimeUnixNano": START.to_string(), "endTimeUnixNano": end.to_string(), "attributes": attributes})
}

#[test]
fn an_export_of_thousands_of_spans_is_stored_whole_and_once_across_a_crash_and_a_bad_span_is_left_out() {
    let site = Site::new();
    let http = json!([attribute("http.method", "GET"), attribute("http.target", "/")]);
    let backwards = json_span(9000, -1, &http);
    let body = export(2500, &[backwards]);
    let send = |server: &Server| {
        let answer = server.client().post_json(TRACES, &body);
        let told =
            json!({"rejectedSpans": "1", "errorMessage": "a span was rejected: it ends before it starts"});
        assert_eq!(answer.ok(), json!({ "partialSuccess": told }));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    };
    let server = site.start(&["--max-body-bytes", "10000000"]);
    send(&server);
    server.kill();
    let server = site.start(&["--max-body-bytes", "10000000"]);
    send(&server);
    assert_eq!(server.client().post_json(TRACES, &json!({})).ok(), json!({}));
    server.stop();
    assert_eq!(rows(&site).len(), 2500);
}

#[test]
fn what_an_exporter_writes_is_told_to_it_and_to_nobody_else() {
    let site = Site::new();
    let mut bad = json_span(9000, 1, &json!([]));
    bad["attributes"] = json!("written by a tenant");
    let body = export(1, &[bad]);
    for (level, lines) in [("info", 0), ("debug", 1)] {
        let server = site.start(&["--log-level", level]);
        let answer = server.client().post_json(TRACES, &body);
        assert!(answer.text().contains("written by a tenant"), "{}", answer.text());
        let log = server.stop().stderr;
        assert_eq!(log.matches("spans were not taken").count(), lines, "{log}");
        assert!(!log.contains("written by a tenant"), "{log}");
    }
}

#[test]
fn what_is_refused_is_told_in_the_encoding_of_the_request_and_nothing_of_it_is_stored() {
    const PROTOBUF: &str = "application/x-protobuf";
    let site = Site::new();
    let server = site.start(&["--max-body-bytes", "4000"]);
    let (client, reader) = (server.client(), server.client_with(&site.make_key("default", "read", &[])));
    let good = export(1, &[]).to_string();
    let mut cut = good.clone();
    cut.truncate(good.len() - 1);

    crate::harness::wait_until("the new key", || reader.get("/api/v1/analytics/stats").status == 200);
    let long = export(20, &[]).to_string();
    for (client, content_type, body, status, code) in [
        (&server.client_without_key(), "application/json", &*good, 401, 16),
        (&server.client_with("tg_wrong"), "application/json; charset=utf-8", &*good, 401, 16),
        (&reader, "application/json", &*good, 403, 7),
        (&client, "application/json", &*cut, 400, 3),
        (&client, "application/json", "[]", 400, 3),
        (&client, "application/json", &*long, 413, 8),
        (&client, "text/plain", &*good, 415, 3),
    ] {
        let answer = client.post(TRACES, Some(content_type), body.as_bytes());
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let refused = server.client_without_key().post(TRACES, Some(PROTOBUF), b"");
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(
        (refused.header("content-type"), &*refused.body),
        (Some(PROTOBUF), &b"\x08\x10\x12\x11not authenticated"[..])
    );
    let malformed = client.post(TRACES, Some(PROTOBUF), b"\x0a\x05\x12");
    assert_eq!((malformed.status, &malformed.body[..2]), (400, &b"\x08\x03"[..]));
    // Nothing to export is nothing to complain about.
    let empty = client.post(TRACES, Some(PROTOBUF), b"");
    assert_eq!((empty.status, empty.body.len(), empty.header("content-type")), (200, 0, Some(PROTOBUF)));

    let headers = [("Content-Type", "application/json"), ("Content-Encoding", "br")];
    assert_eq!(client.send("POST", TRACES, &headers, good.as_bytes()).status, 415);
    let headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")];
    assert_eq!(client.send("POST", TRACES, &headers, good.as_bytes()).status, 400);
    assert_eq!(client.get(TRACES).status, 405);
    server.stop();
    assert_eq!(rows(&site), Vec::<Value>::new());
}

#[test]
fn a_wrong_key_fails_the_sdk_and_a_full_disk_is_told_as_something_to_send_again_for() {
    let site = Site::new();
    let job = json!({"resource": {"service.name": "a"}, "spans": [span(1, json!({"http.method": "GET", "http.target": "/"}))]});
    let server = site.start(&[]);
    assert_eq!(results(&sdk(&server, "tg_wrong", "gzip", &job)), json!(["FAILURE"]));
    server.stop();
    // More free disk than there is.
    let server = site.start(&["--min-free-bytes", "9000000000000000000"]);
    let answer = server.client().post_json(TRACES, &export(1, &[]));
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (503, Some(14)), "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    server.stop();
    assert_eq!(rows(&site), Vec::<Value>::new());
}
