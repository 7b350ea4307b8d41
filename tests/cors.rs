//! Pages of other origins read a tenant's data when that tenant says so; and every answer tells a browser what not to do
//! with it.

use serde_json::json;

use crate::harness::client::{HEALTH, STATS};
use crate::harness::{Client, Site, wait_until};

const OURS: &str = "https://app.example.com";
const ALLOW: &str = "access-control-allow-origin";

fn preflight(client: &Client, origin: &str) -> crate::harness::client::Answer {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization"),
    ];
    client.send("OPTIONS", STATS, &headers, b"")
}

#[test]
fn a_page_reads_what_its_tenant_lets_it_read_and_nothing_of_another() {
    let site = Site::new();
    let server = site.start(&[]);
    let [acme, other] =
        ["acme", "other"].map(|tenant| server.client_with(&site.make_key(tenant, "read", &[])));
    wait_until("the keys", || [&acme, &other].iter().all(|client| client.get(HEALTH).status == 200));
    let nobody = server.client_without_key();
    assert_eq!(preflight(&nobody, OURS).header(ALLOW), None);

    let body = json!({ "cors_origins": [OURS] }).to_string();
    let headers = [("Content-Type", "application/json")];
    server.client().send("PATCH", "/api/v1/admin/tenants/acme", &headers, body.as_bytes()).ok();
    let allowed = preflight(&nobody, OURS);
    assert_eq!((allowed.status, allowed.header(ALLOW)), (204, Some(OURS)));
    assert!(allowed.header("access-control-allow-headers").unwrap().contains("Authorization"));
    assert!(allowed.header("access-control-allow-methods").unwrap().contains("PATCH"));
    for stranger in
        ["https://app.example.com.evil.example", "http://app.example.com", "null", "https://APP.example.com"]
    {
        assert_eq!(preflight(&nobody, stranger).header(ALLOW), None, "{stranger}");
    }

    let read = |client: &Client, origin: &str| client.send("GET", STATS, &[("Origin", origin)], b"");
    let ours = read(&acme, OURS);
    assert_eq!((ours.status, ours.header(ALLOW), ours.header("vary")), (200, Some(OURS), Some("Origin")));
    assert!(ours.header("access-control-expose-headers").unwrap().contains("Link"));
    assert_eq!(ours.header("access-control-allow-credentials"), None);
    assert_eq!(read(&acme, "https://evil.example").header(ALLOW), None);
    assert_eq!(read(&other, OURS).header(ALLOW), None, "the other tenant has not allowed it");
    assert_eq!(acme.get(STATS).header(ALLOW), None);
    // That a page's user must sign in again is not hidden from it.
    let refused = read(&nobody, OURS);
    assert_eq!((refused.status, refused.header(ALLOW)), (401, Some(OURS)));
}

#[test]
fn every_answer_says_not_to_keep_guess_or_frame_it_and_names_its_request() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    for (path, status) in
        [(STATS, 200), ("/nosuch", 404), ("/api/realtime/projects/nosuch/analytics", 404), ("/healthz", 200)]
    {
        let answer = client.get(path);
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(
            answer.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'")
        );
        assert_eq!(answer.header("strict-transport-security"), None, "not without TLS");
        assert_eq!(answer.header("x-request-id").unwrap().len(), 36, "{path}");
    }
    let named = client.send("GET", "/nosuch", &[("X-Request-Id", "mine-1")], b"");
    assert_eq!(
        (named.header("x-request-id"), &named.json()["request_id"]),
        (Some("mine-1"), &json!("mine-1"))
    );
    let odd = client.send("GET", "/nosuch", &[("X-Request-Id", "a b\"c")], b"");
    assert_eq!(odd.header("x-request-id").unwrap().len(), 36);
}
