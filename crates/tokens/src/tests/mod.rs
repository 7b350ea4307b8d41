//! The crate's promises: which tokens are believed, every attack that is not, and keys that change.

mod attacks;
mod claim_attacks;
mod good;
#[path = "../../../../tests/harness/jwt.rs"]
mod jwt;
mod key_server;
mod key_sets;
mod mint;
mod misconfiguration;
mod properties;
mod trouble;
