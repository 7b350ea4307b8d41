//! Nothing that the server prints holds a credential, at whatever level it logs, whatever was sent and went wrong.

use std::fs;

use serde_json::json;

use crate::harness::client::{BATCH, HEALTH, STATS, TRACK};
use crate::harness::jwt::Signer;
use crate::harness::socket::Socket;
use crate::harness::{Site, now_seconds, wait_until};

const SECRET: &str = "correct-horse-battery-staple-0123456789";

#[test]
fn no_credential_is_in_anything_that_the_server_prints() {
    let site = Site::new();
    let secret = site.data().with_file_name("secret");
    fs::write(&secret, SECRET).unwrap();
    let args =
        ["--jwt-secret-file", secret.to_str().unwrap(), "--log-level", "trace", "--log-format", "json"];
    let server = site.start(&args);
    let (key, lost) = (site.make_key("acme", "ingest,read,admin", &[]), site.make_key("acme", "read", &[]));
    let claims =
        json!({"tenant": "acme", "scope": "ingest read admin", "sub": "ann", "exp": now_seconds() + 600});
    let token = Signer::hs256(SECRET).token(&claims);
    let forged = Signer::hs256("another-secret-another-secret-0123").token(&claims);
    let mistyped = format!("{}x", &key[..key.len() - 1]);
    let operator = site.admin_key();
    wait_until("the keys", || server.client_with(&lost).get(STATS).status == 200);
    assert_eq!(site.run(&["key", "revoke", &lost]).code, Some(0));
    wait_until("the revocation", || server.client_with(&lost).get(STATS).status == 401);

    for credential in [&key, &lost, &token, &forged, &mistyped, &operator] {
        let client = server.client_with(credential);
        for (method, path, body) in [
            ("GET", STATS, ""),
            ("GET", HEALTH, ""),
            ("POST", TRACK, "{"),
            ("POST", TRACK, "{\"event_name\": \"a\"}"),
            ("POST", BATCH, "{\"events\": []}"),
            ("POST", "/api/v1/connections", "{\"connections\": [{\"api_key\": 5}]}"),
            ("POST", "/v1/traces", "{}"),
            ("GET", "/api/realtime/projects/x/analytics", ""),
            ("GET", "/v2/realtime/event/tenants/acme", ""),
            ("GET", "/api/connection-analytics/summary?minutes=x", ""),
            ("GET", "/api/activity/apis/32/1/2026/1/1/2026", ""),
            ("GET", "/api/v1/admin/tenants/acme/keys", ""),
            ("GET", "/metrics", ""),
            ("GET", "/nosuch", ""),
            ("DELETE", "/nosuch", ""),
        ] {
            let headers = [("Content-Type", "application/json")];
            let answer = client.send(method, path, &headers, body.as_bytes());
            assert!(answer.status < 500, "{method} {path}: {}", answer.status);
            assert!(!String::from_utf8_lossy(&answer.body).contains(credential.as_str()), "{path}");
        }
        let nobody = server.client_without_key();
        for headers in
            [("Authorization", credential.as_str()), ("X-API-Key", credential), ("X-Request-Id", credential)]
        {
            nobody.send("GET", STATS, &[headers], b"");
        }
        nobody.post(&format!("/signals/v1/{credential}/event"), Some("text/plain"), b"{\"eventType\":\"A\"}");
        nobody.post(&format!("/signals/v1/{credential}/nosuch"), Some("text/plain"), b"{}");
        nobody.get(&format!("/api/v1/analytics/stats?access_token={credential}"));
        let path = format!("/api/realtime/projects/p/connect?access_token={credential}");
        drop(Socket::open(server.address, &path, &[]));
        let connection = json!({"connection_id": "c", "state": "open", "service_name": "s", "protocol_name": "p",
            "data_center": "d", "api_key": credential, "bytes_in": "x"});
        client.post_json("/api/v1/connections", &json!({ "connections": [connection] }));
    }
    let (rotated, id) = {
        let made =
            server.client().post_json("/api/v1/admin/tenants/acme/keys", &json!({"scopes": ["read"]})).json();
        (made["key"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned())
    };
    server
        .client()
        .post_json(&format!("/api/v1/admin/tenants/acme/keys/{id}/rotate"), &json!({"overlap_seconds": 5}));
    let output = server.stop();
    assert!(output.stderr.lines().count() > 100, "it did log");
    // The first start says the first key once, on standard output; nothing else does.
    assert_eq!(output.stdout.matches(&*operator).count(), 3, "{}", output.stdout);
    let printed = output.stdout.replace(&*operator, "") + &output.stderr;
    let token_parts = [token.rsplit('.').next().unwrap(), forged.rsplit('.').next().unwrap()];
    let mut secrets = vec![&*key, &*lost, &*token, &*forged, &*operator, &*rotated, SECRET];
    secrets.extend(token_parts);
    for secret in secrets {
        for part in [secret, &secret[secret.len() - 20..]] {
            let told = printed.lines().find(|line| line.contains(part));
            assert_eq!(told, None, "{}... was printed", &secret[..12]);
        }
    }
}
