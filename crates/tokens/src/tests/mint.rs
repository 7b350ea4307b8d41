//! Keys of the tests, and tokens signed with them, good and bad.

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::jwt::Signer;
pub use super::jwt::{base64url as encode, key_set as set};
use crate::{Refused, Secret, Tokens, TokensConfig};

/// When the tests take place, in Unix seconds.
pub const NOW: i64 = 1_800_000_000;
pub const NOW_MICROS: i64 = NOW * 1_000_000;
pub const SECRET: &str = "a shared secret, long enough for the longest of the three: SHA-512";

/// A token of each algorithm, signed by a library elsewhere (`tests/data/make_vectors.py`).
#[derive(Debug, Deserialize)]
pub struct Vector {
    pub algorithm: String,
    pub secret: Option<String>,
    pub pem: Option<String>,
    pub jwk: Option<Value>,
    pub token: String,
}

pub fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../tests/data/vectors.json")).unwrap()
}

pub fn vector(algorithm: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.algorithm == algorithm).unwrap()
}

/// A token of any header and claims, signed by `sign`.
pub fn token(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", encode(signature))
}

pub fn hs256_with(secret: &[u8]) -> impl FnOnce(&[u8]) -> Vec<u8> {
    move |signed| Signer::hs256(secret).sign(signed)
}

pub fn hs256(header: &str, claims: &str) -> String {
    token(header, claims, hs256_with(SECRET.as_bytes()))
}

/// Claims that are good at [`NOW`].
pub fn good_claims() -> Value {
    json!({"tenant": "acme", "scope": "read", "exp": NOW + 60})
}

/// A token that is good but for `claims`, which are laid over the good ones; null takes a claim away.
pub fn with_claims(claims: Value) -> String {
    let mut all = good_claims();
    for (name, value) in claims.as_object().unwrap() {
        match value {
            Value::Null => drop(all.as_object_mut().unwrap().remove(name)),
            value => all[name] = value.clone(),
        }
    }
    hs256(r#"{"alg":"HS256"}"#, &all.to_string())
}

pub fn secret_config() -> TokensConfig {
    TokensConfig { secret: Some(Secret::from(SECRET.to_owned())), ..TokensConfig::default() }
}

pub fn file(content: impl AsRef<[u8]>) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

/// Whom a token stands for, or why it is refused, at [`NOW`].
pub async fn tenant(tokens: &Tokens, token: &str) -> Result<String, Refused> {
    tokens.verify(token, NOW_MICROS).await.map(|verified| verified.tenant.to_string())
}

/// A key on P-256, whose tokens and JWK may name it.
pub struct P256(Signer);

impl P256 {
    pub fn generate() -> Self {
        Self(Signer::es256())
    }

    pub fn sign(&self, signed: &[u8]) -> Vec<u8> {
        self.0.sign(signed)
    }

    pub fn token(&self, key_id: Option<&str>) -> String {
        let mut header = json!({"alg": "ES256"});
        if let Some(id) = key_id {
            header["kid"] = id.into();
        }
        self.0.token_with(&header, &good_claims())
    }

    pub fn jwk(&self, key_id: Option<&str>) -> Value {
        let mut jwk = self.0.public_jwk(key_id.unwrap_or_default());
        if key_id.is_none() {
            jwk.as_object_mut().unwrap().remove("kid");
        }
        jwk
    }
}
