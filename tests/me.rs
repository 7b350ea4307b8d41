//! `GET /api/v1/me`: a credential is told whom it stands for, and no more than it may see.

use std::fs;

use serde_json::{Value, json};
use tidegauge_facts::Micros;

use crate::harness::jwt::Signer;
use crate::harness::{Site, now_seconds, wait_until};

const ME: &str = "/api/v1/me";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn a_key_is_told_its_tenant_its_scopes_and_the_projects_that_were_made_or_have_facts() {
    let site = Site::new();
    let server = site.start(&[]);
    let admin = server.client();
    admin.track(&json!({"event_name": "a", "project_id": "web"}));
    admin.post_json("/api/v1/admin/tenants/default/projects", &json!({"id": "by-hand"}));
    let told = admin.get(ME).ok();
    assert!(told["key_id"].as_str().unwrap().starts_with("key_"), "{told}");
    assert_eq!(
        told,
        json!({
            "tenant": "default", "project": null, "scopes": ["ingest", "read", "admin"], "is_operator": true,
            "credential": "key", "key_id": told["key_id"], "expires_at": null,
            "projects": ["by-hand", "default", "web"], "version": env!("CARGO_PKG_VERSION"),
        })
    );

    let key = site.key_create("acme", "ingest", &["--project", "shop", "--expires", "1h"]);
    let bound = server.client_with(key["key"].as_str().unwrap());
    wait_until("the new key", || bound.get(ME).status == 200);
    let told = bound.get(ME).ok();
    assert_eq!((&told["key_id"], &told["expires_at"]), (&key["id"], &key["expires_at"]));
    assert_eq!((&told["tenant"], &told["project"]), (&json!("acme"), &json!("shop")));
    assert_eq!((&told["scopes"], &told["is_operator"]), (&json!(["ingest"]), &json!(false)));
    assert_eq!(told["projects"], json!(["shop"]));
    let answer = bound.get(ME).text();
    assert!(!answer.contains(key["key"].as_str().unwrap()), "{answer}");
}

#[test]
fn a_token_is_told_when_it_ends_and_sees_the_projects_of_its_own_tenant_alone() {
    let site = Site::new();
    let secret = site.data().with_file_name("secret");
    fs::create_dir_all(site.data().parent().unwrap()).unwrap();
    fs::write(&secret, SECRET).unwrap();
    let server = site.start(&["--jwt-secret-file", secret.to_str().unwrap()]);
    server.client().track(&json!({"event_name": "a", "project_id": "web"}));
    let ends = now_seconds() + 600;
    let of = |claims: Value| server.client_with(&Signer::hs256(SECRET).token(&claims)).get(ME).ok();
    let told = of(json!({"tenant": "nobody-made", "scope": "admin", "exp": ends}));
    assert_eq!(told["expires_at"], Micros(ends.cast_signed() * 1_000_000).to_millis_text());
    assert_eq!((&told["credential"], &told["key_id"]), (&json!("token"), &Value::Null));
    assert_eq!((&told["is_operator"], &told["projects"]), (&json!(false), &json!([])));
    let told = of(json!({"tenant": "default", "scope": "read", "exp": ends}));
    assert_eq!((&told["scopes"], &told["projects"]), (&json!(["read"]), &json!(["default", "web"])));
    // No scope is needed; but who can only send facts, or nothing, is told no names.
    for scope in ["", "ingest"] {
        let told = of(json!({"tenant": "default", "scope": scope, "exp": ends}));
        assert_eq!((&told["tenant"], &told["projects"]), (&json!("default"), &json!([])));
    }
}
