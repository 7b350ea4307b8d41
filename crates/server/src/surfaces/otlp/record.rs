//! From a server's span to a request: which attribute becomes which column, and what a span is refused for.
//!
//! Promise: what is in a record keeps the bounds of facts. Both generations of names are read, the stable one first.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};
use tidegauge_facts::limits::{
    MAX_COUNTRY_CHARS, MAX_LABEL_CHARS, MAX_PATH_CHARS, MAX_REQUEST_MILLIS, MAX_TEXT_CHARS,
};
use tidegauge_facts::{Micros, Request};

use super::attributes::{Attribute, Attributes, Value};
use super::span::Span;

/// The API of a resource that has no `service.name`: what SDKs put there themselves.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// The service whose spans follow: the API.
#[derive(Debug, Clone)]
pub struct Service<'a> {
    api_id: Cow<'a, str>,
    name: Cow<'a, str>,
    version: Option<Cow<'a, str>>,
}

/// A request that a span tells of.
#[derive(Debug)]
pub struct Record<'a> {
    request_id: String,
    ended: Micros,
    millis: i64,
    path: Cow<'a, str>,
    raw_path: Option<Cow<'a, str>>,
    method: Option<Cow<'a, str>>,
    host: Option<Cow<'a, str>>,
    response_code: Option<i64>,
    api_key: Option<Cow<'a, str>>,
    alias: Option<Cow<'a, str>>,
    oauth_id: Option<Cow<'a, str>>,
    ip: Option<String>,
    country: Option<Cow<'a, str>>,
    user_agent: Option<Cow<'a, str>>,
    bytes_in: Option<i64>,
    bytes_out: Option<i64>,
}

/// Why a span, or all of a resource, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("its trace id or its span id is missing or invalid")]
    BadId,
    #[error("it has no start or no end")]
    NoTime,
    #[error("it ends before it starts")]
    EndsBeforeStart,
    #[error("it took longer than {MAX_REQUEST_MILLIS} milliseconds")]
    TooLong,
    #[error("it has no http.route, url.path, http.target, url.full or http.url, and no path in its name")]
    NoPath,
    #[error("the path asked for is longer than {MAX_PATH_CHARS} characters, and there is no route")]
    LongPath,
    #[error("{} is longer than {max_chars} characters", .attribute.name())]
    Overlong { attribute: Attribute, max_chars: usize },
    #[error("{} holds a NUL character", .0.name())]
    Nul(Attribute),
    #[error("{} is not text in UTF-8", .0.name())]
    NotText(Attribute),
    #[error("{} is not a whole number from {least} to {most}", .attribute.name())]
    NotInRange { attribute: Attribute, least: i64, most: i64 },
}

impl<'a> Service<'a> {
    /// The service that a resource's attributes name. Name and namespace make one id as OpenTelemetry joins them for
    /// Prometheus: `namespace/name`.
    pub fn of(attributes: &Attributes<'a>) -> Result<Self, Rejected> {
        let name = label(attributes, &[Attribute::ServiceName])?.unwrap_or(Cow::Borrowed(UNKNOWN_SERVICE));
        let api_id = match label(attributes, &[Attribute::ServiceNamespace])? {
            Some(namespace) => Cow::Owned(format!("{namespace}/{name}")),
            None => name.clone(),
        };
        Ok(Self { api_id, name, version: label(attributes, &[Attribute::ServiceVersion])? })
    }
}

impl<'a> Record<'a> {
    /// The request that a span tells of; none when it is not a server's, or not about HTTP.
    pub fn of(span: &Span<'a>) -> Result<Option<Self>, Rejected> {
        let attributes = &span.attributes;
        let code = [Attribute::HttpResponseStatusCode, Attribute::HttpStatusCode];
        let is_http = attributes.first(&METHOD).or_else(|| attributes.first(&code)).is_some();
        if !span.is_server || !is_http {
            return Ok(None);
        }
        let (Some(trace_id), Some(span_id)) = (span.trace_id, span.span_id) else {
            return Err(Rejected::BadId);
        };
        let (path, raw_path) = paths(span)?;
        let api_key = match label(attributes, &[Attribute::ApiKey])? {
            Some(key) => Some(Cow::Owned(hex(&Sha256::digest(key.as_bytes())))),
            None => label(attributes, &[Attribute::ApiKeyHash])?,
        };
        Ok(Some(Self {
            request_id: format!("{}-{}", hex(&trace_id), hex(&span_id)),
            ended: Micros(i64::try_from(span.end / 1_000).unwrap_or(i64::MAX)),
            millis: millis(span)?,
            path,
            raw_path,
            method: label(attributes, &METHOD)?,
            host: label(attributes, &HOST)?,
            // A handler that failed without an answer: the server answers 500 for it.
            response_code: whole(attributes, &code, &CODE)?.or(span.is_error.then_some(500)),
            api_key,
            alias: label(attributes, &[Attribute::Alias])?,
            oauth_id: label(attributes, &[Attribute::OauthId])?,
            ip: ip(attributes),
            country: text(attributes, &[Attribute::GeoCountryIsoCode], MAX_COUNTRY_CHARS)?,
            user_agent: text(attributes, &USER_AGENT, MAX_TEXT_CHARS)?,
            bytes_in: whole(attributes, &BYTES_IN, &SIZE)?,
            bytes_out: whole(attributes, &BYTES_OUT, &SIZE)?,
        }))
    }

    /// The request as a row.
    pub fn row<'r>(
        &'r self,
        service: &'r Service<'_>,
        tenant: &'r str,
        project: &'r str,
        received_at: Micros,
    ) -> Request<'r> {
        Request {
            tenant_id: tenant,
            project_id: project,
            request_id: &self.request_id,
            event_time: self.ended.0,
            received_at: received_at.0,
            api_id: &service.api_id,
            path: &self.path,
            method: self.method.as_deref(),
            host: self.host.as_deref(),
            raw_path: self.raw_path.as_deref(),
            response_code: self.response_code,
            api_key: self.api_key.as_deref(),
            alias: self.alias.as_deref(),
            oauth_id: self.oauth_id.as_deref(),
            api_name: Some(&service.name),
            api_version: service.version.as_deref(),
            request_time: Some(self.millis),
            latency_total: Some(self.millis),
            ip: self.ip.as_deref(),
            country: self.country.as_deref(),
            user_agent: self.user_agent.as_deref(),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            ..Request::default()
        }
    }
}

const METHOD: [Attribute; 2] = [Attribute::HttpRequestMethod, Attribute::HttpMethod];
const HOST: [Attribute; 4] =
    [Attribute::ServerAddress, Attribute::NetHostName, Attribute::HttpHost, Attribute::HttpServerName];
const USER_AGENT: [Attribute; 2] = [Attribute::UserAgentOriginal, Attribute::HttpUserAgent];
const BYTES_IN: [Attribute; 2] = [Attribute::HttpRequestBodySize, Attribute::HttpRequestContentLength];
const BYTES_OUT: [Attribute; 2] = [Attribute::HttpResponseBodySize, Attribute::HttpResponseContentLength];
/// The client's own address before that of the connection's other end, which may be a proxy.
const IP: [Attribute; 5] = [
    Attribute::ClientAddress,
    Attribute::HttpClientIp,
    Attribute::NetworkPeerAddress,
    Attribute::NetSockPeerAddr,
    Attribute::NetPeerIp,
];

/// The endpoint, and the path as it was asked for: the route if there is one, because it is one for all its ids. The
/// name of a span is its method and route; some instrumentations say the path nowhere else.
fn paths<'a>(span: &Span<'a>) -> Result<(Cow<'a, str>, Option<Cow<'a, str>>), Rejected> {
    let attributes = &span.attributes;
    let asked = match text(attributes, &[Attribute::UrlPath, Attribute::HttpTarget], MAX_TEXT_CHARS)? {
        Some(target) => Some(cut(target, without_query)),
        None => {
            let url = text(attributes, &[Attribute::UrlFull, Attribute::HttpUrl], MAX_TEXT_CHARS)?;
            url.map(|url| cut(url, path_of_url))
        }
    };
    if let Some(route) = text(attributes, &[Attribute::HttpRoute], MAX_PATH_CHARS)? {
        return Ok((route, asked));
    }
    let path = asked.clone().unwrap_or_else(|| cut(span.name.clone(), path_in_name));
    if path.is_empty() || path.contains('\0') {
        return Err(Rejected::NoPath);
    }
    if is_longer(&path, MAX_PATH_CHARS) {
        return Err(Rejected::LongPath);
    }
    Ok((path, asked))
}

/// The path in `GET /orders/{id}`, or in `/orders/{id}`; empty in any other name.
fn path_in_name(name: &str) -> &str {
    let path = name.split_once(' ').map_or(name, |(_method, path)| path);
    if path.starts_with('/') { without_query(path) } else { "" }
}

fn without_query(target: &str) -> &str {
    target.split(['?', '#']).next().unwrap_or_default()
}

fn path_of_url(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = without_query(after_scheme);
    path.find('/').map_or("/", |at| &path[at..])
}

/// A part of a text, borrowed as long as the text is.
fn cut(text: Cow<'_, str>, part: fn(&str) -> &str) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(part(text)),
        Cow::Owned(text) => Cow::Owned(part(&text).to_owned()),
    }
}

/// Whole milliseconds, the rest cut off, as the gateway counts them.
fn millis(span: &Span<'_>) -> Result<i64, Rejected> {
    if span.start == 0 || span.end == 0 {
        return Err(Rejected::NoTime);
    }
    let nanos = span.end.checked_sub(span.start).ok_or(Rejected::EndsBeforeStart)?;
    let millis = i64::try_from(nanos / 1_000_000).ok();
    millis.filter(|millis| *millis <= MAX_REQUEST_MILLIS).ok_or(Rejected::TooLong)
}

/// The first that is an address: `client.address` may be a name or a socket's path instead.
fn ip(attributes: &Attributes<'_>) -> Option<String> {
    IP.iter().find_map(|attribute| match attributes.get(*attribute)? {
        Value::Text(text) => Some(text.parse::<IpAddr>().ok()?.to_canonical().to_string()),
        _ => None,
    })
}

fn label<'a>(attributes: &Attributes<'a>, of: &[Attribute]) -> Result<Option<Cow<'a, str>>, Rejected> {
    text(attributes, of, MAX_LABEL_CHARS)
}

/// The first of these that is there; an empty text is as good as none.
fn text<'a>(
    attributes: &Attributes<'a>,
    of: &[Attribute],
    max_chars: usize,
) -> Result<Option<Cow<'a, str>>, Rejected> {
    for attribute in of {
        match attributes.get(*attribute) {
            None => {}
            Some(Value::Text(text)) if text.is_empty() => {}
            Some(Value::Text(text)) if text.contains('\0') => return Err(Rejected::Nul(*attribute)),
            Some(Value::Text(text)) if is_longer(text, max_chars) => {
                return Err(Rejected::Overlong { attribute: *attribute, max_chars });
            }
            Some(Value::Text(text)) => return Ok(Some(text.clone())),
            Some(_) => return Err(Rejected::NotText(*attribute)),
        }
    }
    Ok(None)
}

fn is_longer(text: &str, max_chars: usize) -> bool {
    text.len() > max_chars && text.chars().nth(max_chars).is_some()
}

/// What a number must be, and which numbers say that it is not known.
struct Rule {
    least: i64,
    most: i64,
    is_unknown: fn(i64) -> bool,
}

/// 0 is what an instrumentation writes that got no answer.
const CODE: Rule = Rule { least: 100, most: 999, is_unknown: |code| code == 0 };
/// Bytes. -1 is what an instrumentation writes where a length is not known, as chunks are sent.
const SIZE: Rule = Rule { least: 0, most: i64::MAX, is_unknown: |bytes| bytes < 0 };

/// The first of these that is known; digits as text are taken too, and an empty text is as good as none.
fn whole(attributes: &Attributes<'_>, of: &[Attribute], rule: &Rule) -> Result<Option<i64>, Rejected> {
    let Rule { least, most, is_unknown } = *rule;
    for attribute in of {
        let number = match attributes.get(*attribute) {
            None => continue,
            Some(Value::Text(digits)) if digits.is_empty() => continue,
            Some(Value::Text(digits)) => digits.parse().ok(),
            Some(Value::Int(number)) => Some(*number),
            Some(Value::Other) => None,
        };
        match number {
            Some(number) if is_unknown(number) => {}
            Some(number) if (least..=most).contains(&number) => return Ok(Some(number)),
            _ => return Err(Rejected::NotInRange { attribute: *attribute, least, most }),
        }
    }
    Ok(None)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        // Writing to a String cannot fail.
        _ = write!(out, "{byte:02x}");
        out
    })
}
