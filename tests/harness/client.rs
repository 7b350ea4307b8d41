//! An ordinary HTTP client, with the few calls that most tests make.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

pub const TRACK: &str = "/api/v1/analytics";
pub const BATCH: &str = "/api/v1/analytics/batch";
pub const STATS: &str = "/api/v1/analytics/stats";
pub const HEALTH: &str = "/api/v1/analytics/health";
pub const PROJECT: &str = "/api/realtime/projects/default/analytics";
const JSON: Option<&str> = Some("application/json");

/// A client with a pool of connections of its own, and maybe a key.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    key: Option<String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The JSON of a good answer.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }
}

/// The answer to `stats`, with nothing missing and nothing of another type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stats {
    pub total_events: u64,
    pub events_by_category: BTreeMap<String, u64>,
    pub events_today: u64,
    pub events_this_hour: u64,
    pub buffer_status: BufferStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BufferStatus {
    pub buffer_size: u64,
    pub max_buffer_size: u64,
    pub flush_interval_seconds: u64,
    pub last_flush: String,
    pub events_pending: u64,
    pub events_flushed_total: u64,
}

impl Client {
    pub fn new(address: SocketAddr, key: Option<&str>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(45)))
            .max_idle_connections_per_host(64)
            .build();
        Self { agent: config.into(), base: format!("http://{address}"), key: key.map(str::to_owned) }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a request, with the key as `Authorization: Bearer` unless `headers` say otherwise; an error
    /// when no whole answer came.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = match method {
            "GET" | "HEAD" | "DELETE" | "OPTIONS" => self.agent.run(request.body(()).unwrap()),
            _ => self.agent.run(request.body(body).unwrap()),
        }?;
        let body = match response.headers().get("content-type") {
            // A stream has no end: its first piece will do.
            Some(kind) if kind == "text/event-stream" => {
                let mut piece = vec![0; 64 * 1024];
                let read = response.body_mut().as_reader().read(&mut piece)?;
                piece.truncate(read);
                piece
            }
            _ => response.body_mut().read_to_vec()?,
        };
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, content_type: Option<&str>, body: &[u8]) -> Answer {
        let headers: Vec<_> = content_type.map(|value| ("Content-Type", value)).into_iter().collect();
        self.send("POST", path, &headers, body)
    }

    pub fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.post(path, JSON, body.to_string().as_bytes())
    }

    /// [`Client::post_json`] where the server may die meanwhile.
    pub fn try_post_json(&self, path: &str, body: &Value) -> Result<Answer, ureq::Error> {
        self.try_send("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    /// Sends one event, which must be acknowledged.
    pub fn track(&self, event: &Value) -> Value {
        self.post_json(TRACK, event).ok()
    }

    /// Sends a batch, which must be acknowledged.
    pub fn batch(&self, events: &[Value]) -> Value {
        self.post_json(BATCH, &json!({ "events": events })).ok()
    }

    pub fn stats(&self) -> Stats {
        serde_json::from_value(self.get(STATS).ok()).unwrap()
    }

    /// `totalEvents` of a project.
    pub fn total_events(&self, project: &str) -> u64 {
        let answer = self.get(&format!("/api/realtime/projects/{project}/analytics")).ok();
        answer["totalEvents"].as_u64().unwrap()
    }
}
