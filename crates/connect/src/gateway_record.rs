//! What a gateway says of one request, whichever way it was written down, and the rules it must keep.
//!
//! Promise: a [`GatewayRecord`] that exists can be stored. No text makes a record unusable but the ids of its API and
//! organization, which are the gateway's own: the others may be what a caller sent (path, method, user agent, key,
//! version, tags made of headers, forwarded address). They are kept in another spelling or in part, so that no caller can
//! hide his requests.

use std::borrow::Cow;
use std::net::IpAddr;

use tidegauge_facts::Micros;
use tidegauge_facts::limits::{
    MAX_COUNTRY_CHARS, MAX_LABEL_CHARS, MAX_PATH_CHARS, MAX_REQUEST_MILLIS, MAX_TAGS, MAX_TEXT_CHARS,
};

/// The response code of network statistics: no request, and no path.
pub const NETWORK_STATISTICS: i64 = -1;
/// The path that a record without one is kept under, as network statistics are.
const NO_PATH: &str = "/";

/// Why a record cannot be stored: a sentence, without the record's own texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub Cow<'static, str>);

impl Unusable {
    pub(crate) const fn new(reason: &'static str) -> Self {
        Self(Cow::Borrowed(reason))
    }
}

/// One record. An empty text of the gateway's is an absent one here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GatewayRecord {
    /// Whose it is (`OrgID`).
    pub organization: String,
    /// When the gateway answered; absent when the gateway had no time: then it is when it is taken in.
    pub at: Option<Micros>,
    /// The gateway's id of the API.
    pub api_id: String,
    /// The endpoint.
    pub path: String,
    /// The path before the gateway's rewriting.
    pub raw_path: Option<String>,
    /// HTTP method.
    pub method: Option<String>,
    /// The host asked for.
    pub host: Option<String>,
    /// HTTP status, or [`NETWORK_STATISTICS`]; 0 where the gateway got no answer.
    pub response_code: i64,
    /// The key's hash, as the gateway sends it.
    pub api_key: Option<String>,
    /// The key's alias.
    pub alias: Option<String>,
    /// OAuth client.
    pub oauth_id: Option<String>,
    /// The API's name.
    pub api_name: Option<String>,
    /// The API's version.
    pub api_version: Option<String>,
    /// Milliseconds.
    pub request_time: i64,
    /// Milliseconds, whole.
    pub latency_total: i64,
    /// Milliseconds, of the service behind.
    pub latency_upstream: i64,
    /// Milliseconds, of the gateway itself; older gateways do not measure it.
    pub latency_gateway: Option<i64>,
    /// The peer's address, in its canonical spelling.
    pub ip: Option<String>,
    /// ISO 3166 country code.
    pub country: Option<String>,
    /// The gateway's tags.
    pub tags: Vec<String>,
    /// The client's user agent.
    pub user_agent: Option<String>,
    /// Bytes.
    pub content_length: Option<i64>,
    /// Connections opened, of network statistics.
    pub open_connections: i64,
    /// Connections closed, of network statistics.
    pub closed_connections: i64,
    /// Bytes.
    pub bytes_in: i64,
    /// Bytes.
    pub bytes_out: i64,
    /// The gateway's own mark that the path is tracked.
    pub track_path: bool,
}

impl GatewayRecord {
    /// The record with each field kept to its rule.
    ///
    /// # Errors
    /// [`Unusable`] names the first field that cannot be kept.
    pub fn checked(mut self) -> Result<Self, Unusable> {
        if !matches!(self.response_code, NETWORK_STATISTICS | 0 | 100..=999) {
            return Err(Unusable::new("ResponseCode is out of range"));
        }
        if self.path.is_empty() {
            NO_PATH.clone_into(&mut self.path);
        }
        self.check_ids()?;
        self.check_numbers()?;
        self.fit_texts();
        self.ip = self.ip.as_deref().and_then(address);
        self.content_length = self.content_length.filter(|bytes| *bytes >= 0);
        Ok(self)
    }

    fn check_ids(&self) -> Result<(), Unusable> {
        if self.api_id.is_empty() {
            return Err(Unusable::new("APIID is missing"));
        }
        for (name, id) in [("APIID", &self.api_id), ("OrgID", &self.organization)] {
            if id.chars().nth(MAX_LABEL_CHARS).is_some() {
                return Err(Unusable(format!("{name} is too long").into()));
            }
            if id.bytes().any(|byte| byte.is_ascii_control()) {
                return Err(Unusable(format!("{name} has a control character").into()));
            }
        }
        Ok(())
    }

    /// The texts as they can be stored. One that is cut says no less about who called what.
    fn fit_texts(&mut self) {
        let texts = [
            (&mut self.raw_path, MAX_TEXT_CHARS),
            (&mut self.user_agent, MAX_TEXT_CHARS),
            (&mut self.host, MAX_LABEL_CHARS),
            (&mut self.method, MAX_LABEL_CHARS),
            (&mut self.api_key, MAX_LABEL_CHARS),
            (&mut self.alias, MAX_LABEL_CHARS),
            (&mut self.oauth_id, MAX_LABEL_CHARS),
            (&mut self.api_name, MAX_LABEL_CHARS),
            (&mut self.api_version, MAX_LABEL_CHARS),
            (&mut self.country, MAX_COUNTRY_CHARS),
        ];
        for (text, max_chars) in texts {
            if let Some(text) = text {
                fit(text, max_chars);
            }
        }
        fit(&mut self.path, MAX_PATH_CHARS);
        self.tags.truncate(MAX_TAGS);
        for tag in &mut self.tags {
            fit(tag, MAX_LABEL_CHARS);
        }
    }

    fn check_numbers(&self) -> Result<(), Unusable> {
        let millis = [
            ("RequestTime", self.request_time),
            ("Latency.Total", self.latency_total),
            ("Latency.Upstream", self.latency_upstream),
            ("Latency.Gateway", self.latency_gateway.unwrap_or(0)),
        ];
        let counts = [
            ("Network.OpenConnections", self.open_connections),
            ("Network.ClosedConnection", self.closed_connections),
            ("Network.BytesIn", self.bytes_in),
            ("Network.BytesOut", self.bytes_out),
        ];
        for (name, number) in millis.into_iter().chain(counts) {
            if number < 0 {
                return Err(Unusable(format!("{name} is negative").into()));
            }
        }
        match millis.iter().find(|(_, number)| *number > MAX_REQUEST_MILLIS) {
            Some((name, _)) => Err(Unusable(format!("{name} is too long a time").into())),
            None => Ok(()),
        }
    }
}

/// Control characters as a URL writes them, which is how they came in (the gateway has decoded the path), and no more
/// than so many characters.
fn fit(text: &mut String, max_chars: usize) {
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        let mut escaped = String::with_capacity(text.len() + 8);
        for character in text.chars() {
            match character.is_ascii_control() {
                true => escaped.push_str(&format!("%{:02X}", u32::from(character))),
                false => escaped.push(character),
            }
        }
        *text = escaped;
    }
    if let Some((end, _)) = text.char_indices().nth(max_chars) {
        text.truncate(end);
    }
}

/// A forwarded address may be anything that a client wrote: what is no address is left out.
fn address(text: &str) -> Option<String> {
    text.trim().parse::<IpAddr>().ok().map(|address| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> GatewayRecord {
        GatewayRecord { api_id: "a".into(), path: "/x".into(), response_code: 200, ..Default::default() }
    }

    #[track_caller]
    fn refused(record: GatewayRecord, reason: &str) {
        assert_eq!(record.checked(), Err(Unusable(reason.to_owned().into())));
    }

    #[test]
    fn a_record_without_its_api_or_with_an_impossible_id_or_number_is_refused_by_name() {
        assert_eq!(good().checked(), Ok(good()));
        refused(GatewayRecord { api_id: String::new(), ..good() }, "APIID is missing");
        refused(GatewayRecord { api_id: "é".repeat(1025), ..good() }, "APIID is too long");
        refused(GatewayRecord { organization: "a\nb".into(), ..good() }, "OrgID has a control character");
        refused(GatewayRecord { request_time: -1, ..good() }, "RequestTime is negative");
        refused(GatewayRecord { latency_upstream: -1, ..good() }, "Latency.Upstream is negative");
        refused(GatewayRecord { latency_total: 1 << 40, ..good() }, "Latency.Total is too long a time");
        refused(GatewayRecord { bytes_in: -1, ..good() }, "Network.BytesIn is negative");
        refused(GatewayRecord { response_code: 99, ..good() }, "ResponseCode is out of range");
        refused(GatewayRecord { response_code: -2, ..good() }, "ResponseCode is out of range");
    }

    #[test]
    fn what_a_caller_writes_cannot_hide_his_request() {
        let record = GatewayRecord {
            path: "/a\0b".into(),
            user_agent: Some("é".repeat(50_000)),
            host: Some("x\r\n".into()),
            ip: Some("unknown".into()),
            content_length: Some(-1),
            ..good()
        };
        let kept = record.checked().unwrap();
        assert_eq!((kept.path.as_str(), kept.host.as_deref()), ("/a%00b", Some("x%0D%0A")));
        assert_eq!(kept.user_agent.map(|text| text.chars().count()), Some(MAX_TEXT_CHARS));
        assert_eq!((kept.ip, kept.content_length), (None, None));
        let record = GatewayRecord {
            path: "é".repeat(4097),
            method: Some("M".repeat(1025)),
            alias: Some("a\nb".into()),
            country: Some("N".repeat(65)),
            tags: [vec!["a\tb".to_owned(), "t".repeat(1025)], vec![String::new(); 99]].concat(),
            ..good()
        };
        let kept = record.checked().unwrap();
        assert_eq!(kept.path, "é".repeat(MAX_PATH_CHARS));
        assert_eq!(kept.method, Some("M".repeat(MAX_LABEL_CHARS)));
        assert_eq!((kept.alias.as_deref(), kept.country), (Some("a%0Ab"), Some("N".repeat(64))));
        assert_eq!(
            (&*kept.tags[0], kept.tags[1].len(), kept.tags.len()),
            ("a%09b", MAX_LABEL_CHARS, MAX_TAGS)
        );
        assert_eq!(GatewayRecord { path: String::new(), ..good() }.checked().unwrap().path, "/");
    }

    #[test]
    fn network_statistics_need_no_path() {
        let record = GatewayRecord { path: String::new(), response_code: -1, ..good() };
        assert_eq!(record.checked().unwrap().path, "/");
    }
}
