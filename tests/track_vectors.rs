//! Every recorded row is answered over HTTP as FastAPI answered it, and nothing of a refused row is stored.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::harness::canonical::canonical;
use crate::harness::{Client, Site};

const GIVEN: &str = include_str!("data/track_validation.jsonl");
const MORE: &str = include_str!("data/track_more.jsonl");

#[derive(Deserialize)]
struct Row<'a> {
    path: &'a str,
    content_type: Option<String>,
    body: String,
    status: u16,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
}

#[test]
fn every_given_row_is_answered_as_fastapi_did_and_refused_rows_leave_nothing() {
    replay(GIVEN, 91);
}

#[test]
fn every_further_row_is_answered_as_fastapi_did_and_refused_rows_leave_nothing() {
    replay(MORE, 1500);
}

fn replay(file: &str, at_least: usize) {
    let rows: Vec<(usize, Row)> =
        file.lines().enumerate().map(|(at, line)| (at + 1, serde_json::from_str(line).unwrap())).collect();
    assert!(rows.len() >= at_least);
    let (good, refused): (Vec<_>, Vec<_>) = rows.iter().partition(|(_, row)| row.status == 200);
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();

    let mut wrong: Vec<String> = refused.into_iter().filter_map(|row| check(&client, row)).collect();
    assert_eq!(client.stats().total_events, 0, "a refused row was stored");
    wrong.extend(good.into_iter().filter_map(|row| check(&client, row)));
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(client.stats().total_events > 0);
}

/// What is wrong with the answer to a row, if anything is.
fn check(client: &Client, (number, row): &(usize, Row)) -> Option<String> {
    let answer = client.post(row.path, row.content_type.as_deref(), row.body.as_bytes());
    let (ours, theirs) = match row.response {
        Some(theirs) if answer.status == row.status => compared(&answer.text(), theirs.get()),
        _ => (answer.status.to_string(), row.status.to_string()),
    };
    let shown: String = row.body.chars().take(120).collect();
    (ours != theirs).then(|| format!("row {number}: {shown:?}\n  ours:   {ours}\n  theirs: {theirs}"))
}

/// Both answers in the form in which they must be equal.
fn compared(ours: &str, theirs: &str) -> (String, String) {
    if theirs.contains(r#""json_invalid""#) {
        return (fixed_of_json_invalid(ours), fixed_of_json_invalid(theirs));
    }
    (canonical(ours), canonical(theirs))
}

/// Of a text that is no JSON only the type, the message and the first step of the way are fixed: where and
/// why it is none is the parser's own.
fn fixed_of_json_invalid(answer: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    let details = answer["detail"].as_array().unwrap();
    details.iter().map(|one| format!("{} {} {}\n", one["type"], one["loc"][0], one["msg"])).collect()
}
