//! Every route with every wrong credential: another tenant's things are what does not exist, and nothing is told
//! to who may not know.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::client::STATS;
use crate::harness::{Client, Server, Site, wait_for, wait_until};

/// A tenant and a project that have facts, and ones that nobody has ever heard of.
const THEIRS: Names = Names { tenant: "acme", project: "shop" };
const NOBODYS: Names = Names { tenant: "nosuch", project: "unheard-of" };

#[derive(Clone, Copy)]
struct Names {
    tenant: &'static str,
    project: &'static str,
}

/// A route, and the scope that it asks for.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Read,
    Ingest,
    Any,
}

struct Route {
    method: &'static str,
    path: String,
    scope: Scope,
    body: Value,
}

fn route(method: &'static str, path: String, scope: Scope, body: Value) -> Route {
    Route { method, path, scope, body }
}

/// All routes that take a credential, with these names in them.
fn routes(names: Names) -> Vec<Route> {
    let Names { tenant, project } = names;
    let mut routes = vec![
        route("GET", "/api/v1/analytics/health".into(), Scope::Any, Value::Null),
        route("GET", STATS.into(), Scope::Read, Value::Null),
        route("GET", "/api/realtime/analytics".into(), Scope::Read, Value::Null),
    ];
    let event = json!({"event_name": "a", "project_id": project});
    let connection = json!({"connection_id": "c1", "state": "close", "service_name": "s", "protocol_name": "p",
        "data_center": "d", "project_id": project});
    routes.extend([
        route("POST", "/api/v1/analytics".into(), Scope::Ingest, event.clone()),
        route("POST", "/api/v1/analytics/batch".into(), Scope::Ingest, json!({"events": [event]})),
        route("POST", "/api/v1/connections".into(), Scope::Ingest, json!({"connections": [connection]})),
        route("GET", format!("/api/realtime/projects/{project}/connect"), Scope::Ingest, Value::Null),
        route("POST", "/v1/traces".into(), Scope::Ingest, json!({"resourceSpans": []})),
    ]);
    for report in ["analytics", "history", "throughput", "active-users"] {
        let path = format!("/api/realtime/projects/{project}/{report}");
        routes.push(route("GET", path, Scope::Read, Value::Null));
    }
    let presence = format!("/api/realtime/projects/{project}/presence");
    routes.push(route("POST", presence, Scope::Read, json!({"userIds": ["ann"]})));
    for report in ["summary", "query", "events/query"] {
        routes.push(route("GET", format!("/api/connection-analytics/{report}"), Scope::Read, Value::Null));
    }
    let request = json!({"api_id": "a1", "path": "/basket", "api_key": "k1", "project_id": project});
    routes.push(route("POST", "/api/v1/requests".into(), Scope::Ingest, json!({"requests": [request]})));
    for report in TRAFFIC {
        routes.push(route("GET", format!("/api/{report}/1/1/2024/31/12/2099"), Scope::Read, Value::Null));
    }
    for prefix in ["", "/regions/eu/reports"] {
        for report in ["session", "event", "latest-event"] {
            let path = format!("{prefix}/v2/realtime/{report}/tenants/{tenant}?distinctColumns=eventType");
            routes.push(route("GET", path, Scope::Read, Value::Null));
        }
    }
    routes
}

const TRAFFIC: [&str; 10] = [
    "activity/keys/endpoint/k1",
    "activity/oauthid/endpoint/o1",
    "activity/keys",
    "activity/keys/k1",
    "activity/oauthid/o1",
    "activity/apis",
    "activity/apis/a1",
    "activity/errors",
    "usage/apis",
    "usage/apis/a1",
];

const SIGNALS: [&str; 4] = ["event", "session", "client", "contact"];

fn signal(kind: &str, tenant: &str) -> Value {
    let event = json!({"tenantId": tenant, "sessionId": "s1", "eventType": "A", "clientId": "c1"});
    if kind == "event" { event } else { json!({"tenantId": tenant, "sessionId": "s1", "clientId": "c1"}) }
}

/// Status and body, without what differs from one answer to the next: instants, the request's id, and the names.
fn ask(client: &Client, route: &Route, names: Names) -> (u16, String) {
    let body = if route.body.is_null() { String::new() } else { route.body.to_string() };
    let answer =
        client.send(route.method, &route.path, &[("Content-Type", "application/json")], body.as_bytes());
    let mut text = answer.text();
    if let Ok(Value::Object(mut object)) = serde_json::from_str(&text) {
        for volatile in ["timestamp", "generatedAt", "requestId", "uptime_seconds", "checks", "event_id"] {
            object.remove(volatile);
        }
        text = Value::Object(object).to_string();
    }
    (answer.status, text.replace(names.tenant, "TENANT").replace(names.project, "PROJECT"))
}

/// A server on which the tenant `acme` has facts of every kind.
fn furnished(site: &Site) -> (Server, Client) {
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
    for report in TRAFFIC {
        let rows = theirs.get(&format!("/api/{report}/1/1/2024/31/12/2099")).ok();
        assert_eq!(rows["pages"], json!(1), "{report}");
    }
    (server, theirs)
}

#[test]
fn to_another_tenant_every_route_answers_as_if_nothing_were_there() {
    let site = Site::new();
    let (server, theirs) = furnished(&site);
    let key = site.make_key("stranger", "ingest,read,admin", &[]);
    let stranger = server.client_with(&key);
    wait_until("the new key", || stranger.get(STATS).status == 200);
    let before = theirs.stats().total_events;

    // Reads first: a write makes the stranger a project of his own, which may have any name.
    for scope in [Scope::Any, Scope::Read, Scope::Ingest] {
        for (theirs, nobodys) in routes(THEIRS).iter().zip(&routes(NOBODYS)).filter(|(r, _)| r.scope == scope)
        {
            let (of_theirs, of_nobodys) = (ask(&stranger, theirs, THEIRS), ask(&stranger, nobodys, NOBODYS));
            assert_eq!(of_theirs, of_nobodys, "{} {}", theirs.method, theirs.path);
            let text = &of_theirs.1;
            assert!(
                !["login", "buy", "rooms", "c1\"", "a1\"", "ann\":{\"online\":true"]
                    .iter()
                    .any(|t| text.contains(t)),
                "{text}"
            );
        }
    }
    for kind in SIGNALS {
        let path = format!("/signals/v1/{key}/{kind}");
        let [of_theirs, of_nobodys] = [THEIRS, NOBODYS].map(|names| {
            let answer =
                stranger.post(&path, Some("text/plain"), signal(kind, names.tenant).to_string().as_bytes());
            (answer.status, answer.text())
        });
        assert_eq!(of_theirs, of_nobodys, "{kind}");
        assert_eq!(of_theirs.0, 403, "{kind}");
    }
    assert_eq!(theirs.stats().total_events, before);
    assert_eq!(theirs.total_events(THEIRS.project), before);
    let open = theirs.get(&format!("/api/realtime/projects/{}/analytics", THEIRS.project)).ok();
    assert_eq!(open["activeConnections"], json!(1), "another tenant's message closed it");
}

#[test]
fn to_another_project_of_the_tenant_every_route_answers_as_if_nothing_were_there() {
    let site = Site::new();
    let (server, _) = furnished(&site);
    let key = site.make_key(THEIRS.tenant, "ingest,read", &["--project", "blog"]);
    let neighbour = server.client_with(&key);
    wait_until("the new key", || neighbour.get(STATS).status == 200);
    let tenant_wide = |path: &str| path.contains("/analytics/stats") || path.contains("/analytics/health");
    for (theirs, nobodys) in routes(THEIRS).iter().zip(&routes(NOBODYS)) {
        // The figures of `stats` are the tenant's, and a key of the tenant sees them; a grid's tenant is its own.
        if tenant_wide(&theirs.path) || theirs.path.contains("/v2/realtime") {
            continue;
        }
        let (of_theirs, of_nobodys) = (ask(&neighbour, theirs, THEIRS), ask(&neighbour, nobodys, NOBODYS));
        assert_eq!(of_theirs, of_nobodys, "{} {}", theirs.method, theirs.path);
        assert!(
            !["login", "rooms", "\"a1\""].iter().any(|text| of_theirs.1.contains(text)),
            "{}",
            of_theirs.1
        );
    }
    for report in ["session", "event", "latest-event"] {
        let path = format!("/v2/realtime/{report}/tenants/{}?distinctColumns=eventType", THEIRS.tenant);
        assert_eq!(neighbour.get(&path).ok(), json!([]), "{report}");
    }
}

#[test]
fn without_a_good_credential_every_route_answers_401_and_without_the_scope_403() {
    let site = Site::new();
    let (server, _) = furnished(&site);
    let revoked = site.make_key(THEIRS.tenant, "ingest,read,admin", &[]);
    assert_eq!(site.run(&["key", "revoke", &revoked]).code, Some(0));
    let expired = site.make_key(THEIRS.tenant, "ingest,read,admin", &["--expires", "2s"]);
    let reader = site.make_key(THEIRS.tenant, "read", &[]);
    let writer = site.make_key(THEIRS.tenant, "ingest", &[]);
    wait_until("the new keys", || server.client_with(&writer).get("/api/v1/analytics/health").status == 200);
    wait_for("the key's end", Duration::from_secs(10), || {
        (server.client_with(&expired).get(STATS).status == 401).then_some(())
    });

    let mut strangers: Vec<Client> =
        [&*revoked, &*expired, "nonsense", "tg_"].iter().map(|key| server.client_with(key)).collect();
    strangers.push(server.client_without_key());
    for route in routes(THEIRS) {
        for client in &strangers {
            let body = route.body.to_string();
            let answer = client.send(
                route.method,
                &route.path,
                &[("Content-Type", "application/json")],
                body.as_bytes(),
            );
            assert_eq!(answer.status, 401, "{} {}", route.method, route.path);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{}", route.path);
            let text = answer.text();
            assert!(
                ![&*revoked, &*expired, "login", "rooms", "\"a1\""].iter().any(|t| text.contains(t)),
                "{text}"
            );
        }
        let lacking = match route.scope {
            Scope::Read => &writer,
            Scope::Ingest => &reader,
            Scope::Any => continue,
        };
        let (status, text) = ask(&server.client_with(lacking), &route, THEIRS);
        assert_eq!(status, 403, "{} {}: {text}", route.method, route.path);
    }
    for kind in SIGNALS {
        for (key, status) in [(&*revoked, 401), (&*expired, 401), ("nonsense", 401), (&*reader, 403)] {
            let path = format!("/signals/v1/{key}/{kind}");
            let body = signal(kind, THEIRS.tenant).to_string();
            let answer = server.client_without_key().post(&path, Some("text/plain"), body.as_bytes());
            assert_eq!(answer.status, status, "{kind}");
            assert!(!answer.text().contains(key), "{}", answer.text());
        }
    }
}

#[test]
fn a_key_of_one_project_reaches_no_connection_of_another_by_its_id() {
    let site = Site::new();
    let (server, theirs) = furnished(&site);
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
