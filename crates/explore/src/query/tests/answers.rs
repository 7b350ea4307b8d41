//! What queries answer, against what the rows hold.

use serde_json::{Value, json};

use super::{ask, engine, row};

/// Rows that look random, with nulls among all that may be null.
fn rows(many: u64) -> Vec<Value> {
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..many)
        .map(|_| {
            let or_null = |value: Value, is_null: bool| if is_null { Value::Null } else { value };
            let amount = next(50);
            json!({
                "ago": next(80_000),
                "name": (["view", "buy", "100%_\\", "Öl"][next(4) as usize]),
                "country": or_null(json!(["DE", "AT", "FR"][next(3) as usize]), next(4) == 0),
                "int1": or_null(json!(next(1_000) as i64 - 500), next(5) == 0),
                "latitude": or_null(json!(next(100) as f64 / 4.0), next(6) == 0),
                "flag": or_null(json!(next(2) == 0), next(7) == 0),
                "url": or_null(json!(format!("/p/{}", next(9))), next(8) == 0),
                "properties": or_null(json!(format!("{{\"amount\": {amount}, \"odd\": {}}}", amount % 2 == 1)), next(3) == 0),
                "tags": or_null(json!((0..next(3)).map(|tag| format!("t{tag}")).collect::<Vec<_>>()), next(4) == 0),
            })
        })
        .collect()
}

fn amount(row: &Value) -> Option<f64> {
    serde_json::from_str::<Value>(row["properties"].as_str()?).unwrap()["amount"].as_f64()
}

type Holds = fn(&Value) -> bool;

#[tokio::test]
async fn every_filter_holds_for_the_rows_for_which_it_should() {
    let rows = rows(500);
    let context = engine(&rows);
    let cases: Vec<(Value, Holds)> = vec![
        (json!(["event_name", "eq", "buy"]), |row| row["name"] == "buy"),
        (json!(["country", "ne", "DE"]), |row| row["country"] != "DE"),
        (json!(["country", "eq", "DE"]), |row| row["country"] == "DE"),
        (json!(["country", "in", ["DE", "AT"]]), |row| row["country"] == "DE" || row["country"] == "AT"),
        (json!(["country", "not_in", ["DE", "AT"]]), |row| row["country"] != "DE" && row["country"] != "AT"),
        (json!(["country", "in", []]), |_| false),
        (json!(["country", "not_in", []]), |_| true),
        (json!(["country", "is_null", null]), |row| row["country"].is_null()),
        (json!(["country", "is_not_null", null]), |row| !row["country"].is_null()),
        (json!(["country", "gt", "AT"]), |row| row["country"].as_str().is_some_and(|text| text > "AT")),
        (json!(["event_name", "contains", "0%_"]), |row| row["name"] == "100%_\\"),
        (json!(["event_name", "contains", "\\"]), |row| row["name"] == "100%_\\"),
        (json!(["event_name", "contains", "%"]), |row| row["name"] == "100%_\\"),
        (json!(["event_name", "contains", "_"]), |row| row["name"] == "100%_\\"),
        (json!(["event_name", "contains", ""]), |_| true),
        (json!(["event_name", "starts_with", "100%"]), |row| row["name"] == "100%_\\"),
        (json!(["event_name", "starts_with", "Ö"]), |row| row["name"] == "Öl"),
        (json!(["event_name", "starts_with", "1%"]), |_| false),
        (json!(["event_name", "eq", "x' OR '1'='1"]), |_| false),
        (json!(["event_name", "in", ["'; DROP TABLE events; --", "buy"]]), |row| row["name"] == "buy"),
        (json!(["page_url", "contains", "/p/3"]), |row| row["url"] == "/p/3"),
        (json!(["page_url", "ne", "/p/3"]), |row| row["url"] != "/p/3"),
        (json!(["int1", "lt", 10]), |row| row["int1"].as_i64().is_some_and(|value| value < 10)),
        (json!(["int1", "gte", 9.5]), |row| row["int1"].as_i64().is_some_and(|value| value >= 10)),
        (json!(["int1", "lte", 1e30]), |row| !row["int1"].is_null()),
        (json!(["int1", "in", [1, 2, 3]]), |row| {
            row["int1"].as_i64().is_some_and(|value| (1..=3).contains(&value))
        }),
        (json!(["int1", "ne", 5]), |row| row["int1"] != 5),
        (json!(["latitude", "gt", 12]), |row| row["latitude"].as_f64().is_some_and(|value| value > 12.0)),
        (json!(["latitude", "eq", 0.25]), |row| row["latitude"] == 0.25),
        (json!(["flag", "eq", true]), |row| row["flag"] == true),
        (json!(["flag", "ne", true]), |row| row["flag"] != true),
        (json!(["event_time", "gte", "2026-11-21T12:00:00+01:00"]), |row| {
            row["ago"].as_i64().unwrap() <= 3_600
        }),
        (json!(["tags", "contains", "t1"]), |row| row["tags"].as_array().is_some_and(|tags| tags.len() > 1)),
        (json!(["tags", "is_null", null]), |row| row["tags"].is_null()),
        (json!(["properties.amount", "eq", 7]), |row| amount(row) == Some(7.0)),
        (json!(["properties.amount", "eq", "7"]), |row| amount(row) == Some(7.0)),
        (json!(["properties.amount", "gt", 9]), |row| amount(row).is_some_and(|amount| amount > 9.0)),
        (json!(["properties.odd", "eq", true]), |row| amount(row).is_some_and(|amount| amount % 2.0 == 1.0)),
        (json!(["properties.none", "is_null", null]), |_| true),
    ];
    for (filter, holds) in cases {
        let mut one = json!({"column": filter[0], "op": filter[1]});
        if !filter[2].is_null() {
            one["value"] = filter[2].clone();
        }
        let expected = rows.iter().filter(|row| holds(row)).count();
        let filtered = ask(&context, json!({"table": "events", "filters": [one]})).await;
        assert_eq!(filtered, [json!({"count": expected})], "{one}");
        // A metric's own condition is the same.
        let metric = json!({"op": "count", "as": "n", "where": [one]});
        let of_metric = ask(&context, json!({"table": "events", "metrics": [metric]})).await;
        assert_eq!(of_metric, [json!({"n": expected})], "{one}");
    }
}

#[tokio::test]
async fn every_metric_is_what_the_rows_make_of_it() {
    let rows = rows(700);
    let context = engine(&rows);
    let metrics = json!([
        {"op": "count"}, {"op": "count", "column": "country"}, {"op": "sum", "column": "int1"},
        {"op": "min", "column": "int1"}, {"op": "max", "column": "latitude"}, {"op": "mean", "column": "int1"},
        {"op": "mean", "column": "flag"}, {"op": "sum", "column": "flag"}, {"op": "unique", "column": "page_url"},
        {"op": "unique", "column": "country"}, {"op": "sum", "column": "properties.amount"},
        {"op": "max", "column": "properties.amount"}, {"op": "percentile", "column": "int1", "p": 50},
        {"op": "percentile", "column": "latitude", "p": 99.9}, {"op": "max", "column": "event_time"},
    ]);
    let answer = ask(
        &context,
        json!({"table": "events", "group_by": ["event_name"], "metrics": metrics, "order": [{"by": "event_name"}]}),
    )
    .await;
    let mut names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(answer.iter().map(|row| row["event_name"].as_str().unwrap()).collect::<Vec<_>>(), names);
    for (answer, name) in answer.iter().zip(names) {
        let of: Vec<&Value> = rows.iter().filter(|row| row["name"] == name).collect();
        let column = |name: &str| of.iter().filter_map(|row| row[name].as_f64()).collect::<Vec<f64>>();
        let texts = |name: &str| of.iter().filter_map(|row| row[name].as_str()).collect::<Vec<_>>();
        let unique = |name: &str| texts(name).into_iter().collect::<std::collections::HashSet<_>>().len();
        let flags: Vec<bool> = of.iter().filter_map(|row| row["flag"].as_bool()).collect();
        let amounts: Vec<f64> = of.iter().filter_map(|row| amount(row)).collect();
        let trues = flags.iter().filter(|flag| **flag).count();
        let ints = column("int1");
        let number = |name: &str| answer[name].as_f64().unwrap_or_else(|| panic!("{name} in {answer}"));
        assert_eq!(answer["count"], of.len());
        assert_eq!(answer["count_country"], texts("country").len());
        assert_eq!(answer["sum_int1"].as_i64().unwrap(), ints.iter().sum::<f64>() as i64);
        assert_eq!(
            answer["min_int1"].as_i64().unwrap(),
            ints.iter().copied().fold(f64::MAX, f64::min) as i64
        );
        assert_eq!(number("max_latitude"), column("latitude").into_iter().fold(f64::MIN, f64::max));
        assert_eq!(number("mean_int1"), ints.iter().sum::<f64>() / ints.len() as f64);
        assert_eq!(number("mean_flag"), trues as f64 / flags.len() as f64);
        assert_eq!(answer["sum_flag"], trues);
        assert_eq!(answer["unique_page_url"], unique("url"));
        assert_eq!(answer["unique_country"], unique("country"));
        assert_eq!(number("sum_properties.amount"), amounts.iter().sum::<f64>());
        assert_eq!(number("max_properties.amount"), amounts.iter().copied().fold(f64::MIN, f64::max));
        assert_eq!(number("p50_int1"), percentile(ints, 50.0), "{name}");
        assert_eq!(number("p99.9_latitude"), percentile(column("latitude"), 99.9), "{name}");
        assert!(answer["max_event_time"].as_str().unwrap().ends_with(".000Z"));
    }
}

/// As `percentile_cont` has it.
fn percentile(mut values: Vec<f64>, p: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = p / 100.0 * (values.len() - 1) as f64;
    let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

#[tokio::test]
async fn buckets_are_ordered_by_time_and_are_absent_where_nothing_is() {
    let hour = 3_600.0;
    let context = engine(&[
        row(0.5, "a"),
        row(hour + 1.0, "a"),
        row(hour + 2.0, "b"),
        row(30.0 * hour, "a"),
        row(-5.0, "later"),
    ]);
    let by_hour = json!({"table": "events", "interval": "hour"});
    let expected = [
        json!({"time": "2026-11-21T10:00:00.000Z", "count": 2}),
        json!({"time": "2026-11-21T11:00:00.000Z", "count": 1}),
    ];
    assert_eq!(ask(&context, by_hour).await, expected);
    let by_day = json!({"table": "events", "interval": "day", "from": "2026-11-01T00:00:00Z", "time_zone": "Pacific/Auckland",
        "to": "2026-12-01T00:00:00.000001Z"});
    let expected = [
        json!({"time": "2026-11-19T11:00:00.000Z", "count": 1}),
        json!({"time": "2026-11-20T11:00:00.000Z", "count": 2}),
        json!({"time": "2026-11-21T11:00:00.000Z", "count": 2}),
    ];
    assert_eq!(ask(&context, by_day).await, expected);
}

#[tokio::test]
async fn the_same_query_has_the_same_answer_in_the_same_order() {
    let context = engine(&rows(2_000));
    for query in [
        json!({"table": "events", "group_by": ["country", "page_url", "event_name"]}),
        json!({"table": "events", "group_by": ["country"], "metrics": [{"op": "unique", "column": "page_url"}, {"op": "percentile", "column": "latitude", "p": 95}]}),
        json!({"table": "events", "columns": ["event_name", "event_time"], "order": [{"by": "event_name"}]}),
        json!({"table": "events", "interval": "15m", "group_by": ["country"]}),
    ] {
        let first = ask(&context, query.clone()).await;
        assert!(first.len() > 3, "{query}");
        for _ in 0..5 {
            assert_eq!(ask(&context, query.clone()).await, first, "{query}");
        }
    }
    let groups = ask(&context, json!({"table": "events", "group_by": ["country"]})).await;
    let counts: Vec<i64> = groups.iter().map(|row| row["count"].as_i64().unwrap()).collect();
    assert!(counts.is_sorted_by(|one, next| one >= next), "the most first: {counts:?}");
}

#[tokio::test]
async fn rows_as_they_are_come_the_newest_first_with_every_member() {
    let mut rows = vec![row(3.0, "old"), row(1.0, "new"), row(1.0, "new too")];
    rows[0]["properties"] = json!("{\"a\": {\"b c\": 5}}");
    rows[1]["tags"] = json!(["x", null]);
    let context = engine(&rows);
    let query = json!({"table": "events", "columns": ["event_name", "tags", "int1", "properties.a.b c"]});
    let expected = [
        json!({"event_name": "new", "tags": ["x", null], "int1": null, "properties.a.b c": null}),
        json!({"event_name": "new too", "tags": null, "int1": null, "properties.a.b c": null}),
        json!({"event_name": "old", "tags": null, "int1": null, "properties.a.b c": "5"}),
    ];
    assert_eq!(ask(&context, query).await, expected);
}

#[tokio::test]
async fn nothing_at_all_counts_as_nothing() {
    let context = engine(&[row(90_000.0, "long ago")]);
    let metrics = json!([{"op": "count"}, {"op": "sum", "column": "int1"}, {"op": "mean", "column": "int1"},
        {"op": "unique", "column": "country"}, {"op": "percentile", "column": "int1", "p": 95}]);
    let expected =
        json!({"count": 0, "sum_int1": null, "mean_int1": null, "unique_country": 0, "p95_int1": null});
    assert_eq!(ask(&context, json!({"table": "events", "metrics": metrics})).await, [expected]);
    assert!(ask(&context, json!({"table": "events", "group_by": ["country"]})).await.is_empty());
}

#[tokio::test]
async fn a_sum_that_64_bits_cannot_hold_is_refused_and_words_are_no_numbers() {
    let mut rows = vec![row(1.0, "a"), row(1.0, "a")];
    rows.iter_mut().for_each(|row| row["int1"] = json!(i64::MAX));
    rows[0]["properties"] = json!("{\"n\": \"NaN\"}");
    rows[1]["properties"] = json!("{\"n\": 2.5}");
    let context = engine(&rows);
    let query =
        |column: &str| json!({"table": "events", "metrics": [{"op": "sum", "column": column, "as": "sum"}]});
    let frame = super::plan(&context, &query("int1")).await.unwrap();
    assert!(frame.collect().await.unwrap_err().to_string().contains("18446744073709551614"));
    assert_eq!(ask(&context, query("properties.n")).await, [json!({"sum": 2.5})]);
}
