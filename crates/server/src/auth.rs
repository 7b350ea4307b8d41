//! Who sends a request: the credential, and what it may do (spec section 2).
//!
//! Promise: nothing here tells a wrong key from a revoked, expired or unknown one, and no credential is
//! ever printed. How a refusal is worded is each surface's own.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use parking_lot::RwLock;
use sha2::{Digest as _, Sha256};
use tidegauge_accounts::{Credential, KeyLimits, KeyRing, Principal, Scope};
use tidegauge_facts::{Micros, TenantId};
use tidegauge_tokens::{Tokens, looks_like_a_token};

use crate::limits::{Allowance, Allowances, Kind, Left, Limited, Rates};

/// Why a request is refused before its body is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// It carries no credential: 401.
    NoCredential,
    /// Its credential is wrong, revoked or expired: 401.
    BadCredential,
    /// Its credential lacks the scope: 403.
    NoScope,
    /// Its tenant or key asks too much: 429.
    Limited(Limited),
}

/// Who asks, and what his tenant may take up.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whom the credential stands for.
    pub principal: Arc<Principal>,
    /// What the tenant may take up.
    pub allowance: Arc<Allowance>,
    /// What the key may take up for itself.
    key_rates: Option<Arc<Rates>>,
}

impl Caller {
    /// Counts so much of a kind, or refuses it.
    ///
    /// # Errors
    /// The key or the tenant asks too much.
    pub fn charge(&self, kind: Kind, weight: u64) -> Result<Option<(u64, Left)>, Limited> {
        let of_key = self.key_rates.as_ref().map(|rates| rates.take(kind, weight)).transpose()?.flatten();
        let of_tenant = self.allowance.rates().take(kind, weight)?;
        let is_told = self.allowance.terms.has_own_rates;
        Ok(of_key.or_else(|| of_tenant.filter(|_| is_told)))
    }

    /// Counts facts, or refuses them.
    ///
    /// # Errors
    /// As [`Caller::charge`].
    pub fn charge_facts(&self, facts: usize) -> Result<(), Limited> {
        self.charge(Kind::Events, facts as u64).map(drop)
    }

    /// Whether he may administer the server and every tenant: with an API key of the operator's own tenant that has the
    /// scope `admin` and is not bound to a project. A token's issuer speaks for tenants, not for the server.
    #[must_use]
    pub fn is_operator(&self, door: &Door) -> bool {
        let Principal { tenant, project, scopes, credential, .. } = &*self.principal;
        let is_key = matches!(credential, Credential::Key(_));
        is_key && *tenant == door.operator && project.is_none() && scopes.contains(Scope::Admin)
    }
}

/// Lets callers in: knows the credentials and the limits.
#[derive(Debug, Clone)]
pub struct Door {
    /// The API keys.
    pub keys: KeyRing,
    /// What is believed of tokens, when any are.
    pub tokens: Arc<RwLock<Option<Tokens>>>,
    /// The limits.
    pub allowances: Allowances,
    /// The tenant whose administrators run the server itself.
    pub operator: TenantId,
}

impl Door {
    /// A door for these keys within these limits, where no token is believed, run by the tenant `default`.
    #[must_use]
    pub fn new(keys: KeyRing, allowances: Allowances) -> Self {
        Self { keys, tokens: Arc::default(), allowances, operator: TenantId::default() }
    }

    /// Believes these tokens from now on, and no others.
    pub fn believe(&self, tokens: Option<Tokens>) {
        *self.tokens.write() = tokens;
    }

    /// Who a credential stands for, whatever he may do.
    ///
    /// # Errors
    /// [`Denied::BadCredential`].
    pub async fn identify(&self, shown: Shown<'_>) -> Result<Caller, Denied> {
        let now = Micros::now();
        let principal = match shown {
            Shown::Bearer(text) if looks_like_a_token(text) => self.bearer(text, now).await?,
            shown => self.keys.authenticate(shown.text(), now.0).ok_or(Denied::BadCredential)?,
        };
        let allowance = self.allowances.of(&principal.tenant);
        let key_rates = match &principal.credential {
            Credential::Key(key) => self.allowances.of_key(key, principal.limits),
            Credential::Token(_) => None,
        };
        Ok(Caller { principal, allowance, key_rates })
    }

    /// Whom a token stands for.
    async fn bearer(&self, token: &str, now: Micros) -> Result<Arc<Principal>, Denied> {
        // A copy, so that no lock is held while keys are fetched.
        let tokens = self.tokens.read().clone().ok_or(Denied::BadCredential)?;
        let verified = tokens.verify(token, now.0).await.map_err(|refused| {
            tracing::debug!(%refused, "a token was refused");
            Denied::BadCredential
        })?;
        Ok(Arc::new(Principal {
            tenant: verified.tenant.clone(),
            project: verified.project.clone(),
            scopes: verified.scopes,
            limits: KeyLimits::default(),
            credential: Credential::Token(verified.subject.clone()),
            expires_at: Some(verified.expires_at),
        }))
    }

    /// Whether a credential that was taken still is: it is neither revoked nor expired.
    pub async fn still_works(&self, credential: &Lasting, now: Micros) -> bool {
        match credential {
            Lasting::Key(sha256) => self.keys.still_works(sha256, now.0),
            Lasting::Token(token) => self.bearer(token, now).await.is_ok(),
        }
    }

    /// Who a credential stands for, with this request counted. Says what is left when limits were set for him.
    ///
    /// # Errors
    /// A credential that is none, or one whose owner asks too much.
    pub async fn admit(
        &self,
        shown: Shown<'_>,
        headers: &HeaderMap,
        max_body_bytes: usize,
    ) -> Result<(Caller, Option<(u64, Left)>), Denied> {
        let caller = self.identify(shown).await?;
        let left = caller.charge(Kind::Requests, 1).map_err(Denied::Limited)?;
        let bytes = announced_bytes(headers, max_body_bytes);
        if bytes > 0 {
            caller.charge(Kind::Bytes, bytes).map_err(Denied::Limited)?;
        }
        Ok((caller, left))
    }
}

/// A credential as it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown<'a> {
    /// By `Authorization: Bearer`, or in its place: a key or a token.
    Bearer(&'a str),
    /// In another way, which only keys take.
    Bare(&'a str),
}

impl<'a> Shown<'a> {
    /// The credential itself.
    #[must_use]
    pub fn text(self) -> &'a str {
        match self {
            Self::Bearer(text) | Self::Bare(text) => text,
        }
    }
}

/// A credential that was taken, for what outlives its request.
#[derive(Clone)]
pub enum Lasting {
    /// An API key, by the SHA-256 of its text.
    Key([u8; 32]),
    /// A token: it is asked again whether it is believed.
    Token(Box<str>),
}

impl Lasting {
    /// The credential that this caller presented.
    #[must_use]
    pub fn of(presented: &str, caller: &Caller) -> Self {
        match caller.principal.credential {
            Credential::Key(_) => Self::Key(Sha256::digest(presented.as_bytes()).into()),
            Credential::Token(_) => Self::Token(presented.into()),
        }
    }

    /// What a connection is counted by among its tenant's keys; a token is none of them.
    #[must_use]
    pub fn key_sha256(&self) -> Option<[u8; 32]> {
        match self {
            Self::Key(sha256) => Some(*sha256),
            Self::Token(_) => None,
        }
    }
}

/// How long a body is to come; one that does not say counts as the longest that is taken.
fn announced_bytes(headers: &HeaderMap, max_body_bytes: usize) -> u64 {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let is_unknown = || headers.contains_key(header::TRANSFER_ENCODING);
    // No more than is taken: what is only announced costs its sender nothing, and would cost its tenant.
    let most = max_body_bytes as u64;
    announced.unwrap_or_else(|| if is_unknown() { most } else { 0 }).min(most)
}

/// What is known of a request's sender when its handler begins: an extension of every request.
#[derive(Debug, Clone)]
pub struct Presented(pub Result<Caller, Denied>);

impl Presented {
    /// The caller, when he has the scope.
    ///
    /// # Errors
    /// See [`Denied`].
    pub fn allowed(self, scope: Scope) -> Result<Caller, Denied> {
        may(self.0?, scope)
    }
}

/// The caller, when he has the scope.
///
/// # Errors
/// [`Denied::NoScope`].
pub fn may(caller: Caller, scope: Scope) -> Result<Caller, Denied> {
    if caller.principal.scopes.contains(scope) { Ok(caller) } else { Err(Denied::NoScope) }
}

impl<S: Sync> FromRequestParts<S> for Presented {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Taken, not copied: each handler asks once, and who asks again finds nobody.
        Ok(parts.extensions.remove().unwrap_or(Self(Err(Denied::NoCredential))))
    }
}

/// The credential that the headers carry.
///
/// A key comes as `Authorization: Bearer <key>`, bare as `Authorization: <key>` (seeds 001 and 004), or
/// as `X-API-Key: <key>`; a token as `Authorization: Bearer <token>`.
///
/// # Errors
/// They carry none, or what can be none.
pub fn shown_credential(headers: &HeaderMap) -> Result<Shown<'_>, Denied> {
    let name = if headers.contains_key(header::AUTHORIZATION) { "authorization" } else { "x-api-key" };
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(Denied::NoCredential)?;
    // Of two, a proxy before us may have looked at the other one.
    if values.next().is_some() {
        return Err(Denied::BadCredential);
    }
    // A header may hold any byte; a key is ASCII.
    let text = value.to_str().map_err(|_| Denied::BadCredential)?.trim();
    let shown = match text.split_once(' ') {
        Some((scheme, text)) if name == "authorization" && scheme.eq_ignore_ascii_case("bearer") => {
            Shown::Bearer(text.trim_start())
        }
        Some(_) => return Err(Denied::BadCredential),
        None => Shown::Bare(text),
    };
    if shown.text().is_empty() { Err(Denied::NoCredential) } else { Ok(shown) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_in(name: &'static str, value: &'static str) -> Result<String, Denied> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        shown_credential(&headers).map(|shown| shown.text().to_owned())
    }

    #[test]
    fn a_key_is_found_bare_as_bearer_and_in_its_own_header() {
        for (name, value) in [
            ("authorization", "tg_x"),
            ("authorization", "Bearer tg_x"),
            ("authorization", "bearer   tg_x"),
            ("x-api-key", "tg_x"),
        ] {
            let is_bearer = value.to_ascii_lowercase().starts_with("bearer");
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            let shown = if is_bearer { Shown::Bearer("tg_x") } else { Shown::Bare("tg_x") };
            assert_eq!(shown_credential(&headers), Ok(shown), "{value}");
        }
        assert_eq!(key_in("authorization", "Basic tg_x"), Err(Denied::BadCredential));
        assert_eq!(key_in("x-api-key", "Bearer tg_x"), Err(Denied::BadCredential));
        assert_eq!(key_in("authorization", ""), Err(Denied::NoCredential));
        assert_eq!(shown_credential(&HeaderMap::new()), Err(Denied::NoCredential));
        let mut two = HeaderMap::new();
        two.append("authorization", "Bearer tg_x".parse().unwrap());
        two.append("authorization", "Bearer tg_y".parse().unwrap());
        assert_eq!(shown_credential(&two), Err(Denied::BadCredential));
    }

    #[test]
    fn a_body_of_unknown_length_counts_as_the_longest() {
        let with = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(header::HeaderName::from_static(name), value.parse().unwrap())])
        };
        assert_eq!(announced_bytes(&with("content-length", "7"), 100), 7);
        assert_eq!(announced_bytes(&with("transfer-encoding", "chunked"), 100), 100);
        assert_eq!(announced_bytes(&with("content-length", "18446744073709551615"), 100), 100);
        assert_eq!(announced_bytes(&HeaderMap::new(), 100), 0);
    }
}
