//! One API request of the intake, as both parsers hand it on, and the row it becomes.
//!
//! Promise: every value in an [`ApiRequest`] has passed its field's rule; nothing behind this door checks again.

use std::borrow::Cow;

use tidegauge_facts::{Micros, Request};

/// One request; strings are borrowed from the body where it holds them unescaped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiRequest<'a> {
    /// The gateway's id of the API; never empty.
    pub api_id: Cow<'a, str>,
    /// The endpoint; never empty.
    pub path: Cow<'a, str>,
    /// When the gateway answered, in microseconds since 1970 UTC; a time without an offset is taken as UTC.
    pub timestamp: Option<i64>,
    /// HTTP method.
    pub method: Option<Cow<'a, str>>,
    /// The host asked for.
    pub host: Option<Cow<'a, str>>,
    /// The path before the gateway's rewriting.
    pub raw_path: Option<Cow<'a, str>>,
    /// HTTP status, 100 to 999; -1 is network statistics. None when unknown.
    pub response_code: Option<i64>,
    /// The key's hash.
    pub api_key: Option<Cow<'a, str>>,
    /// The key's alias.
    pub alias: Option<Cow<'a, str>>,
    /// OAuth client.
    pub oauth_id: Option<Cow<'a, str>>,
    /// The API's name.
    pub api_name: Option<Cow<'a, str>>,
    /// The API's version.
    pub api_version: Option<Cow<'a, str>>,
    /// Milliseconds.
    pub request_time: Option<i64>,
    /// How long it took, and where.
    pub latency: Latency,
    /// The peer's address, canonical.
    pub ip_address: Option<Cow<'a, str>>,
    /// The country as the gateway wrote it.
    pub country: Option<Cow<'a, str>>,
    /// The gateway's tags.
    pub tags: Vec<Cow<'a, str>>,
    /// The `User-Agent` of the caller's program.
    pub user_agent: Option<Cow<'a, str>>,
    /// Bytes; none when unknown.
    pub content_length: Option<i64>,
    /// Bytes.
    pub bytes_in: Option<i64>,
    /// Bytes.
    pub bytes_out: Option<i64>,
    /// The sender's id for safe retries, 1 to 256 characters.
    pub request_id: Option<Cow<'a, str>>,
    /// 1 to 128 of `A-Z a-z 0-9 _ . : -`.
    pub project_id: Option<Cow<'a, str>>,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// All of it.
    pub total: Option<i64>,
    /// The service behind.
    pub upstream: Option<i64>,
    /// The gateway itself.
    pub gateway: Option<i64>,
}

impl ApiRequest<'_> {
    /// The project it names.
    pub fn project_id(&self) -> Option<&str> {
        self.project_id.as_deref()
    }

    /// Its tags, as [`ApiRequest::to_row`] wants them.
    pub fn tag_texts(&self) -> Vec<&str> {
        self.tags.iter().map(|tag| &**tag).collect()
    }

    /// The row of `tenant`. What was left out is filled in: its project by `project`, its instant by `received_at`;
    /// `request_id` is the intake's to fill in.
    pub fn to_row<'r>(
        &'r self,
        tenant: &'r str,
        project: &'r str,
        tags: &'r [&'r str],
        received_at: Micros,
    ) -> Request<'r> {
        Request {
            tenant_id: tenant,
            project_id: self.project_id().unwrap_or(project),
            request_id: self.request_id.as_deref().unwrap_or_default(),
            id_assigned: self.request_id.is_none(),
            event_time: self.timestamp.unwrap_or(received_at.0),
            received_at: received_at.0,
            api_id: &self.api_id,
            path: &self.path,
            method: known(&self.method),
            host: known(&self.host),
            raw_path: known(&self.raw_path),
            response_code: self.response_code,
            api_key: known(&self.api_key),
            alias: known(&self.alias),
            oauth_id: known(&self.oauth_id),
            api_name: known(&self.api_name),
            api_version: known(&self.api_version),
            request_time: self.request_time,
            latency_total: self.latency.total,
            latency_upstream: self.latency.upstream,
            latency_gateway: self.latency.gateway,
            ip: known(&self.ip_address),
            country: known(&self.country),
            tags: (!tags.is_empty()).then_some(tags),
            user_agent: known(&self.user_agent),
            content_length: self.content_length,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            ..Request::default()
        }
    }
}

/// Gateways write an empty text where they know nothing.
fn known<'r>(text: &'r Option<Cow<'_, str>>) -> Option<&'r str> {
    text.as_deref().filter(|text| !text.is_empty())
}
