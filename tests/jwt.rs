//! Tokens of somebody else's: good ones work on every surface, and everything that was ever tried with bad ones is
//! refused as a wrong key is.

use std::fs;

use serde_json::{Value, json};

use crate::harness::client::{Answer, HEALTH, STATS, TRACK};
use crate::harness::jwt::{Signer, base64url, key_set, unsigned};
use crate::harness::socket::{Ended, Socket};
use crate::harness::{Server, Site, now_seconds, wait_until};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn claims(tenant: &str, scope: &str) -> Value {
    json!({"tenant": tenant, "scope": scope, "sub": "ann", "iss": "https://id.example", "aud": "tidegauge",
        "exp": now_seconds() + 600})
}

fn with(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Value {
    let mut claims = claims("acme", "ingest read admin");
    change(claims.as_object_mut().unwrap());
    claims
}

/// A server that believes tokens of this secret, and of this key under the id `k1`.
fn believing(site: &Site, signer: &Signer) -> Server {
    let secret = site.data().with_file_name("secret");
    let keys = site.data().with_file_name("keys.json");
    fs::create_dir_all(site.data().parent().unwrap()).unwrap();
    fs::write(&secret, SECRET).unwrap();
    fs::write(&keys, key_set(&[signer.public_jwk("k1")])).unwrap();
    site.start(&[
        "--jwt-secret-file",
        secret.to_str().unwrap(),
        "--jwt-jwks-file",
        keys.to_str().unwrap(),
        "--jwt-issuer",
        "https://id.example",
        "--jwt-audience",
        "tidegauge",
    ])
}

#[test]
fn a_good_token_works_on_every_surface_for_its_tenant_its_project_and_its_scopes() {
    let site = Site::new();
    let rsa = Signer::rs256();
    let server = believing(&site, &rsa);
    let header = json!({"alg": "RS256", "kid": "k1"});
    let token = rsa.token_with(&header, &claims("acme", "ingest read"));
    for client in [
        server.client_with(&token),
        server.client_with(&Signer::hs256(SECRET).token(&claims("acme", "ingest read"))),
    ] {
        assert_eq!(client.get(HEALTH).status, 200);
        client.track(&json!({"event_name": "a"}));
        assert_eq!(client.get("/api/realtime/analytics").status, 200);
        assert_eq!(client.get("/v2/realtime/event/tenants/acme").status, 200);
        assert_eq!(client.get("/v2/realtime/event/tenants/default").status, 404);
        assert_eq!(client.get("/api/connection-analytics/summary").status, 200);
        assert_eq!(client.get("/api/activity/apis/1/1/2026/1/1/2026").status, 200);
        assert_eq!(client.get("/api/v1/admin/tenants").status, 403);
    }
    assert_eq!(server.client_with(&token).stats().total_events, 2);
    assert_eq!(server.client().stats().total_events, 0, "the tenant `default` has none of it");

    let of_project = |project: &str| {
        let mut claims = claims("acme", "ingest read");
        claims["project"] = json!(project);
        server.client_with(&rsa.token_with(&header, &claims))
    };
    let shop = of_project("shop");
    shop.track(&json!({"event_name": "a"}));
    assert_eq!(shop.total_events("shop"), 1);
    assert_eq!(shop.get("/api/realtime/projects/default/analytics").status, 404);
    assert_eq!(shop.post_json(TRACK, &json!({"event_name": "a", "project_id": "blog"})).status, 422);

    for (scope, expected) in [
        (json!("read"), (403, 200)),
        (json!(["ingest"]), (200, 403)),
        (json!("profile openid"), (403, 403)),
        (json!(null), (403, 403)),
    ] {
        let mut claims = claims("acme", "");
        claims["scope"] = scope.clone();
        if scope.is_null() {
            claims.as_object_mut().unwrap().remove("scope");
        }
        let client = server.client_with(&rsa.token_with(&header, &claims));
        let found = (client.post_json(TRACK, &json!({"event_name": "a"})).status, client.get(STATS).status);
        assert_eq!(found, expected, "{scope}");
    }
    // A token of the operator's tenant administers that tenant, and not the server.
    let admin = server.client_with(&rsa.token_with(&header, &claims("default", "admin")));
    assert_eq!(admin.get("/api/v1/admin/tenants/default").status, 200);
    for path in ["/metrics", "/api/v1/admin/store", "/api/v1/admin/audit"] {
        assert_eq!(admin.get(path).status, 403, "{path}");
    }
    // Nor does it make itself, or take, a key that does.
    let keys = "/api/v1/admin/tenants/default/keys";
    assert_eq!(admin.post_json(keys, &json!({"scopes": ["admin"]})).status, 403);
    let first = admin.get(keys).ok()["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        admin.post_json(&format!("{keys}/{first}/rotate"), &json!({"overlap_seconds": 0})).status,
        403
    );
    assert_eq!(admin.send("DELETE", &format!("{keys}/{first}"), &[], b"").status, 403);
    let made = admin.post_json("/api/v1/admin/tenants/default/projects", &json!({"id": "made"}));
    assert_eq!(made.status, 201);
    let log = server.client().get("/api/v1/admin/audit?limit=1").ok();
    assert_eq!(log["items"][0]["actor"], json!("token:ann"));
}

#[test]
fn a_token_travels_as_a_bearers_and_in_no_other_way() {
    let site = Site::new();
    let server = believing(&site, &Signer::ed_dsa());
    let token = Signer::hs256(SECRET).token(&claims("acme", "ingest read"));
    let nobody = server.client_without_key();
    for (name, value, status) in [
        ("Authorization", format!("Bearer {token}"), 200),
        ("Authorization", format!("bearer {token}"), 200),
        ("Authorization", token.clone(), 401),
        ("X-API-Key", token.clone(), 401),
        ("Authorization", format!("Basic {token}"), 401),
        ("Authorization", format!("Bearer {token} {token}"), 401),
        ("Cookie", format!("token={token}"), 401),
    ] {
        assert_eq!(nobody.send("GET", STATS, &[(name, &value)], b"").status, status, "{name}: {value}");
    }
    assert_eq!(nobody.get(&format!("{STATS}?access_token={token}")).status, 401);
    let path = format!("/signals/v1/{token}/session");
    assert_eq!(nobody.post(&path, Some("text/plain"), b"{\"sessionId\":\"s\"}").status, 401);
    // On the WebSocket's route alone it may stand in the query: a browser can set no header there.
    let mut socket =
        Socket::open(server.address, &format!("/api/realtime/projects/p/connect?access_token={token}"), &[])
            .unwrap();
    assert_eq!(socket.text()["type"], json!("connected"));
}

#[test]
fn a_socket_ends_when_its_token_does() {
    let site = Site::new();
    let secret = site.data().with_file_name("secret");
    fs::write(&secret, SECRET).unwrap();
    let server = site.start(&[
        "--jwt-secret-file",
        secret.to_str().unwrap(),
        "--jwt-leeway-seconds",
        "0",
        "--websocket-ping-seconds",
        "1",
    ]);
    let mut claims = claims("acme", "ingest");
    claims["exp"] = json!(now_seconds() + 3);
    let token = Signer::hs256(SECRET).token(&claims);
    let mut socket = Socket::open(
        server.address,
        "/api/realtime/projects/p/connect",
        &[("Authorization", &format!("Bearer {token}"))],
    )
    .unwrap();
    assert_eq!(socket.text()["type"], json!("connected"));
    assert!(matches!(socket.end(), Ended::Closed(..)));
    assert_eq!(server.client_with(&token).get(HEALTH).status, 401);
}

/// Status and body, without what is each answer's own.
fn told(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json())
}

#[test]
fn what_was_ever_tried_with_tokens_is_refused_as_a_wrong_key_is() {
    let site = Site::new();
    let rsa = Signer::rs256();
    let server = believing(&site, &rsa);
    let hmac = Signer::hs256(SECRET);
    let good = claims("acme", "ingest read admin");
    let now = now_seconds();
    let kid = |kid: Value| hmac.token_with(&json!({"alg": "HS256", "kid": kid}), &good);
    let header = |header: Value| hmac.token_with(&header, &good);
    let of =
        |change: &dyn Fn(&mut serde_json::Map<String, Value>)| hmac.token(&with(|claims| change(claims)));
    let stolen = hmac.token(&good);
    let parts: Vec<&str> = stolen.split('.').collect();
    let other = hmac.token(&claims("default", "ingest read admin"));
    let other: Vec<&str> = other.split('.').collect();
    let mut tokens: Vec<(&str, String)> = vec![
        (
            "signed with the public key as a secret",
            Signer::hs256(rsa.public_pem()).token_with(&json!({"alg": "HS256", "kid": "k1"}), &good),
        ),
        ("signed with the key set as a secret", Signer::hs256(key_set(&[rsa.public_jwk("k1")])).token(&good)),
        ("signed with nothing", Signer::hs256(Vec::new()).token(&good)),
        ("another issuer's key", Signer::rs256().token_with(&json!({"alg": "RS256", "kid": "k1"}), &good)),
        ("another algorithm's name", rsa.token_with(&json!({"alg": "HS256", "kid": "k1"}), &good)),
        ("an algorithm that is not configured", header(json!({"alg": "HS512"}))),
        ("no algorithm", header(json!({"typ": "JWT"}))),
        ("an algorithm that is a list", header(json!({"alg": ["HS256"]}))),
        (
            "a kid that is a path",
            Signer::hs256("").token_with(&json!({"alg": "HS256", "kid": "../../../../dev/null"}), &good),
        ),
        (
            "a kid that is SQL",
            Signer::hs256("x").token_with(&json!({"alg": "HS256", "kid": "' UNION SELECT 'x' --"}), &good),
        ),
        ("a kid that is no text", kid(json!({"a": 1}))),
        ("a kid that is too long", kid(json!("k".repeat(100_000)))),
        ("its own key in the header", {
            let own = Signer::rs256();
            own.token_with(&json!({"alg": "RS256", "jwk": own.public_jwk("k1"), "kid": "k1"}), &good)
        }),
        (
            "a key set's address in the header",
            Signer::rs256()
                .token_with(&json!({"alg": "RS256", "kid": "k2", "jku": "http://127.0.0.1:1/keys"}), &good),
        ),
        (
            "a certificate's address in the header",
            Signer::rs256()
                .token_with(&json!({"alg": "RS256", "x5u": "http://127.0.0.1:1/c", "x5c": ["MIIB"]}), &good),
        ),
        ("a critical extension", header(json!({"alg": "HS256", "crit": ["exp"]}))),
        ("a payload that is not encoded", header(json!({"alg": "HS256", "b64": false, "crit": ["b64"]}))),
        ("members of the header twice", hmac.token_of(r#"{"alg":"none","alg":"HS256"}"#, good.to_string())),
        (
            "claims twice",
            hmac.token_of(
                r#"{"alg":"HS256"}"#,
                format!(r#"{{"tenant":"default",{}"#, &good.to_string()[1..]),
            ),
        ),
        ("expired", of(&|c| drop(c.insert("exp".into(), json!(now - 60))))),
        ("not yet valid", of(&|c| drop(c.insert("nbf".into(), json!(now + 300))))),
        ("without an end", of(&|c| drop(c.remove("exp")))),
        ("an end that is a text", of(&|c| drop(c.insert("exp".into(), json!("9999999999"))))),
        (
            "an end that is absurd",
            hmac.token_of(r#"{"alg":"HS256"}"#, good.to_string().replace(&(now + 600).to_string(), "1e400")),
        ),
        ("an end that is negative", of(&|c| drop(c.insert("exp".into(), json!(-1))))),
        ("another issuer", of(&|c| drop(c.insert("iss".into(), json!("https://id.example.evil"))))),
        ("no issuer", of(&|c| drop(c.remove("iss")))),
        ("another audience", of(&|c| drop(c.insert("aud".into(), json!(["somebody", "else"]))))),
        ("no audience", of(&|c| drop(c.remove("aud")))),
        ("no tenant", of(&|c| drop(c.remove("tenant")))),
        ("an audience that is nested", of(&|c| drop(c.insert("aud".into(), json!([["tidegauge"]]))))),
        ("another token's signature", format!("{}.{}.{}", parts[0], other[1], parts[2])),
        ("half a signature", format!("{}.{}.{}", parts[0], parts[1], &parts[2][..20])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{stolen}.x")),
        ("padding", format!("{}=.{}.{}", parts[0], parts[1], parts[2])),
        ("another last character of the signature", {
            // Bits that no byte has: another text for the same bytes.
            let last = parts[2].chars().last().unwrap();
            let twin = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let at = twin.find(last).unwrap() ^ 1;
            format!("{}.{}.{}{}", parts[0], parts[1], &parts[2][..parts[2].len() - 1], &twin[at..=at])
        }),
        ("not JSON", hmac.token_of(r#"{"alg":"HS256"}"#, "tenant=acme")),
        ("a list of claims", hmac.token_of(r#"{"alg":"HS256"}"#, format!("[{good}]"))),
        ("no UTF-8", hmac.token_of(r#"{"alg":"HS256"}"#, b"\xff\xfe")),
        ("oversized", of(&|c| drop(c.insert("more".into(), json!("x".repeat(20_000)))))),
        ("a signature of zeros", {
            let head = base64url(json!({"alg": "ES256", "kid": "k1"}).to_string());
            format!("{head}.{}.{}", base64url(good.to_string()), base64url([0; 64]))
        }),
    ];
    for none in ["none", "None", "NONE", "nOnE", ""] {
        tokens.push(("no signature by name", unsigned(&json!({"alg": none}), &good)));
        tokens.push(("no name but a signature", hmac.token_with(&json!({"alg": none}), &good)));
    }
    for tenant in [
        json!(""),
        json!(" acme"),
        json!("acme\n"),
        json!("acm\u{435}"),
        json!("acme\u{200b}"),
        json!("ａｃｍｅ"),
        json!("a/b"),
        json!("acme\0"),
        json!("x".repeat(129)),
        json!(["acme"]),
        json!({"a": 1}),
        json!(5),
        json!(null),
        json!(true),
    ] {
        tokens.push(("no tenant's id", of(&|c| drop(c.insert("tenant".into(), tenant.clone())))));
        if !tenant.is_null() {
            tokens.push(("no project's id", of(&|c| drop(c.insert("project".into(), tenant.clone())))));
        }
    }
    let wrong = told(&server.client_with("tg_wrong").get(STATS));
    assert_eq!(wrong.0, 401);
    for (what, token) in &tokens {
        let header = format!("Bearer {token}");
        let answer = server.client_without_key().try_send("GET", STATS, &[("Authorization", &header)], b"");
        match answer {
            Ok(answer) if [400, 431].contains(&answer.status) => assert!(token.len() > 8_000, "{what}"),
            Ok(answer) => {
                assert_eq!(told(&answer), wrong, "{what}: {token}");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
            Err(error) => assert!(token.len() > 8_000, "{what}: {error}"),
        }
    }
    // The server still believes what it should, and nothing of what it was shown is in its log.
    assert_eq!(server.client_with(&stolen).get(STATS).status, 200);
    let log = server.stderr();
    assert!(tokens.iter().all(|(_, token)| token.len() < 20 || !log.contains(token.as_str())));
}

#[test]
fn where_no_key_is_configured_no_token_is_believed() {
    let site = Site::new();
    let server = site.start(&[]);
    for token in [
        Signer::hs256(SECRET).token(&claims("acme", "read")),
        Signer::hs256("").token(&claims("acme", "read")),
    ] {
        assert_eq!(server.client_with(&token).get(STATS).status, 401);
    }
    wait_until("the server", || server.client().get(STATS).status == 200);
}
