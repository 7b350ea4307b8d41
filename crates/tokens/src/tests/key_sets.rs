//! Key sets from files and URLs: which keys are used, and how they change.

use std::time::Duration;

use serde_json::{Value, json};

use super::key_server::KeyServer;
use super::mint::*;
use crate::key_source::Pace;
use crate::tokens::Fetching;
use crate::{Refused, Tokens, TokensConfig};

pub const NEVER: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(10);

/// Only what a test asks for happens.
pub const STILL: Fetching =
    Fetching { pace: Pace { every: NEVER, retry_every: NEVER, unknown_key_every: NEVER }, timeout: NEVER };

pub fn url_config(server: &KeyServer) -> TokensConfig {
    TokensConfig { jwks_url: Some(server.url()), ..TokensConfig::default() }
}

/// Asks until it is so; a broken crate alone exhausts the patience.
pub async fn wait_until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(SOON).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), wait).await.is_ok(), "waited in vain for {what}");
}

async fn open_file(keys: &[Value]) -> Tokens {
    let jwks = file(set(keys));
    let config = TokensConfig { jwks_file: Some(jwks.path().to_owned()), ..TokensConfig::default() };
    Tokens::open(config).await.unwrap()
}

/// The P-256 key's JWK with other members laid over it.
fn varied(key: &P256, members: Value) -> Value {
    let mut jwk = key.jwk(Some("k1"));
    jwk.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    jwk
}

#[tokio::test]
async fn keys_that_cannot_be_used_do_not_keep_the_others_from_being_used() {
    let (good, bad) = (P256::generate(), P256::generate());
    let rsa = vector("RS256").jwk.unwrap();
    let rsa_with = |member: &str, value: Value| {
        let mut jwk = rsa.clone();
        jwk[member] = value;
        jwk
    };
    let keys = [
        varied(&bad, json!({"use": "enc"})),
        varied(&bad, json!({"key_ops": ["encrypt"]})),
        varied(&bad, json!({"key_ops": "verify"})),
        varied(&bad, json!({"alg": "ES384"})),
        varied(&bad, json!({"alg": "RS256"})),
        varied(&bad, json!({"alg": "ECDH-ES"})),
        varied(&bad, json!({"alg": "HS256"})),
        varied(&bad, json!({"alg": 5})),
        varied(&bad, json!({"kty": "XYZ"})),
        varied(&bad, json!({"crv": "P-384"})),
        varied(&bad, json!({"crv": "secp256k1"})),
        varied(&bad, json!({"y": encode([1; 32])})),
        varied(&bad, json!({"x": "AA"})),
        varied(&bad, json!({"x": "***"})),
        varied(&bad, json!({"x": null})),
        varied(&bad, json!({"d": encode([1; 32])})),
        varied(&bad, json!({"kid": 5})),
        varied(&bad, json!({"kid": "k".repeat(1000)})),
        json!({"kty": "oct", "k": encode(SECRET), "kid": "k1"}),
        json!({"kty": "OKP", "crv": "Ed448", "x": encode([1; 57])}),
        json!({"kty": "OKP", "crv": "X25519", "x": encode([1; 32])}),
        rsa_with("e", json!("AQ")),
        rsa_with("e", json!("Ag")),
        rsa_with("e", json!("")),
        rsa_with("n", json!(encode([0xff; 128]))),
        rsa_with("n", json!(encode([0xff; 1025]))),
        rsa_with("n", json!("")),
        json!({}),
        json!(null),
        json!("key"),
        json!([]),
        good.jwk(Some("k1")),
    ];
    let tokens = open_file(&keys).await;
    assert!(tenant(&tokens, &good.token(Some("k1"))).await.is_ok());
    assert_eq!(tenant(&tokens, &bad.token(Some("k1"))).await, Err(Refused::Signature));
    assert_eq!(tenant(&tokens, &vector("RS256").token).await, Err(Refused::UnknownKey));
    assert_eq!(
        tenant(&tokens, &hs256(r#"{"alg":"HS256"}"#, &good_claims().to_string())).await,
        Err(Refused::Algorithm)
    );
}

#[tokio::test]
async fn a_key_that_names_its_algorithm_is_for_that_one_alone() {
    let mut rsa = vector("RS256").jwk.unwrap();
    rsa["alg"] = json!("RS256");
    let tokens = open_file(&[rsa]).await;
    assert!(tenant(&tokens, &vector("RS256").token).await.is_ok());
    for algorithm in ["RS384", "PS256"] {
        assert_eq!(tenant(&tokens, &vector(algorithm).token).await, Err(Refused::UnknownKey));
    }
}

#[tokio::test]
async fn a_token_that_names_no_key_is_tried_against_all_that_fit_up_to_a_number() {
    let keys: Vec<P256> = (0..=crate::MAX_TRIED_KEYS).map(|_| P256::generate()).collect();
    let jwks: Vec<Value> = keys.iter().enumerate().map(|(i, key)| key.jwk(Some(&format!("k{i}")))).collect();
    let tokens = open_file(&jwks).await;
    let last = crate::MAX_TRIED_KEYS;
    assert!(tenant(&tokens, &keys[last - 1].token(None)).await.is_ok());
    assert_eq!(tenant(&tokens, &keys[last].token(None)).await, Err(Refused::TooManyKeys));
    assert!(tenant(&tokens, &keys[last].token(Some(&format!("k{last}")))).await.is_ok());
}

#[tokio::test]
async fn two_keys_of_one_name_are_both_tried() {
    let (one, two) = (P256::generate(), P256::generate());
    let tokens = open_file(&[one.jwk(Some("k")), two.jwk(Some("k"))]).await;
    assert!(tenant(&tokens, &one.token(Some("k"))).await.is_ok());
    assert!(tenant(&tokens, &two.token(Some("k"))).await.is_ok());
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes_and_kept_while_it_is_damaged() {
    let (old, new) = (P256::generate(), P256::generate());
    let jwks = file(set(&[old.jwk(Some("old"))]));
    let config = TokensConfig { jwks_file: Some(jwks.path().to_owned()), ..TokensConfig::default() };
    let tokens = Tokens::open(config).await.unwrap();
    let token = old.token(Some("old"));
    assert!(tenant(&tokens, &token).await.is_ok());
    std::fs::write(jwks.path(), "{\"keys\":[").unwrap();
    // A token of an unknown key has the file read at once.
    assert_eq!(tenant(&tokens, &new.token(Some("new"))).await, Err(Refused::UnknownKey));
    assert!(tenant(&tokens, &token).await.is_ok());
    std::fs::write(jwks.path(), set(&[new.jwk(Some("new"))])).unwrap();
    wait_until("the new key", async || tenant(&tokens, &new.token(Some("new"))).await.is_ok()).await;
    assert_eq!(
        tenant(&tokens, &token).await,
        Err(Refused::UnknownKey),
        "remembered, with a key that is gone"
    );
}

#[tokio::test]
async fn keys_of_a_url_are_fetched_at_the_start() {
    let key = P256::generate();
    let server = KeyServer::start();
    server.answer_keys(&[key.jwk(Some("k1"))]);
    let tokens = Tokens::open(url_config(&server)).await.unwrap();
    assert!(tenant(&tokens, &key.token(Some("k1"))).await.is_ok());
    assert!(tenant(&tokens, &key.token(None)).await.is_ok());
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn an_unknown_key_has_the_keys_fetched_once_and_then_not_for_a_while() {
    let (old, new, newest) = (P256::generate(), P256::generate(), P256::generate());
    let server = KeyServer::start();
    server.answer_keys(&[old.jwk(Some("old"))]);
    let tokens = Tokens::open_fetching(None, url_config(&server), STILL).await.unwrap();
    server.answer_keys(&[old.jwk(Some("old")), new.jwk(Some("new"))]);
    assert!(tenant(&tokens, &new.token(Some("new"))).await.is_ok());
    assert!(tenant(&tokens, &old.token(Some("old"))).await.is_ok());
    assert_eq!(server.requests(), 2);
    server.answer_keys(&[newest.jwk(Some("newest"))]);
    for _ in 0..50 {
        assert_eq!(tenant(&tokens, &newest.token(Some("newest"))).await, Err(Refused::UnknownKey));
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn an_unknown_key_has_the_keys_fetched_again_when_its_time_has_come() {
    let server = KeyServer::start();
    server.answer_keys(&[P256::generate().jwk(Some("old"))]);
    let pace = Pace { unknown_key_every: Duration::ZERO, ..STILL.pace };
    let tokens = Tokens::open_fetching(None, url_config(&server), Fetching { pace, ..STILL }).await.unwrap();
    for round in 0..3 {
        let (key, id) = (P256::generate(), format!("k{round}"));
        assert_eq!(tenant(&tokens, &key.token(Some(&id))).await, Err(Refused::UnknownKey));
        server.answer_keys(&[key.jwk(Some(&id))]);
        assert!(tenant(&tokens, &key.token(Some(&id))).await.is_ok());
    }
    assert_eq!(server.requests(), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tokens_of_unknown_keys_at_once_have_the_keys_fetched_once() {
    let (old, new) = (P256::generate(), P256::generate());
    let server = KeyServer::start();
    server.answer_keys(&[old.jwk(Some("old"))]);
    let tokens = Tokens::open_fetching(None, url_config(&server), STILL).await.unwrap();
    server.answer_keys(&[new.jwk(Some("new"))]);
    let asked: Vec<_> = (0..100)
        .map(|_| {
            let (tokens, token) = (tokens.clone(), new.token(Some("new")));
            tokio::spawn(async move { tenant(&tokens, &token).await })
        })
        .collect();
    for answer in asked {
        assert!(answer.await.unwrap().is_ok());
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn only_a_token_that_names_an_unknown_public_key_has_the_keys_fetched() {
    let key = P256::generate();
    let server = KeyServer::start();
    server.answer_keys(&[key.jwk(Some("k1"))]);
    let config = TokensConfig { secret: secret_config().secret, ..url_config(&server) };
    let tokens = Tokens::open_fetching(None, config, STILL).await.unwrap();
    let other = P256::generate();
    for bad in [
        other.token(None),
        other.token(Some("k1")),
        token(r#"{"alg":"HS256","kid":"new"}"#, "{}", hs256_with(b"wrong")),
        token(r#"{"alg":"none","kid":"new"}"#, "{}", hs256_with(b"wrong")),
        token(r#"{"alg":"ES256","kid":"new","crit":["x"]}"#, "{}", hs256_with(b"wrong")),
    ] {
        assert!(tenant(&tokens, &bad).await.is_err());
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn keys_are_fetched_regularly_and_withdrawn_ones_stop_working() {
    let (old, new) = (P256::generate(), P256::generate());
    let server = KeyServer::start();
    server.answer_keys(&[old.jwk(None)]);
    let pace = Pace { every: SOON, ..STILL.pace };
    let tokens = Tokens::open_fetching(None, url_config(&server), Fetching { pace, ..STILL }).await.unwrap();
    let token = old.token(None);
    assert!(tenant(&tokens, &token).await.is_ok());
    server.answer_keys(&[new.jwk(None)]);
    wait_until("the new key", async || tenant(&tokens, &new.token(None)).await.is_ok()).await;
    assert_eq!(tenant(&tokens, &token).await, Err(Refused::Signature));
    server.answer_keys(&[]);
    wait_until("no key", async || tenant(&tokens, &new.token(None)).await == Err(Refused::UnknownKey)).await;
}

#[tokio::test]
async fn a_handle_that_is_let_go_of_fetches_nothing_any_more() {
    let server = KeyServer::start();
    server.answer_keys(&[]);
    let pace = Pace { every: SOON, ..STILL.pace };
    let tokens = Tokens::open_fetching(None, url_config(&server), Fetching { pace, ..STILL }).await.unwrap();
    wait_until("a few fetches", async || server.requests() > 3).await;
    drop(tokens);
    wait_until("the reader's end", async || {
        let before = server.requests();
        tokio::time::sleep(SOON * 5).await;
        server.requests() == before
    })
    .await;
}
