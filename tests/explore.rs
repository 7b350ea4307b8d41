//! Exploring over HTTP: typed queries and SQL against a slow model, in every format, beside the surfaces' own reports.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::RecordBatch;
use serde_json::{Value, json};
use tidegauge_facts::Micros;

use crate::harness::client::{Answer, STATS};
use crate::harness::{Chance, Client, Site, wait_until};

pub const QUERY: &str = "/api/v1/query";
pub const SQL: &str = "/api/v1/sql";

/// The rows of an answer as JSON.
fn rows(client: &Client, query: &Value) -> Vec<Value> {
    rows_of(&client.post_json(QUERY, query))
}

fn rows_of(answer: &Answer) -> Vec<Value> {
    let answer = answer.ok();
    let rows = answer["rows"].as_array().unwrap().clone();
    assert_eq!(answer["row_count"], rows.len());
    rows
}

fn sql(client: &Client, text: &str) -> Vec<Value> {
    rows_of(&client.post(SQL, Some("application/sql"), text.as_bytes()))
}

/// Events of the last 20 hours that look random, as the server's own answers tell them.
fn events(client: &Client, many: u64) -> Vec<Value> {
    let now = Micros::now();
    let mut chance = Chance(7);
    let events: Vec<Value> = (0..many)
        .map(|_| {
            let at = Micros(now.0 - chance.between(0, 72_000_000_000).cast_signed());
            let mut event = json!({
                "event_name": (["view", "buy", "x' OR '1'='1", "=cmd"][chance.between(0, 4) as usize]),
                "category": (["page_view", "trading"][chance.between(0, 2) as usize]),
                "timestamp": at.to_micros_text(),
                "project_id": (["web", "app"][chance.between(0, 2) as usize]),
                "int1": chance.between(0, 1_000),
                "properties": {"amount": chance.between(0, 50), "nested": {"key": "n"}},
            });
            if chance.between(0, 3) > 0 {
                event["country"] = json!(["DE", "AT", "FR"][chance.between(0, 3) as usize]);
                event["user_id"] = json!(format!("user{}", chance.between(0, 40)));
            }
            event
        })
        .collect();
    for batch in events.chunks(100) {
        client.batch(batch);
    }
    events
}

fn sum(values: impl Iterator<Item = u64>) -> u64 {
    values.sum()
}

/// Whether two answers are the same, but for the last digits of a number with a fraction: a sum of floats depends on its order.
fn near(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= 1e-9 * other.abs()
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_there =
                |(name, value): (&String, &Value)| other.get(name).is_some_and(|wanted| near(value, wanted));
            one.len() == other.len() && one.iter().all(is_there)
        }
        (one, other) => one == other,
    }
}

#[test]
fn queries_answer_what_a_slow_model_makes_of_the_facts() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let events = events(&client, 600);
    let metrics = json!([{"op": "count"}, {"op": "sum", "column": "int1"}, {"op": "mean", "column": "int1"},
        {"op": "min", "column": "int1"}, {"op": "max", "column": "int1"}, {"op": "unique", "column": "user_id"},
        {"op": "percentile", "column": "int1", "p": 90}, {"op": "sum", "column": "properties.amount", "as": "amount"},
        {"op": "count", "as": "german", "where": [{"column": "country", "op": "eq", "value": "DE"}]},
        {"op": "unique", "column": "user_id", "as": "small", "where": [{"column": "int1", "op": "lt", "value": 500}]}]);
    let filters = [
        (json!([]), (|_| true) as fn(&Value) -> bool),
        (json!([{"column": "event_name", "op": "ne", "value": "x' OR '1'='1"}]), |event| {
            event["event_name"] != "x' OR '1'='1"
        }),
        (json!([{"column": "country", "op": "not_in", "value": ["DE"]}]), |event| event["country"] != "DE"),
        (
            json!([{"column": "properties.amount", "op": "lt", "value": 10}, {"column": "event_name", "op": "starts_with", "value": "="}]),
            |event| event["properties"]["amount"].as_u64().unwrap() < 10 && event["event_name"] == "=cmd",
        ),
        (
            json!([{"column": "project_id", "op": "eq", "value": "web"}, {"column": "country", "op": "is_not_null"}]),
            |event| event["project_id"] == "web" && !event["country"].is_null(),
        ),
    ];
    for (filters, holds) in filters {
        let query = json!({"table": "events", "filters": filters, "group_by": ["event_name", "country"], "metrics": metrics});
        let mut groups: BTreeMap<(String, Option<String>), Vec<&Value>> = BTreeMap::new();
        for event in events.iter().filter(|event| holds(event)) {
            let country = event["country"].as_str().map(str::to_owned);
            groups
                .entry((event["event_name"].as_str().unwrap().to_owned(), country))
                .or_default()
                .push(event);
        }
        let answer = rows(&client, &query);
        assert_eq!(answer.len(), groups.len(), "{filters}");
        assert!(answer.is_sorted_by_key(|row| std::cmp::Reverse(row["count"].as_u64().unwrap())));
        for row in answer {
            let country = row["country"].as_str().map(str::to_owned);
            let of = &groups[&(row["event_name"].as_str().unwrap().to_owned(), country)];
            let mut ints: Vec<u64> = of.iter().map(|event| event["int1"].as_u64().unwrap()).collect();
            ints.sort_unstable();
            let mut users: Vec<&str> = of.iter().filter_map(|event| event["user_id"].as_str()).collect();
            users.sort_unstable();
            users.dedup();
            let small = of.iter().filter(|event| event["int1"].as_u64().is_some_and(|int| int < 500));
            let small: BTreeSet<&str> = small.filter_map(|event| event["user_id"].as_str()).collect();
            let place = 0.9 * (ints.len() - 1) as f64;
            let (low, high) = (ints[place.floor() as usize] as f64, ints[place.ceil() as usize] as f64);
            let expected = json!({
                "event_name": row["event_name"], "country": row["country"], "count": of.len(),
                "sum_int1": sum(ints.iter().copied()),
                "mean_int1": sum(ints.iter().copied()) as f64 / ints.len() as f64,
                "min_int1": ints[0], "max_int1": ints[ints.len() - 1], "unique_user_id": users.len(),
                "p90_int1": low + (high - low) * place.fract(),
                "amount": sum(of.iter().map(|event| event["properties"]["amount"].as_u64().unwrap())) as f64,
                "small": small.len(),
                "german": of.iter().filter(|event| event["country"] == "DE").count(),
            });
            assert!(near(&row, &expected), "{filters}: {row} is not {expected}");
        }
    }
    // By hours, and the same by SQL.
    let mut hours: BTreeMap<String, u64> = BTreeMap::new();
    for event in &events {
        let at = event["timestamp"].as_str().unwrap();
        *hours.entry(format!("{}:00:00.000Z", &at[..13])).or_default() += 1;
    }
    let expected: Vec<Value> =
        hours.iter().map(|(time, count)| json!({"time": time, "count": count})).collect();
    assert_eq!(rows(&client, &json!({"table": "events", "interval": "hour"})), expected);
    let by_sql =
        "SELECT date_trunc('hour', event_time) AS time, count(*) AS count FROM events GROUP BY 1 ORDER BY 1";
    assert_eq!(sql(&client, by_sql), expected);
    // Flushed to segments, it is the same.
    assert_eq!(server.stop().stderr.matches("panicked").count(), 0);
    let server = site.start(&[]);
    assert_eq!(rows(&server.client(), &json!({"table": "events", "interval": "hour"})), expected);
}

/// The rows of an answer in any format, as JSON.
fn read(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json_of = |batches: Vec<RecordBatch>| -> Vec<Value> {
        let mut lines = Vec::new();
        let mut writer = arrow_json::WriterBuilder::new()
            .with_explicit_nulls(true)
            .build::<_, arrow_json::writer::LineDelimited>(&mut lines);
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    match answer.header("content-type").unwrap() {
        "application/json" => rows_of(answer),
        "application/x-ndjson" => {
            answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }
        "application/vnd.apache.arrow.stream" => {
            let reader = arrow_ipc::reader::StreamReader::try_new(&answer.body[..], None).unwrap();
            json_of(reader.map(Result::unwrap).collect())
        }
        "application/vnd.apache.parquet" => {
            let file = bytes::Bytes::from(answer.body.clone());
            let reader =
                parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            json_of(reader.build().unwrap().map(Result::unwrap).collect())
        }
        other => panic!("{other}"),
    }
}

#[test]
fn every_format_tells_the_same_rows_and_an_empty_answer_is_whole_in_each() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    events(&client, 300);
    let ask = |query: &Value, accept: &str| {
        let headers = [("Content-Type", "application/json"), ("Accept", accept)];
        client.send("POST", QUERY, &headers, query.to_string().as_bytes())
    };
    let query = json!({"table": "events", "group_by": ["event_name", "country"], "metrics": [{"op": "count"},
        {"op": "mean", "column": "int1"}]});
    let nothing = json!({"table": "events", "group_by": ["event_name"], "project": "no such project"});
    let expected = rows(&client, &query);
    assert!(expected.len() > 10);
    for format in [
        "application/json",
        "application/x-ndjson",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.parquet",
    ] {
        assert_eq!(read(&ask(&query, format)), expected, "{format}");
        assert_eq!(read(&ask(&nothing, format)), Vec::<Value>::new(), "{format}");
    }
    let csv = ask(&query, "text/csv");
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with('=') => format!("'{text}"),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    let columns = ["event_name", "country", "count", "mean_int1"];
    let csv = csv.text();
    let mut lines = csv.strip_suffix("\r\n").unwrap().split("\r\n");
    assert_eq!(lines.next().unwrap(), columns.join(","));
    assert_eq!(lines.clone().count(), expected.len());
    for (line, row) in lines.zip(&expected) {
        let (cells, mean) = line.rsplit_once(',').unwrap();
        assert_eq!(cells, [columns[0], columns[1], columns[2]].map(|name| text(&row[name])).join(","));
        assert!(near(&json!(mean.parse::<f64>().unwrap()), &row["mean_int1"]), "{line} is not {row}");
    }
    assert_eq!(ask(&nothing, "text/csv").text(), "event_name,count\r\n");
}

#[test]
fn its_numbers_are_those_of_the_surfaces_own_reports() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    events(&client, 250);
    let stats = client.stats();
    assert_eq!(rows(&client, &json!({"table": "events"})), [json!({"count": stats.total_events})]);
    let by_category: BTreeMap<String, u64> =
        rows(&client, &json!({"table": "events", "group_by": ["category"]}))
            .iter()
            .map(|row| (row["category"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap()))
            .collect();
    let told: BTreeMap<String, u64> =
        stats.events_by_category.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(by_category, told);

    let at = |seconds: i64| Micros((Micros::now().0 / 1_000_000 - seconds) * 1_000_000).to_millis_text();
    let message = |id: &str, state: &str, service: &str, key: &str, ago: i64| {
        json!({"connection_id": id, "state": state, "service_name": service, "protocol_name": "ws", "data_center": "d",
            "api_key": key, "at": at(ago)})
    };
    let messages = [
        message("a", "open", "rooms", "k1", 7_200),
        message("a", "activity", "rooms", "k1", 60),
        message("b", "open", "rooms", "k2", 5_400),
        message("b", "close", "rooms", "k2", 3_600),
        message("c", "open", "quotes", "k1", 1_800),
        message("c", "activity", "quotes", "k1", 1_200),
    ];
    client.post_json("/api/v1/connections", &json!({"connections": messages})).ok();
    let summary = client.get("/api/connection-analytics/summary").ok();
    let query = json!({"table": "connections", "group_by": ["service_name"], "order": [{"by": "service_name"}],
        "metrics": [{"op": "count"}, {"op": "unique", "column": "api_key_id"}, {"op": "sum", "column": "is_open"},
            {"op": "min", "column": "opened_at"}, {"op": "max", "column": "last_activity_at"}]});
    let ours = rows(&client, &query);
    let theirs = summary.as_array().unwrap();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        let millis = |name: &str| theirs[name].as_str().unwrap().replace("0000Z", "Z");
        assert_eq!(
            *ours,
            json!({"service_name": theirs["serviceName"], "count": theirs["totalConnections"],
            "unique_api_key_id": theirs["uniqueApiKeys"], "sum_is_open": theirs["activeConnections"],
            "min_opened_at": millis("firstConnection"), "max_last_activity_at": millis("lastActivity")})
        );
    }

    let mut chance = Chance(3);
    let requests: Vec<Value> = (0..200)
        .map(|_| {
            let total = chance.between(1, 500);
            json!({"api_id": (["a", "b"][chance.between(0, 2) as usize]), "path": (["/x", "/y"][chance.between(0, 2) as usize]),
                "api_key": "k", "response_code": ([200, 204, 302, 404, 500, -1][chance.between(0, 6) as usize]),
                "request_time": total, "latency": {"total": total, "upstream": total / 2, "gateway": 1}})
        })
        .collect();
    client.post_json("/api/v1/requests", &json!({"requests": requests})).ok();
    let report = client.get("/api/activity/keys/endpoint/k/1/1/2024/31/12/2099?p=-1").ok();
    let query = json!({"table": "requests", "group_by": ["api_id", "path"],
        "filters": [{"column": "api_key", "op": "eq", "value": "k"}],
        "metrics": [{"op": "count"}, {"op": "sum", "column": "is_error"}, {"op": "mean", "column": "latency_total"},
            {"op": "max", "column": "latency_total"},
            {"op": "count", "as": "success", "where": [{"column": "response_code", "op": "gte", "value": 200}, {"column": "response_code", "op": "lt", "value": 300}]}]});
    let ours = rows(&client, &query);
    let theirs = report["data"].as_array().unwrap();
    assert_eq!((ours.len(), theirs.len()), (4, 4));
    for (ours, theirs) in ours.iter().zip(theirs) {
        let expected = [
            &theirs["id"]["api_id"],
            &theirs["id"]["path"],
            &theirs["hits"],
            &theirs["success"],
            &theirs["error"],
            &theirs["max_latency"],
        ];
        let got = [
            &ours["api_id"],
            &ours["path"],
            &ours["count"],
            &ours["success"],
            &ours["sum_is_error"],
            &ours["max_latency_total"],
        ];
        assert_eq!(got, expected);
        let (mean, told) =
            (ours["mean_latency_total"].as_f64().unwrap(), theirs["latency"].as_f64().unwrap());
        assert!((mean - told).abs() < 1e-9, "{mean} {told}");
    }
}

#[test]
fn another_tenants_and_another_projects_rows_do_not_exist() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    events(&client, 100);
    let web = rows(&client, &json!({"table": "events", "project": "web"}))[0]["count"].clone();
    assert!(web.as_u64().unwrap() > 10);
    let bound = server.client_with(&site.make_key("default", "read", &["--project", "web"]));
    let stranger = server.client_with(&site.make_key("stranger", "read", &[]));
    wait_until("the new keys", || stranger.get(STATS).status == 200 && bound.get(STATS).status == 200);
    let is = |client: &Client, expected: &Value| {
        assert_eq!(rows(client, &json!({"table": "events"})), [json!({"count": expected})]);
        assert_eq!(sql(client, "SELECT count(*) AS count FROM events"), [json!({"count": expected})]);
        let join = "SELECT count(*) AS count FROM events a JOIN (SELECT DISTINCT event_id FROM tidegauge.public.events) b USING (event_id)";
        assert_eq!(sql(client, join), [json!({"count": expected})]);
    };
    is(&bound, &web);
    is(&stranger, &json!(0));
    let other = json!({"table": "events", "project": "app"});
    assert_eq!(rows(&bound, &other), [json!({"count": 0})]);
    for hidden in [
        "SELECT tenant_id FROM events",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM other.public.events",
    ] {
        let refused = stranger.post(SQL, Some("text/plain"), hidden.as_bytes());
        assert_eq!(refused.status, 400, "{hidden}: {}", refused.text());
    }
}

#[test]
fn sql_takes_parameters_tells_whether_there_is_more_and_streams_what_is_long() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    events(&client, 100);
    let with = |body: Value| client.post_json(SQL, &body).ok();
    let of = |name: &str| {
        let body = json!({"sql": "SELECT count(*) AS n FROM events WHERE event_name = $1 AND int1 >= $2", "parameters": [name, 0]});
        with(body)["rows"][0]["n"].as_u64().unwrap()
    };
    let counts = ["view", "buy", "x' OR '1'='1", "=cmd", "'; DROP TABLE events; --"].map(of);
    assert_eq!((counts.iter().sum::<u64>(), counts[4]), (100, 0));
    assert!(counts[..4].iter().all(|count| (1..100).contains(count)), "{counts:?}");

    let some = with(json!({"sql": "SELECT event_id FROM events", "limit": 7}));
    assert_eq!((&some["row_count"], &some["truncated"]), (&json!(7), &json!(true)));
    let all = with(json!({"sql": "SELECT event_id FROM events", "limit": 100}));
    assert_eq!((&all["row_count"], &all["truncated"]), (&json!(100), &json!(false)));

    let headers = [("Content-Type", "application/json"), ("Accept", "application/x-ndjson")];
    let long =
        json!({"sql": "SELECT value AS n FROM generate_series(1, 200000)", "limit": 100_000}).to_string();
    let answer = client.send("POST", SQL, &headers, long.as_bytes());
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    let numbers: Vec<u64> = read(&answer).iter().map(|row| row["n"].as_u64().unwrap()).collect();
    assert!(numbers.iter().copied().eq(1..=100_000));
}

#[test]
fn an_answer_that_fails_on_its_way_is_cut() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    for accept in
        ["application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream"]
    {
        let headers = [("Content-Type", "application/json"), ("Accept", accept)];
        let body = json!({"sql": "SELECT value, 1 / (value - 90000) AS n FROM generate_series(1, 100000)", "limit": 100_000});
        let answer = client.try_send("POST", SQL, &headers, body.to_string().as_bytes());
        assert!(answer.is_err(), "{accept}: {:?}", answer.map(|answer| (answer.status, answer.body.len())));
    }
    // Before anything was sent, it is a problem.
    let answer =
        client.post(SQL, Some("text/plain"), b"SELECT 1 / (value - 5) AS n FROM generate_series(1, 10)");
    assert_eq!(answer.status, 400, "{}", answer.text());
}

#[test]
fn who_goes_away_ends_the_work() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let under_way = || {
        let metrics = client.get("/metrics").text();
        let line = metrics
            .lines()
            .find(|line| line.starts_with("tidegauge_questions_under_way "))
            .unwrap()
            .to_owned();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let text = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b WHERE a.value + b.value < 0";
    let mut raw = server.raw();
    let head = format!(
        "POST {SQL} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}",
        site.admin_key(),
        text.len()
    );
    assert!(raw.send(head));
    wait_until("the question", || under_way() == 1);
    drop(raw);
    wait_until("its end", || under_way() == 0);
}
