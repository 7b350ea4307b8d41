//! `Prefer: handling=lenient`: the good events of a batch are stored, the bad ones are counted and listed.

use serde_json::{Value, json};

use crate::harness::canonical::canonical;
use crate::harness::client::{Answer, BATCH};
use crate::harness::{Client, Site};

fn send(client: &Client, prefer: &str, body: &Value) -> Answer {
    let headers = [("Content-Type", "application/json"), ("Prefer", prefer)];
    client.send("POST", BATCH, &headers, body.to_string().as_bytes())
}

fn mixed() -> Value {
    json!({"events": [
        {"event_name": "good", "event_id": "lenient-1"},
        {"event_name": ""},
        {"event_name": "good too", "category": "auth"},
        {"category": "nonsense", "event_name": 7},
    ]})
}

#[test]
fn the_good_events_are_stored_and_the_bad_ones_are_listed_as_the_strict_answer_lists_them() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let strict = client.post_json(BATCH, &mixed());
    assert_eq!(strict.status, 422);
    assert_eq!(strict.header("preference-applied"), None);
    assert_eq!(client.stats().total_events, 0);

    for (round, prefer) in ["handling=lenient", "respond-async, Handling=\"lenient\"; x=y"].iter().enumerate()
    {
        let answer = send(&client, prefer, &mixed());
        assert_eq!(answer.header("preference-applied"), Some("handling=lenient"), "{prefer}");
        let body = answer.ok();
        assert_eq!(body["success"], true);
        assert_eq!(body["events_received"], 4);
        assert_eq!(body["events_queued"], 2);
        assert_eq!(body["events_failed"], 2);
        assert!(body["message"].is_string() && body["timestamp"].is_string());
        let errors = canonical(&answer.text()).split_once("\"errors\":").unwrap().1.to_owned();
        assert_eq!(format!("{{\"detail\":{errors}"), canonical(&strict.text()));
        // The event with an id is stored once, the one without it each time.
        assert_eq!(client.stats().total_events, 2 + round as u64);
    }
    server.stop();
    let names: Vec<_> = site.events().into_iter().map(|row| row.event_name).collect();
    assert_eq!(names.iter().filter(|name| **name == "good").count(), 1);
    assert_eq!(names.iter().filter(|name| **name == "good too").count(), 2);
}

#[test]
fn a_batch_without_a_good_event_stores_nothing_and_is_no_success() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let answer = send(&client, "handling=lenient", &json!({"events": [{}, {"event_name": null}, 3]}));
    let body = answer.ok();
    assert_eq!(answer.header("preference-applied"), Some("handling=lenient"));
    assert_eq!(body["success"], false);
    assert_eq!([&body["events_received"], &body["events_queued"], &body["events_failed"]], [3, 0, 3]);
    assert_eq!(body["errors"].as_array().unwrap().len(), 3);
    assert_eq!(client.stats().total_events, 0);
}

#[test]
fn a_batch_without_a_bad_event_says_so() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let body = send(&client, "handling=lenient", &json!({"events": [{"event_name": "a"}]})).ok();
    assert_eq!([&body["events_received"], &body["events_queued"], &body["events_failed"]], [1, 1, 0]);
    assert_eq!(body["errors"], json!([]));
    assert_eq!(client.stats().total_events, 1);
}

#[test]
fn what_is_wrong_with_the_batch_itself_stays_a_refusal() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let too_many = vec![json!({"event_name": "a"}); 101];
    for body in [
        json!({}),
        json!([]),
        json!({"events": []}),
        json!({"events": {"event_name": "a"}}),
        json!({"events": null}),
        json!({"events": too_many}),
    ] {
        let (lenient, strict) = (send(&client, "handling=lenient", &body), client.post_json(BATCH, &body));
        assert_eq!((lenient.status, lenient.text()), (422, strict.text()), "{body}");
    }
    assert_eq!(client.stats().total_events, 0);
}

#[test]
fn any_other_preference_changes_nothing() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    for prefer in ["handling=strict", "return=minimal", "handling", "lenient", ""] {
        let answer = send(&client, prefer, &mixed());
        assert_eq!(answer.status, 422, "{prefer}");
        assert_eq!(answer.header("preference-applied"), None, "{prefer}");
    }
    assert_eq!(client.stats().total_events, 0);
}
