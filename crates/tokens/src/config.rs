//! What the section `[jwt]` of the configuration says.
//!
//! Promise: what is written wrong is an error here or in [`crate::Tokens::open`], never a guess.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use crate::algorithm::Algorithm;
use crate::secret::Secret;

/// How far the issuer's clock may be from ours unless the configuration says otherwise, in seconds.
pub const DEFAULT_LEEWAY_SECONDS: u64 = 30;
/// The most that may be configured: beyond, an expiry would mean little.
pub const MAX_LEEWAY_SECONDS: u64 = 300;
/// How often the keys of `jwks_url` are fetched unless the configuration says otherwise, in seconds.
pub const DEFAULT_JWKS_REFRESH_SECONDS: u64 = 600;
/// The shortest time between two regular fetches that may be configured, in seconds.
pub(crate) const MIN_JWKS_REFRESH_SECONDS: u64 = 30;
/// The longest one: a key that its issuer has withdrawn works until the next fetch.
pub(crate) const MAX_JWKS_REFRESH_SECONDS: u64 = 24 * 3600;

/// Which tokens are believed, and which of their claims say whom they stand for.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokensConfig {
    /// A secret shared with the issuer, for HS256 (and HS384, HS512 where `algorithms` names them): its bytes as
    /// they are, at least as many as the hash has.
    pub secret: Option<Secret>,
    /// A file that holds such a secret; one line end at its end does not belong to it.
    pub secret_file: Option<PathBuf>,
    /// A file with one or more public keys in PEM (`BEGIN PUBLIC KEY`).
    pub public_key_file: Option<PathBuf>,
    /// A file with a JSON Web Key Set (RFC 7517), read again when it changes.
    pub jwks_file: Option<PathBuf>,
    /// Where such a set is fetched from, `http` or `https`.
    pub jwks_url: Option<String>,
    /// How often it is fetched, in seconds.
    pub jwks_refresh_seconds: u64,
    /// The only algorithms that are believed; `None` is what the keys are for.
    pub algorithms: Option<Vec<Algorithm>>,
    /// One of these must be the token's `iss`; empty is no check.
    #[serde(deserialize_with = "one_or_many")]
    pub issuer: Vec<String>,
    /// One of these must be in the token's `aud`; empty is no check.
    #[serde(deserialize_with = "one_or_many")]
    pub audience: Vec<String>,
    /// The claim that holds the tenant's id.
    pub tenant_claim: String,
    /// The claim that holds a project's id, in tokens that are for one project.
    pub project_claim: String,
    /// The claim that holds the scopes.
    pub scope_claim: String,
    /// How far the issuer's clock may be from ours, in seconds.
    pub leeway_seconds: u64,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self {
            secret: None,
            secret_file: None,
            public_key_file: None,
            jwks_file: None,
            jwks_url: None,
            jwks_refresh_seconds: DEFAULT_JWKS_REFRESH_SECONDS,
            algorithms: None,
            issuer: Vec::new(),
            audience: Vec::new(),
            tenant_claim: "tenant".to_owned(),
            project_claim: "project".to_owned(),
            scope_claim: "scope".to_owned(),
            leeway_seconds: DEFAULT_LEEWAY_SECONDS,
        }
    }
}

impl TokensConfig {
    /// True when any key is configured: without one there are no tokens, and nothing to open.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.secret.is_some()
            || self.secret_file.is_some()
            || self.public_key_file.is_some()
            || self.jwks_file.is_some()
            || self.jwks_url.is_some()
    }
}

/// A text, or a list of texts.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text, or a list of texts")]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<TokensConfig, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn the_options_are_those_of_the_documentation() {
        let config = read(
            r#"{"secret": "s", "secret_file": "a", "public_key_file": "b", "jwks_file": "c", "jwks_url": "d",
                "jwks_refresh_seconds": 60, "algorithms": ["HS256", "Ed25519"], "issuer": "i",
                "audience": ["x", "y"], "tenant_claim": "t", "project_claim": "p", "scope_claim": "s",
                "leeway_seconds": 5}"#,
        )
        .unwrap();
        assert_eq!(config.algorithms, Some(vec![Algorithm::HS256, Algorithm::EdDSA]));
        assert_eq!(
            (config.issuer, config.audience),
            (vec!["i".to_owned()], vec!["x".to_owned(), "y".to_owned()])
        );
        assert_eq!(config.leeway_seconds, 5);
        let nothing = read("{}").unwrap();
        assert_eq!((nothing.has_keys(), nothing.leeway_seconds), (false, DEFAULT_LEEWAY_SECONDS));
        assert_eq!(nothing.tenant_claim, "tenant");
    }

    #[test]
    fn an_unknown_option_or_algorithm_is_refused_with_a_sentence() {
        assert!(read(r#"{"jwks_uri": "x"}"#).unwrap_err().to_string().contains("jwks_url"));
        for name in ["none", "None", "hs256", "", "RS1", "ES256K"] {
            let error = read(&format!(r#"{{"algorithms": ["{name}"]}}"#)).unwrap_err().to_string();
            assert!(error.starts_with("algorithms are HS256"), "{error}");
        }
        assert!(read(r#"{"issuer": 5}"#).unwrap_err().to_string().contains("a text, or a list of texts"));
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let config = read(r#"{"secret": "correct horse"}"#).unwrap();
        assert!(!format!("{config:?}").contains("horse"));
        assert_eq!(config.secret.unwrap().expose(), "correct horse");
    }
}
