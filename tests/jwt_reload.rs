//! SIGHUP and tokens: what has changed counts from then on, and what could not be read again stays.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::client::STATS;
use crate::harness::jwt::{Signer, key_set};
use crate::harness::key_server::KeyServer;
use crate::harness::{Server, Site, now_seconds, wait_until};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER_SECRET: &str = "fedcba9876543210fedcba9876543210";

/// Never the same twice: what is believed is not believed from memory.
fn claims(number: u64) -> Value {
    json!({"tenant": "acme", "scope": "read", "sub": "ann", "jti": number, "exp": now_seconds() + 600})
}

fn status(server: &Server, token: &str) -> u16 {
    server.client_with(token).get(STATS).status
}

/// Has the configuration read again, and waits until it was.
fn reload(server: &Server) {
    let read = || server.stderr().matches("the configuration was read again").count();
    let before = read();
    server.hang_up();
    wait_until("the configuration", || read() > before);
}

fn configure(file: &Path, level: &str, jwt: &str) {
    fs::write(file, format!("[log]\nlevel = \"{level}\"\n[jwt]\n{jwt}\n")).unwrap();
}

#[test]
fn keys_of_a_url_that_does_not_answer_survive_a_reload() {
    let site = Site::new();
    let (signer, next) = (Signer::ed_dsa(), Signer::ed_dsa());
    let issuer = KeyServer::start(key_set(&[signer.public_jwk("k1")]));
    let token = |number| signer.token_with(&json!({"alg": "EdDSA", "kid": "k1"}), &claims(number));
    let file = site.data().with_file_name("tidegauge.toml");
    let url = format!("jwks_url = \"{}\"", issuer.url());
    configure(&file, "info", &url);
    let server = site.start(&["--config", file.to_str().unwrap()]);
    assert_eq!(status(&server, &token(1)), 200);

    issuer.go_away();
    // Something else has changed; then something of the tokens; then nothing.
    for (number, (level, more)) in
        [("debug", ""), ("info", "leeway_seconds = 7"), ("info", "leeway_seconds = 7")]
            .into_iter()
            .enumerate()
    {
        configure(&file, level, &format!("{url}\n{more}"));
        let asked = issuer.asked();
        reload(&server);
        assert!(issuer.asked() > asked, "a reload reads the keys again, or tries to");
        assert_eq!(status(&server, &token(2 + number as u64)), 200, "{level} {more}");
    }
    // Once it answers again, its keys count and those of before no longer.
    issuer.serve(key_set(&[next.public_jwk("k2")]));
    reload(&server);
    assert_eq!(status(&server, &token(8)), 401);
    assert_eq!(status(&server, &next.token_with(&json!({"alg": "EdDSA", "kid": "k2"}), &claims(9))), 200);
    // Another URL inherits nothing.
    issuer.go_away();
    configure(&file, "info", &format!("jwks_url = \"{}/others\"", issuer.url()));
    reload(&server);
    assert_eq!(status(&server, &next.token_with(&json!({"alg": "EdDSA", "kid": "k2"}), &claims(10))), 401);
    server.stop();
}

#[test]
fn a_secret_that_changes_is_the_one_that_counts_after_a_reload_and_half_of_one_changes_nothing() {
    let site = Site::new();
    let (file, secret) = (site.data().with_file_name("tidegauge.toml"), site.data().with_file_name("secret"));
    fs::write(&secret, SECRET).unwrap();
    configure(&file, "info", &format!("secret_file = \"{}\"", secret.display()));
    let server = site.start(&["--config", file.to_str().unwrap()]);
    let (old, new) = (Signer::hs256(SECRET), Signer::hs256(OTHER_SECRET));
    let remembered = old.token(&claims(1));
    let judged =
        |number| (status(&server, &old.token(&claims(number))), status(&server, &new.token(&claims(number))));
    assert_eq!((status(&server, &remembered), judged(2)), (200, (200, 401)));
    // Nothing is read before somebody says so, and a secret too short to be one is none.
    fs::write(&secret, &OTHER_SECRET[..8]).unwrap();
    assert_eq!(judged(3), (200, 401));
    server.hang_up();
    server.process.wait_for_stderr("the configuration stays as it was");
    assert_eq!(judged(4), (200, 401));
    fs::write(&secret, OTHER_SECRET).unwrap();
    reload(&server);
    assert_eq!((status(&server, &remembered), judged(5)), (401, (401, 200)));
    // Without a key no token is believed.
    fs::write(&file, "").unwrap();
    reload(&server);
    assert_eq!(judged(6), (401, 401));
    let log = server.stop().stderr;
    assert!(!log.contains(SECRET) && !log.contains(OTHER_SECRET));
}
