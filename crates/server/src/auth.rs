//! Who sends a request: the credential, and what it may do (spec section 2).
//!
//! Promise: nothing here tells a wrong key from a revoked, expired or unknown one, and no credential is
//! ever printed. How a refusal is worded is each surface's own.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use tidegauge_accounts::{KeyRing, Principal, Scope};
use tidegauge_facts::Micros;

/// Why a request is refused before its body is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// It carries no credential: 401.
    NoCredential,
    /// Its credential is wrong, revoked or expired: 401.
    BadCredential,
    /// Its credential lacks the scope: 403.
    NoScope,
}

/// The principal of a request that has the scope.
///
/// A key comes as `Authorization: Bearer <key>`, bare as `Authorization: <key>` (seeds 001 and 004), or
/// as `X-API-Key: <key>`.
///
/// # Errors
/// See [`Denied`].
pub fn authorize(keys: &KeyRing, headers: &HeaderMap, scope: Scope) -> Result<Arc<Principal>, Denied> {
    allowed(authenticate(keys, headers)?, scope)
}

/// The principal of a key that has the scope, for a key that comes in no header.
///
/// # Errors
/// See [`Denied`].
pub fn authorize_key(keys: &KeyRing, presented: &str, scope: Scope) -> Result<Arc<Principal>, Denied> {
    let principal = keys.authenticate(presented, Micros::now().0).ok_or(Denied::BadCredential)?;
    allowed(principal, scope)
}

fn allowed(principal: Arc<Principal>, scope: Scope) -> Result<Arc<Principal>, Denied> {
    if principal.scopes.contains(scope) { Ok(principal) } else { Err(Denied::NoScope) }
}

/// The principal of a request, whatever it may do.
///
/// # Errors
/// 401 only.
pub fn authenticate(keys: &KeyRing, headers: &HeaderMap) -> Result<Arc<Principal>, Denied> {
    authenticate_key(keys, presented_key(headers)?)
}

/// The principal of a key, whatever it may do.
///
/// # Errors
/// 401 only.
pub fn authenticate_key(keys: &KeyRing, presented: &str) -> Result<Arc<Principal>, Denied> {
    keys.authenticate(presented, Micros::now().0).ok_or(Denied::BadCredential)
}

/// The key that the headers carry.
///
/// # Errors
/// They carry none, or what can be none.
pub fn presented_key(headers: &HeaderMap) -> Result<&str, Denied> {
    let value = headers
        .get(header::AUTHORIZATION)
        .or_else(|| headers.get("x-api-key"))
        .ok_or(Denied::NoCredential)?;
    // A header may hold any byte; a key is ASCII.
    let text = value.to_str().map_err(|_| Denied::BadCredential)?.trim();
    let key = match text.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim_start(),
        Some(_) => return Err(Denied::BadCredential),
        None => text,
    };
    if key.is_empty() { Err(Denied::NoCredential) } else { Ok(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_in(name: &'static str, value: &'static str) -> Result<String, Denied> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        presented_key(&headers).map(str::to_owned)
    }

    #[test]
    fn a_key_is_found_bare_as_bearer_and_in_its_own_header() {
        for (name, value) in [
            ("authorization", "tg_x"),
            ("authorization", "Bearer tg_x"),
            ("authorization", "bearer   tg_x"),
            ("x-api-key", "tg_x"),
        ] {
            assert_eq!(key_in(name, value).as_deref(), Ok("tg_x"), "{value}");
        }
        assert_eq!(key_in("authorization", "Basic tg_x"), Err(Denied::BadCredential));
        assert_eq!(key_in("authorization", ""), Err(Denied::NoCredential));
        assert_eq!(presented_key(&HeaderMap::new()), Err(Denied::NoCredential));
    }
}
