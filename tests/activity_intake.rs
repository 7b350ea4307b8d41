//! API requests taken in: repeated, bad, late and out of order, and the same after a flush and a restart.

use serde_json::{Value, json};

use crate::activity::{OCTOBER, REQUESTS, hits, of_key, request, send, tenant};
use crate::harness::{Client, Site, wait_until};

#[test]
fn a_request_with_an_id_is_stored_once() {
    let site = Site::new();
    let (server, client) = tenant(&site, &[]);
    let batch: Vec<Value> = ["r1", "r2", "r1"].map(|id| request(json!({"request_id": id}))).into();
    let answer = send(&client, &batch);
    assert_eq!(answer["requests_received"], 3);
    assert_eq!(answer["requests_processed"], 3);
    assert_eq!(answer["requests_failed"], 0);
    assert_eq!(answer["message"], "2 requests stored, 1 already stored before");
    assert_eq!((&answer["success"], answer.get("errors")), (&json!(true), None));
    assert!(answer["timestamp"].as_str().unwrap().ends_with('Z'));
    server.stop();
    let (_server, client) = tenant(&site, &[]);
    assert_eq!(send(&client, &batch)["message"], "0 requests stored, 3 already stored before");
    send(&client, &[request(json!({})), request(json!({}))]);
    assert_eq!(hits(&client, &of_key("k", OCTOBER)), 4);
}

#[test]
fn a_bad_request_refuses_all_of_a_call_or_itself_alone_when_that_is_preferred() {
    let site = Site::new();
    let (server, client) = tenant(&site, &[]);
    let body = json!({"requests": [request(json!({})), {"api_id": "a"}, request(json!({"response_code": 7})), request(json!({}))]});
    let strict = client.post_json(REQUESTS, &body);
    assert_eq!((strict.status, strict.json()["detail"].as_array().unwrap().len()), (422, 2));
    assert_eq!(hits(&client, &of_key("k", OCTOBER)), 0);
    let headers = [("Content-Type", "application/json"), ("Prefer", "handling=lenient")];
    let lenient = client.send("POST", REQUESTS, &headers, body.to_string().as_bytes());
    assert_eq!(lenient.header("preference-applied"), Some("handling=lenient"));
    let answer = lenient.ok();
    assert_eq!(
        [&answer["requests_received"], &answer["requests_processed"], &answer["requests_failed"]],
        [4, 2, 2]
    );
    assert_eq!(answer["errors"], strict.json()["detail"]);
    assert_eq!(hits(&client, &of_key("k", OCTOBER)), 2);
    let bad = json!({"requests": [{}]}).to_string();
    assert_eq!(client.send("POST", REQUESTS, &headers, bad.as_bytes()).ok()["success"], false);

    for (content_type, body, status) in [
        ("application/json", &b"{}"[..], 422),
        ("application/json", b"{\"requests\":[]}", 422),
        ("application/json", b"{\"requests\":[", 422),
        ("application/json", b"", 422),
        ("text/plain", b"{\"requests\":[{\"api_id\":\"a\",\"path\":\"/\"}]}", 422),
        ("application/json", b"{\"requests\":[{\"api_id\":\"\xff\",\"path\":\"/\"}]}", 400),
    ] {
        assert_eq!(client.post(REQUESTS, Some(content_type), body).status, status, "{:?}", body.get(..60));
    }
    assert_eq!(client.get(REQUESTS).status, 405);
    let mut raw = server.raw();
    let (key, length) = (site.admin_key(), 2 * 1024 * 1024 + 1);
    raw.send(format!(
        "POST {REQUESTS} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Length: {length}\r\n\r\n"
    ));
    assert_eq!(raw.answer().unwrap().status, 413);
    let thousand = vec![request(json!({})); 1001];
    assert_eq!(client.post_json(REQUESTS, &json!({ "requests": thousand })).status, 422);
    assert_eq!(send(&client, &thousand[..1000])["requests_processed"], 1000);
}

#[test]
fn reports_are_the_same_in_whatever_order_requests_come_and_after_a_flush_and_a_restart() {
    let site = Site::new();
    let codes = [200, 301, 404];
    let sent: Vec<Value> = (0..60)
        .map(|n| {
            // Back and forth in time, over three months.
            let (month, day) = (8 + n % 3, 1 + (n * 7) % 28);
            request(json!({"request_id": format!("r{n}"), "path": format!("/{}", n % 4), "api_key": format!("k{}", n % 2),
                "response_code": codes[n % 3], "timestamp": format!("2026-{month:02}-{day:02}T12:00:00Z"),
                "request_time": n, "latency": {"total": n, "upstream": n / 2}}))
        })
        .collect();
    let reports = |client: &Client| -> Vec<String> {
        ["keys/endpoint/k1", "keys", "keys/k0", "apis", "errors"]
            .iter()
            .flat_map(|report| ["", "hour", "day", "month"].map(|res| (report, res)))
            .map(|(report, res)| {
                client.get(&format!("/api/activity/{report}/1/8/2026/31/10/2026?p=-1&res={res}")).text()
            })
            .collect()
    };
    let (server, client) = tenant(&site, &["--flush-bytes", "1"]);
    for batch in sent.chunks(7) {
        send(&client, batch);
    }
    let told = reports(&client);
    assert_eq!(hits(&client, "/api/activity/keys/1/8/2026/31/10/2026?p=-1"), 60);
    wait_until("a flush", || client.stats().buffer_status.events_flushed_total == 60);
    assert_eq!(reports(&client), told);
    server.kill();
    let (server, client) = tenant(&site, &[]);
    assert_eq!(reports(&client), told);
    server.stop();

    let other = Site::new();
    let (_server, client) = tenant(&other, &[]);
    for batch in sent.rchunks(13) {
        send(&client, batch);
    }
    assert_eq!(reports(&client), told);
}
