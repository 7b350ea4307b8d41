//! One JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037): a key of ours, or the reason why it is not used.
//!
//! Promise: only public keys for signatures come out. Symmetric ones are passed over: a secret in a document that is
//! published is none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::algorithm::{Algorithm, KeyKind};
use crate::allowed::Allowed;
use crate::header::MAX_KEY_ID_BYTES;
use crate::key::Key;
use crate::rsa;

type Members = Map<String, Value>;

/// The key, or why it is passed over.
pub(crate) fn key(jwk: &Value, allowed: &Allowed) -> Result<Key, &'static str> {
    let jwk = jwk.as_object().ok_or("it is no object")?;
    if !is_for_verifying(jwk)? {
        return Err("it is not for signatures");
    }
    // Of an asymmetric key (RFC 7518 section 6); whoever published it has a greater trouble than ours.
    if jwk.contains_key("d") {
        return Err("it is a private key");
    }
    let id = text(jwk, "kid")?;
    if id.is_some_and(|id| id.len() > MAX_KEY_ID_BYTES) {
        return Err("its kid is too long");
    }
    let own = match text(jwk, "alg")? {
        None => None,
        Some(name) => Some(name.parse::<Algorithm>().map_err(|_| "its alg is not supported")?),
    };
    let (kind, encoded) = material(jwk)?;
    if own.is_some_and(|own| own.key_kind() != kind) {
        return Err("its alg is for another kind of key");
    }
    let algorithms = allowed.of_kind(kind, own);
    if algorithms.is_empty() {
        return Err("algorithms allows none that it is for");
    }
    Key::public(id, &encoded, &algorithms).ok_or("it is no point of its curve")
}

/// RFC 7517 sections 4.2 and 4.3: absent is any use.
fn is_for_verifying(jwk: &Members) -> Result<bool, &'static str> {
    let may_sign = text(jwk, "use")?.is_none_or(|intended| intended == "sig");
    let may_verify = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => return Err("its key_ops is no list"),
    };
    Ok(may_sign && may_verify)
}

/// What the key is, and its SubjectPublicKeyInfo or point.
fn material(jwk: &Members) -> Result<(KeyKind, Vec<u8>), &'static str> {
    match (text(jwk, "kty")?, text(jwk, "crv")?) {
        (Some("RSA"), _) => {
            let der = rsa::from_components(&bytes(jwk, "n")?, &bytes(jwk, "e")?);
            Ok((KeyKind::Rsa, der.ok_or("its n and e are no RSA key of 2,048 to 8,192 bits")?))
        }
        (Some("EC"), Some("P-256")) => Ok((KeyKind::P256, point(jwk, 32)?)),
        (Some("EC"), Some("P-384")) => Ok((KeyKind::P384, point(jwk, 48)?)),
        (Some("EC"), Some("P-521")) => Ok((KeyKind::P521, point(jwk, 66)?)),
        (Some("OKP"), Some("Ed25519")) => Ok((KeyKind::Ed25519, coordinate(jwk, "x", 32)?)),
        (Some("oct"), _) => Err("it is a secret; use secret_file"),
        _ => Err("its kty and crv are not supported"),
    }
}

/// A point of a curve, uncompressed (SEC 1 section 2.3.3).
fn point(jwk: &Members, length: usize) -> Result<Vec<u8>, &'static str> {
    let mut point = vec![4];
    point.extend(coordinate(jwk, "x", length)?);
    point.extend(coordinate(jwk, "y", length)?);
    Ok(point)
}

fn coordinate(jwk: &Members, name: &str, length: usize) -> Result<Vec<u8>, &'static str> {
    let bytes = bytes(jwk, name)?;
    if bytes.len() == length { Ok(bytes) } else { Err("a coordinate has not its curve's length") }
}

fn bytes(jwk: &Members, name: &str) -> Result<Vec<u8>, &'static str> {
    let text = text(jwk, name)?.ok_or("a part of it is missing")?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "a part of it is no base64url")
}

fn text<'a>(jwk: &'a Members, name: &str) -> Result<Option<&'a str>, &'static str> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err("one of its members is no text"),
    }
}
