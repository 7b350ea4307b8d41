//! Protobuf, as a gateway with `serializer_type: protobuf` writes it. The numbers are those of the Pump's
//! `analytics.proto`; fields that are not kept (raw request and response, GraphQL and MCP statistics) are skipped. Texts that a caller may have sent are read as bytes.

use prost::Message;

use super::instant::Instant;
use super::text::{said, text};
use crate::gateway_record::{GatewayRecord, Unusable};

#[derive(Clone, PartialEq, Message)]
pub(super) struct AnalyticsRecord {
    #[prost(bytes = "vec", tag = "1")]
    pub host: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub method: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub path: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub raw_path: Vec<u8>,
    #[prost(int64, tag = "5")]
    pub content_length: i64,
    #[prost(bytes = "vec", tag = "6")]
    pub user_agent: Vec<u8>,
    #[prost(int32, tag = "11")]
    pub response_code: i32,
    #[prost(bytes = "vec", tag = "12")]
    pub api_key: Vec<u8>,
    #[prost(message, optional, tag = "13")]
    pub time_stamp: Option<Timestamp>,
    #[prost(bytes = "vec", tag = "14")]
    pub api_version: Vec<u8>,
    #[prost(bytes = "vec", tag = "15")]
    pub api_name: Vec<u8>,
    #[prost(string, tag = "16")]
    pub api_id: String,
    #[prost(string, tag = "17")]
    pub org_id: String,
    #[prost(int64, tag = "18")]
    pub request_time: i64,
    #[prost(message, optional, tag = "19")]
    pub latency: Option<Latency>,
    #[prost(bytes = "vec", tag = "22")]
    pub ip_address: Vec<u8>,
    #[prost(message, optional, tag = "23")]
    pub geo: Option<Geo>,
    #[prost(message, optional, tag = "24")]
    pub network: Option<Network>,
    #[prost(bytes = "vec", repeated, tag = "25")]
    pub tags: Vec<Vec<u8>>,
    #[prost(bytes = "vec", tag = "26")]
    pub alias: Vec<u8>,
    #[prost(bool, tag = "27")]
    pub track_path: bool,
    #[prost(bytes = "vec", tag = "29")]
    pub oauth_id: Vec<u8>,
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Timestamp {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Latency {
    #[prost(int64, tag = "1")]
    pub total: i64,
    #[prost(int64, tag = "2")]
    pub upstream: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Geo {
    #[prost(message, optional, tag = "1")]
    pub country: Option<Country>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Country {
    #[prost(bytes = "vec", tag = "1")]
    pub iso_code: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Network {
    #[prost(int64, tag = "1")]
    pub open_connections: i64,
    #[prost(int64, tag = "2")]
    pub closed_connections: i64,
    #[prost(int64, tag = "3")]
    pub bytes_in: i64,
    #[prost(int64, tag = "4")]
    pub bytes_out: i64,
}

/// Reads one message; it must be all there is.
pub(super) fn read(bytes: &[u8]) -> Result<GatewayRecord, Unusable> {
    let record =
        AnalyticsRecord::decode(bytes).map_err(|error| match error.to_string().contains("UTF-8") {
            true => Unusable::new("APIID or OrgID is not UTF-8"),
            false => Unusable::new("not a Protobuf record"),
        })?;
    let (network, latency) = (record.network.unwrap_or_default(), record.latency.unwrap_or_default());
    let time = |at: Timestamp| Instant { seconds: at.seconds, nanos: at.nanos.into() }.kept();
    Ok(GatewayRecord {
        organization: record.org_id,
        at: record.time_stamp.map_or(Ok(None), time)?,
        api_id: record.api_id,
        path: text(&record.path),
        raw_path: said(&record.raw_path),
        method: said(&record.method),
        host: said(&record.host),
        response_code: record.response_code.into(),
        api_key: said(&record.api_key),
        alias: said(&record.alias),
        oauth_id: said(&record.oauth_id),
        api_name: said(&record.api_name),
        api_version: said(&record.api_version),
        request_time: record.request_time,
        latency_total: latency.total,
        latency_upstream: latency.upstream,
        latency_gateway: None,
        ip: said(&record.ip_address),
        country: said(&record.geo.unwrap_or_default().country.unwrap_or_default().iso_code),
        tags: record.tags.iter().map(|tag| text(tag)).collect(),
        user_agent: said(&record.user_agent),
        content_length: Some(record.content_length),
        open_connections: network.open_connections,
        closed_connections: network.closed_connections,
        bytes_in: network.bytes_in,
        bytes_out: network.bytes_out,
        track_path: record.track_path,
    })
}
