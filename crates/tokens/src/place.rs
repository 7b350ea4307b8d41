//! Where a key set is: a file, or a URL.
//!
//! Promise: a reading ends, with a bounded number of bytes or with a reason. A redirect is not followed: keys come
//! from the place that was configured.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};

use crate::bounded_file::{self, too_long};
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
        if is_open_to_strangers(&url) {
            tracing::warn!(
                host = url.host_str(),
                "jwks_url is not https: whoever sits on the way there can put in keys of his own"
            );
        }
        let client = client.build().map_err(|error| TokensError::Client(causes(&error)))?;
        Ok(Self::Url { client, url })
    }

    /// The document, or the reason why there is none, as the end of a sentence that begins with the place.
    pub(crate) async fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                let read =
                    tokio::task::spawn_blocking(move || bounded_file::read(&path, MAX_JWKS_BYTES)).await;
                read.unwrap_or_else(|_| Err("cannot be read".to_owned()))
            }
            Self::Url { client, url } => fetch(client, url).await,
        }
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(path), Self::File(other)) => path == other,
            (Self::Url { url, .. }, Self::Url { url: other, .. }) => url == other,
            _ => false,
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

/// Whether keys travel without TLS to another machine.
fn is_open_to_strangers(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    url.scheme() == "http" && !is_here
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
            return Err(too_long(MAX_JWKS_BYTES));
        }
        document.extend_from_slice(&piece);
    }
    Ok(document)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_without_tls_are_safe_on_this_machine_alone() {
        let is_open = |url: &str| is_open_to_strangers(&Url::parse(url).unwrap());
        for url in
            ["https://a/", "http://localhost/", "http://127.0.0.1:1/", "http://127.9.9.9/", "http://[::1]/"]
        {
            assert!(!is_open(url), "{url}");
        }
        for url in ["http://a/", "http://10.0.0.1/", "http://[::2]/", "http://localhost.example/"] {
            assert!(is_open(url), "{url}");
        }
    }
}
