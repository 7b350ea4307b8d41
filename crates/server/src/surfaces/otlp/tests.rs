//! What bodies become: both encodings, cut and hostile ones, and what a span is rejected for.

mod building;
mod hostile;
mod refusals;

use serde_json::{Value as Json, json};
use tidegauge_facts::Micros;

use super::collect::Export;
use super::encoding::Encoding;
use super::span::Malformed;
use building::{START, Span, in_json, in_protobuf, span, text};

const NOW: Micros = Micros(1_795_248_000_000_000);

/// The rows of a body as text, how many spans were ignored, and how many rejected with the first reason.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    rows: Vec<String>,
    ignored: usize,
    rejected: usize,
    reason: Option<String>,
}

fn read(encoding: Encoding, body: &[u8]) -> Result<Read, Malformed> {
    let mut export = Export::default();
    encoding.read(body, &mut export)?;
    let rows = export.parts("acme", "web", NOW).flatten().map(|row| format!("{row:?}")).collect();
    let reason = export.reason.map(|reason| reason.to_string());
    Ok(Read { rows, ignored: export.ignored, rejected: export.rejected, reason })
}

/// The same, of these spans of a resource with these attributes; both encodings must say the same.
fn read_both(resource: &[(&str, Json)], spans: &[Span]) -> Read {
    let of_protobuf = read(Encoding::Protobuf, &in_protobuf(resource, spans)).unwrap();
    let of_json = read(Encoding::Json, in_json(resource, spans).to_string().as_bytes()).unwrap();
    assert_eq!(of_protobuf, of_json);
    of_json
}

/// The row of a span with these attributes beside a method and a path.
fn row_with(attributes: &[(&str, Json)]) -> String {
    let mut read = read_both(&[], &[span(&[&[text("http.method", "GET")], attributes].concat())]);
    assert_eq!((read.rows.len(), &read.reason), (1, &None), "{attributes:?}");
    read.rows.remove(0)
}

/// Whether a row has this column with this value, as `Debug` writes them.
fn has(row: &str, column: &str, value: &str) -> bool {
    row.contains(&format!(" {column}: {value},"))
}

#[test]
fn the_stable_name_of_an_attribute_counts_before_the_old_one() {
    for (column, stable, old) in [
        ("method", "http.request.method", "http.method"),
        ("path", "http.route", "url.path"),
        ("path", "url.path", "http.target"),
        ("path", "http.target", "url.full"),
        ("host", "server.address", "net.host.name"),
        ("host", "net.host.name", "http.host"),
        ("user_agent", "user_agent.original", "http.user_agent"),
    ] {
        let row = row_with(&[text("http.target", "/t"), text(old, "/old"), text(stable, "/stable")]);
        let has_stable = has(&row, column, "\"/stable\"") || has(&row, column, "Some(\"/stable\")");
        assert!(has_stable, "{column} of {stable}: {row}");
    }
    for (column, stable, old) in [
        ("response_code", "http.response.status_code", "http.status_code"),
        ("bytes_in", "http.request.body.size", "http.request_content_length"),
        ("bytes_out", "http.response.body.size", "http.response_content_length"),
    ] {
        let row = row_with(&[text("url.path", "/"), (old, json!(201)), (stable, json!(202))]);
        assert!(has(&row, column, "Some(202)"), "{row}");
        let row = row_with(&[text("url.path", "/"), (old, json!("201"))]);
        assert!(has(&row, column, "Some(201)"), "{row}");
    }
}

#[test]
fn the_path_is_the_route_or_what_was_asked_for_without_its_query() {
    for (attributes, path, raw_path) in [
        (vec![text("http.route", "/a/{id}"), text("url.path", "/a/1")], "/a/{id}", "Some(\"/a/1\")"),
        (vec![text("http.route", "/a/{id}")], "/a/{id}", "None"),
        (vec![text("url.path", "/a/1")], "/a/1", "Some(\"/a/1\")"),
        (vec![text("http.target", "/a?b=/c#d")], "/a", "Some(\"/a\")"),
        (vec![text("http.url", "http://h:80/a?b")], "/a", "Some(\"/a\")"),
        (vec![text("url.full", "https://h?b=/c")], "/", "Some(\"/\")"),
        (vec![text("url.full", "https://h")], "/", "Some(\"/\")"),
        (vec![text("http.route", ""), text("url.path", "/a")], "/a", "Some(\"/a\")"),
    ] {
        let row = row_with(&attributes);
        assert!(has(&row, "path", &format!("{path:?}")) && has(&row, "raw_path", raw_path), "{row}");
    }
}

#[test]
fn the_path_in_a_spans_name_counts_when_no_attribute_has_one() {
    let method = [text("http.request.method", "GET")];
    for (name, path) in [("GET /a/{id}", "/a/{id}"), ("/a", "/a"), ("GET /a?b", "/a"), ("HTTP /a b", "/a b")]
    {
        let read = read_both(&[], &[Span { name, ..span(&method) }]);
        assert!(has(&read.rows[0], "path", &format!("{path:?}")), "{}", read.rows[0]);
        assert!(has(&read.rows[0], "raw_path", "None"), "{}", read.rows[0]);
    }
    let long = format!("GET /{}", "a".repeat(4096));
    for name in ["", "GET", "GET ", "get orders", "GET /a\0", &long] {
        assert_eq!(read_both(&[], &[Span { name, ..span(&method) }]).rejected, 1, "{name:?}");
    }
    let read = read_both(
        &[],
        &[Span { name: "GET /name", ..span(&[&method[..], &[text("url.path", "/")]].concat()) }],
    );
    assert!(has(&read.rows[0], "path", "\"/\""), "{}", read.rows[0]);
}

#[test]
fn the_address_is_the_first_that_is_one() {
    let path = text("url.path", "/");
    for (attributes, ip) in [
        (vec![text("client.address", "192.0.2.1"), text("network.peer.address", "10.0.0.1")], "192.0.2.1"),
        (vec![text("client.address", "host.example"), text("net.sock.peer.addr", "10.0.0.1")], "10.0.0.1"),
        (vec![text("client.address", "/run/socket"), text("net.peer.ip", "::ffff:192.0.2.1")], "192.0.2.1"),
        (vec![text("http.client_ip", "2001:DB8::1")], "2001:db8::1"),
    ] {
        let row = row_with(&[&attributes[..], std::slice::from_ref(&path)].concat());
        assert!(has(&row, "ip", &format!("Some({ip:?})")), "{row}");
    }
    assert!(has(&row_with(&[text("client.address", "unix"), path]), "ip", "None"));
}

#[test]
fn a_key_in_clear_text_is_hashed_and_a_hash_is_taken_as_it_is() {
    let path = text("url.path", "/");
    let row = row_with(&[text("tidegauge.api_key", "secret-key"), path.clone()]);
    assert!(!row.contains("secret-key"));
    // `printf secret-key | sha256sum`
    let hash = "85dbe15d75ef9308c7ae0f33c7a324cc6f4bf519a2ed2f3027bd33c140a4f9aa";
    assert!(has(&row, "api_key", &format!("Some({hash:?})")), "{row}");
    let row = row_with(&[text("tidegauge.api_key_hash", "7f3c3ca87376cabe"), path]);
    assert!(has(&row, "api_key", "Some(\"7f3c3ca87376cabe\")"), "{row}");
}

#[test]
fn without_a_status_code_a_span_in_error_counts_as_500_and_another_has_none() {
    let attributes = [text("http.method", "GET"), text("url.path", "/")];
    let failed = Span { is_error: true, ..span(&attributes) };
    let answered = Span {
        attributes: [&attributes[..], &[("http.status_code", json!(200))]].concat(),
        ..failed.clone()
    };
    let read = read_both(&[], &[failed, answered, span(&attributes)]);
    for (row, code) in read.rows.iter().zip(["Some(500)", "Some(200)", "None"]) {
        assert!(has(row, "response_code", code), "{row}");
    }
}

#[test]
fn a_code_or_a_size_that_is_not_known_falls_to_the_old_name_and_costs_no_request() {
    let path = text("url.path", "/");
    for unknown in [json!(0), json!("0"), json!("")] {
        let row = row_with(&[path.clone(), ("http.response.status_code", unknown.clone())]);
        assert!(has(&row, "response_code", "None"), "{unknown}: {row}");
        let both = [("http.response.status_code", unknown.clone()), ("http.status_code", json!(404))];
        let row = row_with(&[&both[..], std::slice::from_ref(&path)].concat());
        assert!(has(&row, "response_code", "Some(404)"), "{unknown}: {row}");
    }
    for unknown in [json!(-1), json!("-1"), json!(i64::MIN), json!("")] {
        for (column, stable, old) in [
            ("bytes_in", "http.request.body.size", "http.request_content_length"),
            ("bytes_out", "http.response.body.size", "http.response_content_length"),
        ] {
            let row = row_with(&[path.clone(), (stable, unknown.clone())]);
            assert!(has(&row, column, "None"), "{unknown}: {row}");
            let row = row_with(&[path.clone(), (stable, unknown.clone()), (old, json!(5))]);
            assert!(has(&row, column, "Some(5)"), "{unknown}: {row}");
        }
    }
    let attributes = [text("http.method", "GET"), path, ("http.status_code", json!(0))];
    let failed = read_both(&[], &[Span { is_error: true, ..span(&attributes) }]);
    assert!(has(&failed.rows[0], "response_code", "Some(500)"), "{}", failed.rows[0]);
}

#[test]
fn a_request_is_of_its_service_and_happened_when_it_was_answered() {
    let spans = [span(&[text("http.method", "GET"), text("url.path", "/")])];
    let of = |resource: &[(&str, Json)]| read_both(resource, &spans).rows.remove(0);
    let row = of(&[
        text("service.name", "orders"),
        text("service.namespace", "shop"),
        text("service.version", "2"),
    ]);
    assert!(has(&row, "api_id", "\"shop/orders\"") && has(&row, "api_name", "Some(\"orders\")"), "{row}");
    assert!(has(&row, "api_version", "Some(\"2\")") && has(&row, "tenant_id", "\"acme\""), "{row}");
    assert!(has(&row, "request_id", "\"5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174\""), "{row}");
    let ended = (START + 20_900_000) / 1000;
    assert!(has(&row, "event_time", &ended.to_string()) && has(&row, "request_time", "Some(20)"), "{row}");
    let row = of(&[text("service.name", "orders")]);
    assert!(has(&row, "api_id", "\"orders\""), "{row}");
    let row = of(&[]);
    assert!(has(&row, "api_id", "\"unknown_service\"") && has(&row, "project_id", "\"web\""), "{row}");
}

#[test]
fn spans_of_other_kinds_and_spans_that_are_not_about_http_are_ignored_whatever_else_they_hold() {
    let http = span(&[text("http.method", "GET"), text("url.path", "/")]);
    let others = (0..6).filter(|kind| *kind != 2).map(|kind| Span { kind, ..http.clone() });
    let grpc = span(&[text("rpc.system", "grpc"), ("rpc.grpc.status_code", json!(0))]);
    let bad = Span { trace_id: vec![1], end: 0, ..grpc.clone() };
    let spans: Vec<Span> = others.chain([grpc, bad, span(&[])]).collect();
    let read = read_both(&[], &spans);
    assert_eq!(read, Read { rows: Vec::new(), ignored: 8, rejected: 0, reason: None });
}

#[test]
fn a_resource_may_stand_behind_its_spans() {
    let spans = r#"[{"spans": [{"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "kind": 2,
        "startTimeUnixNano": 1, "endTimeUnixNano": 2000, "attributes": [{"key": "http.method", "value": {"stringValue": "GET"}},
        {"key": "http.target", "value": {"stringValue": "/"}}]}]}]"#;
    let resource = r#"{"attributes": [{"key": "service.name", "value": {"stringValue": "late"}}]}"#;
    let body = format!(r#"{{"resourceSpans": [{{"scopeSpans": {spans}, "resource": {resource}}}]}}"#);
    let read = read(Encoding::Json, body.as_bytes()).unwrap();
    assert!(has(&read.rows[0], "api_id", "\"late\""), "{}", read.rows[0]);
}
