//! The server that is watched, and who asks it.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, StatusCode, Url};
use serde::Deserialize;

/// How long a connection to the server may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the server may be silent: it says something each second.
const SILENCE: Duration = Duration::from_secs(10);
/// Longest answer that is read as a whole, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// A server.
#[derive(Debug, Clone)]
pub struct Server {
    client: Client,
    url: Url,
}

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// To try again is of no use.
    #[error("{0}")]
    Refused(String),
    /// It may be there later.
    #[error("{0}")]
    Gone(String),
}

impl Server {
    /// The server whose routes begin at `url`. With `authority` (PEM), certificates that it has signed are trusted instead
    /// of those of the system's authorities.
    pub fn new(url: &str, key: String, authority: Option<&[u8]>) -> anyhow::Result<Self> {
        let mut url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(url) = url.as_mut().filter(|url| url.host_str().is_some_and(|host| !host.is_empty())) else {
            bail!("the server is given as http://HOST:PORT or https://HOST");
        };
        if !url.username().is_empty() || url.password().is_some() {
            bail!("the server's URL must not carry a name or password");
        }
        url.set_query(None);
        url.set_fragment(None);
        let mut credential = HeaderValue::from_str(&format!("Bearer {key}")).context("the key is none")?;
        credential.set_sensitive(true);
        let authorities = match authority {
            Some(pem) => {
                Some(Certificate::from_pem_bundle(pem).context("--server-ca holds no certificate in PEM")?)
            }
            // The system's authorities are not asked for where there is no TLS: a small container has none.
            None => (url.scheme() == "http").then(Vec::new),
        };
        let mut client = Client::builder()
            .user_agent(concat!("tidegauge-top/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, credential)]))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE)
            // A redirect would carry the key to a place nobody named.
            .redirect(Policy::none())
            .no_proxy();
        if let Some(authorities) = authorities {
            client = client.tls_certs_only(authorities);
        }
        Ok(Self { client: client.build()?, url: url.clone() })
    }

    /// As it was given, without the key.
    pub fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Opens the stream of a project, or of all.
    pub async fn stream(
        &self,
        project: Option<&str>,
        has_feed: bool,
        last_id: Option<&str>,
    ) -> Result<Response, Unavailable> {
        let mut url = self.route(["live"].into_iter().chain(project));
        if has_feed {
            url.set_query(Some("feed=events"));
        }
        let mut request = self.client.get(url).header(ACCEPT, "text/event-stream");
        if let Some(id) = last_id.and_then(|id| HeaderValue::from_str(id).ok()) {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.map_err(|error| Unavailable::Gone(causes(error)))?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err(self.refusal(status, project, response).await),
        }
    }

    /// The projects that the key may see; none where the server does not say.
    pub async fn projects(&self) -> Vec<String> {
        #[derive(Deserialize)]
        struct Me {
            projects: Vec<String>,
        }
        let asked = async {
            let response = self.client.get(self.route(["me"].into_iter())).send().await.ok()?;
            serde_json::from_slice::<Me>(&whole(response).await?).ok()
        };
        asked.await.map(|me| me.projects).unwrap_or_default()
    }

    fn route<'r>(&self, rest: impl Iterator<Item = &'r str>) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v1"]).extend(rest);
        }
        url
    }

    /// What an answer other than 200 means.
    async fn refusal(&self, status: StatusCode, project: Option<&str>, response: Response) -> Unavailable {
        #[derive(Deserialize)]
        struct Problem {
            detail: String,
        }
        let refused = |what: String| Unavailable::Refused(what);
        match status {
            StatusCode::UNAUTHORIZED => refused(format!("{} does not know the key", self.url())),
            StatusCode::FORBIDDEN => {
                refused("the key is not for reading: it needs the scope `read`".to_owned())
            }
            StatusCode::NOT_FOUND => refused(match project {
                Some(project) => format!("there is no project `{project}`"),
                None => format!("{} has no live stream", self.url()),
            }),
            status => {
                let problem =
                    whole(response).await.and_then(|body| serde_json::from_slice::<Problem>(&body).ok());
                let detail = problem.map_or_else(String::new, |problem| format!(": {}", problem.detail));
                let what = format!("{} answers {}{detail}", self.url(), status.as_u16());
                let is_passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
                if is_passing { Unavailable::Gone(what) } else { Unavailable::Refused(what) }
            }
        }
    }
}

/// An answer's body, if it is not too long.
async fn whole(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            return None;
        }
    }
    Some(body)
}

/// What went wrong, down to the reason.
pub fn causes(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "the server says nothing".to_owned();
    }
    let error = anyhow!(error.without_url());
    let innermost = error.root_cause().to_string();
    if error.chain().count() > 1 { innermost } else { error.to_string() }
}
