//! The declared fields of a request, their names on the wire, and the rules that are a request's own.
//!
//! Promise: one name, one field, one rule, which both parsers ask; the order is the specification's.

use tidegauge_facts::limits::{
    MAX_COUNTRY_CHARS, MAX_LABEL_CHARS, MAX_PATH_CHARS, MAX_REQUEST_ID_CHARS, MAX_REQUEST_MILLIS,
};
use tidegauge_facts::time::{EARLIEST, LATEST};
use tidegauge_store::traffic::NETWORK_STATISTICS;

use crate::validation::error::{Ctx, Problem};
use crate::validation::number_rule::NumberRule;
use crate::validation::text_rule::TextRule;

/// `api_id`.
pub const API_ID: TextRule = TextRule::line(1, MAX_LABEL_CHARS);
/// `path`.
pub const PATH: TextRule = TextRule::line(1, MAX_PATH_CHARS);
/// `request_id`.
pub const REQUEST_ID: TextRule = TextRule::line(1, MAX_REQUEST_ID_CHARS);
/// `country`.
pub const COUNTRY: TextRule = TextRule::line(0, MAX_COUNTRY_CHARS);
/// Times that a request takes.
pub const MILLIS: NumberRule = NumberRule::between(0, MAX_REQUEST_MILLIS);

/// An instant, in microseconds since 1970. An offset can put one that is written within the calendar outside it.
pub fn timestamp(micros: i64) -> Result<i64, Problem> {
    const PROBLEM: Problem = Problem {
        kind: "value_error",
        msg: std::borrow::Cow::Borrowed(
            "Value error, a timestamp is from 0001-01-01T00:00:00Z to 9999-12-30T22:00:00Z",
        ),
        ctx: Some(Ctx::Error("a timestamp is from 0001-01-01T00:00:00Z to 9999-12-30T22:00:00Z")),
    };
    if (EARLIEST.0..=LATEST.0).contains(&micros) { Ok(micros) } else { Err(PROBLEM) }
}

/// A status, or [`NETWORK_STATISTICS`]. 0 is what a gateway writes that got no answer: unknown.
pub fn response_code(code: i64) -> Result<Option<i64>, Problem> {
    const PROBLEM: Problem = Problem {
        kind: "value_error",
        msg: std::borrow::Cow::Borrowed("Value error, a response code is -1, 0, or from 100 to 999"),
        ctx: Some(Ctx::Error("a response code is -1, 0, or from 100 to 999")),
    };
    match code {
        0 => Ok(None),
        NETWORK_STATISTICS | 100..=999 => Ok(Some(code)),
        _ => Err(PROBLEM),
    }
}

/// Bytes of a body. -1 is what a gateway writes where it does not know.
pub fn content_length(bytes: i64) -> Result<Option<i64>, Problem> {
    let bytes = NumberRule::between(-1, i64::MAX).check(bytes)?;
    Ok((bytes >= 0).then_some(bytes))
}

/// A declared field of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    ApiId,
    Path,
    Timestamp,
    Method,
    Host,
    RawPath,
    ResponseCode,
    ApiKey,
    Alias,
    OauthId,
    ApiName,
    ApiVersion,
    RequestTime,
    Latency,
    IpAddress,
    Country,
    Tags,
    UserAgent,
    ContentLength,
    BytesIn,
    BytesOut,
    RequestId,
    ProjectId,
}

impl Field {
    /// The field of that exact name.
    #[inline]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "api_id" => Self::ApiId,
            "path" => Self::Path,
            "timestamp" => Self::Timestamp,
            "method" => Self::Method,
            "host" => Self::Host,
            "raw_path" => Self::RawPath,
            "response_code" => Self::ResponseCode,
            "api_key" => Self::ApiKey,
            "alias" => Self::Alias,
            "oauth_id" => Self::OauthId,
            "api_name" => Self::ApiName,
            "api_version" => Self::ApiVersion,
            "request_time" => Self::RequestTime,
            "latency" => Self::Latency,
            "ip_address" => Self::IpAddress,
            "country" => Self::Country,
            "tags" => Self::Tags,
            "user_agent" => Self::UserAgent,
            "content_length" => Self::ContentLength,
            "bytes_in" => Self::BytesIn,
            "bytes_out" => Self::BytesOut,
            "request_id" => Self::RequestId,
            "project_id" => Self::ProjectId,
            _ => return None,
        })
    }
}
