//! `[tls]`: where the certificate and its key are.

use std::path::{Path, PathBuf};

/// TLS.
#[derive(clap::Args)]
pub struct TlsSettings {
    /// Speak TLS, with this certificate and what it was signed by (PEM); the file is read again when it changes.
    #[arg(id = "tls.cert", long = "tls-cert", value_name = "FILE", env = "TIDEGAUGE_TLS_CERT")]
    cert: Option<PathBuf>,
    /// The certificate's private key (PEM; PKCS#8, PKCS#1 or SEC1).
    #[arg(id = "tls.key", long = "tls-key", value_name = "FILE", env = "TIDEGAUGE_TLS_KEY")]
    key: Option<PathBuf>,
}

impl TlsSettings {
    /// The files, when TLS is spoken.
    pub fn files(&self) -> Option<(&Path, &Path)> {
        self.cert.as_deref().zip(self.key.as_deref())
    }

    /// One without the other is a mistake that would leave the server without TLS.
    pub fn check(&self) -> Result<(), String> {
        match (&self.cert, &self.key) {
            (Some(_), None) => Err("tls.cert is set and tls.key is not: TLS needs both".to_owned()),
            (None, Some(_)) => Err("tls.key is set and tls.cert is not: TLS needs both".to_owned()),
            _ => Ok(()),
        }
    }
}
