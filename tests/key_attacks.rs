//! Near misses: what is almost a key is no key wherever keys are taken, and what looks like a tenant's id is nobody's.

use serde_json::json;

use crate::harness::client::{HEALTH, STATS, TRACK};
use crate::harness::socket::Socket;
use crate::harness::{Server, Site, wait_until};

/// Everything that is almost this key.
fn near_misses(key: &str) -> Vec<(&'static str, String)> {
    let other = if key.ends_with('a') { "b" } else { "a" };
    let random = key.strip_prefix("tg_").unwrap();
    vec![
        ("the mark", key[..3].to_owned()),
        ("what is shown of it", key[..9].to_owned()),
        ("half of it", key[..30].to_owned()),
        ("all but its last character", key[..61].to_owned()),
        ("without its checksum", key[..55].to_owned()),
        ("another last character", format!("{}{other}", &key[..61])),
        ("one character more", format!("{key}a")),
        ("itself twice", format!("{key}{key}")),
        ("upper case", key.to_uppercase()),
        ("an upper-case mark", format!("TG_{random}")),
        ("an upper-case rest", format!("tg_{}", random.to_uppercase())),
        ("another mark", format!("tk_{random}")),
        ("without its mark", random.to_owned()),
        ("a pattern", format!("{}%", &key[..9])),
        ("a pattern of all", "*".repeat(key.len())),
        ("in quotes", format!("\"{key}\"")),
        ("with a comma", format!("{key},{key}")),
    ]
}

fn connect(server: &Server, token: &str) -> Result<(), u16> {
    let path = format!("/api/realtime/projects/p/connect?access_token={token}");
    Socket::open(server.address, &path, &[]).map(drop).map_err(|refused| refused.status)
}

#[test]
fn what_is_almost_a_key_is_refused_wherever_keys_are_taken() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.admin_key();
    assert_eq!((key.len(), connect(&server, &key)), (62, Ok(())));
    let nobody = server.client_without_key();
    let wrong = nobody.send("GET", STATS, &[("Authorization", "Bearer wrong")], b"");
    for (what, near) in near_misses(&key) {
        for (name, value) in [
            ("Authorization", format!("Bearer {near}")),
            ("Authorization", near.clone()),
            ("X-API-Key", near.clone()),
        ] {
            let answer = nobody.send("GET", STATS, &[(name, &value)], b"");
            assert_eq!((answer.status, answer.text()), (401, wrong.text()), "{what}, {name}");
        }
        let encoded = near.replace('%', "%25").replace('"', "%22");
        let signal = nobody.post(&format!("/signals/v1/{encoded}/event"), None, br#"{"s": "A"}"#);
        assert_eq!(signal.status, 401, "{what}");
        assert_eq!(connect(&server, &encoded), Err(401), "{what}");
    }
    // What an encoding of the path or the query leaves of the very key is the key.
    let encoded = key.replace("tg_", "%74%67%5f");
    assert_eq!(connect(&server, &encoded), Ok(()));
    for cut in ["%00", "%20", "%0a", "%e2%80%8b", "%ef%bb%bf"] {
        let path = format!("/signals/v1/{key}{cut}/event");
        assert_eq!(nobody.post(&path, None, br#"{"s": "A"}"#).status, 401, "{cut}");
        assert_eq!(connect(&server, &format!("{key}{cut}")), Err(401), "{cut}");
        assert_eq!(connect(&server, &format!("{cut}{key}")), Err(401), "{cut}");
    }
    assert_eq!(server.client().stats().total_events, 0);
    server.stop();
}

/// What is read, or normalised somewhere, as `acme-cafe`, and is not.
const LOOK_ALIKES: [&str; 22] = [
    "ACME-CAFE",
    "Acme-cafe",
    "acme-cafe%20",
    "%20acme-cafe",
    "acme-cafe%00",
    "acme-cafe%0a",
    "acme-cafe.",
    "acme-cafe%2f",
    "acme-cafe%2e",
    "acme%2fcafe",
    // A Cyrillic a, e and c, a Greek alpha.
    "%d0%b0cme-cafe",
    "acm%d0%b5-cafe",
    "a%d1%81me-cafe",
    "%ce%b1cme-cafe",
    // Full width; a ligature that NFKC takes apart; a hyphen that is none.
    "%ef%bd%81%ef%bd%83%ef%bd%8d%ef%bd%85-cafe",
    "acme-ca%ef%ac%80e",
    "acme%e2%80%90cafe",
    // An accent in one letter (NFC) and as one of its own (NFD).
    "acme-caf%c3%a9",
    "acme-cafe%cc%81",
    // A space without width, a word joiner, a mark that turns the direction.
    "acme%e2%80%8b-cafe",
    "acme-cafe%e2%81%a0",
    "%e2%80%aeacme-cafe",
];

#[test]
fn what_looks_like_a_tenants_id_is_a_tenant_that_does_not_exist() {
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.make_key("acme-cafe", "ingest,read", &[]);
    let acme = server.client_with(&key);
    wait_until("the key", || acme.get(HEALTH).status == 200);
    acme.track(&json!({"event_name": "a", "session_id": "s"}));
    let path = |kind: &str, tenant: &str| format!("/v2/realtime/{kind}/tenants/{tenant}");
    for kind in ["session", "event", "latest-event"] {
        assert_ne!(acme.get(&path(kind, "acme-cafe")).status, 404, "{kind}");
        let (missing, operators) = (acme.get(&path(kind, "nobody")), acme.get(&path(kind, "default")));
        assert_eq!((missing.status, operators.status, operators.text()), (404, 404, missing.text()));
        for look_alike in LOOK_ALIKES {
            // Theirs, and the operator's, for whom the tenant is another's.
            for client in [&acme, &server.client()] {
                let answer = client.get(&path(kind, look_alike));
                assert_eq!((answer.status, answer.text()), (404, missing.text()), "{kind} {look_alike}");
            }
        }
        // No UTF-8 at all, an overlong slash and dot, half an escape.
        for broken in [
            "acme-cafe%ff",
            "acme-cafe%c0%af",
            "%c0%ae%c0%ae",
            "acme-cafe%ed%a0%80",
            "acme-cafe%",
            "acme-cafe%e",
        ] {
            let status = acme.get(&path(kind, broken)).status;
            assert!([400, 404].contains(&status), "{kind} {broken}: {status}");
        }
        // The id's own letters, encoded, are the id.
        assert_eq!(acme.get(&path(kind, "%61cme%2dcafe")).status, acme.get(&path(kind, "acme-cafe")).status);
    }
    // Nor does a look-alike bring facts into a tenant by a signal's own word.
    for tenant in ["acme-cafe ", "ACME-CAFE", "acme-cafe\u{200b}", "\u{430}cme-cafe", "ａｃｍｅ-cafe"] {
        let body = json!({"s": "A", "tenantId": tenant}).to_string();
        let answer =
            server.client_without_key().post(&format!("/signals/v1/{key}/event"), None, body.as_bytes());
        assert_eq!(answer.status, 403, "{tenant:?}");
    }
    assert_eq!(acme.post_json(TRACK, &json!({"event_name": "b"})).status, 200);
    assert_eq!(acme.stats().total_events, 2);
    server.stop();
}
