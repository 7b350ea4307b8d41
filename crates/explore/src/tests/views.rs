//! The four views, each row as it was put in.

use tidegauge_facts::connections::State;
use tidegauge_facts::time::{HOUR, MINUTE, SECOND};
use tidegauge_facts::{Connection, Event, Micros, Request, Session};

use super::facts::{Asked, append, event, flush, open, scope, session};

const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[test]
fn events_of_segments_and_hot_parts_are_one_table_and_what_is_missing_is_null() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, [Event { user_id: Some("ann"), ..event("t", "1", 1_000_000) }].into_iter());
    append(
        &store,
        [Event { properties: Some(r#"{"a":{"b":7}}"#), ..event("t", "2", 2_000_000) }].into_iter(),
    );
    flush(&store);
    append(&store, [Event { user_id: Some("bob"), int1: Some(5), ..event("t", "3", 3_000_000) }].into_iter());
    append(&store, [event("other", "4", 4_000_000)].into_iter());
    let asked = Asked::new(&store, scope("t", None));
    assert_eq!(
        asked.lines("SELECT event_id, event_time, user_id, int1, property(properties, 'a.b') b, category FROM events ORDER BY event_time"),
        [
            "1|1970-01-01T00:00:01Z|ann|null|null|user_action",
            "2|1970-01-01T00:00:02Z|null|null|7|user_action",
            "3|1970-01-01T00:00:03Z|bob|5|null|user_action",
        ]
    );
    assert_eq!(asked.lines("SELECT count(*) FROM events"), ["3"]);
    assert_eq!(asked.lines("SELECT count(*) FROM events WHERE event_time > '1970-01-01T00:00:01Z'"), ["2"]);
    assert_eq!(asked.lines("SELECT event_id FROM events WHERE user_id IN ('bob', 'cy')"), ["3"]);
    assert_eq!(
        asked.lines("SELECT user_id, count(*) FROM events GROUP BY 1 ORDER BY 1"),
        ["ann|1", "bob|1", "null|1"]
    );
    assert_eq!(
        asked.lines("SELECT event_id FROM events ORDER BY event_time DESC, event_id DESC LIMIT 2"),
        ["3", "2"]
    );
    assert_eq!(asked.lines("SELECT event_id FROM events ORDER BY event_time DESC LIMIT 1 OFFSET 1"), ["2"]);
    let newest = asked
        .lines("EXPLAIN SELECT event_id FROM events ORDER BY event_time DESC, event_id DESC LIMIT 2")
        .concat();
    assert!(newest.contains("newest first, limit=2") && !newest.contains("SortExec"), "{newest}");
    assert!(!asked.lines("EXPLAIN SELECT count(*) FROM events").concat().contains("Scan: events, "));
    let all = asked.sql("SELECT * FROM events").unwrap();
    assert_eq!((all.len(), all[0].len()), (3, crate::View::Events.schema().fields().len()));
}

#[test]
fn of_a_session_the_version_received_last_counts_in_every_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let put = |id: &str, project: &str, at: i64, received_at: i64, country: &str| {
        let row =
            Session { received_at, project_id: project, country: Some(country), ..session("t", id, at) };
        append(&store, [row].into_iter());
    };
    put("a", "p", 1_000_000, 1, "old");
    put("a", "p", 9_000_000, 2, "new");
    put("a", "q", 2_000_000, 1, "of q");
    put("", "p", 2_000_000, 1, "a client");
    flush(&store);
    put("b", "p", 3_000_000, 9, "new");
    put("b", "p", 4_000_000, 5, "late");
    let asked = Asked::new(&store, scope("t", None));
    let all = "SELECT session_id, project_id, country FROM sessions";
    assert_eq!(asked.lines(&format!("{all} ORDER BY 1, 2")), ["a|p|new", "a|q|of q", "b|p|new"]);
    assert_eq!(asked.lines("SELECT count(*) FROM sessions"), ["3"]);
    assert_eq!(
        asked.lines(&format!("{all} WHERE event_time <= '1970-01-01T00:00:05Z' ORDER BY 1")),
        ["a|q|of q", "b|p|new"]
    );
    assert_eq!(asked.lines(&format!("{all} WHERE country = 'old'")), [""; 0]);
    let bound = Asked::new(&store, scope("t", Some("q")));
    assert_eq!(bound.lines(all), ["a|q|of q"]);
}

#[test]
fn requests_are_without_network_statistics_and_say_whether_they_failed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let put = |id: &str, code: Option<i64>| {
        let row = Request {
            tenant_id: "t",
            project_id: "p",
            request_id: id,
            event_time: 1,
            received_at: 1,
            api_id: "api",
            path: "/",
            response_code: code,
            tags: Some(&["x", "y"]),
            ..Request::default()
        };
        append(&store, [row].into_iter());
    };
    [("1", Some(200)), ("2", Some(-1)), ("3", Some(404))].into_iter().for_each(|(id, code)| put(id, code));
    flush(&store);
    [("4", None), ("5", Some(-1)), ("6", Some(500)), ("7", Some(399))]
        .into_iter()
        .for_each(|(id, code)| put(id, code));
    let asked = Asked::new(&store, scope("t", None));
    assert_eq!(
        asked.lines("SELECT request_id, response_code, is_error, tags FROM requests ORDER BY 1"),
        [
            "1|200|false|[x, y]",
            "3|404|true|[x, y]",
            "4|null|null|[x, y]",
            "6|500|true|[x, y]",
            "7|399|false|[x, y]"
        ]
    );
    assert_eq!(asked.lines("SELECT count(*) FROM requests"), ["5"]);
    assert_eq!(asked.lines("SELECT count(*) FROM requests WHERE is_error"), ["2"]);
    assert_eq!(
        asked.lines("SELECT request_id FROM requests ORDER BY event_time DESC, request_id DESC"),
        ["7", "6", "4", "3", "1"]
    );
}

#[test]
fn a_connection_is_one_row_with_what_its_newest_messages_said() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let now = Micros::now().0 / SECOND * SECOND;
    let message =
        |id: &'static str, state: State, at: i64, bytes: Option<i64>, reason: Option<&'static str>| {
            let row = Connection {
                tenant_id: "t",
                project_id: "p",
                connection_id: id,
                event_time: at,
                received_at: at,
                state,
                service_name: "feed",
                protocol_name: "ws",
                data_center: "eu",
                opened_at: at,
                closed_at: None,
                api_key_hash: Some(HASH),
                user_id: Some("ann"),
                ip: None,
                bytes_in: bytes,
                bytes_out: None,
                close_reason: reason,
                host: None,
                at_assigned: None,
                is_live: None,
            };
            append(&store, [row].into_iter());
        };
    message("open", State::Open, now - MINUTE, None, None);
    message("open", State::Activity, now - 30 * SECOND, Some(7), None);
    flush(&store);
    message("closed", State::Open, now - HOUR, Some(1), None);
    message("closed", State::Close, now - HOUR + 90 * SECOND, Some(9), Some("bye"));
    message("silent", State::Open, now - HOUR, None, None);
    message("old", State::Open, now - 72 * HOUR, None, None);
    message("old", State::Close, now - 71 * HOUR, None, Some("done"));
    let mut asked = Asked::new(&store, scope("t", None));
    asked.now = Micros(now);
    let columns = "connection_id, is_open, duration_seconds, bytes_in, bytes_out, close_reason, closed_at - opened_at, user_id, api_key_id";
    let id = "ba7816bf-8f01-8fea-8141-40de5dae2223";
    let recent = format!(
        "SELECT {columns} FROM connections WHERE event_time >= now() - INTERVAL '2 hours' ORDER BY 1"
    );
    let rows = [
        format!("closed|false|90.0|9|null|bye|PT90S|ann|{id}"),
        format!("open|true|60.0|7|null|null|null|ann|{id}"),
        format!("silent|false|0.0|null|null|null|P0D|ann|{id}"),
    ];
    assert_eq!(asked.lines(&recent), rows);
    let all = format!("SELECT {columns} FROM connections ORDER BY 1");
    let old = format!("old|false|3600.0|null|null|done|PT3600S|ann|{id}");
    let lines = asked.lines(&all);
    assert_eq!(lines.len(), 4);
    assert!(lines[1].starts_with("old|false|3600.0|null|null|done|"), "{} {old}", lines[1]);
    assert_eq!(
        asked.lines("SELECT service_name, count(*), sum(CAST(is_open AS INT)) FROM connections GROUP BY 1"),
        ["feed|4|1"]
    );
    assert_eq!(Asked::new(&store, scope("t", Some("q"))).lines("SELECT count(*) FROM connections"), ["0"]);
    assert_eq!(Asked::new(&store, scope("u", None)).lines("SELECT count(*) FROM connections"), ["0"]);
}

#[test]
fn a_query_that_was_built_is_answered_within_the_same_bounds() {
    use datafusion::functions_aggregate::expr_fn::count;
    use datafusion::prelude::{col, lit};
    use futures::TryStreamExt as _;

    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, [Event { properties: Some(r#"{"a":"x"}"#), ..event("t", "1", 1_000_000) }].into_iter());
    let asked = Asked::new(&store, scope("t", None));
    let asking = asked.asking(Asked::budget());
    asked.runtime.block_on(async {
        let events = asking.context().table("events").await.unwrap();
        let by = vec![crate::property(col("properties"), "a")];
        let frame = events.aggregate(by, vec![count(lit(1))]).unwrap();
        let answer = asking.run(frame, 10).await.unwrap();
        let batches: Vec<_> = answer.batches.try_collect().await.unwrap();
        assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1);
    });
}
