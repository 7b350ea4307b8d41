//! The handle on everything that verifies tokens.
//!
//! Promise: cheap to clone, and every clone has the same keys. A token that was found good once costs a SHA-256 and a
//! look into memory until it expires or the keys change. Configuration is not changed in place: whoever reads it anew
//! opens another handle after this one and lets go of it, which ends its reading of keys.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;

use crate::algorithm::{Algorithm, KeyKind};
use crate::allowed::Allowed;
use crate::claims::Rules;
use crate::compact::{Compact, MAX_TOKEN_BYTES};
use crate::config::{MAX_JWKS_REFRESH_SECONDS, MAX_LEEWAY_SECONDS, MIN_JWKS_REFRESH_SECONDS, TokensConfig};
use crate::error::TokensError;
use crate::fixed_keys::fixed_keys;
use crate::header::Header;
use crate::identity::{Naming, Verified};
use crate::key::Key;
use crate::key_source::{KeySource, Pace};
use crate::place::{FETCH_TIMEOUT, Place};
use crate::refused::Refused;
use crate::remembered::{Digest, Remembered};
use crate::strict_json;

/// Most keys that one token is tried against.
pub const MAX_TRIED_KEYS: usize = 16;

/// What verifies tokens.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    fixed: Vec<Key>,
    sources: Vec<Arc<KeySource>>,
    /// What a token may be signed with, whether its key is known already or not.
    algorithms: Vec<Algorithm>,
    rules: Rules,
    naming: Naming,
    remembered: Arc<Remembered>,
    readers: Vec<JoinHandle<()>>,
}

/// How a key set's URL is fetched; a test is quicker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fetching {
    pub(crate) pace: Pace,
    pub(crate) timeout: Duration,
}

impl Tokens {
    /// Reads the keys that `config` names, and from then on those that change. To be called within a Tokio runtime.
    /// A URL that cannot be fetched now is tried again and again: tokens of its keys are refused until then.
    ///
    /// # Errors
    /// [`TokensError`] says which option cannot be meant, or which file cannot be used.
    pub async fn open(config: TokensConfig) -> Result<Self, TokensError> {
        Self::open_after(None, config).await
    }

    /// The same, in the place of `former`: a URL of both that cannot be fetched now keeps the keys it held last, whatever
    /// else has changed. Files are read anew.
    ///
    /// # Errors
    /// As [`Tokens::open`].
    pub async fn open_after(former: Option<&Self>, config: TokensConfig) -> Result<Self, TokensError> {
        let pace = Pace::url(Duration::from_secs(config.jwks_refresh_seconds));
        Self::open_fetching(former, config, Fetching { pace, timeout: FETCH_TIMEOUT }).await
    }

    pub(crate) async fn open_fetching(
        former: Option<&Self>,
        config: TokensConfig,
        fetching: Fetching,
    ) -> Result<Self, TokensError> {
        check(&config)?;
        let naming = Naming::new(&config)?;
        let allowed = Allowed(config.algorithms.clone());
        let fixed = fixed_keys(&config, &allowed)?;
        let remembered = Arc::<Remembered>::default();
        let source =
            |place, pace| Arc::new(KeySource::new(place, pace, allowed.clone(), Arc::clone(&remembered)));
        let mut sources = Vec::new();
        if let Some(path) = config.jwks_file {
            let file = source(Place::File(path.clone()), Pace::FILE);
            file.must_read().await.map_err(|reason| TokensError::Unusable {
                option: "jwks_file",
                path,
                reason,
            })?;
            sources.push(file);
        }
        if let Some(url) = &config.jwks_url {
            let url = source(Place::url(url, fetching.timeout)?, fetching.pace);
            let formers = former.iter().flat_map(|former| &former.0.sources);
            formers.for_each(|former| url.take_over(former));
            url.try_to_read().await;
            sources.push(url);
        }
        let algorithms = usable_algorithms(&fixed, !sources.is_empty(), &allowed)?;
        let readers = sources.iter().map(|source| tokio::spawn(Arc::clone(source).keep_reading())).collect();
        let rules = Rules {
            issuers: config.issuer,
            audiences: config.audience,
            // Never out of range: `check` bounds it.
            leeway_micros: i64::try_from(config.leeway_seconds).unwrap_or(0) * 1_000_000,
        };
        Ok(Self(Arc::new(Inner { fixed, sources, algorithms, rules, naming, remembered, readers })))
    }

    /// Whom `token` stands for at `now_unix_micros`. It waits for nothing, unless the token names a key that is not
    /// known: then for one fetch of the key sets, at most, if it is time for one.
    ///
    /// # Errors
    /// [`Refused`] says which rule the token breaks.
    pub async fn verify(&self, token: &str, now_unix_micros: i64) -> Result<Arc<Verified>, Refused> {
        // Before it is hashed: a long one is not worth that.
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refused::TooLong);
        }
        let inner = &*self.0;
        let digest = Digest::from(Sha256::digest(token.as_bytes()));
        if let Some(verified) = inner.remembered.find(&digest, now_unix_micros) {
            return Ok(verified);
        }
        let compact = Compact::parse(token)?;
        let header = Header::parse(&compact.header)?;
        if !inner.algorithms.contains(&header.algorithm) {
            return Err(Refused::Algorithm);
        }
        let mut keys_version = inner.remembered.keys_version();
        let mut signature = inner.check_signature(&compact, &header);
        if signature.is_err() && inner.read_for_unknown_key(&header).await {
            keys_version = inner.remembered.keys_version();
            signature = inner.check_signature(&compact, &header);
        }
        signature?;
        let claims = strict_json::object(&compact.claims).ok_or(Refused::Claims)?;
        let expires_at = inner.rules.check(&claims, now_unix_micros)?;
        let verified = Arc::new(inner.naming.identify(&claims, expires_at)?);
        let good_until = inner.rules.last_use(expires_at);
        inner.remembered.keep(digest, Arc::clone(&verified), good_until, keys_version);
        Ok(verified)
    }
}

impl Inner {
    /// Tries the keys that could have signed the token: of its algorithm, and of no other name than it says.
    fn check_signature(&self, compact: &Compact<'_>, header: &Header) -> Result<(), Refused> {
        let sets: Vec<Arc<[Key]>> = self.sources.iter().map(|source| source.keys()).collect();
        let keys = self.fixed.iter().chain(sets.iter().flat_map(|set| set.iter()));
        let mut tried = 0;
        for checker in keys.filter_map(|key| key.checker(header)) {
            if tried == MAX_TRIED_KEYS {
                return Err(Refused::TooManyKeys);
            }
            if checker.accepts(compact.signed.as_bytes(), &compact.signature) {
                return Ok(());
            }
            tried += 1;
        }
        Err(if tried == 0 { Refused::UnknownKey } else { Refused::Signature })
    }

    /// Has key sets that do not hold the key named in `header` read again, as far as it is time for that; true when
    /// it is worth looking again.
    async fn read_for_unknown_key(&self, header: &Header) -> bool {
        let Some(id) = header.key_id.as_deref() else { return false };
        if header.algorithm.key_kind() == KeyKind::Secret {
            return false;
        }
        let is_known = |source: &Arc<KeySource>| source.keys().iter().any(|key| key.id() == Some(id));
        if self.sources.is_empty() || self.sources.iter().any(is_known) {
            return false;
        }
        for source in &self.sources {
            source.read_for_unknown_key().await;
        }
        self.sources.iter().any(is_known)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for reader in &self.readers {
            reader.abort();
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("algorithms", &self.0.algorithms).finish_non_exhaustive()
    }
}

fn check(config: &TokensConfig) -> Result<(), TokensError> {
    if !config.has_keys() {
        return Err(TokensError::NoKeys);
    }
    if config.algorithms.as_ref().is_some_and(Vec::is_empty) {
        return Err(TokensError::NoAlgorithms);
    }
    for (option, names) in [("issuer", &config.issuer), ("audience", &config.audience)] {
        if names.iter().any(String::is_empty) {
            return Err(TokensError::EmptyName { option });
        }
    }
    if config.leeway_seconds > MAX_LEEWAY_SECONDS {
        return Err(TokensError::Leeway);
    }
    if !(MIN_JWKS_REFRESH_SECONDS..=MAX_JWKS_REFRESH_SECONDS).contains(&config.jwks_refresh_seconds) {
        return Err(TokensError::RefreshSeconds);
    }
    Ok(())
}

/// Those of the keys that stay, and with key sets those of all public keys, for the sets may change.
fn usable_algorithms(
    fixed: &[Key],
    has_sets: bool,
    allowed: &Allowed,
) -> Result<Vec<Algorithm>, TokensError> {
    let is_of_set = |algorithm: Algorithm| {
        has_sets && algorithm.key_kind() != KeyKind::Secret && allowed.permits(algorithm)
    };
    let is_usable = |algorithm: &Algorithm| {
        is_of_set(*algorithm) || fixed.iter().any(|key| key.algorithms().any(|own| own == *algorithm))
    };
    let usable: Vec<Algorithm> = Algorithm::ALL.into_iter().filter(is_usable).collect();
    match allowed.0.iter().flatten().find(|listed| !usable.contains(listed)) {
        Some(listed) => Err(TokensError::AlgorithmWithoutKey(*listed)),
        None => Ok(usable),
    }
}
