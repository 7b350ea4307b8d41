//! Questions that are refused: each with a problem that says what is wrong, and nothing else happens.

use serde_json::{Value, json};

use crate::explore::{QUERY, SQL};
use crate::harness::client::STATS;
use crate::harness::{Client, Site, wait_until};

const JSON: Option<&str> = Some("application/json");

/// The detail of a problem.
fn refused(client: &Client, path: &str, content_type: Option<&str>, body: &[u8], status: u16) -> Value {
    let answer = client.post(path, content_type, body);
    let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    assert_eq!(answer.status, status, "{path} {shown}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown}");
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert!(problem["detail"].as_str().unwrap().chars().count() < 1_100, "{problem}");
    problem
}

/// Where what is asked, as what, how it is answered, and what the answer says.
type Refused<'a> = (&'a str, Option<&'a str>, &'a [u8], u16, &'a str);

#[test]
fn a_body_that_is_no_question_is_told_what_is_wrong() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    client.track(&json!({"event_name": "a"}));
    let filter = json!({"column": "event_name", "op": "eq", "value": "a"});
    let many = json!({"table": "events", "filters": vec![&filter; 10_000]}).to_string();
    let deep = format!(
        "{{\"table\": \"events\", \"filters\": [{{\"column\": \"int1\", \"op\": \"eq\", \"value\": {}1{}}}]}}",
        "[".repeat(500),
        "]".repeat(500)
    );
    let long_name = format!("{{\"table\": \"{}\"}}", "x".repeat(100_000));
    let bad: &[Refused] = &[
        (QUERY, JSON, b"", 400, "EOF while parsing"),
        (QUERY, JSON, b"null", 400, "expected an object"),
        (QUERY, JSON, b"[]", 400, "expected an object"),
        (QUERY, JSON, b"{\"table\": \"ev", 400, "EOF while parsing"),
        (QUERY, JSON, b"{\"table\": \"\xff\"}", 400, "invalid unicode"),
        (QUERY, JSON, b"{}", 400, "missing field `table`"),
        (QUERY, JSON, b"{\"table\": \"tenants\"}", 400, "table: unknown variant"),
        (QUERY, JSON, long_name.as_bytes(), 400, "table: unknown variant"),
        (QUERY, JSON, b"{\"table\": \"events\", \"tenant\": \"acme\"}", 400, "tenant: unknown field"),
        (QUERY, JSON, b"{\"table\": \"events\", \"limit\": 0}", 400, "limit: "),
        (QUERY, JSON, b"{\"table\": \"events\", \"limit\": -1}", 400, "limit: "),
        (QUERY, JSON, b"{\"table\": \"events\", \"limit\": 99999999999999999999}", 400, "limit: "),
        (QUERY, JSON, b"{\"table\": \"events\", \"from\": \"2026-02-30T00:00:00Z\"}", 400, "from: "),
        (
            QUERY,
            JSON,
            b"{\"table\": \"events\", \"columns\": [\"tenant_id\"]}",
            400,
            "columns[0]: no such column",
        ),
        (QUERY, JSON, many.as_bytes(), 400, "filters: 10000 are too many"),
        (QUERY, JSON, deep.as_bytes(), 400, "recursion limit"),
        (QUERY, Some("text/plain"), b"{\"table\": \"events\"}", 415, "application/json"),
        (QUERY, None, b"{\"table\": \"events\"}", 415, "application/json"),
        (SQL, Some("text/csv"), b"SELECT 1", 415, "application/sql"),
        (SQL, Some("text/plain"), b"", 400, "there is no statement"),
        (SQL, Some("text/plain"), b"SELECT '\xff'", 400, "not UTF-8"),
        (SQL, Some("text/plain"), b"SELECT 1; SELECT 2", 400, "more than one statement"),
        (SQL, Some("application/sql"), b"DROP TABLE events", 400, "only queries"),
        (SQL, Some("application/sql"), b"INSERT INTO events VALUES (1)", 400, "only queries"),
        (SQL, Some("application/sql"), b"COPY events TO '/tmp/stolen.csv'", 400, "only queries"),
        (
            SQL,
            Some("application/sql"),
            b"CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
            400,
            "only queries",
        ),
        (SQL, Some("application/sql"), b"SET datafusion.execution.batch_size = 1", 400, "only queries"),
        (SQL, JSON, b"{}", 400, "missing field `sql`"),
        (SQL, JSON, b"[\"SELECT 1\"]", 400, "expected an object"),
        (SQL, JSON, b"{\"sql\": \"SELECT 1\", \"limit\": 0}", 400, "limit: "),
        (SQL, JSON, b"{\"sql\": \"SELECT 1\", \"limit\": 1000000}", 400, "limit: "),
        (SQL, JSON, b"{\"sql\": \"SELECT $1\", \"parameters\": [[1]]}", 400, "parameter 1"),
        (SQL, JSON, b"{\"sql\": \"SELECT 1\", \"tenant\": \"acme\"}", 400, "unknown field `tenant`"),
        (SQL, JSON, b"{\"sql\": \"SELECT * FROM '/etc/passwd'\"}", 400, ""),
        (SQL, JSON, b"{\"sql\": \"SELECT 1 AS a, 2 AS a\"}", 400, ""),
    ];
    for (path, content_type, body, status, expected) in bad {
        let problem = refused(&client, path, *content_type, body, *status);
        assert!(problem["detail"].as_str().unwrap().contains(expected), "{expected}: {problem}");
    }
    let large = vec![b' '; 3 * 1024 * 1024];
    // The answer may come before all of the body is sent.
    if let Ok(answer) = client.try_send("POST", QUERY, &[("Content-Type", "application/json")], &large) {
        assert_eq!(answer.status, 413);
    }
    let client = server.client();
    let zipped = client.send(
        "POST",
        QUERY,
        &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
        b"x",
    );
    assert_eq!(zipped.status, 415);
    let answer = client.post_json(QUERY, &json!({"table": "events"})).ok();
    assert_eq!(answer["rows"], json!([{"count": 1}]), "all is as it was");
}

#[test]
fn a_mistake_in_sql_is_told_by_its_place() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let place =
        |text: &str| refused(&client, SQL, Some("text/plain"), text.as_bytes(), 400)["position"].clone();
    // `FRM` could still be a name for what is selected.
    assert_eq!(place("SELECT *\nFRM events"), json!({"line": 2, "column": 5}));
    assert_eq!(place("SELECT event_name,\n  nope FROM events"), json!({"line": 2, "column": 3}));
    assert_eq!(place("SELECT 'open"), json!({"line": 1, "column": 8}));
}

#[test]
fn who_may_not_read_is_refused_before_his_body_and_what_he_accepts_are_looked_at() {
    let site = Site::new();
    let server = site.start(&[]);
    let writer = server.client_with(&site.make_key("default", "ingest,admin", &[]));
    wait_until("the new key", || writer.get(STATS).status == 403);
    for path in [QUERY, SQL] {
        assert_eq!(server.client_without_key().post(path, None, b"nonsense").status, 401);
        assert_eq!(writer.post(path, None, b"nonsense").status, 403);
        let client = server.client();
        let refused = client.send("POST", path, &[("Accept", "image/png")], b"nonsense");
        assert_eq!(refused.status, 406);
        assert!(refused.json()["detail"].as_str().unwrap().contains("text/csv"));
        let method = client.get(path);
        assert_eq!((method.status, method.header("allow")), (405, Some("POST")));
    }
}
