//! Every route of the OpenAPI document with every wrong credential: another tenant's things are what does not exist,
//! and nothing is told to who may not know.

mod examples;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use self::examples::{Asks, EXAMPLES, Names, Route};
use crate::harness::client::{Answer, STATS};
use crate::harness::document::Document;
use crate::harness::{Client, Server, Site, wait_for, wait_until};

/// A tenant and a project that have facts, and ones that nobody has ever heard of.
const THEIRS: Names<'_> = Names { tenant: "acme", project: "shop", ..NOBODYS };
const NOBODYS: Names<'_> = Names {
    tenant: "nosuch",
    project: "unheard-of",
    key_id: "key_0000000000000000",
    erasure_id: "00000000-0000-7000-8000-000000000000",
};

/// A good request of every operation, with these names in it, and this key where a path asks for one.
fn routes(document: &Document, names: Names<'_>, key: &str) -> Vec<Route> {
    document.operations().into_iter().map(|operation| Route::new(operation, names, key)).collect()
}

fn send(client: &Client, route: &Route) -> Answer {
    let body = if route.body.is_null() { String::new() } else { route.body.to_string() };
    let headers = [("Content-Type", "application/json")];
    let send = || client.try_send(&route.operation.method, &route.path, &headers, body.as_bytes());
    // A server that refused the request before may have closed its connection, since the body of that one had not come.
    send().or_else(|_| send()).unwrap_or_else(|error| panic!("{}: {error}", route.path))
}

/// Status and body, without what differs from one answer to the next: instants, the request's id, and the names.
fn shown(answer: &Answer, names: Names<'_>) -> (u16, String) {
    let mut text = answer.text();
    if let Ok(Value::Object(mut object)) = serde_json::from_str(&text) {
        for volatile in [
            "timestamp",
            "generatedAt",
            "requestId",
            "request_id",
            "uptime_seconds",
            "elapsed_ms",
            "checks",
            "event_id",
        ] {
            object.remove(volatile);
        }
        text = Value::Object(object).to_string();
    }
    // A stream's first message is of its own instant.
    if let Some((before, rest)) = text.split_once("\"time\":\"") {
        text = before.to_owned() + rest.split_once('"').unwrap().1;
    }
    (answer.status, text.replace(names.tenant, "TENANT").replace(names.project, "PROJECT"))
}

/// The ids of a key and an erasure that the server gave the tenant `acme`.
struct Given {
    key: String,
    erasure: String,
}

impl Given {
    fn theirs(&self) -> Names<'_> {
        Names { key_id: &self.key, erasure_id: &self.erasure, ..THEIRS }
    }
}

/// A server on which the tenant `acme` has facts of every kind, a key to spare and an erasure.
fn furnished(site: &Site) -> (Server, Client, Document, Given) {
    let server = site.start(&[]);
    let theirs = server.client_with(&site.make_key(THEIRS.tenant, "ingest,read,admin", &[]));
    wait_until("the new key", || theirs.get(STATS).status == 200);
    let events = ["login", "buy"].map(|name| json!({"event_name": name, "project_id": THEIRS.project}));
    theirs.batch(&events);
    let connection = json!({"connection_id": "c1", "state": "open", "service_name": "rooms",
        "protocol_name": "ws", "data_center": "d", "project_id": THEIRS.project, "user_id": "ann"});
    theirs.post_json("/api/v1/connections", &json!({"connections": [connection]})).ok();
    let request = json!({"api_id": "a1", "path": "/basket", "api_key": "k1", "oauth_id": "o1", "response_code": 500,
        "project_id": THEIRS.project});
    theirs.post_json("/api/v1/requests", &json!({"requests": [request]})).ok();
    let document = Document::of(&server);
    let is_report = |route: &Route| route.operation.tag == "activity" && route.asks == Asks::Read;
    for route in routes(&document, THEIRS, "").iter().filter(|route| is_report(route)) {
        assert_eq!(theirs.get(&route.path).ok()["pages"], json!(1), "{}", route.path);
    }
    let made = |what: &str, body: &Value| {
        let answer = theirs.post_json(&format!("/api/v1/admin/tenants/{}/{what}", THEIRS.tenant), body);
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    let key = made("keys", &json!({"scopes": ["read"], "name": "to spare"}));
    let erasure = made("erasures", &json!({"user_id": "who was never here"}));
    (server, theirs, document, Given { key, erasure })
}

#[test]
fn every_route_of_the_document_has_an_example_and_is_there_and_answers_as_it_says() {
    let site = Site::new();
    let (server, theirs, document, given) = furnished(&site);
    let known: BTreeSet<&str> = EXAMPLES.iter().map(|(id, ..)| *id).collect();
    let operations = document.operations();
    assert_eq!(operations.iter().map(|operation| &*operation.id).collect::<BTreeSet<_>>(), known);
    let key = site.make_key(THEIRS.tenant, "ingest", &[]);
    wait_until("the new key", || server.client_with(&key).get("/api/v1/analytics/health").status == 200);
    let mut routes = routes(&document, given.theirs(), &key);
    // A key that was revoked is rotated no more.
    routes.sort_by_key(|route| route.operation.id == "revokeKey");
    for route in routes {
        let client = if route.asks == Asks::Operator { server.client() } else { theirs.clone() };
        let answer = send(&client, &route);
        let expected = match &*route.operation.id {
            "connectToProject" => 426,
            "createTenant" | "createProject" | "createKey" | "rotateKey" => 201,
            "requestErasure" => 202,
            _ => 200,
        };
        assert_eq!(answer.status, expected, "{}: {}", route.path, answer.text());
        document.assert_told(&route.operation, &answer);
        // Any other method is refused in the surface's own shape, and told which there are.
        let refused = client.send("PUT", &route.path, &[], b"");
        assert_eq!(refused.status, 405, "{}: {}", route.path, refused.text());
        let allowed = refused.header("allow").unwrap_or_default();
        assert!(allowed.contains(&route.operation.method), "{}: Allow: {allowed}", route.path);
    }
}

#[test]
fn to_another_tenant_every_route_answers_as_if_nothing_were_there() {
    let site = Site::new();
    let (server, theirs, document, given) = furnished(&site);
    let key = site.make_key("stranger", "ingest,read,admin", &[]);
    let stranger = server.client_with(&key);
    wait_until("the new key", || stranger.get(STATS).status == 200);
    let before = theirs.stats().total_events;

    // Reads first: a write makes the stranger a project of his own, which may have any name.
    let mut pairs: Vec<(Route, Route)> =
        routes(&document, given.theirs(), &key).into_iter().zip(routes(&document, NOBODYS, &key)).collect();
    pairs.sort_by_key(|(route, _)| matches!(route.asks, Asks::Ingest | Asks::KeyInPath));
    for (theirs, nobodys) in &pairs {
        let (of_theirs, of_nobodys) = (send(&stranger, theirs), send(&stranger, nobodys));
        if theirs.asks == Asks::Nothing {
            continue;
        }
        assert_eq!(shown(&of_theirs, THEIRS), shown(&of_nobodys, NOBODYS), "{}", theirs.path);
        document.assert_told(&theirs.operation, &of_theirs);
        let (_, text) = shown(&of_theirs, THEIRS);
        let secrets = ["login", "buy", "rooms", "c1\"", "a1\"", "ann\":{\"online\":true", "to spare"];
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
        if matches!(theirs.asks, Asks::KeyInPath | Asks::Operator) {
            assert_eq!(of_theirs.status, 403, "{}", theirs.path);
        }
        if theirs.asks == Asks::Admin && theirs.operation.id != "listTenants" {
            assert_eq!(of_theirs.status, 404, "{}", theirs.path);
        }
    }
    // Nor does an id of theirs lead anywhere in a path of his own.
    let with_theirs = routes(&document, Names { tenant: "stranger", ..given.theirs() }, &key);
    let with_nobodys = routes(&document, Names { tenant: "stranger", ..NOBODYS }, &key);
    let is_by_id = |route: &Route| route.operation.path.contains("_id}");
    for (theirs, nobodys) in with_theirs.iter().zip(&with_nobodys).filter(|(route, _)| is_by_id(route)) {
        let (of_theirs, of_nobodys) = (send(&stranger, theirs), send(&stranger, nobodys));
        assert_eq!(of_theirs.status, 404, "{}", theirs.path);
        assert_eq!(shown(&of_theirs, THEIRS), shown(&of_nobodys, NOBODYS), "{}", theirs.path);
    }
    let spare = theirs.get(&format!("/api/v1/admin/tenants/{}/keys/{}", THEIRS.tenant, given.key)).ok();
    assert_eq!((&spare["revoked_at"], &spare["replaced_by"]), (&Value::Null, &Value::Null));
    assert_eq!(theirs.stats().total_events, before);
    assert_eq!(theirs.total_events(THEIRS.project), before);
    let open = theirs.get(&format!("/api/realtime/projects/{}/analytics", THEIRS.project)).ok();
    assert_eq!(open["activeConnections"], json!(1), "another tenant's message closed it");
}

#[test]
fn to_another_project_of_the_tenant_every_route_answers_as_if_nothing_were_there() {
    let site = Site::new();
    let (server, _, document, given) = furnished(&site);
    let key = site.make_key(THEIRS.tenant, "ingest,read", &["--project", "blog"]);
    let neighbour = server.client_with(&key);
    wait_until("the new key", || neighbour.get(STATS).status == 200);
    let theirs = routes(&document, given.theirs(), &key);
    for (theirs, nobodys) in theirs.iter().zip(&routes(&document, NOBODYS, &key)) {
        // The figures of `stats` are the tenant's, and a key of the tenant sees them, and its own tenant's name; the grid's
        // names are of tenants.
        let is_tenants = matches!(&*theirs.operation.id, "getEventStats" | "getStoreHealth" | "getMe");
        if is_tenants || theirs.asks == Asks::Nothing || matches!(&*theirs.operation.tag, "grid" | "signals")
        {
            continue;
        }
        let (of_theirs, of_nobodys) = (send(&neighbour, theirs), send(&neighbour, nobodys));
        assert_eq!(shown(&of_theirs, THEIRS), shown(&of_nobodys, NOBODYS), "{}", theirs.path);
        document.assert_told(&theirs.operation, &of_theirs);
        let text = of_theirs.text();
        assert!(!["login", "rooms", "\"a1\""].iter().any(|secret| text.contains(secret)), "{text}");
    }
    for route in theirs.iter().filter(|route| route.operation.tag == "grid") {
        assert_eq!(neighbour.get(&route.path).ok(), json!([]), "{}", route.path);
    }
}

#[test]
fn without_a_good_credential_every_route_answers_401_and_without_the_scope_403() {
    let site = Site::new();
    let (server, theirs, document, given) = furnished(&site);
    let revoked = site.make_key(THEIRS.tenant, "ingest,read,admin", &[]);
    assert_eq!(site.run(&["key", "revoke", &revoked]).code, Some(0));
    let expired = site.make_key(THEIRS.tenant, "ingest,read,admin", &["--expires", "2s"]);
    let reader = site.make_key(THEIRS.tenant, "read", &[]);
    let bound = site.make_key(THEIRS.tenant, "ingest,read,admin", &["--project", THEIRS.project]);
    let writer = site.make_key(THEIRS.tenant, "ingest", &[]);
    wait_until("the new keys", || server.client_with(&writer).get("/api/v1/analytics/health").status == 200);
    wait_for("the key's end", Duration::from_secs(10), || {
        (server.client_with(&expired).get(STATS).status == 401).then_some(())
    });

    let secrets = [&*revoked, &*expired, "nonsense", "to spare", "login", "rooms", "\"a1\""];
    let refused = |route: &Route, client: &Client, status: u16| {
        let answer = send(client, route);
        assert_eq!(answer.status, status, "{}: {}", route.path, answer.text());
        document.assert_told(&route.operation, &answer);
        if status == 401 {
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{}", route.path);
        }
        assert!(!secrets.iter().any(|secret| answer.text().contains(secret)), "{}", answer.text());
    };
    for key in [Some(&*revoked), Some(&*expired), Some("nonsense"), Some("tg_"), None] {
        let stranger = key.map_or_else(|| server.client_without_key(), |key| server.client_with(key));
        for route in routes(&document, given.theirs(), key.unwrap_or("none")) {
            match route.asks {
                Asks::Nothing => document.assert_told(&route.operation, &send(&stranger, &route)),
                Asks::KeyInPath => refused(&route, &server.client_without_key(), 401),
                _ => refused(&route, &stranger, 401),
            }
        }
    }
    let [reader_client, writer, bound] = [&reader, &writer, &bound].map(|key| server.client_with(key));
    for route in routes(&document, given.theirs(), &reader) {
        let lacking: &[&Client] = match route.asks {
            Asks::Read => &[&writer],
            Asks::Ingest | Asks::KeyInPath => &[&reader_client],
            // A key of one project administers nothing, and a tenant's administrator not the server.
            Asks::Admin => &[&reader_client, &writer, &bound],
            Asks::Operator => &[&reader_client, &writer, &bound, &theirs],
            Asks::Credential | Asks::Nothing => continue,
        };
        for client in lacking {
            refused(&route, client, 403);
        }
    }
}

#[test]
fn a_key_of_one_project_reaches_no_connection_of_another_by_its_id() {
    let site = Site::new();
    let (server, theirs, ..) = furnished(&site);
    let neighbour = server.client_with(&site.make_key(THEIRS.tenant, "ingest,read", &["--project", "blog"]));
    wait_until("the new key", || neighbour.get(STATS).status == 200);
    let say = |state: &str| {
        let message = json!({"connection_id": "c1", "state": state, "service_name": "s", "protocol_name": "p",
            "data_center": "d"});
        neighbour.post_json("/api/v1/connections", &json!({"connections": [message]})).ok()
    };
    let open = |client: &Client, project: &str| {
        let path = format!("/api/realtime/projects/{project}/analytics");
        client.get(&path).ok()["activeConnections"].clone()
    };
    say("activity");
    assert_eq!((open(&theirs, THEIRS.project), open(&neighbour, "blog")), (json!(1), json!(1)));
    let users = neighbour.get("/api/realtime/projects/blog/active-users").ok();
    assert_eq!(users["count"], json!(0), "the other connection's user is not told");
    say("close");
    assert_eq!((open(&theirs, THEIRS.project), open(&neighbour, "blog")), (json!(1), json!(0)));
}
