//! The connection reports over HTTP: seed 001's summary and its siblings, from messages told in any order.

use serde_json::{Value, json};
use tidegauge_facts::Micros;

use crate::harness::{Client, Site};

const SUMMARY: &str = "/api/connection-analytics/summary";
const QUERY: &str = "/api/connection-analytics/query";
const EVENTS: &str = "/api/connection-analytics/events/query";

fn ago(seconds: i64) -> Micros {
    Micros((Micros::now().0 / 1_000_000 - seconds) * 1_000_000)
}

fn message(id: &str, state: &str, service: &str, key: Option<&str>, at: Micros) -> Value {
    json!({"connection_id": id, "state": state, "service_name": service, "protocol_name": "WebSocket",
        "data_center": "eu-1/server-02", "api_key": key, "at": at.to_millis_text(), "ip": "203.0.113.195",
        "host": "ws-01"})
}

fn tell(client: &Client, messages: &[Value]) {
    client.post_json("/api/v1/connections", &json!({ "connections": messages })).ok();
}

/// Three connections: one open with a late opening, one that was closed, one that fell silent.
fn told(client: &Client) -> [Micros; 6] {
    let at = [7200, 60, 5400, 3600, 1800, 1200].map(ago);
    tell(
        client,
        &[
            message("a", "activity", "rooms", None, at[1]),
            message("a", "open", "rooms", Some("secret-1"), at[0]),
            message("b", "close", "rooms", None, at[3]),
            message("b", "open", "rooms", Some("secret-2"), at[2]),
            message("c", "open", "quotes", Some("secret-1"), at[4]),
            message("c", "activity", "quotes", None, at[5]),
            message("c", "activity", "quotes", None, at[5]),
        ],
    );
    at
}

#[test]
fn the_summary_counts_by_service_protocol_and_data_center() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    assert_eq!(client.get(SUMMARY).ok(), json!([]));
    let at = told(&client);

    let rows = client.get(SUMMARY).ok();
    let [quotes, rooms] = &rows.as_array().unwrap()[..] else { panic!("{rows}") };
    let ticks = |at: Micros| at.to_millis_text().replace(".000Z", ".0000000Z");
    // A connection that fell silent ended at its last activity.
    let expected = json!({
        "organizationId": "default", "serviceName": "quotes", "protocolName": "WebSocket",
        "dataCenter": "eu-1/server-02", "totalConnections": 1, "newConnectionsInPeriod": 1, "uniqueApiKeys": 1,
        "averageConnectionDurationSeconds": 600, "totalConnectionTimeSeconds": 600,
        "firstConnection": ticks(at[4]), "lastConnection": ticks(at[4]), "lastActivity": ticks(at[5]),
        "activeConnections": 0,
    });
    assert_eq!(*quotes, expected);
    assert_eq!((&rooms["totalConnections"], &rooms["activeConnections"]), (&json!(2), &json!(1)));
    assert_eq!((&rooms["uniqueApiKeys"], &rooms["newConnectionsInPeriod"]), (&json!(2), &json!(2)));
    assert_eq!(rooms["firstConnection"], json!(ticks(at[0])));
    assert_eq!(rooms["lastActivity"], json!(ticks(at[1])));
    // Half of (two hours and a little, and half an hour).
    let mean = rooms["averageConnectionDurationSeconds"].as_i64().unwrap();
    assert!((4500..4560).contains(&mean), "{mean}");

    // An hour and a half ago to an hour and a quarter ago: `a` all the while, `b` from its opening on.
    let period =
        format!("{SUMMARY}?timeStart={}&timeEnd={}", ago(5500).to_millis_text(), ago(4500).to_millis_text());
    let rows = client.get(&period).ok();
    let [row] = &rows.as_array().unwrap()[..] else { panic!("{rows}") };
    assert_eq!((&row["totalConnections"], &row["newConnectionsInPeriod"]), (&json!(2), &json!(1)));
    let time = row["totalConnectionTimeSeconds"].as_i64().unwrap();
    assert!((1890..=1910).contains(&time), "1000 of one and 900 of the other: {time}");

    for (query, services) in [
        ("serviceName=quotes", vec!["quotes"]),
        ("serviceName=Quotes", vec![]),
        ("protocolName=WebSocket&dataCenter=eu-1%2Fserver-02", vec!["quotes", "rooms"]),
        ("dataCenter=us", vec![]),
        ("minutes=5", vec!["rooms"]),
        ("minutes=25", vec!["quotes", "rooms"]),
        (&*format!("timeEnd={}", ago(6000).to_millis_text()), vec!["rooms"]),
        (&*format!("timeStart={}", ago(300).to_millis_text()), vec!["rooms"]),
    ] {
        let rows = client.get(&format!("{SUMMARY}?{query}")).ok();
        let found: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["serviceName"].clone()).collect();
        assert_eq!(found, services, "{query}");
    }
}

#[test]
fn single_connections_and_what_happened_to_them_are_listed_newest_first() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let at = told(&client);

    let ids = |path: &str| {
        let rows = client.get(path).ok();
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row["connectionId"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(QUERY), ["c", "b", "a"]);
    assert_eq!(ids(&format!("{QUERY}?activeOnly=true")), ["a"]);
    assert_eq!(ids(&format!("{QUERY}?limit=2")), ["c", "b"]);
    assert_eq!(ids(&format!("{QUERY}?connectionId=b")), ["b"]);
    assert_eq!(ids(&format!("{QUERY}?minutes=100")), ["c", "b"]);
    let row = &client.get(&format!("{QUERY}?connectionId=a")).ok()[0];
    let key = row["apikeyId"].as_str().unwrap();
    assert_eq!(ids(&format!("{QUERY}?apiKeyId={key}")), ["c", "a"]);
    assert_eq!(
        (&row["isActive"], &row["host"], &row["ipAddress"]),
        (&json!(true), &json!("ws-01"), &json!("203.0.113.195"))
    );
    assert_eq!(row["connectionStartTime"], json!(at[0].to_millis_text().replace(".000Z", ".0000000Z")));

    let types = |query: &str| {
        let rows = client.get(&format!("{EVENTS}?{query}")).ok();
        let shown = |row: &Value| {
            format!("{} {}", row["connectionId"].as_str().unwrap(), row["eventType"].as_str().unwrap())
        };
        rows.as_array().unwrap().iter().map(shown).collect::<Vec<_>>()
    };
    // The repeated message is there once.
    let all = ["a heartbeat", "c heartbeat", "c connect", "b disconnect", "b connect", "a connect"];
    assert_eq!(types(""), all);
    assert_eq!(types("eventType=disconnect"), ["b disconnect"]);
    assert_eq!(types("connectionId=c&limit=1"), ["c heartbeat"]);
    assert_eq!(types("serviceName=quotes"), ["c heartbeat", "c connect"]);
    assert_eq!(types(&format!("apiKeyId={key}")), ["c connect", "a connect"]);
}

#[test]
fn a_period_that_makes_no_sense_is_a_problem() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    for query in [
        "minutes=5&timeStart=2024-01-14T08:15:30Z",
        "timeStart=2024-01-15T08:15:30Z&timeEnd=2024-01-14T08:15:30Z",
        "timeStart=yesterday",
        "minutes=0",
        "minutes=-5",
        "minutes=1.5",
        "minutes=5&minutes=6",
    ] {
        for path in [SUMMARY, QUERY, EVENTS] {
            let answer = client.get(&format!("{path}?{query}"));
            assert_eq!(answer.status, 400, "{query}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{query}");
            assert_eq!(answer.json()["status"], json!(400), "{query}");
        }
    }
    for query in ["limit=0", "limit=10001", "activeOnly=maybe", "apiKeyId=x"] {
        assert_eq!(client.get(&format!("{QUERY}?{query}")).status, 400, "{query}");
    }
    let answer = server.client_without_key().get(SUMMARY);
    assert_eq!((answer.status, answer.text()), (401, String::new()));
}

#[test]
fn what_was_told_of_connections_is_there_after_a_crash() {
    let site = Site::new();
    let server = site.start(&["--flush-bytes", "1"]);
    told(&server.client());
    let before = [SUMMARY, QUERY, EVENTS].map(|path| without_durations(server.client().get(path).ok()));
    server.kill();
    let server = site.start(&[]);
    let after = [SUMMARY, QUERY, EVENTS].map(|path| without_durations(server.client().get(path).ok()));
    assert_eq!(before, after);
    let messages = server.client().get(EVENTS).ok().as_array().unwrap().len();
    let analytics = server.client().get("/api/realtime/projects/default/analytics").ok();
    assert_eq!((messages, &analytics["activeConnections"]), (6, &json!(1)));
}

/// Without what grows as time passes.
fn without_durations(mut rows: Value) -> Value {
    for row in rows.as_array_mut().unwrap() {
        for name in
            ["averageConnectionDurationSeconds", "totalConnectionTimeSeconds", "connectionDurationSeconds"]
        {
            row.as_object_mut().unwrap().remove(name);
        }
    }
    rows
}
