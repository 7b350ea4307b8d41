//! A key that signatures are checked with.
//!
//! Promise: a key holds a checker for each algorithm that it is for and that is allowed, and nothing else can be done
//! with it. There is no way to check an HMAC with a public key, because no public key has a checker for one.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

use crate::algorithm::{Algorithm, KeyKind};
use crate::header::Header;

/// One key.
pub(crate) struct Key {
    /// Only keys of a set have one; a secret or a PEM is tried whatever key a token names.
    id: Option<Box<str>>,
    checkers: Vec<(Algorithm, Checker)>,
}

/// What checks one algorithm's signatures with one key.
pub(crate) enum Checker {
    Secret(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl Key {
    /// A secret for the HMACs among `algorithms`.
    pub(crate) fn secret(secret: &[u8], algorithms: &[Algorithm]) -> Self {
        let checker = |algorithm: &Algorithm| {
            let hash = match algorithm {
                Algorithm::HS256 => hmac::HMAC_SHA256,
                Algorithm::HS384 => hmac::HMAC_SHA384,
                Algorithm::HS512 => hmac::HMAC_SHA512,
                _ => return None,
            };
            Some((*algorithm, Checker::Secret(Box::new(hmac::Key::new(hash, secret)))))
        };
        Self { id: None, checkers: algorithms.iter().filter_map(checker).collect() }
    }

    /// A public key for the signatures among `algorithms`, all of its kind. `encoded` is a SubjectPublicKeyInfo in
    /// DER, or a bare point of a curve. `None` when it is no key of that kind.
    pub(crate) fn public(id: Option<&str>, encoded: &[u8], algorithms: &[Algorithm]) -> Option<Self> {
        let checker = |algorithm: &Algorithm| {
            let key = ParsedPublicKey::new(checked_by(*algorithm)?, encoded).ok()?;
            Some((*algorithm, Checker::Public(key)))
        };
        let checkers = algorithms.iter().map(checker).collect::<Option<Vec<_>>>()?;
        (!checkers.is_empty()).then(|| Self { id: id.map(Into::into), checkers })
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.checkers.iter().map(|(algorithm, _)| *algorithm)
    }

    /// What checks a token of this header, if this key could have signed it.
    pub(crate) fn checker(&self, header: &Header) -> Option<&Checker> {
        let is_another = matches!((&self.id, &header.key_id), (Some(mine), Some(named)) if **mine != **named);
        let of_algorithm = || self.checkers.iter().find(|(algorithm, _)| *algorithm == header.algorithm);
        (!is_another).then(of_algorithm).flatten().map(|(_, checker)| checker)
    }
}

impl Checker {
    /// Whether `signature` is this key's of `signed`; an HMAC is compared in constant time.
    pub(crate) fn accepts(&self, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Secret(key) => hmac::verify(key, signed, signature).is_ok(),
            Self::Public(key) => key.verify_sig(signed, signature).is_ok(),
        }
    }
}

/// The kind of key that a SubjectPublicKeyInfo holds.
pub(crate) fn kind_of(public_key_der: &[u8]) -> Option<KeyKind> {
    const ONE_OF_EACH: [Algorithm; 5] =
        [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::ES512, Algorithm::RS256];
    let parses = |algorithm: &Algorithm| {
        checked_by(*algorithm).is_some_and(|by| ParsedPublicKey::new(by, public_key_der).is_ok())
    };
    ONE_OF_EACH.iter().find(|algorithm| parses(algorithm)).map(|algorithm| algorithm.key_kind())
}

/// How a public key checks an algorithm's signatures; `None` for HMACs. RSA keys have 2,048 to 8,192 bits.
fn checked_by(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => return None,
        Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
        Algorithm::ES256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::ES384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::ES512 => &ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDSA => &ED25519,
    })
}
