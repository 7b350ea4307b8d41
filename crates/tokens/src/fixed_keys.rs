//! The keys that stay as they are until the configuration is read again: secrets, and public keys in PEM.
//!
//! Promise: a key that is configured is used, or the sentence says why it cannot be.

use std::path::Path;

use crate::algorithm::Algorithm;
use crate::allowed::Allowed;
use crate::bounded_file;
use crate::config::TokensConfig;
use crate::error::TokensError;
use crate::key::Key;
use crate::pem;

/// Longest file of a secret or of public keys, in bytes.
const MAX_FILE_BYTES: usize = 64 * 1024;
/// How PEM begins, whatever is in it.
const PEM_MARK: &[u8] = b"-----BEGIN";

/// The keys of `secret`, `secret_file` and `public_key_file`.
pub(crate) fn fixed_keys(config: &TokensConfig, allowed: &Allowed) -> Result<Vec<Key>, TokensError> {
    let mut keys = Vec::new();
    if let Some(secret) = &config.secret {
        keys.push(secret_key("secret", secret.expose().as_bytes(), allowed)?);
    }
    if let Some(path) = &config.secret_file {
        let content = read("secret_file", path)?;
        keys.push(secret_key("secret_file", without_line_end(&content), allowed)?);
    }
    if let Some(path) = &config.public_key_file {
        keys.extend(public_keys(path, allowed)?);
    }
    Ok(keys)
}

fn secret_key(option: &'static str, secret: &[u8], allowed: &Allowed) -> Result<Key, TokensError> {
    if secret.trim_ascii_start().starts_with(PEM_MARK) {
        return Err(TokensError::KeyAsSecret { option });
    }
    let algorithms = allowed.for_secret();
    if algorithms.is_empty() {
        return Err(TokensError::KeyWithoutAlgorithm { option });
    }
    for algorithm in &algorithms {
        let needed = hash_bytes(*algorithm);
        if secret.len() < needed {
            return Err(TokensError::ShortSecret {
                option,
                algorithm: *algorithm,
                bytes: secret.len(),
                needed,
            });
        }
    }
    Ok(Key::secret(secret, &algorithms))
}

/// How long an HMAC's secret has to be: as its hash (RFC 7518 section 3.2).
fn hash_bytes(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS384 => 48,
        Algorithm::HS512 => 64,
        _ => 32,
    }
}

fn public_keys(path: &Path, allowed: &Allowed) -> Result<Vec<Key>, TokensError> {
    const OPTION: &str = "public_key_file";
    let wrong =
        |reason: &str| TokensError::Unusable { option: OPTION, path: path.to_owned(), reason: reason.into() };
    let keys = pem::public_keys(&read(OPTION, path)?).map_err(wrong)?;
    let key = |key: pem::PublicKey| {
        let algorithms = allowed.of_kind(key.kind, None);
        if algorithms.is_empty() {
            return Err(TokensError::KeyWithoutAlgorithm { option: OPTION });
        }
        Key::public(None, &key.der, &algorithms).ok_or_else(|| wrong("holds a damaged key"))
    };
    keys.into_iter().map(key).collect()
}

fn read(option: &'static str, path: &Path) -> Result<Vec<u8>, TokensError> {
    let unusable = |reason| TokensError::Unusable { option, path: path.to_owned(), reason };
    bounded_file::read(path, MAX_FILE_BYTES).map_err(unusable)
}

/// Editors and `echo` end a file with a line end that nobody means.
fn without_line_end(content: &[u8]) -> &[u8] {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    content.strip_suffix(b"\r").unwrap_or(content)
}
