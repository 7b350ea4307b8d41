//! Paths that try to be another: what is not a route is 404 or 400, whatever it looks like after decoding.

use serde_json::json;

use crate::harness::client::STATS;
use crate::harness::{Site, wait_until};

#[test]
fn no_path_reaches_more_than_it_says() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.admin_key();
    let other = site.make_key("other", "ingest,read", &[]);
    let project = "/api/realtime/projects/mine/analytics";
    server.client_with(&key).track(&json!({"event_name": "a", "project_id": "mine"}));
    wait_until("the other key", || server.client_with(&other).get(STATS).status == 200);
    for path in [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/healthz/..%2fmetrics",
        "/healthz/../metrics",
        "//healthz",
        "/./healthz",
        "/healthz/",
        "/healthz%00",
        "/healthz;a=b",
        "/HEALTHZ",
        "/%68ealthz%2f",
        "/api/realtime/projects/mine/../mine/analytics",
        "/api/realtime/projects/mine%2fanalytics",
        "/api/realtime/projects//analytics",
        "/api/realtime/projects/%2e%2e/analytics",
        "/api/realtime/projects/mine%2f..%2fmine/analytics",
        "/api/realtime/projects/mine%00/analytics",
        "/api/realtime/projects/%c0%ae%c0%ae/analytics",
        "/api/realtime/projects/%ff/analytics",
        "/api/realtime/projects/%zz/analytics",
        "/api/realtime/projects/%/analytics",
        "/api/realtime/projects/%25%32%66/analytics",
        "/api/realtime/projects/mine%20/analytics",
        "/v2/realtime/event/tenants/default%2f",
        "/v2/realtime/event/tenants/..%2fdefault",
        "/v2/realtime/event/tenants/%2e",
        "/signals/v1/..%2f..%2fhealthz/event",
    ] {
        let mut raw = server.raw();
        raw.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"));
        let answer = raw.answer().unwrap_or_else(|| panic!("{path}: no answer"));
        let is_refused = matches!(answer.status, 400 | 401 | 403 | 404 | 405 | 422);
        assert!(is_refused, "{path}: {answer:?}");
        assert!(!answer.body.contains("root:"), "{path}");
    }
    // An encoding of the same letters is the same id, and another tenant's project stays what does not exist.
    let encoded = "/api/realtime/projects/%6dine/analytics";
    for path in [project, encoded] {
        assert_eq!(server.client_with(&key).get(path).status, 200, "{path}");
        assert_eq!(server.client_with(&other).get(path).status, 404, "{path}");
    }
    // What comes after `#` is never sent by a client, and no path here.
    for target in ["/healthz#a", "healthz", "http:///healthz", "*", "\\healthz", "/healthz\u{7f}"] {
        let mut raw = server.raw();
        raw.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        let status = raw.answer().map_or(400, |answer| answer.status);
        assert!((200..500).contains(&status), "{target}: {status}");
    }
    server.stop();
}
