//! MessagePack, as the gateway's own serializer writes it: a map keyed by the names of the Go struct's fields.
//! What is missing, nil or unknown is no error: the struct grows from release to release. The ids of API and organization
//! are the gateway's own and must be UTF-8; the other texts may be what a caller sent.

use serde::Deserialize;

use super::instant::Instant;
use super::text::Text;
use crate::gateway_record::{GatewayRecord, Unusable};

/// Deepest nesting that is followed; a record's own is four.
const MAX_DEPTH: usize = 32;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Record {
    #[serde(rename = "OrgID")]
    org_id: Option<String>,
    time_stamp: Option<Instant>,
    #[serde(rename = "APIID")]
    api_id: Option<String>,
    path: Option<Text>,
    raw_path: Option<Text>,
    method: Option<Text>,
    host: Option<Text>,
    response_code: Option<i64>,
    #[serde(rename = "APIKey")]
    api_key: Option<Text>,
    alias: Option<Text>,
    #[serde(rename = "OauthID")]
    oauth_id: Option<Text>,
    #[serde(rename = "APIName")]
    api_name: Option<Text>,
    #[serde(rename = "APIVersion")]
    api_version: Option<Text>,
    request_time: Option<i64>,
    latency: Option<Latency>,
    #[serde(rename = "IPAddress")]
    ip_address: Option<Text>,
    geo: Option<Geo>,
    tags: Option<Vec<Text>>,
    user_agent: Option<Text>,
    content_length: Option<i64>,
    network: Option<Network>,
    track_path: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Latency {
    total: Option<i64>,
    upstream: Option<i64>,
    gateway: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Geo {
    country: Option<Country>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Country {
    #[serde(rename = "ISOCode")]
    iso_code: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Network {
    open_connections: Option<i64>,
    closed_connection: Option<i64>,
    bytes_in: Option<i64>,
    bytes_out: Option<i64>,
}

/// Reads one map; it must be all there is.
pub(super) fn read(bytes: &[u8]) -> Result<GatewayRecord, Unusable> {
    let no_record = |error: rmp_serde::decode::Error| match error {
        rmp_serde::decode::Error::Utf8Error(_) => Unusable::new("APIID or OrgID is not UTF-8"),
        _ => Unusable::new("not a MessagePack record"),
    };
    // The reader would also take a list of values, in the order of our own fields.
    if !matches!(bytes.first(), Some(0x80..=0x8f | 0xde | 0xdf)) {
        return Err(Unusable::new("not a MessagePack record"));
    }
    let mut rest = bytes;
    let mut reader = rmp_serde::Deserializer::new(&mut rest);
    reader.set_max_depth(MAX_DEPTH);
    let record = Record::deserialize(&mut reader).map_err(no_record)?;
    if !rest.is_empty() {
        return Err(Unusable::new("not a MessagePack record"));
    }
    let (network, latency) = (record.network.unwrap_or_default(), record.latency.unwrap_or_default());
    let text = |text: Option<Text>| text.map(|text| text.0).filter(|text| !text.is_empty());
    Ok(GatewayRecord {
        organization: record.org_id.unwrap_or_default(),
        at: record.time_stamp.map_or(Ok(None), Instant::kept)?,
        api_id: record.api_id.unwrap_or_default(),
        path: record.path.unwrap_or_default().0,
        raw_path: text(record.raw_path),
        method: text(record.method),
        host: text(record.host),
        response_code: record.response_code.unwrap_or_default(),
        api_key: text(record.api_key),
        alias: text(record.alias),
        oauth_id: text(record.oauth_id),
        api_name: text(record.api_name),
        api_version: text(record.api_version),
        request_time: record.request_time.unwrap_or_default(),
        latency_total: latency.total.unwrap_or_default(),
        latency_upstream: latency.upstream.unwrap_or_default(),
        latency_gateway: latency.gateway,
        ip: text(record.ip_address),
        country: text(record.geo.unwrap_or_default().country.unwrap_or_default().iso_code),
        tags: record.tags.unwrap_or_default().into_iter().map(|tag| tag.0).collect(),
        user_agent: text(record.user_agent),
        content_length: record.content_length,
        open_connections: network.open_connections.unwrap_or_default(),
        closed_connections: network.closed_connection.unwrap_or_default(),
        bytes_in: network.bytes_in.unwrap_or_default(),
        bytes_out: network.bytes_out.unwrap_or_default(),
        track_path: record.track_path.unwrap_or_default(),
    })
}
