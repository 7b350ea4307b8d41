//! Records as a Tyk gateway leaves them, and a connector that takes them.

use serde_json::{Value, json};

use super::server::Process;

pub const LIST: &str = "analytics-tyk-system-analytics";
pub const ORGANIZATION: &str = "5e9d9544a1dcd60001d0ed20";

/// Unix seconds of every record: a day that is over, or the reports of it would change under a test.
pub const AT: i64 = 1_795_000_000;

/// A record's fields, by their Go names; `number` makes it another than its neighbours.
pub fn record(number: u64) -> Value {
    json!({
        "Method": "GET", "Host": "gw.example.com", "Path": format!("/things/{number}"), "RawPath": "/things",
        "ContentLength": 0, "UserAgent": "curl/8", "ResponseCode": 200, "APIKey": "7f3c3ca87376cabe",
        "TimeStamp": [AT, number % 1_000_000_000], "APIVersion": "Default", "APIName": "things",
        "APIID": "41351a6a94094da05f75146a695a16f6", "OrgID": ORGANIZATION, "OauthID": "", "RequestTime": 12,
        "RawRequest": "R0VU", "RawResponse": "", "IPAddress": "192.0.2.7",
        "Geo": {"Country": {"ISOCode": "NZ"}, "City": {"GeoNameID": 0, "Names": null}},
        "Network": {"OpenConnections": 0, "ClosedConnection": 0, "BytesIn": 10, "BytesOut": 20},
        "Latency": {"Total": 12, "Upstream": 10}, "Tags": null, "Alias": "ada", "TrackPath": false,
        "ExpireAt": [AT + 1_000_000, 0],
    })
}

/// [`record`] with fields changed.
pub fn record_with(number: u64, changes: &[(&str, Value)]) -> Value {
    let mut record = record(number);
    for (name, value) in changes {
        record[*name] = value.clone();
    }
    record
}

pub fn messagepack(record: &Value) -> Vec<u8> {
    rmp_serde::to_vec_named(record).unwrap()
}

pub fn records(numbers: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    numbers.map(|number| messagepack(&record(number))).collect()
}

/// A Protobuf record, written by hand: API, path, code, time and organization.
pub fn protobuf(number: u64) -> Vec<u8> {
    let path = format!("/things/{number}");
    let mut bytes = vec![0x1a, u8::try_from(path.len()).unwrap()];
    bytes.extend_from_slice(path.as_bytes());
    // ResponseCode 200, TimeStamp {seconds: AT}, APIID, OrgID.
    bytes.extend_from_slice(&[0x58, 0xc8, 0x01]);
    let mut seconds = vec![0x08];
    let mut rest = AT as u64;
    while rest >= 0x80 {
        seconds.push((rest as u8 & 0x7f) | 0x80);
        rest >>= 7;
    }
    seconds.push(rest as u8);
    bytes.extend_from_slice(&[0x6a, u8::try_from(seconds.len()).unwrap()]);
    bytes.extend_from_slice(&seconds);
    bytes.extend_from_slice(b"\x82\x01\x03api\x8a\x01");
    bytes.push(u8::try_from(ORGANIZATION.len()).unwrap());
    bytes.extend_from_slice(ORGANIZATION.as_bytes());
    bytes
}

/// Starts `tidegauge connect tyk`; the key is in its environment.
pub fn connect(redis: &str, server: &str, key: &str, more: &[&str]) -> Process {
    let args = [&["connect", "tyk", "--redis", redis, "--server", server], more].concat();
    Process::tidegauge(&args, &[("TIDEGAUGE_KEY", key)])
}

/// [`connect`] for the organization of [`record`], until everything has left.
pub fn connect_once(redis: &str, server: &str, key: &str) -> Process {
    connect(redis, server, key, &["--org", ORGANIZATION, "--once"])
}
