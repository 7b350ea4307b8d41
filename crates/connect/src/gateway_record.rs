//! What a gateway says of one request, whichever way it was written down, and the rules it must keep.
//!
//! Promise: a [`GatewayRecord`] that exists can be stored. What a caller of the gateway writes himself (path, user
//! agent, forwarded address) never makes a record unusable where it can be kept in another spelling, so that no caller
//! can hide his requests.

use std::borrow::Cow;
use std::net::IpAddr;

use tidegauge_facts::Micros;
use tidegauge_facts::limits::{
    MAX_COUNTRY_CHARS, MAX_LABEL_CHARS, MAX_PATH_CHARS, MAX_REQUEST_MILLIS, MAX_TAGS, MAX_TEXT_CHARS,
};

/// The response code of network statistics: no request, and no path.
pub const NETWORK_STATISTICS: i64 = -1;
/// The path that network statistics are kept under.
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
        if self.response_code == NETWORK_STATISTICS && self.path.is_empty() {
            NO_PATH.clone_into(&mut self.path);
        }
        escape(&mut self.path);
        let callers = [
            (&mut self.user_agent, MAX_TEXT_CHARS),
            (&mut self.raw_path, MAX_TEXT_CHARS),
            (&mut self.host, MAX_LABEL_CHARS),
        ];
        for (text, max_chars) in callers {
            if let Some(text) = text {
                escape(text);
                // A longer text than is kept says no less about who called.
                cut(text, max_chars);
            }
        }
        self.ip = self.ip.as_deref().and_then(address);
        self.content_length = self.content_length.filter(|bytes| *bytes >= 0);
        self.check_texts()?;
        self.check_numbers()?;
        Ok(self)
    }

    fn check_texts(&self) -> Result<(), Unusable> {
        if self.api_id.is_empty() {
            return Err(Unusable::new("APIID is missing"));
        }
        if self.path.is_empty() {
            return Err(Unusable::new("Path is missing"));
        }
        if longer(&self.path, MAX_PATH_CHARS) {
            return Err(Unusable::new("Path is too long"));
        }
        let labels = [
            ("APIID", Some(&self.api_id), MAX_LABEL_CHARS),
            ("OrgID", Some(&self.organization), MAX_LABEL_CHARS),
            ("Method", self.method.as_ref(), MAX_LABEL_CHARS),
            ("APIKey", self.api_key.as_ref(), MAX_LABEL_CHARS),
            ("Alias", self.alias.as_ref(), MAX_LABEL_CHARS),
            ("OauthID", self.oauth_id.as_ref(), MAX_LABEL_CHARS),
            ("APIName", self.api_name.as_ref(), MAX_LABEL_CHARS),
            ("APIVersion", self.api_version.as_ref(), MAX_LABEL_CHARS),
            ("Geo.Country.ISOCode", self.country.as_ref(), MAX_COUNTRY_CHARS),
        ];
        let tags = self.tags.iter().map(|tag| ("Tags", Some(tag), MAX_LABEL_CHARS));
        if self.tags.len() > MAX_TAGS {
            return Err(Unusable::new("Tags are too many"));
        }
        for (name, text, max_chars) in labels.into_iter().chain(tags) {
            let Some(text) = text else { continue };
            if longer(text, max_chars) {
                return Err(Unusable(format!("{name} is too long").into()));
            }
            if text.bytes().any(|byte| byte.is_ascii_control()) {
                return Err(Unusable(format!("{name} has a control character").into()));
            }
        }
        Ok(())
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

/// Control characters as a URL writes them, which is how they came in: the gateway has decoded the path.
fn escape(text: &mut String) {
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
}

fn cut(text: &mut String, max_chars: usize) {
    if let Some((end, _)) = text.char_indices().nth(max_chars) {
        text.truncate(end);
    }
}

fn longer(text: &str, max_chars: usize) -> bool {
    text.len() > max_chars && text.chars().count() > max_chars
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
    fn a_record_without_its_api_or_path_or_with_an_impossible_number_is_refused_by_name() {
        assert_eq!(good().checked(), Ok(good()));
        refused(GatewayRecord { api_id: String::new(), ..good() }, "APIID is missing");
        refused(GatewayRecord { path: String::new(), ..good() }, "Path is missing");
        refused(GatewayRecord { path: "é".repeat(4097), ..good() }, "Path is too long");
        refused(GatewayRecord { request_time: -1, ..good() }, "RequestTime is negative");
        refused(GatewayRecord { latency_upstream: -1, ..good() }, "Latency.Upstream is negative");
        refused(GatewayRecord { latency_total: 1 << 40, ..good() }, "Latency.Total is too long a time");
        refused(GatewayRecord { bytes_in: -1, ..good() }, "Network.BytesIn is negative");
        refused(GatewayRecord { response_code: 99, ..good() }, "ResponseCode is out of range");
        refused(GatewayRecord { response_code: -2, ..good() }, "ResponseCode is out of range");
        refused(GatewayRecord { alias: Some("a\nb".into()), ..good() }, "Alias has a control character");
        refused(GatewayRecord { tags: vec![String::new(); 101], ..good() }, "Tags are too many");
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
    }

    #[test]
    fn network_statistics_need_no_path() {
        let record = GatewayRecord { path: String::new(), response_code: -1, ..good() };
        assert_eq!(record.checked().unwrap().path, "/");
    }
}
