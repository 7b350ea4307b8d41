//! A sink that is a Tidegauge server elsewhere: `POST /api/v1/requests`, leniently, so that one bad record does not
//! hold up the rest.
//!
//! Promise: `Ok` means that the server has answered 2xx, and has told of as many records as were sent.

mod answer;
mod body;
mod keys;

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, StatusCode, Url};

use self::answer::{outcome, status_trouble};
use self::body::{Body, bodies};
pub use self::keys::{Keys, NoKeys};
use crate::gateway_record::Unusable;
use crate::sink::{Identified, Outcome, Refused, Sink, Trouble};

/// Where requests are taken in.
const PATH: &str = "/api/v1/requests";
/// How long a connection to the server may take to be made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the server may take to answer: longer than it waits for its disk.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// Why there is no such sink.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// The URL is none, or not of HTTP.
    #[error("the server is given as http://HOST:PORT or https://HOST")]
    Url,
    /// A password in the URL would end up in logs.
    #[error("the server's URL must not carry a name or password; give a key")]
    Credentials,
    /// The file of the authority holds something else.
    #[error("the server's certificate authority is given as certificates in PEM")]
    Authority,
    /// No client could be made.
    #[error("no HTTP client: {0}")]
    Client(String),
}

/// A server elsewhere.
#[derive(Debug)]
pub struct HttpSink {
    client: Client,
    url: Url,
    keys: Keys,
}

impl HttpSink {
    /// The server whose routes begin at `base`. With `authority` (PEM), certificates that it has signed are trusted
    /// instead of those of the system's authorities.
    ///
    /// # Errors
    /// The URL is none that can be used, or the authority no certificate.
    pub fn new(base: &str, authority: Option<&[u8]>, keys: Keys) -> Result<Self, ServerError> {
        let mut url = Url::parse(base).map_err(|_| ServerError::Url)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(ServerError::Url);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServerError::Credentials);
        }
        let path = format!("{}{PATH}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let authorities = match authority {
            Some(pem) => Some(Certificate::from_pem_bundle(pem).map_err(|_| ServerError::Authority)?),
            // The system's authorities are not asked for where there is no TLS: a small container has none.
            None => (url.scheme() == "http").then(Vec::new),
        };
        let mut client = Client::builder()
            .user_agent(concat!("tidegauge-connect/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            // A redirect would carry records and key to a place nobody named.
            .redirect(Policy::none())
            .no_proxy();
        if let Some(authorities) = authorities {
            client = client.tls_certs_only(authorities);
        }
        let client = client.build().map_err(|error| ServerError::Client(causes(&error)))?;
        Ok(Self { client, url, keys })
    }

    async fn post(
        &self,
        key: usize,
        body: &Body,
    ) -> Result<(StatusCode, Option<Duration>, Vec<u8>), Trouble> {
        let unreachable = |error: reqwest::Error| Trouble::Passing {
            reason: format!("the server at {}: {}", self.url, causes(&error.without_url())),
            retry_after: None,
        };
        let request = self
            .client
            .post(self.url.clone())
            .header("Authorization", self.keys.header(key))
            .header("Prefer", "handling=lenient")
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_json());
        let response = request.send().await.map_err(unreachable)?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        let answer = bounded(response).await.map_err(unreachable)?;
        Ok((status, retry_after, answer))
    }
}

impl Sink for HttpSink {
    /// Which key.
    type Place = usize;

    async fn place(&self, organization: &str) -> Result<Result<usize, Unusable>, Trouble> {
        Ok(self.keys.of(organization))
    }

    async fn store(&self, key: &usize, records: &[Identified]) -> Result<Outcome, Trouble> {
        let mut total = Outcome::default();
        let mut to_send = bodies(records);
        while let Some(body) = to_send.pop() {
            let (status, retry_after, answer) = self.post(*key, &body).await?;
            match status {
                StatusCode::OK => {
                    let Outcome { stored, repeated, refused } = outcome(&self.url, &body, &answer)?;
                    total.stored += stored;
                    total.repeated += repeated;
                    total.refused.extend(refused);
                }
                // A server with a smaller limit than ours takes them in smaller numbers.
                StatusCode::PAYLOAD_TOO_LARGE => match body.halves() {
                    Ok(halves) => to_send.extend(halves),
                    Err(index) => {
                        let reason = Unusable::new("the server takes no body as long as this record");
                        total.refused.push(Refused { index, reason });
                    }
                },
                status => return Err(status_trouble(&self.url, status, retry_after, &answer)),
            }
        }
        Ok(total)
    }
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

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut answer = Vec::new();
    while let Some(piece) = response.chunk().await? {
        if answer.len() + piece.len() > MAX_ANSWER_BYTES {
            break;
        }
        answer.extend_from_slice(&piece);
    }
    Ok(answer)
}
