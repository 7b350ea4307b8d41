//! TLS (RFC 8446, RFC 5246): the certificate that callers see, replaced while the server runs.
//!
//! Promise: there is always a whole pair of certificate and key. Files that are half written, or that do not belong
//! together, are said once and leave the last pair in force; connections keep what they began with.

use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{Accept, TlsAcceptor};
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Longest file; a chain is a few kilobytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Permissions of those who are neither the file's owner nor of its group.
const OTHERS: u32 = 0o007;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {file}: {source}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// There is no certificate where one should be.
    #[error("{0} holds no certificate in PEM")]
    NoCertificate(PathBuf),
    /// There is no key where one should be.
    #[error("{0} holds no private key in PEM (PKCS#8, PKCS#1 or SEC1)")]
    NoKey(PathBuf),
    /// They are no pair, or of a kind that nobody speaks any more.
    #[error("{certificate} and {key} cannot be used together: {source}")]
    NoPair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the library says.
        source: rustls::Error,
    },
}

/// The server's side of TLS; clones share the certificate.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    current: Arc<Current>,
    files: Arc<Mutex<Files>>,
}

/// The pair that new connections get.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// What was found in them last, good or bad.
    seen: [u8; 32],
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read()))
    }
}

impl Tls {
    /// TLS 1.2 and 1.3 with the pair in these files.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let (pair, seen) = load(certificate, key);
        let current = Arc::new(Current(RwLock::new(Arc::new(pair?))));
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|source| no_pair(certificate, key, source))?;
        let mut config = builder
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned(), seen };
        Ok(Self { config: Arc::new(config), current, files: Arc::new(Mutex::new(files)) })
    }

    /// The pair in these files from now on.
    ///
    /// # Errors
    /// See [`TlsError`]; the files of before stay the ones that are looked at.
    pub fn use_files(&self, certificate: &Path, key: &Path) -> Result<(), TlsError> {
        let (pair, seen) = load(certificate, key);
        *self.current.0.write() = Arc::new(pair?);
        *self.files.lock() = Files { certificate: certificate.to_owned(), key: key.to_owned(), seen };
        Ok(())
    }

    /// Looks at the files now and then, and uses what they hold once it has changed.
    pub async fn follow_files(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
            let looking = self.clone();
            match tokio::task::spawn_blocking(move || looking.look()).await {
                Ok(Ok(true)) => tracing::info!("the TLS certificate was read again"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::error!(%error, "the TLS certificate stays the one of before"),
                Err(error) => tracing::error!(%error, "the TLS certificate could not be looked at"),
            }
        }
    }

    /// A connection's handshake.
    pub fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Accept<S> {
        TlsAcceptor::from(Arc::clone(&self.config)).accept(stream)
    }

    /// Whether there was something new. What is wrong with it is told once.
    fn look(&self) -> Result<bool, TlsError> {
        let (certificate, key, seen) = {
            let files = self.files.lock();
            (files.certificate.clone(), files.key.clone(), files.seen)
        };
        let (pair, now_seen) = load(&certificate, &key);
        if now_seen == seen {
            return Ok(false);
        }
        self.files.lock().seen = now_seen;
        *self.current.0.write() = Arc::new(pair?);
        Ok(true)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn no_pair(certificate: &Path, key: &Path, source: rustls::Error) -> TlsError {
    TlsError::NoPair { certificate: certificate.to_owned(), key: key.to_owned(), source }
}

/// The pair in the files, and what tells this content from another.
fn load(certificate: &Path, key: &Path) -> (Result<CertifiedKey, TlsError>, [u8; 32]) {
    match (bytes_of(certificate), bytes_of(key)) {
        (Ok(chain_pem), Ok(key_pem)) => {
            let seen = fingerprint(&[&chain_pem, &key_pem]);
            (pair(certificate, &chain_pem, key, &key_pem), seen)
        }
        (Err(error), _) | (_, Err(error)) => {
            let seen = fingerprint(&[error.to_string().as_bytes()]);
            (Err(error), seen)
        }
    }
}

fn pair(certificate: &Path, chain_pem: &[u8], key: &Path, key_pem: &[u8]) -> Result<CertifiedKey, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain_pem).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| TlsError::NoCertificate(certificate.to_owned()))?;
    let private = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| TlsError::NoKey(key.to_owned()))?;
    warn_if_open(key);
    CertifiedKey::from_der(chain, private, &provider()).map_err(|source| no_pair(certificate, key, source))
}

fn bytes_of(file: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let read = fs::File::open(file).and_then(|opened| opened.take(MAX_FILE_BYTES).read_to_end(&mut bytes));
    read.map_err(|source| TlsError::Unreadable { file: file.to_owned(), source })?;
    Ok(bytes)
}

fn fingerprint(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn warn_if_open(key: &Path) {
    let mode = fs::metadata(key).map(|metadata| metadata.permissions().mode()).unwrap_or_default();
    if mode & OTHERS != 0 {
        tracing::warn!(file = %key.display(), "everybody on this machine may use the TLS key; chmod o-rwx helps");
    }
}
