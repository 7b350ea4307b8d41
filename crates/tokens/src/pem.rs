//! The file of public keys in PEM.
//!
//! Promise: every key of the file is used, or the file is refused with the reason; none is silently left out.

use rustls::pki_types::pem::{PemObject as _, SectionKind};

use crate::algorithm::KeyKind;
use crate::key::kind_of;
use crate::rsa;

/// Most keys of a file.
const MAX_KEYS: usize = 16;

type Section = (SectionKind, Vec<u8>);

/// A public key as its file holds it.
pub(crate) struct PublicKey {
    pub(crate) kind: KeyKind,
    /// Its SubjectPublicKeyInfo.
    pub(crate) der: Vec<u8>,
}

/// The keys of a file, or what is wrong with it, as the end of a sentence that begins with the file's name.
pub(crate) fn public_keys(pem: &[u8]) -> Result<Vec<PublicKey>, &'static str> {
    let mut keys = Vec::new();
    for section in Section::pem_slice_iter(pem) {
        let (kind, der) = section.map_err(|_| "is no PEM that can be read")?;
        keys.push(public_key(kind, der)?);
    }
    match keys.len() {
        0 => Err(
            "holds no public key in PEM (BEGIN PUBLIC KEY); convert one of another form with openssl pkey -pubout",
        ),
        1..=MAX_KEYS => Ok(keys),
        _ => Err("holds more than 16 keys"),
    }
}

fn public_key(section: SectionKind, der: Vec<u8>) -> Result<PublicKey, &'static str> {
    match section {
        SectionKind::PublicKey => {}
        SectionKind::Certificate => {
            return Err(
                "holds a certificate; take its public key out of it with openssl x509 -pubkey -noout",
            );
        }
        SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
            return Err(
                "holds a private key, which should not be here; make its public one with openssl pkey -pubout",
            );
        }
        _ => return Err("holds something else than public keys"),
    }
    let kind = kind_of(&der).ok_or("holds a key that is not RSA, P-256, P-384, P-521 or Ed25519")?;
    if kind == KeyKind::Rsa && !rsa::has_good_length(&der) {
        return Err("holds an RSA key of fewer than 2,048 or more than 8,192 bits");
    }
    Ok(PublicKey { kind, der })
}
