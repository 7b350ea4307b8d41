//! Which algorithms a key is used for: what it is for, narrowed by what the configuration lists.
//!
//! Promise: a list narrows, and never makes a key do what it is not for.

use crate::algorithm::{Algorithm, KeyKind};

/// The configured list; `None` is none.
#[derive(Debug, Clone)]
pub(crate) struct Allowed(pub(crate) Option<Vec<Algorithm>>);

impl Allowed {
    /// What a public key of `kind` is used for. `own` is the key's own `alg`, if it has one.
    pub(crate) fn of_kind(&self, kind: KeyKind, own: Option<Algorithm>) -> Vec<Algorithm> {
        let is_used = |algorithm: &Algorithm| {
            algorithm.key_kind() == kind
                && own.is_none_or(|own| own == *algorithm)
                && self.permits(*algorithm)
        };
        Algorithm::ALL.into_iter().filter(is_used).collect()
    }

    /// What a secret is used for: HS256 unless a list says otherwise.
    pub(crate) fn for_secret(&self) -> Vec<Algorithm> {
        match &self.0 {
            None => vec![Algorithm::HS256],
            Some(_) => self.of_kind(KeyKind::Secret, None),
        }
    }

    pub(crate) fn permits(&self, algorithm: Algorithm) -> bool {
        self.0.as_ref().is_none_or(|list| list.contains(&algorithm))
    }
}
