//! The given cases of traffic reports: what is taken in over HTTP is reported to the last figure.

use serde_json::{Value, json};

use crate::harness::client::STATS;
use crate::harness::{Site, wait_until};

const CASES: &str = include_str!("data/activity.json");

#[test]
fn every_given_report_is_answered_as_recorded() {
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    let site = Site::new();
    let server = site.start(&[]);
    let mut checked = 0;
    for (number, case) in cases.iter().enumerate() {
        let client = server.client_with(&site.make_key(&format!("case-{number}"), "ingest,read", &[]));
        wait_until("the new key", || client.get(STATS).status == 200);
        let answer = client.post_json("/api/v1/requests", &json!({ "requests": case["requests"] })).ok();
        assert_eq!(answer["requests_processed"], json!(case["requests"].as_array().unwrap().len()));
        for query in case["queries"].as_array().unwrap() {
            let path = query["path"].as_str().unwrap();
            let answer = client.get(path).ok();
            assert!(is_same(&answer, &query["expected"]), "{path}\n  {answer}\n  {}", query["expected"]);
            checked += 1;
        }
    }
    assert!(checked >= 168);
}

/// Whether two answers say the same, where `569` and `569.0` are one number.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| is_same(value, other)))
        }
        _ => a == b,
    }
}
