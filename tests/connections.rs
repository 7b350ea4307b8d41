//! `POST /api/v1/connections`: what is told is stored once, what is wrong is refused in FastAPI's words, and no key is
//! kept, shown or logged.

use serde_json::{Value, json};

use crate::harness::client::{HEALTH, PROJECT};
use crate::harness::{Client, Site, wait_until};

const CONNECTIONS: &str = "/api/v1/connections";
const JSON: (&str, &str) = ("Content-Type", "application/json");

fn message(id: &str, state: &str, more: Value) -> Value {
    let mut message = json!({"connection_id": id, "state": state, "service_name": "ws", "protocol_name": "WebSocket",
        "data_center": "us-east-1/server-01"});
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    message
}

fn tell(client: &Client, messages: &[Value]) -> Value {
    client.post_json(CONNECTIONS, &json!({ "connections": messages })).ok()
}

fn wait_for_key(client: &Client) {
    wait_until("the key", || client.get(HEALTH).status == 200);
}

#[test]
fn what_is_told_of_a_connection_is_stored_as_it_was_told() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let answer = tell(
        &client,
        &[
            message(
                "c-1",
                "open",
                json!({"at": "2024-01-14T08:15:30.25Z", "api_key": "abc", "user_id": "u",
                "project_id": "p", "ip": "2001:DB8::0:1", "host": "h", "bytes_in": 1, "bytes_out": 2}),
            ),
            message("c-1", "close", json!({"at": 1_705_220_190, "close_reason": "bye", "project_id": "p"})),
            message("c-2", "activity", json!({})),
        ],
    );
    assert_eq!(
        [&answer["success"], &answer["connections_received"], &answer["connections_processed"]],
        [&json!(true), &json!(3), &json!(3)]
    );
    assert_eq!(answer["connections_failed"], 0);
    assert_eq!(answer["message"], "3 connection messages stored");
    assert!(answer["timestamp"].is_string() && answer.get("errors").is_none());
    let project = client.get("/api/realtime/projects/p/analytics").ok();
    assert_eq!(project["activeConnections"], 0);
    assert_eq!(client.get(PROJECT).ok()["activeConnections"], 1);
    server.stop();

    let rows = site.rows("connections");
    let [open, close, now] = &rows[..] else { panic!("{rows:?}") };
    for (name, value) in [
        ("tenant_id", "default"),
        ("project_id", "p"),
        ("connection_id", "c-1"),
        ("state", "open"),
        ("host", "h"),
        ("service_name", "ws"),
        ("protocol_name", "WebSocket"),
        ("data_center", "us-east-1/server-01"),
        ("event_time", "2024-01-14T08:15:30.250Z"),
        ("opened_at", "2024-01-14T08:15:30.250Z"),
        ("user_id", "u"),
        ("ip", "2001:db8::1"),
        ("api_key_hash", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ] {
        assert_eq!(open[name], value, "{name}");
    }
    assert_eq!([&open["bytes_in"], &open["bytes_out"]], [1, 2]);
    assert!(open.get("closed_at").is_none() && open.get("at_assigned").is_none());
    assert_eq!(close["close_reason"], "bye");
    assert_eq!([&close["closed_at"], &close["opened_at"]], [&close["event_time"], &open["event_time"]]);
    assert_eq!([&now["project_id"], &now["at_assigned"]], [&json!("default"), &json!(true)]);
    assert!(now.get("api_key_hash").is_none() && now.get("is_live").is_none());
    assert_eq!(now["event_time"], now["received_at"]);
}

#[test]
fn a_message_with_an_instant_is_stored_once_however_often_it_comes() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let at = |second: u32| json!({"at": format!("2024-01-14T08:15:{second}Z")});
    let open = message("c", "open", at(30));
    assert_eq!(
        tell(&client, &[open.clone(), open.clone()])["message"],
        "1 connection messages stored, 1 already stored before"
    );
    // Another state, another instant, another connection, another project: all of them are other messages.
    let mut elsewhere = open.clone();
    elsewhere["project_id"] = json!("other");
    let others = [
        message("c", "close", at(30)),
        message("c", "open", at(31)),
        message("d", "open", at(30)),
        elsewhere,
    ];
    assert_eq!(tell(&client, &others)["message"], "4 connection messages stored");
    let again = tell(&client, &[&[open], &others[..]].concat());
    assert_eq!(again["message"], "0 connection messages stored, 5 already stored before");
    assert_eq!([&again["success"], &again["connections_processed"]], [&json!(true), &json!(5)]);
    // Without an instant there is nothing to know a repeat by.
    for _ in 0..2 {
        tell(&client, &[message("e", "activity", json!({}))]);
    }
    server.stop();
    assert_eq!(site.rows("connections").len(), 7);
}

#[test]
fn an_instant_in_the_future_is_taken_as_now() {
    let site = Site::new();
    let server = site.start(&[]);
    tell(&server.client(), &[message("c", "open", json!({"at": "2999-01-01T00:00:00Z"}))]);
    server.stop();
    let rows = site.rows("connections");
    assert_eq!(rows[0]["event_time"], rows[0]["received_at"]);
    assert_eq!(rows[0]["opened_at"], rows[0]["received_at"]);
}

#[test]
fn a_bad_message_refuses_the_whole_call_in_the_words_of_track() {
    let site = Site::new();
    let server = site.start(&["--max-body-bytes", "20000"]);
    let client = server.client();
    let good = message("good", "open", json!({}));
    let body =
        json!({"connections": [good, message("", "opened", json!({"ip": "here", "bytes_in": -1})), 7]});
    let answer = client.post_json(CONNECTIONS, &body);
    assert_eq!(answer.status, 422);
    let at = |field: &str| json!(["body", "connections", 1, field]);
    assert_eq!(
        answer.json()["detail"],
        json!([
            {"type": "string_too_short", "loc": at("connection_id"),
             "msg": "String should have at least 1 character", "input": "", "ctx": {"min_length": 1}},
            {"type": "enum", "loc": at("state"), "msg": "Input should be 'open', 'activity' or 'close'",
             "input": "opened", "ctx": {"expected": "'open', 'activity' or 'close'"}},
            {"type": "ip_any_address", "loc": at("ip"),
             "msg": "value is not a valid IPv4 or IPv6 address", "input": "here"},
            {"type": "greater_than_equal", "loc": at("bytes_in"),
             "msg": "Input should be greater than or equal to 0", "input": -1, "ctx": {"ge": 0}},
            {"type": "model_attributes_type", "loc": ["body", "connections", 2],
             "msg": "Input should be a valid dictionary or object to extract fields from", "input": 7},
        ])
    );
    let hundred_and_one = vec![good.clone(); 101];
    for (body, kind) in [
        (json!({}), "missing"),
        (json!({"connections": []}), "too_short"),
        (json!({"connections": hundred_and_one}), "too_long"),
        (json!({"connections": good}), "list_type"),
        (json!([good]), "model_attributes_type"),
    ] {
        let answer = client.post_json(CONNECTIONS, &body);
        assert_eq!((answer.status, &answer.json()["detail"][0]["type"]), (422, &json!(kind)));
    }
    for (body, status) in [(&b"{"[..], 422), (b"", 422), (b"{\"connections\": \"\xff\"}", 400)] {
        assert_eq!(client.send("POST", CONNECTIONS, &[JSON], body).status, status);
    }
    let compressed = client.send("POST", CONNECTIONS, &[JSON, ("Content-Encoding", "gzip")], b"x");
    assert_eq!(compressed.status, 415);
    let huge = format!("{{\"connections\":[],\"x\":\"{}\"}}", "x".repeat(20_000));
    assert_eq!(client.send("POST", CONNECTIONS, &[JSON], huge.as_bytes()).status, 413);
    assert_eq!(client.get(CONNECTIONS).status, 405);
    server.stop();
    assert_eq!(site.rows("connections"), Vec::<Value>::new());
}

#[test]
fn a_lenient_call_stores_the_good_messages_and_lists_what_is_wrong_with_the_others() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let lenient = [JSON, ("Prefer", "handling=lenient")];
    let body = json!({"connections": [message("a", "open", json!({})), {}, message("b", "open", json!({}))]});
    let answer = client.send("POST", CONNECTIONS, &lenient, body.to_string().as_bytes());
    assert_eq!(answer.header("preference-applied"), Some("handling=lenient"));
    let answer = answer.ok();
    assert_eq!([&answer["connections_processed"], &answer["connections_failed"]], [2, 1]);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 5);
    let none =
        client.send("POST", CONNECTIONS, &lenient, json!({"connections": [{}]}).to_string().as_bytes()).ok();
    assert_eq!([&none["success"], &none["connections_processed"]], [&json!(false), &json!(0)]);
    server.stop();
    assert_eq!(site.rows("connections").len(), 2);
}

#[test]
fn who_may_not_write_stores_nothing_and_a_key_of_one_project_writes_to_no_other() {
    let site = Site::new();
    let server = site.start(&[]);
    let body = json!({"connections": [message("c", "open", json!({}))]});
    for client in [server.client_without_key(), server.client_with("wrong")] {
        let answer = client.post_json(CONNECTIONS, &body);
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
        assert!(answer.json()["detail"].is_string());
    }
    let reader = server.client_with(&site.make_key("default", "read", &[]));
    let bound = server.client_with(&site.make_key("default", "ingest", &["--project", "mine"]));
    wait_for_key(&reader);
    wait_for_key(&bound);
    assert_eq!(reader.post_json(CONNECTIONS, &body).status, 403);
    let foreign = json!({"connections": [message("c", "open", json!({"project_id": "default"}))]});
    let answer = bound.post_json(CONNECTIONS, &foreign);
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["detail"][0]["loc"], json!(["body", "connections", 0, "project_id"]));
    tell(&bound, &[message("c", "open", json!({}))]);
    server.stop();
    let rows = site.rows("connections");
    assert_eq!((rows.len(), &rows[0]["project_id"]), (1, &json!("mine")));
}

#[test]
fn a_key_in_a_message_is_kept_as_a_hash_and_is_never_shown_or_logged() {
    let site = Site::new();
    let server = site.prepare(&[]).env("TIDEGAUGE_LOG", "trace").listening();
    let client = server.client();
    let secret = "sk_live_do_not_show_me";
    tell(&client, &[message("c", "open", json!({ "api_key": secret }))]);
    for body in [
        json!({"connections": [{"api_key": secret}]}).to_string(),
        json!({"connections": {"api_key": secret}}).to_string(),
        json!({"connections": [message("c", "open", json!({ "api_key": format!("{secret}\n") }))]})
            .to_string(),
    ] {
        for content_type in ["application/json", "text/plain"] {
            let answer = client.post(CONNECTIONS, Some(content_type), body.as_bytes());
            assert_eq!(answer.status, 422);
            assert!(!answer.text().contains(secret), "{}", answer.text());
        }
    }
    let output = server.stop();
    assert!(!output.stderr.contains(secret) && !output.stdout.contains(secret));
    let rows = site.rows("connections");
    assert_eq!(rows[0]["api_key_hash"].as_str().unwrap().len(), 64);
    for entry in walk(site.data()) {
        let bytes = std::fs::read(&entry).unwrap();
        assert!(
            !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "{}",
            entry.display()
        );
    }
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
