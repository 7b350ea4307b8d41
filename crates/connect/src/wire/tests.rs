//! Both encodings against records written by hand, byte by byte where it matters, and against noise.

use proptest::prelude::*;
use prost::Message as _;
use serde::Serialize;
use tidegauge_facts::Micros;

use super::protobuf::{AnalyticsRecord, Country, Geo, Latency, Network, Timestamp};
use super::*;

/// 2026-11-21T13:00:00Z, and so many nanoseconds.
const SECONDS: i64 = 1_795_266_000;
const NANOS: i64 = 123_456_789;
const AT: Option<Micros> = Some(Micros(1_795_266_000_123_456));

/// The gateway's struct as its MessagePack library writes it: every field, in order, lists that are nil as nil.
#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Gateway {
    method: &'static str,
    host: &'static str,
    path: &'static str,
    raw_path: &'static str,
    content_length: i64,
    user_agent: &'static str,
    day: i64,
    month: i64,
    year: i64,
    hour: i64,
    response_code: i64,
    #[serde(rename = "APIKey")]
    api_key: &'static str,
    time_stamp: (i64, i64),
    #[serde(rename = "APIVersion")]
    api_version: &'static str,
    #[serde(rename = "APIName")]
    api_name: &'static str,
    #[serde(rename = "APIID")]
    api_id: &'static str,
    #[serde(rename = "OrgID")]
    org_id: &'static str,
    #[serde(rename = "OauthID")]
    oauth_id: &'static str,
    request_time: i64,
    raw_request: &'static str,
    #[serde(rename = "IPAddress")]
    ip_address: &'static str,
    geo: GatewayGeo,
    network: GatewayNetwork,
    latency: GatewayLatency,
    tags: Option<Vec<&'static str>>,
    alias: &'static str,
    track_path: bool,
    expire_at: (i64, i64),
    api_schema: Option<()>,
    of_a_later_release: Vec<(&'static str, f64)>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct GatewayGeo {
    country: GatewayCountry,
    city: Option<()>,
}

#[derive(Serialize, Default)]
struct GatewayCountry {
    #[serde(rename = "ISOCode")]
    iso_code: &'static str,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct GatewayNetwork {
    open_connections: i64,
    closed_connection: i64,
    bytes_in: i64,
    bytes_out: i64,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct GatewayLatency {
    total: i64,
    upstream: i64,
    gateway: i64,
}

fn gateway() -> Gateway {
    Gateway {
        method: "GET",
        host: "gw.example.com",
        path: "/anything",
        raw_path: "/v1/anything",
        content_length: 12,
        user_agent: "curl/8",
        response_code: 200,
        api_key: "7f3c3ca87376cabe",
        time_stamp: (SECONDS, NANOS),
        api_version: "Default",
        api_name: "api",
        api_id: "41351a6a94094da05f75146a695a16f6",
        org_id: "5e9d9544a1dcd60001d0ed20",
        oauth_id: "27b35a9ed46e429eb2361e440cc4005c",
        request_time: 217,
        raw_request: "R0VUIC8=",
        ip_address: "192.0.2.202",
        geo: GatewayGeo { country: GatewayCountry { iso_code: "NZ" }, city: None },
        network: GatewayNetwork { open_connections: 1, closed_connection: 2, bytes_in: 3, bytes_out: 4 },
        latency: GatewayLatency { total: 217, upstream: 210, gateway: 7 },
        tags: Some(vec!["a", "b"]),
        alias: "ada",
        track_path: true,
        ..Gateway::default()
    }
}

fn expected() -> GatewayRecord {
    GatewayRecord {
        organization: "5e9d9544a1dcd60001d0ed20".into(),
        at: AT,
        api_id: "41351a6a94094da05f75146a695a16f6".into(),
        path: "/anything".into(),
        raw_path: Some("/v1/anything".into()),
        method: Some("GET".into()),
        host: Some("gw.example.com".into()),
        response_code: 200,
        api_key: Some("7f3c3ca87376cabe".into()),
        alias: Some("ada".into()),
        oauth_id: Some("27b35a9ed46e429eb2361e440cc4005c".into()),
        api_name: Some("api".into()),
        api_version: Some("Default".into()),
        request_time: 217,
        latency_total: 217,
        latency_upstream: 210,
        latency_gateway: Some(7),
        ip: Some("192.0.2.202".into()),
        country: Some("NZ".into()),
        tags: vec!["a".into(), "b".into()],
        user_agent: Some("curl/8".into()),
        content_length: Some(12),
        open_connections: 1,
        closed_connections: 2,
        bytes_in: 3,
        bytes_out: 4,
        track_path: true,
    }
}

fn protobuf_record() -> AnalyticsRecord {
    AnalyticsRecord {
        host: "gw.example.com".into(),
        method: "GET".into(),
        path: "/anything".into(),
        raw_path: "/v1/anything".into(),
        content_length: 12,
        user_agent: "curl/8".into(),
        response_code: 200,
        api_key: "7f3c3ca87376cabe".into(),
        time_stamp: Some(Timestamp { seconds: SECONDS, nanos: NANOS as i32 }),
        api_version: "Default".into(),
        api_name: "api".into(),
        api_id: "41351a6a94094da05f75146a695a16f6".into(),
        org_id: "5e9d9544a1dcd60001d0ed20".into(),
        request_time: 217,
        latency: Some(Latency { total: 217, upstream: 210 }),
        ip_address: "192.0.2.202".into(),
        geo: Some(Geo { country: Some(Country { iso_code: "NZ".into() }) }),
        network: Some(Network { open_connections: 1, closed_connections: 2, bytes_in: 3, bytes_out: 4 }),
        tags: vec!["a".into(), "b".into()],
        alias: "ada".into(),
        track_path: true,
        oauth_id: "27b35a9ed46e429eb2361e440cc4005c".into(),
    }
}

fn packed(record: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(record).unwrap()
}

#[track_caller]
fn refused(encoding: Encoding, bytes: &[u8], reason: &'static str) {
    assert_eq!(read(encoding, bytes), Err(Unusable::new(reason)));
}

#[test]
fn a_gateways_messagepack_record_is_read_whole() {
    assert_eq!(read(Encoding::MessagePack, &packed(&gateway())), Ok(expected()));
}

#[test]
fn the_same_record_in_protobuf_says_the_same_but_for_what_protobuf_has_no_field_for() {
    let read = read(Encoding::Protobuf, &protobuf_record().encode_to_vec());
    assert_eq!(read, Ok(GatewayRecord { latency_gateway: None, ..expected() }));
}

#[test]
fn protobuf_field_numbers_are_the_pumps() {
    // Host(1)="h", Path(3)="/p", ResponseCode(11)=-1, TimeStamp(13)={1:1,2:2000}, APIID(16)="a", OrgID(17)="o",
    // RawRequest(20), Latency(19)={1:5,2:4}, OauthID(29)="c", GraphQLStats(32), ListenPath(35).
    let bytes = b"\x0a\x01h\x1a\x02/p\x58\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x6a\x05\x08\x01\x10\xd0\x0f\
        \x82\x01\x01a\x8a\x01\x01o\xa2\x01\x01r\x9a\x01\x04\x08\x05\x10\x04\xea\x01\x01c\x82\x02\x02\x08\x01\x9a\x02\x01/";
    let read = read(Encoding::Protobuf, bytes).unwrap();
    assert_eq!((read.host.as_deref(), &*read.path, read.response_code), (Some("h"), "/p", -1));
    assert_eq!((read.at, &*read.api_id, &*read.organization), (Some(Micros(1_000_002)), "a", "o"));
    assert_eq!((read.latency_total, read.latency_upstream), (5, 4));
    assert_eq!(read.oauth_id.as_deref(), Some("c"));
}

#[test]
fn what_is_missing_or_nil_or_unknown_is_no_error() {
    let least = b"\x83\xa5APIID\xa1a\xa4Path\xa2/p\xa4Tags\xc0";
    let read = read(Encoding::MessagePack, least).unwrap();
    assert_eq!(read, GatewayRecord { api_id: "a".into(), path: "/p".into(), ..GatewayRecord::default() });
}

#[test]
fn texts_that_are_not_utf_8_are_kept_with_their_bytes_as_a_url_writes_them() {
    let packed = b"\x85\xa5APIID\xa1a\xa4Path\xa2/\xff\xa9UserAgent\xa3\xe9\0x\xa4Tags\x91\xa1\x80\xa3Geo\x81\xa7Country\x81\xa7ISOCode\xa1\xfe";
    // Path(3), UserAgent(6), APIID(16), Geo(23).Country(1).ISOCode(1), Tags(25).
    let protobuf =
        b"\x1a\x02/\xff\x32\x03\xe9\0x\x82\x01\x01a\xba\x01\x05\x0a\x03\x0a\x01\xfe\xca\x01\x01\x80";
    for (encoding, bytes) in [(Encoding::MessagePack, &packed[..]), (Encoding::Protobuf, protobuf)] {
        let read = read(encoding, bytes).unwrap();
        assert_eq!((&*read.path, read.user_agent.as_deref()), ("/%FF", Some("%E9%00x")));
        assert_eq!((read.tags, read.country.as_deref()), (vec!["%80".to_owned()], Some("%FE")));
    }
}

#[test]
fn a_time_is_two_numbers_or_an_extension_of_any_width_and_gos_zero_time_is_none() {
    let at = |time: &[u8]| {
        let bytes = [b"\x83\xa5APIID\xa1a\xa4Path\xa2/p\xa9TimeStamp".as_slice(), time].concat();
        read(Encoding::MessagePack, &bytes).map(|record| record.at)
    };
    let seconds = SECONDS.to_be_bytes();
    let nanos = (NANOS as u32).to_be_bytes();
    let both = ((NANOS as u64) << 34 | SECONDS as u64).to_be_bytes();
    assert_eq!(at(&[b"\x92\xd3", &seconds[..], b"\xd2", &nanos].concat()), Ok(AT));
    assert_eq!(at(&[b"\xd6\xff", &seconds[4..]].concat()), Ok(Some(Micros(SECONDS * 1_000_000))));
    assert_eq!(at(&[b"\xd7\xff", &both[..]].concat()), Ok(AT));
    assert_eq!(at(&[b"\xc7\x0c\xff", &nanos[..], &seconds].concat()), Ok(AT));
    assert_eq!(at(b"\xc0"), Ok(None));
    let zero = (-62_135_596_800_i64).to_be_bytes();
    assert_eq!(at(&[b"\x92\xd3", &zero[..], b"\x00"].concat()), Ok(None));
    assert_eq!(at(&[b"\xc7\x0c\xff\0\0\0\0", &zero[..]].concat()), Ok(None));

    let no_instant = Err(Unusable::new("TimeStamp is no instant"));
    assert_eq!(at(&[b"\x92\xd3", &i64::MAX.to_be_bytes()[..], b"\x00"].concat()), no_instant);
    assert_eq!(at(b"\x92\x00\xff"), no_instant);
    let no_record = Err(Unusable::new("not a MessagePack record"));
    for other in [b"\xd6\x05\0\0\0\0".as_slice(), b"\xd4\xff\0", b"\x91\0", b"\x93\0\0\0", b"\xa1x", b"\x00"]
    {
        assert_eq!(at(other), no_record, "{other:x?}");
    }
}

#[test]
fn what_is_no_record_is_refused_with_its_reason() {
    for bytes in [b"".as_slice(), b"garbage", b"{\"APIID\":\"a\"}", b"\xc0", b"\x90", b"\x81\xa5APIID\x01"] {
        refused(Encoding::MessagePack, bytes, "not a MessagePack record");
    }
    let whole = packed(&gateway());
    for cut in 0..whole.len() {
        refused(Encoding::MessagePack, &whole[..cut], "not a MessagePack record");
    }
    refused(Encoding::MessagePack, &[&*whole, b"\xc0"].concat(), "not a MessagePack record");
    refused(Encoding::MessagePack, b"\x82\xa5APIID\xa1\xff\xa4Path\xa1/", "APIID or OrgID is not UTF-8");
    refused(Encoding::MessagePack, b"\x80", "APIID is missing");
    refused(Encoding::Protobuf, b"\xff\xff", "not a Protobuf record");
    refused(Encoding::Protobuf, b"\x82\x01\x01\xff", "APIID or OrgID is not UTF-8");
    refused(Encoding::Protobuf, b"", "APIID is missing");
    refused(Encoding::Protobuf, &vec![0; MAX_RECORD_BYTES + 1], "the record is too long");
    // Lists within lists, deeper than anything of a gateway's.
    let deep = [b"\x81\xa1x".as_slice(), &[0x91; 5000], b"\xc0"].concat();
    refused(Encoding::MessagePack, &deep, "not a MessagePack record");
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(Encoding::MessagePack, &bytes);
        let _ = read(Encoding::Protobuf, &bytes);
    }

    #[test]
    fn no_damage_to_a_record_is_too_strange(at in 0_usize..400, byte in any::<u8>()) {
        let mut bytes = packed(&gateway());
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read(Encoding::MessagePack, &bytes);
        let mut bytes = protobuf_record().encode_to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read(Encoding::Protobuf, &bytes);
    }
}
