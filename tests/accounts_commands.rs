//! The commands for tenants, projects, keys and the audit log: what they print, what they refuse, and that a running
//! server honours them within a second.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::client::HEALTH;
use crate::harness::{Site, wait_for, wait_until};

const A_SECOND: Duration = Duration::from_secs(1);

/// What a command printed, which must be JSON and all went well.
fn shown(site: &Site, args: &[&str]) -> Value {
    let ran = site.run(args);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{args:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_rotated_key_goes_on_for_the_overlap_beside_the_one_that_takes_its_place() {
    let site = Site::new();
    let server = site.start(&[]);
    let limits = ["--requests-per-second", "50", "--name", "the shop's", "--expires", "90d"];
    let old = site.key_create("acme", "ingest,read", &limits);
    assert_eq!(old["limits"], json!({"requests_per_second": 50}));
    let (old_id, old_key) = (old["id"].as_str().unwrap(), old["key"].as_str().unwrap());
    let before = server.client_with(old_key);
    wait_until("the key", || before.get(HEALTH).status == 200);

    let new = shown(&site, &["key", "rotate", old_id, "--overlap", "1h"]);
    let after = server.client_with(new["key"].as_str().unwrap());
    wait_for("the new key", A_SECOND, || (after.get(HEALTH).status == 200).then_some(()));
    assert_eq!(before.get(HEALTH).status, 200);
    for same in ["tenant", "project", "scopes", "name", "limits"] {
        assert_eq!(new[same], old[same], "{same}");
    }
    let newer = shown(&site, &["key", "rotate", new["key"].as_str().unwrap()]);
    wait_for("the new key's end", A_SECOND, || (after.get(HEALTH).status == 401).then_some(()));
    assert_eq!(before.get(HEALTH).status, 200, "its hour is not over");
    let refused = site.run(&["key", "rotate", old_id]);
    assert!(refused.assert_failed().contains(new["id"].as_str().unwrap()));

    // When each was used last is written down when the server stops.
    drop((before, after));
    server.stop();
    let listed = shown(&site, &["key", "list", "--tenant", "acme"]);
    let listed = listed.as_array().unwrap();
    let of = |name: &str| listed.iter().map(|key| key[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("id"), [&old["id"], &new["id"], &newer["id"]].map(Value::clone));
    assert_eq!(of("replaced_by"), [new["id"].clone(), newer["id"].clone(), Value::Null]);
    assert_eq!(of("last_used_at").iter().map(Value::is_string).collect::<Vec<_>>(), [true, true, false]);
    assert!(!listed.iter().any(|key| key.get("key").is_some()));
}

#[test]
fn tenants_and_projects_are_made_listed_and_shown() {
    let site = Site::new();
    let made = shown(&site, &["tenant", "create", "acme"]);
    assert_eq!(made, shown(&site, &["tenant", "show", "acme"]));
    let project = shown(&site, &["project", "create", "--tenant", "acme", "shop"]);
    let listed = shown(&site, &["project", "list", "--tenant", "acme"]);
    assert_eq!([&listed[0]["project"], &listed[1]], [&json!("default"), &project]);
    for (again, part) in [
        (&["tenant", "create", "acme"][..], "there is a tenant acme already"),
        (&["project", "create", "--tenant", "acme", "shop"], "a project shop already"),
        (&["project", "create", "--tenant", "typo", "shop"], "no tenant typo"),
        (&["project", "list", "--tenant", "typo"], "no tenant typo"),
        (&["tenant", "show", "typo"], "no tenant typo"),
    ] {
        assert!(site.run(again).assert_failed().contains(part), "{again:?}");
    }
    assert_eq!(site.run(&["tenant", "create", "a b"]).code, Some(2));
}

#[test]
fn each_setting_of_a_tenant_is_set_alone_shown_and_set_back() {
    let site = Site::new();
    shown(&site, &["tenant", "create", "acme"]);
    let set = |more: &[&str]| shown(&site, &[&["tenant", "set", "--tenant", "acme"], more].concat());
    set(&["--requests-per-second", "100", "--keep-events", "30", "--ip-addresses", "shortened"]);
    let origins = "https://app.example.com,http://localhost:5173";
    set(&["--cors-origins", origins, "--idle-timeout", "10m"]);
    let now = set(&["--requests-per-second", "default", "--report-memory-bytes", "1048576"]);
    assert_eq!(now, shown(&site, &["tenant", "show", "acme"]));
    let own = |group: &Value| {
        let fields = group.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
        fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Value>()
    };
    assert_eq!(own(&now["limits"]), json!({"report_memory_bytes": 1_048_576}));
    assert_eq!(own(&now["retention_days"]), json!({"events": 30}));
    assert_eq!([&now["ip_addresses"], &now["idle_timeout_seconds"]], [&json!("shortened"), &json!(600)]);
    assert_eq!(now["cors_origins"], json!(["https://app.example.com", "http://localhost:5173"]));
    assert_eq!(set(&["--cors-origins", ""])["cors_origins"], json!([]));
    assert_eq!(set(&["--cors-origins", "default"])["cors_origins"], Value::Null);

    for (wrong, part) in [
        (["--requests-per-second", "0"], "1 to 10000000"),
        (["--keep-events", "36501"], "36500"),
        (["--ip-addresses", "half"], "shortened"),
        (["--cors-origins", "https://app.example.com/"], "without a path"),
        (["--max-projects", "-1"], ""),
    ] {
        let ran = site.run(&[&["tenant", "set", "--tenant", "acme"], &wrong[..]].concat());
        assert!(ran.code == Some(2) && ran.stderr.contains(part), "{ran:?}");
    }
}

#[test]
fn the_audit_log_says_who_did_what_on_the_command_line_too() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.key_create("acme", "read", &[]);
    shown(&site, &["key", "revoke", key["id"].as_str().unwrap()]);
    shown(&site, &["tenant", "set", "--tenant", "acme", "--keep-requests", "7"]);
    let log = shown(&site, &["audit", "list", "--tenant", "acme"]);
    let actions: Vec<_> = log.as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["tenant.set", "key.revoke", "key.create", "tenant.create"]);
    assert_eq!(log[0]["details"], json!({"retention_days": {"requests": 7}}));
    assert_eq!(log[1]["target"], key["id"]);
    let actor = log[0]["actor"].as_str().unwrap();
    assert!(actor.starts_with("command-line:") && actor.len() > "command-line:".len(), "{actor}");
    let before = log[1]["id"].to_string();
    let rest = shown(&site, &["audit", "list", "--tenant", "acme", "--before", &before, "--limit", "1"]);
    assert_eq!(rest, json!([log[2]]));
    let whole = shown(&site, &["audit", "list"]);
    assert_eq!(whole.as_array().unwrap().last().unwrap()["actor"], "server");
    assert!(!whole.to_string().contains(&key["key"].as_str().unwrap()[9..]));
    for limit in ["0", "1001"] {
        assert!(site.run(&["audit", "list", "--limit", limit]).assert_failed().contains("1 to 1000"));
    }
    drop(server);
}
