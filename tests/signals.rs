//! The platform's own published JavaScript client (`@ombori/grid-signals` on npm) works against Tidegauge unchanged,
//! in Node and in a page: what it sends is acknowledged and stored, field by field.

use serde_json::{Value, json};

use crate::harness::{Server, Site, node};

#[test]
fn a_visit_at_a_kiosk_is_stored_field_by_field() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.admin_key();
    let visit = run_script("kiosk.cjs", &server, &key, "Asia/Kolkata");
    check_reports(&server, &visit);
    server.stop();

    let posts = visit["posts"].as_array().unwrap();
    assert!(posts.iter().all(|post| post["status"] == 200), "{visit:#}");
    let (sessions, events) = (site.rows("sessions"), site.rows("events"));
    assert_eq!(sessions.len(), 2);
    let first = sessions.iter().find(|row| row["session_id"] == visit["sessionId"]).unwrap();
    assert!(sessions.iter().any(|row| row["session_id"] == visit["secondSessionId"]));
    assert_fields(
        first,
        json!({
            "tenant_id": "default", "project_id": "default", "ip": "127.0.0.1", "environment": "production",
            "data_residency": "EU", "country": "SE", "space_id": "store-3", "app_id": "shop",
            "app_version": "4.5.6", "installation_id": "kiosk-7", "installation_version": "12",
            "device_id": "screen-9", "location_accuracy": 12.5, "latitude": 59.3293, "longitude": 18.0686,
        }),
    );
    let post = posts.iter().find(|post| post["session"] == visit["sessionId"]).unwrap();
    assert_same_moment(&first["event_time"], &post["time"]);

    let expected = [
        ("APP_START", json!({"interaction": false, "int1": null, "str1": null, "stateful": null})),
        ("PRODUCT_VIEW", json!({"interaction": true, "product_id": "p1"})),
        ("CATEGORY_VIEW", json!({"interaction": true, "category_id": "c1"})),
        ("CART_ADD", json!({"interaction": true, "product_id": "p1", "int1": 2})),
        (
            "PURCHASE",
            json!({
                "str1": "t-1", "str2": "SEK", "str3": "SPRING", "int1": 50, "int2": 12, "int3": 0,
                "properties": r#"{"int1":49.99}"#,
            }),
        ),
        ("RATING", json!({"int1": 5, "int2": 900, "str1": "très bien 🙂\nsecond line"})),
        ("SEARCH", json!({"str1": "shoes \u{fffd}"})),
        ("BASKET", json!({"interaction": false, "int1": 3, "stateful": true, "public": 60000})),
        ("MOOD", json!({"str1": "good", "stateful": true, "public": 1000})),
        (
            "EVERYTHING",
            json!({
                "interaction": false, "product_id": "p2", "category_id": "c2", "int1": 1, "int2": -2, "int3": 0,
                "int4": 9_007_199_254_740_991_i64, "int5": 5, "str1": "one", "str2": "", "str3": "three \"quoted\"",
                "str4": "four\tfour", "str5": "five", "stateful": false, "public": 86_400_000, "properties": null,
            }),
        ),
    ];
    for (name, fields) in expected {
        let row = one(&events, name);
        assert_fields(row, fields);
        assert_fields(
            row,
            json!({
                "tenant_id": "default", "session_id": visit["sessionId"], "space_id": "store-3",
                "data_residency": "EU", "ip": "127.0.0.1", "category": "user_action", "priority": "medium",
            }),
        );
        let post = posts.iter().find(|post| post["event"] == name).unwrap();
        assert_same_moment(&row["event_time"], &post["time"]);
        assert_eq!(row["event_id"], post["answer"]["eventId"]);
    }
    assert_eq!(one(&events, "QR_RUN")["session_id"], visit["secondSessionId"]);
    assert_eq!(events.iter().filter(|row| row["event_name"] == "CONTACT_IDENTIFY").count(), 2);
    assert_eq!(events.len(), 13);

    assert!(visit["contactId"].is_string() && visit["contactId"] == visit["contactIdAgain"], "{visit:#}");
    assert!(visit["sessionContactId"].is_string());
}

/// The three reports of seed 002 show the visit, with what the events left to their session.
fn check_reports(server: &Server, visit: &Value) {
    let client = server.client();
    let report = |path: &str| client.get(&format!("/v2/realtime/{path}")).ok();
    let rows = |path: &str| report(path).as_array().unwrap().clone();
    let session_id = &visit["sessionId"];

    let sessions = rows("session/tenants/default?installationId=kiosk-7&spaceId=store-3&deviceId=screen-9");
    assert_eq!(sessions.len(), 2);
    let first = sessions.iter().find(|session| session["sessionId"] == *session_id).unwrap();
    let expected = json!({
        "tenantId": "default", "environment": "production", "dataResidency": "EU", "country": "SE",
        "spaceId": "store-3", "appId": "shop", "appVersion": "4.5.6", "installationVersion": "12",
        "installationId": "kiosk-7", "deviceId": "screen-9", "ip": "127.0.0.1", "locationAccuracy": 12.5,
        "latitude": 59.3293, "longitude": 18.0686,
    });
    assert_fields(first, expected);
    assert_eq!(rows("session/tenants/default?deviceId=another"), [Value::Null; 0]);

    // The client names the installation and the device in the session alone.
    let events = rows("event/tenants/default?installationId=kiosk-7&deviceId=screen-9");
    let all = rows("event/tenants/default");
    assert_eq!(events.len(), all.len());
    let [purchase] = &rows("event/tenants/default?eventType=PURCHASE&interactionType=interactive")[..] else {
        panic!("{all:?}")
    };
    let expected = json!({"sessionId": session_id, "interaction": true, "str1": "t-1", "str2": "SEK",
        "str3": "SPRING", "int1": 50, "int2": 12, "int3": 0, "dataResidency": "EU", "ip": "127.0.0.1"});
    assert_fields(purchase, expected);
    assert!(purchase.get("stateful").is_none() && purchase.get("productId").is_none(), "{purchase}");
    let idle = rows("event/tenants/default?interactionType=nonInteractive");
    assert!(idle.iter().all(|event| event["interaction"] == json!(false)) && !idle.is_empty());

    let latest = rows("latest-event/tenants/default?distinctColumns=deviceId,eventType");
    let names: std::collections::BTreeSet<_> =
        all.iter().map(|event| event["eventType"].to_string()).collect();
    assert_eq!(latest.len(), names.len(), "one row an event type: there is one device");
    let expected = json!({"installationId": "kiosk-7", "deviceId": "screen-9", "spaceId": "store-3"});
    latest.iter().for_each(|event| assert_fields(event, expected.clone()));
    assert_eq!(
        report("latest-event/tenants/default?distinctColumns=appVersion"),
        json!([latest[0]]),
        "the newest of all: there is one version"
    );
}

#[test]
fn a_visit_on_a_page_is_stored_though_its_first_event_arrives_before_its_session() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.admin_key();
    let visit = run_script("page.cjs", &server, &key, "America/St_Johns");
    server.stop();

    assert_eq!(visit["postsWhileOffline"], 0);
    let posts = visit["posts"].as_array().unwrap();
    assert!(posts.iter().all(|post| post["status"] == 200), "{visit:#}");
    let routes: Vec<_> = posts.iter().map(|post| post["route"].as_str().unwrap()).collect();
    assert_eq!(routes, ["/event", "/session", "/event", "/client", "/event"]);
    assert_eq!(posts[0]["event"], "CONTENT_VIEW");

    let (sessions, events) = (site.rows("sessions"), site.rows("events"));
    assert_eq!((sessions.len(), events.len()), (2, 3));
    let session = sessions.iter().find(|row| row["session_id"] == visit["sessionId"]).unwrap();
    assert_fields(
        session,
        json!({"client_id": visit["clientId"], "installation_id": "web", "space_id": null}),
    );
    let client = sessions.iter().find(|row| row["session_id"] == "").unwrap();
    assert_fields(
        client,
        json!({"client_id": visit["clientId"], "client_user_agent": "Mozilla/5.0 (test)", "country": "SE"}),
    );
    assert_same_moment(&client["client_created"], &posts[3]["time"]);
    for name in ["CONTENT_VIEW", "APP_START", "CONTACT_IDENTIFY"] {
        let event = one(&events, name);
        assert_fields(event, json!({"session_id": visit["sessionId"], "client_id": visit["clientId"]}));
    }
    assert_fields(
        one(&events, "CONTENT_VIEW"),
        json!({"str1": "Start", "str2": "https://shop.example/?a=b", "str3": "Början"}),
    );
    assert_fields(one(&events, "CONTACT_IDENTIFY"), json!({"str1": "client_id", "str2": visit["clientId"]}));
}

fn one<'a>(events: &'a [Value], name: &str) -> &'a Value {
    let mut named = events.iter().filter(|row| row["event_name"] == name);
    let row = named.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(named.next().is_none(), "more than one {name}");
    row
}

fn assert_fields(row: &Value, expected: Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&row[name], value, "{name} of {row:#}");
    }
}

/// An exported instant, and one as JavaScript prints it.
fn assert_same_moment(exported: &Value, printed: &Value) {
    let (exported, printed) = (exported.as_str().unwrap(), printed.as_str().unwrap());
    assert_eq!(exported.trim_end_matches('Z'), printed.trim_end_matches(".000Z"));
}

/// What a script printed that drove the client against the server, in a time zone.
fn run_script(name: &str, server: &Server, key: &str, zone: &str) -> Value {
    let api = format!("{}/signals/v1/{key}", server.client().base());
    let variables = [("GRID_SIGNALS_API", &*api), ("TENANT", "default"), ("TZ", zone)];
    serde_json::from_str(&node::run(&format!("node/{name}"), &variables)).unwrap()
}
