//! Administration over HTTP: an administrator administers his own tenant, the operator's all of them, and every change
//! stands in the audit log.

use serde_json::{Value, json};

use crate::harness::client::STATS;
use crate::harness::{Client, Server, Site, wait_until};

const ADMIN: &str = "/api/v1/admin";

fn patch(client: &Client, path: &str, body: &Value) -> (u16, Value) {
    let headers = [("Content-Type", "application/json")];
    let answer = client.send("PATCH", path, &headers, body.to_string().as_bytes());
    (answer.status, answer.json())
}

fn post(client: &Client, path: &str, body: &Value) -> (u16, Value) {
    let answer = client.post_json(path, body);
    (answer.status, answer.json())
}

/// A key of a tenant that the operator makes over HTTP, and a client that holds it.
fn make_key(server: &Server, operator: &Client, tenant: &str, body: &Value) -> (Value, Client) {
    let (status, key) = post(operator, &format!("{ADMIN}/tenants/{tenant}/keys"), body);
    assert_eq!(status, 201, "{key}");
    let client = server.client_with(key["key"].as_str().unwrap());
    (key, client)
}

fn with_tenants(server: &Server) -> (Client, Client) {
    let operator = server.client();
    for id in ["acme", "other"] {
        let (status, made) = post(&operator, &format!("{ADMIN}/tenants"), &json!({"id": id}));
        assert_eq!((status, &made["id"]), (201, &json!(id)), "{made}");
    }
    let (_, admin) = make_key(server, &operator, "acme", &json!({"scopes": ["admin"], "name": "ops"}));
    (operator, admin)
}

#[test]
fn a_key_made_over_http_works_at_once_is_listed_without_its_text_and_ends_at_once() {
    let site = Site::new();
    let server = site.start(&[]);
    let (operator, admin) = with_tenants(&server);
    let (key, client) =
        make_key(&server, &admin, "acme", &json!({"scopes": ["ingest", "read"], "project": "shop"}));
    assert_eq!(client.get(STATS).status, 200);
    assert_eq!((&key["tenant"], &key["project"]), (&json!("acme"), &json!("shop")));

    let keys = format!("{ADMIN}/tenants/acme/keys");
    let listed = admin.get(&keys);
    assert!(!listed.text().contains(key["key"].as_str().unwrap()));
    let items = listed.ok()["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[1]["id"], &items[1]["revoked_at"]), (&key["id"], &Value::Null));
    // A page at a time: the cursor is taken as it came.
    let first = admin.get(&format!("{keys}?limit=1")).ok();
    let second = admin.get(&format!("{keys}?limit=1&cursor={}", first["next"].as_str().unwrap())).ok();
    assert_eq!((&second["items"][0]["id"], &second["next"]), (&key["id"], &Value::Null));

    let one = format!("{keys}/{}", key["id"].as_str().unwrap());
    let (status, rotated) = post(&admin, &format!("{one}/rotate"), &json!({"overlap_seconds": 3600}));
    assert_eq!(status, 201, "{rotated}");
    let successor = server.client_with(rotated["key"].as_str().unwrap());
    assert_eq!((client.get(STATS).status, successor.get(STATS).status), (200, 200), "both work meanwhile");
    assert_eq!(admin.get(&one).ok()["replaced_by"], rotated["id"]);
    assert_eq!(post(&admin, &format!("{one}/rotate"), &json!({"overlap_seconds": 0})).0, 409);

    // By its text it is not there: a path is in many a log.
    let by_text = format!("{keys}/{}", key["key"].as_str().unwrap());
    for (method, path) in [("GET", &by_text), ("DELETE", &by_text), ("POST", &format!("{by_text}/rotate"))] {
        let body = json!({"overlap_seconds": 0}).to_string();
        let answer = admin.send(method, path, &[("Content-Type", "application/json")], body.as_bytes());
        assert_eq!(answer.status, 404, "{method}");
    }
    let revoked = admin.send("DELETE", &one, &[], b"").ok();
    assert_ne!(revoked["revoked_at"], Value::Null);
    assert_eq!(
        (client.get(STATS).status, successor.get(STATS).status),
        (401, 200),
        "the next request is refused"
    );
    assert_eq!(operator.get(&one).ok()["id"], key["id"]);
}

#[test]
fn another_tenants_things_are_what_does_not_exist_and_only_the_operator_reaches_all() {
    let site = Site::new();
    let server = site.start(&[]);
    let (operator, admin) = with_tenants(&server);
    let (key, stranger) =
        make_key(&server, &operator, "other", &json!({"scopes": ["ingest", "read", "admin"]}));
    let key = key["id"].as_str().unwrap();
    for rest in ["", "/projects", "/keys", "/audit", "/erasures", &format!("/keys/{key}")] {
        let of = |tenant: &str| {
            let mut problem = admin.get(&format!("{ADMIN}/tenants/{tenant}{rest}")).json();
            problem.as_object_mut().unwrap().remove("request_id");
            problem
        };
        assert_eq!(of("other"), of("nosuch"), "{rest}");
        assert_eq!(of("other")["status"], json!(404), "{rest}");
        assert_eq!(of("o%2fther"), of("nosuch"), "{rest}");
        assert_eq!(of("%ff")["status"], json!(404), "{rest}");
    }
    let tenant = format!("{ADMIN}/tenants/other");
    assert_eq!(patch(&admin, &tenant, &json!({"ip_addresses": "none"})).0, 404);
    assert_eq!(post(&admin, &format!("{tenant}/keys"), &json!({"scopes": ["read"]})).0, 404);
    assert_eq!(post(&admin, &format!("{tenant}/erasures"), &json!({"user_id": "ann"})).0, 404);
    // Another's key under his own tenant is none either.
    let path = format!("{ADMIN}/tenants/acme/keys/{key}");
    assert_eq!(admin.send("DELETE", &path, &[], b"").status, 404);
    assert_eq!(stranger.get(STATS).status, 200);

    // What is the server's is the operator's.
    for (status, client) in [(403, &admin), (403, &stranger), (200, &operator)] {
        for path in ["/api/v1/admin/audit", "/api/v1/admin/store", "/metrics"] {
            assert_eq!(client.get(path).status, status, "{path}");
        }
    }
    assert_eq!(post(&admin, &format!("{ADMIN}/tenants"), &json!({"id": "third"})).0, 403);
    let limits = json!({"limits": {"events_per_second": 1_000_000}});
    assert_eq!(
        patch(&admin, &format!("{ADMIN}/tenants/acme"), &limits).0,
        403,
        "nobody raises his own limits"
    );
    let ids = |client: &Client| {
        let tenants = client.get(&format!("{ADMIN}/tenants")).ok();
        tenants["items"].as_array().unwrap().iter().map(|t| t["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&admin), ["acme"]);
    assert_eq!(ids(&operator), ["acme", "default", "other"]);

    // A key of one project administers nothing, whatever its scopes say.
    let narrow = json!({"scopes": ["admin"], "project": "shop"});
    let (_, narrow) = make_key(&server, &operator, "default", &narrow);
    assert_eq!(narrow.get(&format!("{ADMIN}/tenants")).status, 403);
    let reader = make_key(&server, &operator, "acme", &json!({"scopes": ["ingest", "read"]})).1;
    assert_eq!(reader.get(&format!("{ADMIN}/tenants/acme")).status, 403);
}

#[test]
fn settings_are_changed_one_by_one_and_each_change_stands_in_the_audit_log() {
    let site = Site::new();
    let server = site.start(&[]);
    let (operator, admin) = with_tenants(&server);
    let tenant = format!("{ADMIN}/tenants/acme");
    let (status, set) =
        patch(&admin, &tenant, &json!({"ip_addresses": "shortened", "retention_days": {"events": 30}}));
    assert_eq!((status, &set["settings"]["retention_days"]["events"]), (200, &json!(30)), "{set}");
    let (_, set) = patch(&operator, &tenant, &json!({"limits": {"events_per_second": 5}}));
    assert_eq!(
        (&set["settings"]["ip_addresses"], &set["settings"]["limits"]["events_per_second"]),
        (&json!("shortened"), &json!(5))
    );
    let (_, set) = patch(&admin, &tenant, &json!({"ip_addresses": null}));
    assert_eq!(set["settings"]["ip_addresses"], Value::Null);
    assert_eq!(admin.get(&tenant).ok(), set);

    let log = admin.get(&format!("{tenant}/audit?limit=3")).ok();
    let actions: Vec<(&str, &str)> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["action"].as_str().unwrap(), entry["actor"].as_str().unwrap()))
        .collect();
    assert_eq!(actions.iter().map(|(action, _)| *action).collect::<Vec<_>>(), ["tenant.set"; 3]);
    assert_eq!(actions[0].1, actions[2].1);
    assert_ne!(actions[0].1, actions[1].1, "the operator's change is the operator's");
    assert!(actions.iter().all(|(_, actor)| actor.starts_with("key_")), "{actions:?}");
    let older = admin.get(&format!("{tenant}/audit?limit=100&cursor={}", log["next"].as_str().unwrap())).ok();
    assert!(older["items"].as_array().unwrap().iter().any(|entry| entry["action"] == "key.create"));
    assert!(!older.to_string().contains("tg_"), "no key's text is in it");
}

#[test]
fn what_makes_no_sense_is_refused_with_what_is_wrong_as_a_problem() {
    let site = Site::new();
    let server = site.start(&[]);
    let (operator, admin) = with_tenants(&server);
    let keys = format!("{ADMIN}/tenants/acme/keys");
    let tenant = format!("{ADMIN}/tenants/acme");
    for (client, path, body, status, told) in [
        (&operator, format!("{ADMIN}/tenants"), json!({"id": "a b"}), 400, "128"),
        (&operator, format!("{ADMIN}/tenants"), json!({"id": "acme"}), 409, "acme"),
        (&operator, format!("{ADMIN}/tenants"), json!({"id": "x", "name": "y"}), 400, "name"),
        (&admin, keys.clone(), json!({"scopes": []}), 422, "scope"),
        (&admin, keys.clone(), json!({"scopes": ["root"]}), 400, "root"),
        (&admin, keys.clone(), json!({"scopes": ["read"], "expires_in_seconds": u64::MAX}), 422, "days"),
        (&admin, keys.clone(), json!({"scopes": ["read"], "expires_in_seconds": 0}), 400, "1 second"),
        (&admin, keys.clone(), json!({"scopes": ["read"], "expires_in_seconds": 0.5}), 400, "whole number"),
        (&admin, keys.clone(), json!({"scopes": ["read"], "project": "é"}), 400, "128"),
        (&admin, keys.clone(), json!({"scopes": ["read"], "limits": [5, 5, 5]}), 400, "expected an object"),
        (&admin, keys.clone(), json!([["read"]]), 400, "expected an object"),
        (&admin, format!("{tenant}/erasures"), json!(["ann", null, null]), 400, "expected an object"),
        (&admin, format!("{tenant}/projects"), json!(["web"]), 400, "expected an object"),
        (
            &admin,
            keys.clone(),
            json!({"scopes": ["read"], "limits": {"events_per_second": 0}}),
            400,
            "events_per_second",
        ),
        (&admin, format!("{tenant}/projects"), json!({"id": "default"}), 409, "default"),
        (&admin, format!("{tenant}/erasures"), json!({}), 400, "exactly one"),
        (&admin, format!("{tenant}/erasures"), json!({"user_id": "a", "client_id": "b"}), 400, "exactly one"),
        (&admin, format!("{tenant}/erasures"), json!({"user_id": ""}), 400, "empty"),
        (&admin, format!("{keys}/key_0000000000000000/rotate"), json!({"overlap_seconds": 1}), 404, "key"),
    ] {
        let answer = client.post_json(&path, &body);
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem = answer.json();
        assert!(problem["detail"].as_str().unwrap().contains(told), "{problem}");
        assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"));
    }
    for (body, told) in [
        (&b"{"[..], "EOF"),
        (b"", "EOF"),
        (b"\xff", ""),
        (b"[]", ""),
        (b"{\"scopes\":[\"read\"],\"scopes\":[\"admin\"]}", "duplicate"),
    ] {
        let answer = admin.post(&keys, Some("application/json"), body);
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().contains(told), "{}", answer.text());
    }
    assert_eq!(admin.post(&keys, Some("text/plain"), b"{}").status, 400);
    let mut raw = server.raw();
    let key = site.make_key("acme", "admin", &[]);
    let head =
        format!("POST {keys} HTTP/1.1\r\nHost: a\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n");
    wait_until("the key", || server.client_with(&key).get(&keys).status == 200);
    raw.send(format!("{head}Content-Length: {}\r\n\r\n", (2 << 20) + 1));
    let answer = raw.answer().unwrap();
    assert_eq!(answer.status, 413, "its body is not waited for");
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=1&limit=2",
        "cursor=nosuch",
        "cursor=key_0000000000000000",
    ] {
        let answer = admin.get(&format!("{keys}?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
    for body in [json!({"cors_origins": ["https://a.example/x"]}), json!([]), json!({"retention_days": [1]})]
    {
        assert_eq!(patch(&admin, &tenant, &body).0, 400, "{body}");
    }
    // Who may not do it is told so before his body is looked at.
    assert_eq!(admin.post(&format!("{ADMIN}/tenants"), Some("text/plain"), b"?").status, 403);
    assert_eq!(admin.send("PUT", &keys, &[], b"{}").status, 405);
}

#[test]
fn what_the_command_line_does_is_seen_over_http_and_stands_in_the_log_as_its_own() {
    let site = Site::new();
    let server = site.start(&[]);
    let operator = server.client();
    let ran = site.run(&["tenant", "create", "acme"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    wait_until("the tenant", || operator.get(&format!("{ADMIN}/tenants/acme")).status == 200);
    let log = operator.get(&format!("{ADMIN}/audit?limit=1")).ok();
    let actor = log["items"][0]["actor"].as_str().unwrap();
    assert!(actor.starts_with("command-line:"), "{actor}");
    assert_eq!(log["items"][0]["tenant"], json!("acme"));
}
