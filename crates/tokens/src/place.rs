//! Where a key set is: a file, or a URL.
//!
//! Promise: a reading ends, with a bounded number of bytes or with a reason. A redirect is not followed: keys come
//! from the place that was configured.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};

use crate::error::TokensError;
use crate::jwk_set::MAX_JWKS_BYTES;

/// How long a fetch may take, from the name's resolution to the last byte.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// A place that key sets are read from.
pub(crate) enum Place {
    File(PathBuf),
    Url { client: Client, url: Url },
}

impl Place {
    /// # Errors
    /// [`TokensError::Url`] or [`TokensError::Client`].
    pub(crate) fn url(text: &str, timeout: Duration) -> Result<Self, TokensError> {
        let url = Url::parse(text).map_err(|_| TokensError::Url)?;
        let is_http =
            matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
        if !is_http || !url.username().is_empty() || url.password().is_some() {
            return Err(TokensError::Url);
        }
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(concat!("tidegauge/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .redirect(Policy::none())
            .no_proxy();
        // The system's authorities are not asked for where there is no TLS: a small container has none.
        if url.scheme() == "http" {
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(|error| TokensError::Client(causes(&error)))?;
        Ok(Self::Url { client, url })
    }

    /// The document, or the reason why there is none, as the end of a sentence that begins with the place.
    pub(crate) async fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
                read.unwrap_or_else(|_| Err("cannot be read".to_owned()))
            }
            Self::Url { client, url } => fetch(client, url).await,
        }
    }
}

impl fmt::Display for Place {
    /// Without the URL's query, which may hold what is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url { url, .. } => write!(f, "{}{}", url.origin().ascii_serialization(), url.path()),
        }
    }
}

/// The file's bytes, no more than a key set may have.
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read ({error})");
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err("is no file".to_owned());
    }
    let mut document = Vec::new();
    let mut file = File::open(path).map_err(unreadable)?.take(MAX_JWKS_BYTES as u64 + 1);
    file.read_to_end(&mut document).map_err(unreadable)?;
    if document.len() > MAX_JWKS_BYTES { Err(too_long()) } else { Ok(document) }
}

async fn fetch(client: &Client, url: &Url) -> Result<Vec<u8>, String> {
    let failed = |error: reqwest::Error| format!("cannot be fetched ({})", causes(&error.without_url()));
    let accepted = HeaderValue::from_static("application/jwk-set+json, application/json");
    let mut response = client.get(url.clone()).header(ACCEPT, accepted).send().await.map_err(failed)?;
    match response.status() {
        StatusCode::OK => {}
        status if status.is_redirection() => {
            return Err(format!("answers {status}, and redirects are not followed"));
        }
        status => return Err(format!("answers {status}")),
    }
    let mut document = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        if document.len() + piece.len() > MAX_JWKS_BYTES {
            return Err(too_long());
        }
        document.extend_from_slice(&piece);
    }
    Ok(document)
}

fn too_long() -> String {
    format!("is longer than {MAX_JWKS_BYTES} bytes")
}

/// An error and what is behind it: the outer one alone says only that sending failed.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
