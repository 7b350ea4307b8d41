//! What makes no sense is refused with a sentence that names the member.

use serde_json::{Value, json};

use super::{engine, plan, row};
use crate::query::Query;

#[tokio::test]
async fn a_query_that_makes_no_sense_is_told_where() {
    let context = engine(&[row(1.0, "a")]);
    let many: Vec<Value> =
        (0..101).map(|_| json!({"column": "event_name", "op": "eq", "value": "a"})).collect();
    let filter = |filter: Value| json!({"table": "events", "filters": [filter]});
    let metric = |metric: Value| json!({"table": "events", "metrics": [metric]});
    for (query, expected) in [
        (json!({}), "missing field `table`"),
        (json!([]), "invalid type: sequence, expected an object"),
        (json!(null), "invalid type: null, expected an object"),
        (json!({"table": "users"}), "table: unknown variant `users`"),
        (json!({"table": "events", "offset": 3}), "offset: unknown field `offset`"),
        (json!({"table": "events", "limit": 0}), "limit: a whole number from 1 to 100000"),
        (json!({"table": "events", "limit": 100_001}), "limit: a whole number"),
        (json!({"table": "events", "limit": -1}), "limit: invalid value: integer `-1`"),
        (json!({"table": "events", "limit": "10"}), "limit: invalid type: string"),
        (json!({"table": "events", "from": "yesterday"}), "from: an instant is wanted"),
        (json!({"table": "events", "from": "2026-11-21"}), "from: an instant is wanted"),
        (json!({"table": "events", "to": "2026-11-21T10:00:00"}), "to: an instant is wanted"),
        (json!({"table": "events", "to": "2026-11-21T10:00:00Z[UTC]"}), "to: an instant is wanted"),
        (
            json!({"table": "events", "from": "2026-11-21T10:00:01Z", "to": "2026-11-21T10:00:00Z"}),
            "from: it is after",
        ),
        (json!({"table": "events", "time_zone": "Mars/Olympus"}), "time_zone: a name of IANA's database"),
        (json!({"table": "events", "interval": "year"}), "interval: unknown variant `year`"),
        (json!({"table": "events", "group_by": ["nope"]}), "group_by[0]: no such column \"nope\" in events"),
        (json!({"table": "events", "group_by": ["tags"]}), "group_by[0]: tags is a list"),
        (
            json!({"table": "events", "group_by": ["country", "country"]}),
            "group_by[1]: the answer has a column \"country\" already",
        ),
        (json!({"table": "events", "group_by": vec!["country"; 9]}), "group_by: 9 are too many; at most 8"),
        (json!({"table": "events", "group_by": ["properties."]}), "group_by[0]: no such column"),
        (json!({"table": "events", "columns": []}), "columns: at least one"),
        (
            json!({"table": "events", "columns": ["event_name"], "interval": "day"}),
            "interval: `columns` asks for rows",
        ),
        (
            json!({"table": "events", "columns": ["event_name"], "metrics": []}),
            "metrics: `columns` asks for rows",
        ),
        (json!({"table": "events", "columns": ["event_name", "event_name"]}), "columns[1]: the answer has"),
        (json!({"table": "events", "columns": ["Event_Name"]}), "columns[0]: no such column"),
        (json!({"table": "events", "metrics": []}), "metrics: at least one"),
        (
            json!({"table": "events", "order": [{"by": "nope"}]}),
            "order[0].by: the answer has no column \"nope\"",
        ),
        (
            json!({"table": "events", "order": [["count", true]]}),
            "order[0]: invalid type: sequence, expected an object",
        ),
        (json!({"table": "events", "filters": many}), "filters: 101 are too many; at most 100"),
        (filter(json!(["event_name", "eq", "a"])), "filters[0]: invalid type: sequence"),
        (
            filter(json!({"column": "x", "op": "eq", "value": 1})),
            "filters[0].column: no such column \"x\" in events",
        ),
        (
            filter(json!({"column": "event_name", "op": "is", "value": 1})),
            "filters[0].op: unknown variant `is`",
        ),
        (
            filter(json!({"column": "event_name", "op": "eq", "val": 1})),
            "filters[0].val: unknown field `val`",
        ),
        (filter(json!({"column": "event_name", "op": "eq"})), "filters[0].value: a value is wanted"),
        (
            filter(json!({"column": "event_name", "op": "eq", "value": 1})),
            "filters[0].value: event_name is a text",
        ),
        (
            filter(json!({"column": "event_name", "op": "eq", "value": ["a"]})),
            "filters[0].value: event_name is a text",
        ),
        (
            filter(json!({"column": "event_name", "op": "in", "value": "a"})),
            "filters[0].value: in and not_in take a list",
        ),
        (
            filter(json!({"column": "event_name", "op": "in", "value": vec!["a"; 1001]})),
            "filters[0].value: 1001 are too many",
        ),
        (
            filter(json!({"column": "event_name", "op": "eq", "value": "a".repeat(9000)})),
            "filters[0].value: a text to compare",
        ),
        (
            filter(json!({"column": "event_name", "op": "is_null", "value": "a"})),
            "filters[0].value: is_null and",
        ),
        (
            filter(json!({"column": "int1", "op": "eq", "value": "1"})),
            "filters[0].value: int1 is a whole number",
        ),
        (
            filter(json!({"column": "int1", "op": "contains", "value": "1"})),
            "filters[0].op: int1 is a whole number, no text",
        ),
        (
            filter(json!({"column": "flag", "op": "eq", "value": 1})),
            "filters[0].value: flag is true or false",
        ),
        (
            filter(json!({"column": "flag", "op": "gt", "value": true})),
            "filters[0].op: flag is true or false",
        ),
        (
            filter(json!({"column": "event_time", "op": "gt", "value": 5})),
            "filters[0].value: event_time is an instant",
        ),
        (filter(json!({"column": "tags", "op": "eq", "value": "a"})), "filters[0].op: tags is a list"),
        (
            filter(json!({"column": "tags", "op": "starts_with", "value": "a"})),
            "filters[0].op: tags is a list",
        ),
        (
            filter(json!({"column": "properties.a", "op": "in", "value": ["a", 1]})),
            "filters[0].value: the values are of several",
        ),
        (
            filter(json!({"column": "properties.a", "op": "eq", "value": {"x": 1}})),
            "filters[0].value: properties.a is a property",
        ),
        (metric(json!({"op": "median", "column": "int1"})), "metrics[0].op: unknown variant `median`"),
        (metric(json!({"op": "sum"})), "metrics[0].column: sum needs one"),
        (
            metric(json!({"op": "sum", "column": "event_name"})),
            "metrics[0].column: event_name is a text: it has no sum",
        ),
        (
            metric(json!({"op": "max", "column": "country"})),
            "metrics[0].column: country is a text: it has no max",
        ),
        (
            metric(json!({"op": "mean", "column": "event_time"})),
            "metrics[0].column: event_time is an instant: it has no mean",
        ),
        (
            metric(json!({"op": "percentile", "column": "flag", "p": 50})),
            "metrics[0].column: flag is true or false: it has no",
        ),
        (metric(json!({"op": "percentile", "column": "int1"})), "metrics[0].p: percentile needs one"),
        (
            metric(json!({"op": "percentile", "column": "int1", "p": 101})),
            "metrics[0].p: a number from 0 to 100",
        ),
        (metric(json!({"op": "count", "p": 50})), "metrics[0].p: it belongs to percentile"),
        (metric(json!({"op": "count", "as": ""})), "metrics[0].as: a name has"),
        (metric(json!({"op": "count", "as": "a\nb"})), "metrics[0].as: a name has"),
        (
            metric(json!({"op": "count", "where": [{"column": "x", "op": "is_null"}]})),
            "metrics[0].where[0].column: no such column",
        ),
        (
            json!({"table": "events", "metrics": [{"op": "count"}, {"op": "count"}]}),
            "metrics[1].as: the answer has a column \"count\" already",
        ),
        (
            json!({"table": "events", "interval": "day", "metrics": [{"op": "count", "as": "time"}]}),
            "metrics[0].as: the answer has",
        ),
    ] {
        let bad = plan(&context, &query).await.err().unwrap_or_else(|| panic!("{query} was taken"));
        assert!(bad.to_string().starts_with(expected), "{query}: {bad}");
    }
}

#[test]
fn what_is_no_json_is_told_by_line_and_column() {
    for (body, expected) in [
        (&b""[..], "EOF while parsing"),
        (b"{\"table\":", "EOF while parsing"),
        (b"{\"table\": \"events\"} x", "trailing characters at line 1 column 21"),
        (b"{\"table\": \"events\", \"table\": \"events\"}", "duplicate field `table`"),
        (b"{\"table\": \"\xff\"}", "invalid unicode code point"),
        (b"{\"table\": \"events\", \"limit\": 1e999}", "number out of range"),
    ] {
        let bad = Query::from_json(body).unwrap_err().to_string();
        assert!(bad.contains(expected), "{body:?}: {bad}");
    }
}
