//! What is wrong with the configuration of tokens, each in a sentence that its reader can act on.
//!
//! Promise: no variant carries a secret.

use std::path::PathBuf;

use crate::algorithm::Algorithm;
use crate::config::{MAX_JWKS_REFRESH_SECONDS, MAX_LEEWAY_SECONDS, MIN_JWKS_REFRESH_SECONDS};

/// Why no token can be verified as configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokensError {
    /// No key of any kind.
    #[error(
        "no key to verify tokens with: set one of secret, secret_file, public_key_file, jwks_file and jwks_url"
    )]
    NoKeys,
    /// A file that cannot be read, or holds something else than it should.
    #[error("{option}: {} {reason}", path.display())]
    Unusable {
        /// Which option names it.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A secret that is easier to guess than its hash to break (RFC 7518 section 3.2).
    #[error(
        "{option}: the secret has {bytes} bytes, and {algorithm} needs {needed}; make one with: openssl rand -hex {needed}"
    )]
    ShortSecret {
        /// Which option holds it.
        option: &'static str,
        /// The algorithm that needs more.
        algorithm: Algorithm,
        /// How long it is.
        bytes: usize,
        /// How long it has to be.
        needed: usize,
    },
    /// A key in the secret's place: whoever knows a public key could sign with it.
    #[error("{option}: this is a key in PEM, no secret; a public key belongs into public_key_file")]
    KeyAsSecret {
        /// Which option holds it.
        option: &'static str,
    },
    /// The URL is none that can be fetched.
    #[error("jwks_url: give it as https://HOST/PATH or http://HOST/PATH, without a name or password")]
    Url,
    /// No HTTP client could be made.
    #[error(
        "jwks_url: no HTTP client ({0}); https needs the authorities of the system, mostly the package ca-certificates"
    )]
    Client(String),
    /// `algorithms = []`.
    #[error("algorithms: the list is empty, so no token could ever be good; leave it out, or name some")]
    NoAlgorithms,
    /// An algorithm that no key is for.
    #[error("algorithms: {0} is listed, and no configured key is for it")]
    AlgorithmWithoutKey(Algorithm),
    /// A key that no listed algorithm is for.
    #[error("{option}: no algorithm of the list in algorithms is for this key")]
    KeyWithoutAlgorithm {
        /// Which option holds the key.
        option: &'static str,
    },
    /// An empty issuer or audience.
    #[error("{option}: an empty text is no {option}")]
    EmptyName {
        /// `issuer` or `audience`.
        option: &'static str,
    },
    /// A claim's name that cannot be meant.
    #[error(
        "{option}: give a claim's name, such as tenant, app_metadata.tenant or https://example.com/tenant"
    )]
    ClaimName {
        /// Which option.
        option: &'static str,
    },
    /// A leeway that would make expiries meaningless.
    #[error("leeway_seconds: at most {MAX_LEEWAY_SECONDS}")]
    Leeway,
    /// A refresh that is too often or too rare.
    #[error("jwks_refresh_seconds: {MIN_JWKS_REFRESH_SECONDS} to {MAX_JWKS_REFRESH_SECONDS}")]
    RefreshSeconds,
}
