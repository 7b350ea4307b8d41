//! Configurations that cannot be meant.

use std::path::PathBuf;

use super::mint::*;
use crate::{Algorithm, Secret, Tokens, TokensConfig, TokensError};

async fn error(config: TokensConfig) -> TokensError {
    Tokens::open(config).await.unwrap_err()
}

fn secret(text: &str) -> TokensConfig {
    TokensConfig { secret: Some(Secret::from(text.to_owned())), ..TokensConfig::default() }
}

#[tokio::test]
async fn a_key_is_needed() {
    assert_eq!(error(TokensConfig::default()).await, TokensError::NoKeys);
}

#[tokio::test]
async fn a_secret_is_as_long_as_its_hash() {
    let short = error(secret(&"x".repeat(31))).await;
    assert_eq!(
        short.to_string(),
        "secret: the secret has 31 bytes, and HS256 needs 32; make one with: openssl rand -hex 32"
    );
    assert!(Tokens::open(secret(&"x".repeat(32))).await.is_ok());
    let listed = TokensConfig {
        algorithms: Some(vec![Algorithm::HS256, Algorithm::HS512]),
        ..secret(&"x".repeat(63))
    };
    assert!(matches!(
        error(listed).await,
        TokensError::ShortSecret { algorithm: Algorithm::HS512, needed: 64, .. }
    ));
    let one_line_end = file(format!("{}\n", "x".repeat(31)));
    let config =
        TokensConfig { secret_file: Some(one_line_end.path().to_owned()), ..TokensConfig::default() };
    assert!(matches!(error(config).await, TokensError::ShortSecret { option: "secret_file", bytes: 31, .. }));
}

#[tokio::test]
async fn a_key_in_the_secrets_place_is_noticed() {
    let pem = vector("RS256").pem.unwrap();
    assert_eq!(error(secret(&pem)).await, TokensError::KeyAsSecret { option: "secret" });
    assert_eq!(error(secret(&format!("\n {pem}"))).await, TokensError::KeyAsSecret { option: "secret" });
}

#[tokio::test]
async fn a_file_of_public_keys_holds_public_keys() {
    let with = |content: &str| {
        let pem = file(content);
        let config = TokensConfig { public_key_file: Some(pem.path().to_owned()), ..TokensConfig::default() };
        (pem, config)
    };
    for (content, reason) in [
        ("", "holds no public key"),
        ("hello", "holds no public key"),
        ("-----BEGIN PUBLIC KEY-----\n***\n-----END PUBLIC KEY-----\n", "is no PEM that can be read"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n", "is no PEM that can be read"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "holds a key that is not RSA"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds a private key"),
        ("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "holds a private key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds a certificate"),
        (RSA_1024, "holds an RSA key of fewer than 2,048"),
        (SECP256K1, "holds a key that is not RSA, P-256"),
    ] {
        let (_file, config) = with(content);
        let error = error(config).await.to_string();
        assert!(error.starts_with("public_key_file: /") && error.contains(reason), "{error}");
    }
    let (_file, config) = with(&vector("ES256").pem.unwrap().repeat(17));
    assert!(error(config).await.to_string().ends_with("holds more than 16 keys"));
}

#[tokio::test]
async fn a_file_that_is_missing_is_named() {
    let missing = || Some(PathBuf::from("/nonexistent/file"));
    for config in [
        TokensConfig { secret_file: missing(), ..TokensConfig::default() },
        TokensConfig { public_key_file: missing(), ..TokensConfig::default() },
        TokensConfig { jwks_file: missing(), ..TokensConfig::default() },
    ] {
        let error = error(config).await.to_string();
        assert!(error.contains("_file: /nonexistent/file cannot be read (No such file"), "{error}");
    }
    let directory = TokensConfig { jwks_file: Some("/".into()), ..TokensConfig::default() };
    assert_eq!(error(directory).await.to_string(), "jwks_file: / is no file");
}

#[tokio::test]
async fn a_file_that_is_no_key_set_is_named() {
    let jwks = file("{}");
    let config = TokensConfig { jwks_file: Some(jwks.path().to_owned()), ..TokensConfig::default() };
    assert!(error(config).await.to_string().ends_with("holds no key set: it has no list named keys"));
}

#[tokio::test]
async fn a_url_is_one_of_http_without_a_password() {
    for url in ["", "keys", "file:///etc/passwd", "ftp://a/b", "https://", "https://u@a/k", "https://:p@a/k"]
    {
        let config = TokensConfig { jwks_url: Some(url.to_owned()), ..TokensConfig::default() };
        assert_eq!(error(config).await, TokensError::Url, "{url}");
    }
}

#[tokio::test]
async fn a_list_of_algorithms_has_to_fit_the_keys() {
    let with =
        |algorithms: &[Algorithm]| TokensConfig { algorithms: Some(algorithms.to_vec()), ..secret_config() };
    assert_eq!(error(with(&[])).await, TokensError::NoAlgorithms);
    assert_eq!(error(with(&[Algorithm::RS256])).await, TokensError::KeyWithoutAlgorithm { option: "secret" });
    let both = with(&[Algorithm::HS256, Algorithm::ES256]);
    assert_eq!(error(both).await, TokensError::AlgorithmWithoutKey(Algorithm::ES256));
    let pem = file(vector("ES256").pem.unwrap());
    let config = TokensConfig {
        public_key_file: Some(pem.path().to_owned()),
        algorithms: Some(vec![Algorithm::ES384]),
        ..TokensConfig::default()
    };
    assert_eq!(error(config).await, TokensError::KeyWithoutAlgorithm { option: "public_key_file" });
    let jwks = file(set(&[]));
    let config = TokensConfig {
        jwks_file: Some(jwks.path().to_owned()),
        algorithms: Some(vec![Algorithm::HS256]),
        ..TokensConfig::default()
    };
    assert_eq!(error(config).await, TokensError::AlgorithmWithoutKey(Algorithm::HS256));
}

#[tokio::test]
async fn times_and_names_are_bounded() {
    assert_eq!(error(TokensConfig { leeway_seconds: 301, ..secret_config() }).await, TokensError::Leeway);
    assert_eq!(
        error(TokensConfig { leeway_seconds: u64::MAX, ..secret_config() }).await,
        TokensError::Leeway
    );
    for jwks_refresh_seconds in [0, 29, 86_401, u64::MAX] {
        let config = TokensConfig { jwks_refresh_seconds, ..secret_config() };
        assert_eq!(error(config).await, TokensError::RefreshSeconds);
    }
    let config = TokensConfig { audience: vec![String::new()], ..secret_config() };
    assert_eq!(error(config).await, TokensError::EmptyName { option: "audience" });
    let config = TokensConfig { scope_claim: String::new(), ..secret_config() };
    assert_eq!(error(config).await, TokensError::ClaimName { option: "scope_claim" });
}

/// Made with `openssl genpkey`; their private keys were thrown away.
const RSA_1024: &str = "\
-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwSOylFA5TPW7oGaDh03voChaw
ZB33XmgoqrWU3EPWyOl9sh45+qhld+12/a0YwxahXP+HX0TxUl9sSVlxFMhe/ajP
gYknx5d4NeJo6TuS4iL+GsB470K1srKm28wq6C3g2WCbqEetjC4KqkryGbLLsmQ9
uc9FnyeStjc4XYHa8wIDAQAB
-----END PUBLIC KEY-----
";

const SECP256K1: &str = "\
-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEE6zuCYVG7FMz40hbX3oIAv6ZGwzUElBG
QGuZBcfvHB1Shqt6CFVKu8GwI52yDTSVmRA+G4Metso8kRwlyCim7w==
-----END PUBLIC KEY-----
";
