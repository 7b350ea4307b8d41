//! At the edges of the document's schemas of batches are the server's: the last value that a schema allows is taken,
//! and the next one is refused. Made-up data (`tests/schemathesis.rs`) seldom comes so far.

use serde_json::{Value, json};

use crate::harness::{Client, Site};

/// Values as JSON text, since some are beyond what a number of `serde_json` holds.
#[derive(Default)]
struct Edges {
    good: Vec<String>,
    bad: Vec<String>,
}

impl Edges {
    fn of(schema: &Value) -> Self {
        let mut edges = Self::default();
        let text = |text: &str| Value::from(text).to_string();
        let bounds =
            ["minLength", "maxLength"].map(|name| schema[name].as_u64().map(|length| length as usize));
        if let [least, Some(most)] = bounds {
            edges.good.push(text(&"ä".repeat(most)));
            edges.bad.extend([text(&"a".repeat(most + 1)), text("a\u{1}b")]);
            match least {
                Some(_) => edges.bad.push(text("")),
                None => edges.good.push(text("")),
            }
        }
        for (name, step) in [("minimum", -1), ("maximum", 1)] {
            if let Some(bound) = schema[name].as_i64() {
                edges.good.push(bound.to_string());
                edges.bad.push((i128::from(bound) + step).to_string());
            }
        }
        for name in schema["enum"].as_array().into_iter().flatten() {
            edges.good.push(name.to_string());
            edges.bad.push(text("nosuch"));
        }
        match schema["format"].as_str() {
            Some("date-time") => edges.good.push(text("2024-02-29T23:59:59.999999+14:00")),
            Some("ip") => edges.good.extend([text("192.0.2.1"), text("2001:db8::1")]),
            _ => {}
        }
        let is_null_told = schema["type"].as_array().is_some_and(|types| types.contains(&json!("null")));
        if is_null_told { &mut edges.good } else { &mut edges.bad }.push("null".to_owned());
        edges.bad.push("[]".to_owned());
        edges
    }
}

struct Batch<'a> {
    client: &'a Client,
    path: &'static str,
    list: &'static str,
    item: Value,
}

impl Batch<'_> {
    fn status(&self, items: &[String]) -> u16 {
        let body = format!("{{\"{}\": [{}]}}", self.list, items.join(","));
        self.client.post(self.path, Some("application/json"), body.as_bytes()).status
    }

    /// The good item, with this value in it.
    fn with(&self, name: &str, value: &str) -> String {
        let mut item = self.item.clone();
        item[name] = "PLACE".into();
        item.to_string().replace("\"PLACE\"", value)
    }
}

#[test]
fn the_last_value_that_a_schema_allows_is_taken_and_the_next_one_refused() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let document = client.get("/api/openapi.json").ok();
    let schemas = &document["components"]["schemas"];
    let connection = json!({"connection_id": "c", "state": "open", "service_name": "s", "protocol_name": "p",
        "data_center": "d"});
    let cases = [
        ("TrackEvent", "/api/v1/analytics/batch", "events", json!({"event_name": "a"})),
        ("ConnectionMessage", "/api/v1/connections", "connections", connection),
        ("ApiRequest", "/api/v1/requests", "requests", json!({"api_id": "a", "path": "/p"})),
    ];
    for (name, path, list, item) in cases {
        let batch = Batch { client: &client, path, list, item };
        for (field, schema) in schemas[name]["properties"].as_object().unwrap() {
            // A choice of schemas, and what holds further fields, have no edge of their own.
            if schema["anyOf"].is_array() || ["properties", "tags", "latency"].contains(&&**field) {
                continue;
            }
            let edges = Edges::of(schema);
            for (values, expected) in [(&edges.good, 200), (&edges.bad, 422)] {
                for value in values {
                    let status = batch.status(&[batch.with(field, value)]);
                    assert_eq!(status, expected, "{name}.{field}: {value:.60}");
                }
            }
        }
        let most = schemas[format!("{name}Batch")]["properties"][list]["maxItems"].as_u64().unwrap() as usize;
        for (items, expected) in [(0, 422), (most, 200), (most + 1, 422)] {
            assert_eq!(batch.status(&vec![batch.item.to_string(); items]), expected, "{items} of {name}");
        }
    }
}
