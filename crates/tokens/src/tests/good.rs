//! Tokens that are believed.

use serde_json::json;
use tidegauge_accounts::Scopes;

use super::jwt::Signer;
use super::mint::*;
use crate::{Algorithm, Refused, Secret, Tokens, TokensConfig, looks_like_a_token};

#[tokio::test]
async fn a_token_of_each_algorithm_is_believed_with_its_secret_or_pem() {
    for vector in vectors() {
        let pem = vector.pem.as_ref().map(file);
        let config = TokensConfig {
            secret: vector.secret.clone().map(Secret::from),
            public_key_file: pem.as_ref().map(|file| file.path().to_owned()),
            algorithms: Some(vec![vector.algorithm.parse().unwrap()]),
            ..TokensConfig::default()
        };
        let tokens = Tokens::open(config).await.unwrap();
        let verified = tokens.verify(&vector.token, NOW_MICROS).await.unwrap();
        assert_eq!((verified.tenant.as_str(), verified.subject.as_deref()), ("acme", Some("vector")));
        assert_eq!(
            (verified.scopes.to_string(), verified.expires_at),
            ("read".to_owned(), 4_102_444_800_000_000)
        );
    }
}

#[tokio::test]
async fn a_token_of_each_public_algorithm_is_believed_with_a_key_set_of_all() {
    let public: Vec<_> = vectors().into_iter().filter(|vector| vector.jwk.is_some()).collect();
    let jwks: Vec<_> = public.iter().map(|vector| vector.jwk.clone().unwrap()).collect();
    let jwks = file(set(&jwks));
    let config = TokensConfig { jwks_file: Some(jwks.path().to_owned()), ..TokensConfig::default() };
    let tokens = Tokens::open(config).await.unwrap();
    for vector in public {
        assert_eq!(tenant(&tokens, &vector.token).await, Ok("acme".to_owned()), "{}", vector.algorithm);
    }
}

#[tokio::test]
async fn what_the_tests_mint_themselves_is_believed_with_pem_and_key_set() {
    for signer in [Signer::rs256(), Signer::es256(), Signer::ed_dsa()] {
        let (pem, jwks) = (file(signer.public_pem()), file(set(&[signer.public_jwk("k1")])));
        let by_pem = TokensConfig { public_key_file: Some(pem.path().to_owned()), ..TokensConfig::default() };
        let by_set = TokensConfig { jwks_file: Some(jwks.path().to_owned()), ..TokensConfig::default() };
        for config in [by_pem, by_set] {
            let tokens = Tokens::open(config).await.unwrap();
            assert!(tenant(&tokens, &signer.token(&good_claims())).await.is_ok(), "{}", signer.algorithm());
        }
    }
}

#[tokio::test]
async fn several_kinds_of_keys_work_at_once() {
    let pem = file(format!("{}\n{}", vector("RS256").pem.unwrap(), vector("ES384").pem.unwrap()));
    let jwks = file(set(&[vector("EdDSA").jwk.unwrap()]));
    let other = file("another shared secret, for the time of a change\n");
    let config = TokensConfig {
        public_key_file: Some(pem.path().to_owned()),
        jwks_file: Some(jwks.path().to_owned()),
        secret_file: Some(other.path().to_owned()),
        ..secret_config()
    };
    let tokens = Tokens::open(config).await.unwrap();
    for algorithm in ["HS256", "RS256", "PS512", "ES384", "EdDSA"] {
        assert!(tenant(&tokens, &vector(algorithm).token).await.is_ok(), "{algorithm}");
    }
    let sign = hs256_with(b"another shared secret, for the time of a change");
    assert!(tenant(&tokens, &token(r#"{"alg":"HS256"}"#, &good_claims().to_string(), sign)).await.is_ok());
}

#[tokio::test]
async fn a_secret_is_for_hs256_alone_unless_a_list_says_otherwise() {
    let tokens = Tokens::open(secret_config()).await.unwrap();
    assert!(tenant(&tokens, &vector("HS256").token).await.is_ok());
    assert_eq!(tenant(&tokens, &vector("HS384").token).await, Err(Refused::Algorithm));
    let listed = TokensConfig { algorithms: Some(vec![Algorithm::HS512]), ..secret_config() };
    let tokens = Tokens::open(listed).await.unwrap();
    assert!(tenant(&tokens, &vector("HS512").token).await.is_ok());
    assert_eq!(tenant(&tokens, &vector("HS256").token).await, Err(Refused::Algorithm));
}

#[tokio::test]
async fn a_list_of_algorithms_narrows_what_a_public_key_is_for() {
    let pem = file(vector("RS256").pem.unwrap());
    let config = TokensConfig {
        public_key_file: Some(pem.path().to_owned()),
        algorithms: Some(vec![Algorithm::PS256]),
        ..TokensConfig::default()
    };
    let tokens = Tokens::open(config).await.unwrap();
    assert!(tenant(&tokens, &vector("PS256").token).await.is_ok());
    assert_eq!(tenant(&tokens, &vector("RS256").token).await, Err(Refused::Algorithm));
}

#[tokio::test]
async fn ed25519_goes_by_both_of_its_names() {
    let key = Signer::ed_dsa();
    let jwks = file(set(&[key.public_jwk("k1")]));
    let config = TokensConfig { jwks_file: Some(jwks.path().to_owned()), ..TokensConfig::default() };
    let tokens = Tokens::open(config).await.unwrap();
    assert!(tenant(&tokens, &key.token_with(&json!({"alg": "EdDSA"}), &good_claims())).await.is_ok());
    assert!(tenant(&tokens, &key.token_with(&json!({"alg": "Ed25519"}), &good_claims())).await.is_ok());
}

#[tokio::test]
async fn the_type_may_be_missing_or_say_that_it_is_a_token() {
    let tokens = Tokens::open(secret_config()).await.unwrap();
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/JWT"] {
        let header = json!({"alg": "HS256", "typ": typ}).to_string();
        assert!(tenant(&tokens, &hs256(&header, &good_claims().to_string())).await.is_ok(), "{typ}");
    }
}

#[tokio::test]
async fn a_token_without_scopes_is_good_and_allows_nothing() {
    let tokens = Tokens::open(secret_config()).await.unwrap();
    for claims in [json!({"scope": null}), json!({"scope": "openid profile"}), json!({"scope": []})] {
        let verified = tokens.verify(&with_claims(claims), NOW_MICROS).await.unwrap();
        assert!(verified.scopes.is_empty());
    }
    let all = tokens.verify(&with_claims(json!({"scope": "ingest read admin"})), NOW_MICROS).await.unwrap();
    assert_eq!(all.scopes, Scopes::ALL);
}

#[tokio::test]
async fn a_token_found_good_before_is_found_again_without_its_signature() {
    let tokens = Tokens::open(secret_config()).await.unwrap();
    let token = with_claims(json!({}));
    let first = tokens.verify(&token, NOW_MICROS).await.unwrap();
    let again = tokens.clone().verify(&token, NOW_MICROS + 1).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &again));
}

#[tokio::test]
async fn a_token_is_told_from_an_api_key() {
    assert!(looks_like_a_token(&with_claims(json!({}))) && looks_like_a_token("a.b"));
    assert!(!looks_like_a_token("tg_000g40r40m30e209185gr38e1w8124gk2gahc5rr34d1p70x3rfgxpzm8dg"));
    assert!(!looks_like_a_token("") && !looks_like_a_token("opaque"));
}
