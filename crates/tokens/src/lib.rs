//! JSON Web Tokens: whether a bearer's token is to be believed, and whom it stands for.
//!
//! Promise: which keys and which algorithms count is decided by configuration alone. A token is checked against
//! keys that were made for its algorithm and nothing else, so that a public key can never serve as a secret; what a
//! token says of keys (`jwk`, `jku`, `x5u`, `x5c`) is never looked at; and nothing of its claims is read before its
//! signature was found good. No error, no `Debug` output and no log line carries a token or a secret.
//! How a token travels in a request, and what a scope allows, are left to the server.

mod algorithm;
mod allowed;
mod bounded_file;
mod claims;
mod compact;
mod config;
mod error;
mod fixed_keys;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod header;
mod identity;
mod jwk;
mod jwk_set;
mod key;
mod key_source;
mod pem;
mod place;
mod refused;
mod remembered;
mod rsa;
mod secret;
mod strict_json;
mod tokens;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use compact::{MAX_TOKEN_BYTES, looks_like_a_token};
pub use config::{DEFAULT_JWKS_REFRESH_SECONDS, DEFAULT_LEEWAY_SECONDS, MAX_LEEWAY_SECONDS, TokensConfig};
pub use error::TokensError;
pub use header::MAX_KEY_ID_BYTES;
pub use identity::{MAX_SUBJECT_BYTES, Verified};
pub use jwk_set::{MAX_JWKS_BYTES, MAX_JWKS_KEYS};
pub use key_source::{FILE_LOOK_EVERY, RETRY_EVERY, UNKNOWN_KEY_EVERY};
pub use place::FETCH_TIMEOUT;
pub use refused::Refused;
pub use remembered::MAX_REMEMBERED;
pub use secret::Secret;
pub use tokens::{MAX_TRIED_KEYS, Tokens};

#[cfg(test)]
mod tests;
