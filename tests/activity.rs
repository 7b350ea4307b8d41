//! Reports on API traffic: what each tells apart, counts, filters, orders and refuses, and for whom.

use serde_json::{Value, json};

use crate::harness::client::STATS;
use crate::harness::{Client, Server, Site, wait_until};

pub const REQUESTS: &str = "/api/v1/requests";
pub const OCTOBER: &str = "1/10/2026/31/10/2026";

/// A request of the key `k`, an API `a` and a path `/get`, with some fields changed.
pub fn request(changes: Value) -> Value {
    let mut request = json!({"api_id": "a", "path": "/get", "api_key": "k", "response_code": 200, "request_time": 10,
        "timestamp": "2026-10-13T10:00:00Z", "latency": {"total": 10, "upstream": 8, "gateway": 2}});
    for (name, value) in changes.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

pub fn send(client: &Client, requests: &[Value]) -> Value {
    client.post_json(REQUESTS, &json!({ "requests": requests })).ok()
}

fn rows(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).ok()["data"].as_array().unwrap_or_else(|| panic!("{path}")).clone()
}

pub fn hits(client: &Client, path: &str) -> u64 {
    rows(client, path).iter().map(|row| row["hits"].as_u64().unwrap()).sum()
}

pub fn of_key(key: &str, days: &str) -> String {
    format!("/api/activity/keys/endpoint/{key}/{days}?p=-1")
}

/// A server with a client of a tenant of its own.
pub fn tenant(site: &Site, args: &[&str]) -> (Server, Client) {
    let server = site.start(args);
    let client = server.client_with(&site.make_key("acme", "ingest,read", &[]));
    wait_until("the new key", || client.get(STATS).status == 200);
    (server, client)
}

#[test]
fn every_report_tells_its_rows_apart_by_what_it_is_about() {
    let site = Site::new();
    let (_server, client) = tenant(&site, &[]);
    send(
        &client,
        &[
            request(json!({"alias": "old"})),
            request(
                json!({"alias": "shop", "oauth_id": "o", "api_name": "Pets", "timestamp": "2026-10-13T11:00:00Z"}),
            ),
            request(json!({"api_id": "b", "path": "/x", "response_code": 404, "oauth_id": "o"})),
            request(
                json!({"api_id": "b", "path": "/y", "response_code": 500, "api_key": "l", "api_name": "Cars"}),
            ),
            request(json!({"api_id": "c", "path": "/open", "api_key": null})),
            request(json!({"response_code": -1})),
        ],
    );
    let summary = |path: &str, fields: &[&str]| -> Vec<Value> {
        let rows = rows(&client, &format!("{path}/{OCTOBER}"));
        rows.iter()
            .map(|row| {
                let id = |name: &&str| row["id"].get(name).unwrap_or(&row[name]).clone();
                Value::Array(fields.iter().map(id).collect())
            })
            .collect()
    };
    let endpoint = ["api_id", "path", "hits"];
    assert_eq!(
        summary("/api/activity/keys/endpoint/k", &endpoint),
        [json!(["a", "/get", 2]), json!(["b", "/x", 1])]
    );
    assert_eq!(
        summary("/api/activity/oauthid/endpoint/o", &endpoint),
        [json!(["a", "/get", 1]), json!(["b", "/x", 1])]
    );
    assert_eq!(
        summary("/api/activity/keys", &["key", "alias", "hits", "error"]),
        [json!(["k", "shop", 3, 1]), json!(["l", "", 1, 1])]
    );
    let by_api = ["api_id", "path", "key", "hits"];
    let of_k = [json!(["a", "", "", 2]), json!(["b", "", "", 1])];
    assert_eq!(summary("/api/activity/keys/k", &by_api), of_k);
    assert_eq!(
        summary("/api/activity/oauthid/o", &by_api),
        [json!(["a", "", "", 1]), json!(["b", "", "", 1])]
    );
    let apis = ["api_id", "api_name", "hits", "success", "error"];
    let all = [json!(["a", "Pets", 2, 2, 0]), json!(["b", "Cars", 2, 0, 2]), json!(["c", "", 1, 1, 0])];
    assert_eq!(summary("/api/activity/apis", &apis), all);
    assert_eq!(summary("/api/usage/apis", &apis), all);
    assert_eq!(summary("/api/activity/apis/b", &apis), all[1..2]);
    assert_eq!(summary("/api/usage/apis/b", &apis), all[1..2]);
    assert_eq!(
        summary("/api/activity/errors", &["api_id", "code", "hits"]),
        [json!(["b", 404, 1]), json!(["b", 500, 1])]
    );
    for unknown in ["keys/endpoint/nosuch", "oauthid/endpoint/k", "keys/o", "oauthid/nosuch", "apis/nosuch"] {
        let answer = client.get(&format!("/api/activity/{unknown}/{OCTOBER}"));
        assert_eq!((answer.status, &*answer.text()), (200, r#"{"data":[],"pages":0}"#), "{unknown}");
    }
}

#[test]
fn hits_are_counted_as_the_gateway_counts_them() {
    let site = Site::new();
    let (_server, client) = tenant(&site, &[]);
    let hit = |code: Value, total: u64, upstream: u64| {
        request(
            json!({"response_code": code, "request_time": total, "latency": {"total": total, "upstream": upstream}}),
        )
    };
    let row = || rows(&client, &of_key("k", OCTOBER)).remove(0);
    let figures = |row: &Value| {
        json!([row["hits"], row["success"], row["error"], row["min_latency"], row["max_latency"]])
    };

    send(&client, &[hit(json!(-1), 1, 1)]);
    assert_eq!(rows(&client, &of_key("k", OCTOBER)), [json!(null); 0]);
    // Every one an error: the shortest of all counts.
    send(&client, &[hit(json!(500), 7, 5), hit(json!(404), 3, 2)]);
    assert_eq!(figures(&row()), json!([2, 0, 2, 3, 7]));
    assert_eq!(client.get(&of_key("k", OCTOBER)).text().matches(r#""request_time":5,"#).count(), 1);
    // Neither success nor error: a redirect, and an answer that nobody knows.
    send(&client, &[hit(json!(301), 20, 10), hit(json!(0), 30, 10), hit(Value::Null, 30, 10)]);
    assert_eq!(figures(&row()), json!([5, 0, 2, 20, 30]));
    send(
        &client,
        &[hit(json!(200), 40, 1), hit(json!(299), 9, 9), hit(json!(100), 9, 9), hit(json!(400), 1, 0)],
    );
    let row = row();
    assert_eq!(figures(&row), json!([9, 2, 3, 9, 40]));
    assert_eq!((&row["min_upstream_latency"], &row["max_upstream_latency"]), (&json!(1), &json!(10)));
    assert_eq!(row["latency"], json!(149.0 / 9.0));
    assert_eq!(row["upstream_latency"], json!(56.0 / 9.0));
}

#[test]
fn both_ends_of_a_period_are_whole_days_in_leap_years_and_far_away() {
    let site = Site::new();
    let (_server, client) = tenant(&site, &[]);
    let instants = [
        "2024-02-28T23:59:59.999999Z",
        "2024-02-29T00:00:00Z",
        "2024-03-01T00:30:00+01:00",
        "2024-02-29T23:59:59.999999Z",
        "2024-03-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-30T22:00:00Z",
        "1969-12-31T23:59:59Z",
    ];
    send(&client, &instants.map(|at| request(json!({"timestamp": at}))));
    for (days, expected) in [
        ("29/2/2024/29/2/2024", 3),
        ("29/02/2024/29/02/2024", 3),
        ("28/2/2024/1/3/2024", 5),
        ("1/3/2024/1/3/2024", 1),
        ("31/12/1969/31/12/1969", 1),
        ("1/1/1/1/1/0001", 1),
        ("30/12/9999/31/12/9999", 1),
        ("1/1/1/31/12/9999", 8),
        ("2/1/1/30/12/1969", 0),
        ("1/1/9998/29/12/9999", 0),
    ] {
        assert_eq!(hits(&client, &of_key("k", days)), expected, "{days}");
    }
    let last = &rows(&client, &of_key("k", "29/2/2024/29/2/2024"))[0]["last_hit"];
    assert_eq!(last, "2024-02-29T23:59:59.999Z");
}

#[test]
fn a_resolution_buckets_the_rows_in_the_order_of_time() {
    let site = Site::new();
    let (_server, client) = tenant(&site, &[]);
    let instants = [
        "2026-10-14T00:00:00Z",
        "2026-10-13T23:59:59Z",
        "2026-10-13T10:20:00Z",
        "2026-10-13T10:40:00Z",
        "2026-11-01T00:00:00Z",
    ];
    send(&client, &instants.map(|at| request(json!({"timestamp": at}))));
    let buckets = |res: &str| -> Vec<Value> {
        rows(&client, &format!("/api/activity/keys/k/1/10/2026/30/11/2026?res={res}"))
            .iter()
            .map(|row| {
                json!([
                    row["id"]["year"],
                    row["id"]["month"],
                    row["id"]["day"],
                    row["id"]["hour"],
                    row["hits"]
                ])
            })
            .collect()
    };
    let hours = [[10, 13, 10, 2], [10, 13, 23, 1], [10, 14, 0, 1], [11, 1, 0, 1]];
    assert_eq!(buckets("hour"), hours.map(|[month, day, hour, hits]| json!([2026, month, day, hour, hits])));
    assert_eq!(
        buckets("day"),
        [[10, 13, 3], [10, 14, 1], [11, 1, 1]].map(|[m, d, hits]| json!([2026, m, d, 0, hits]))
    );
    assert_eq!(buckets("month"), [json!([2026, 10, 0, 0, 4]), json!([2026, 11, 0, 0, 1])]);
    assert_eq!(buckets(""), [json!([0, 0, 0, 0, 5])]);
}

#[test]
fn filters_orders_and_pages_are_those_asked_for() {
    let site = Site::new();
    let (_server, client) = tenant(&site, &[]);
    let many: Vec<Value> = (0..25)
        .flat_map(|n| {
            let one = request(json!({"path": format!("/{n:02}"), "tags": ["all", format!("t{}", n % 2)],
                "api_id": if n < 5 { "b" } else { "a" }, "request_time": n}));
            vec![one; if n == 24 { 2 } else { 1 }]
        })
        .collect();
    send(&client, &many);
    let ask = |query: &str| client.get(&format!("/api/activity/keys/endpoint/k/{OCTOBER}?{query}")).ok();
    let paths = |query: &str| -> Vec<String> {
        let rows = ask(query)["data"].as_array().unwrap().clone();
        rows.iter().map(|row| row["id"]["path"].as_str().unwrap().to_owned()).collect()
    };
    let (first, third) = (paths(""), paths("p=3"));
    assert_eq!((&*first[0], &*first[1], &*first[9], first.len()), ("/24", "/05", "/13", 10));
    assert_eq!(third, ["/00", "/01", "/02", "/03", "/04"]);
    assert_eq!([ask("p=1")["pages"].clone(), ask("p=4")["pages"].clone()], [json!(3), json!(3)]);
    assert_eq!(ask("p=4")["data"], json!([]));
    assert_eq!((paths("p=-1").len(), ask("p=0")["pages"].clone()), (25, json!(1)));
    assert_eq!(paths("p=-1&api=b").len(), 5);
    assert_eq!(paths("p=-1&tags=t0").len(), 13);
    assert_eq!(paths("p=-1&tags=t0,%20t1").len(), 25);
    assert_eq!(paths("p=-1&tags=t0&api_id=b"), ["/00", "/02", "/04"]);
    assert_eq!(paths("p=-1&tags=nosuch").len(), 0);
    assert_eq!(paths("by=request_time&sort=1")[0], "/24");
    assert_eq!(paths("by=request_time&sort=-1")[0], "/00");
    assert_eq!(hits(&client, &format!("/api/activity/apis/a/{OCTOBER}?api=b")), 0);
    // As the platform's own pages ask.
    assert_eq!(hits(&client, &format!("/api/usage/apis/{OCTOBER}?by=Hits&sort=1&p=-1")), 26);
}

#[test]
fn a_key_of_any_spelling_is_found_in_the_path() {
    let site = Site::new();
    let (_server, client) = tenant(&site, &[]);
    let keys = [
        ("a/b", "a%2Fb"),
        ("ü x", "%C3%BC%20x"),
        ("a+b", "a+b"),
        ("?#%", "%3F%23%25"),
        ("endpoint", "endpoint"),
        ("..", "%2E%2E"),
    ];
    send(&client, &keys.map(|(key, _)| request(json!({"api_key": key, "oauth_id": key}))));
    for (key, written) in keys {
        assert_eq!(hits(&client, &of_key(written, OCTOBER)), 1, "{key}");
        assert_eq!(hits(&client, &format!("/api/activity/keys/{written}/{OCTOBER}")), 1, "{key}");
        assert_eq!(hits(&client, &format!("/api/activity/oauthid/endpoint/{written}/{OCTOBER}")), 1, "{key}");
    }
}

#[test]
fn a_bad_question_is_answered_in_the_platform_s_shape() {
    let site = Site::new();
    let (server, client) = tenant(&site, &[]);
    let path = "/api/activity/keys/endpoint/k";
    let message = |answer: crate::harness::client::Answer, status: u16| -> String {
        let text = answer.text();
        assert_eq!(answer.status, status, "{text}");
        assert!(
            text.starts_with(r#"{"Status":"Error","Message":""#) && text.ends_with(r#"","Meta":null}"#),
            "{text}"
        );
        answer.json()["Message"].as_str().unwrap().to_owned()
    };
    for days in [
        "31/2/2026/1/3/2026",
        "29/2/2023/1/3/2023",
        "1/1/2026/29/2/2026",
        "2/1/2026/1/1/2026",
        "x/1/2026/1/1/2026",
        "1/1/2026/1/1/10000",
        "0/0/0/0/0/0",
        "1/1/%FF/1/1/2026",
    ] {
        message(client.get(&format!("{path}/{days}")), 400);
    }
    for query in ["p=x", "p=1.5", "res=week", "by=name", "sort=up", "api_version=v2", "p=1&p=2", "tags=%FF"] {
        message(client.get(&format!("{path}/{OCTOBER}?{query}")), 400);
    }
    let missing = server.client_without_key().get(&format!("{path}/31/2/2026/1/1/2026"));
    assert_eq!(message(missing, 401), "Not authorised");
    assert_eq!(
        message(server.client_with("nonsense").get(&format!("{path}/{OCTOBER}")), 401),
        "Not authorised"
    );
    let writer = server.client_with(&site.make_key("acme", "ingest", &[]));
    wait_until("the new key", || writer.get("/api/v1/analytics/health").status == 200);
    message(writer.get(&format!("{path}/{OCTOBER}")), 403);
    message(client.post(&format!("{path}/{OCTOBER}"), None, b""), 405);
    // A path that is no report's is nothing at all.
    assert_eq!(client.get("/api/activity/keys/endpoint/k/1/1/2026").status, 404);
}

#[test]
fn another_tenant_s_and_another_project_s_requests_are_not_there() {
    let site = Site::new();
    let (server, client) = tenant(&site, &[]);
    let stranger = server.client_with(&site.make_key("stranger", "ingest,read", &[]));
    let shop = server.client_with(&site.make_key("acme", "ingest,read", &["--project", "shop"]));
    let blog = server.client_with(&site.make_key("acme", "ingest,read", &["--project", "blog"]));
    wait_until("the new keys", || blog.get(STATS).status == 200);
    send(
        &client,
        &[
            request(json!({"request_id": "r", "response_code": 500})),
            request(json!({"project_id": "shop", "response_code": 500})),
        ],
    );
    // The same id in another project is another request.
    send(&shop, &[request(json!({"request_id": "r", "response_code": 500}))]);
    let refused = shop.post_json(REQUESTS, &json!({"requests": [request(json!({"project_id": "blog"}))]}));
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains(r#""loc":["body","requests",0,"project_id"]"#), "{}", refused.text());
    for report in ["keys/endpoint/k", "keys", "keys/k", "apis", "apis/a", "errors"] {
        let path = format!("/api/activity/{report}/{OCTOBER}?p=-1");
        let seen = [&client, &shop, &blog, &stranger].map(|client| hits(client, &path));
        assert_eq!(seen, [3, 2, 0, 0], "{report}");
        let nobody_s = format!("/api/activity/{report}/1/1/1999/1/1/1999?p=-1");
        assert_eq!(stranger.get(&path).text(), stranger.get(&nobody_s).text(), "{report}");
    }
}
