//! Records as the server's `POST /api/v1/requests` reads them, in bodies that keep its bounds.

use serde::Serialize;
use tidegauge_facts::limits::MAX_BATCH_REQUESTS;

use crate::sink::Identified;

/// Longest body that is sent, but for a single record that is longer; half of what a server takes by default.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Some of the records handed over, each as JSON, with its place among them.
#[derive(Debug)]
pub(super) struct Body {
    records: Vec<(usize, Vec<u8>)>,
}

#[derive(Serialize)]
struct Wire<'a> {
    request_id: &'a str,
    api_id: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_path: Option<&'a str>,
    response_code: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'a str>,
    request_time: i64,
    latency: Latency,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_length: Option<i64>,
    bytes_in: i64,
    bytes_out: i64,
}

#[derive(Serialize)]
struct Latency {
    total: i64,
    upstream: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<i64>,
}

/// The records in as few bodies as the bounds allow.
pub(super) fn bodies(records: &[Identified]) -> Vec<Body> {
    let mut bodies: Vec<Body> = Vec::new();
    let mut room = 0;
    for (index, record) in records.iter().enumerate() {
        let json = to_json(record);
        match bodies.last_mut() {
            Some(body) if json.len() < room && body.records.len() < MAX_BATCH_REQUESTS => {
                room -= json.len() + 1;
                body.records.push((index, json));
            }
            _ => {
                room = MAX_BODY_BYTES.saturating_sub(json.len());
                bodies.push(Body { records: vec![(index, json)] });
            }
        }
    }
    bodies
}

impl Body {
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// The place, among the records handed over, of the one at `at` in this body.
    pub fn index(&self, at: usize) -> Option<usize> {
        self.records.get(at).map(|(index, _)| *index)
    }

    pub fn to_json(&self) -> Vec<u8> {
        let pieces: Vec<&[u8]> = self.records.iter().map(|(_, json)| json.as_slice()).collect();
        [br#"{"requests":["#, pieces.join(&b',').as_slice(), b"]}"].concat()
    }

    /// Two smaller bodies; the place of the record where there is only one.
    pub fn halves(mut self) -> Result<[Self; 2], usize> {
        if let [(index, _)] = self.records[..] {
            return Err(index);
        }
        let second = self.records.split_off(self.records.len() / 2);
        Ok([self, Self { records: second }])
    }
}

fn to_json(Identified { request_id, record }: &Identified) -> Vec<u8> {
    let wire = Wire {
        request_id,
        api_id: &record.api_id,
        path: &record.path,
        timestamp: record.at.map(tidegauge_facts::Micros::to_micros_text),
        method: record.method.as_deref(),
        host: record.host.as_deref(),
        raw_path: record.raw_path.as_deref(),
        response_code: record.response_code,
        api_key: record.api_key.as_deref(),
        alias: record.alias.as_deref(),
        oauth_id: record.oauth_id.as_deref(),
        api_name: record.api_name.as_deref(),
        api_version: record.api_version.as_deref(),
        request_time: record.request_time,
        latency: Latency {
            total: record.latency_total,
            upstream: record.latency_upstream,
            gateway: record.latency_gateway,
        },
        ip_address: record.ip.as_deref(),
        country: record.country.as_deref(),
        tags: &record.tags,
        user_agent: record.user_agent.as_deref(),
        content_length: record.content_length,
        bytes_in: record.bytes_in,
        bytes_out: record.bytes_out,
    };
    // Invariant: it is made of texts and numbers, which always have a JSON form.
    serde_json::to_vec(&wire).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway_record::GatewayRecord;

    fn record(path_bytes: usize) -> Identified {
        let record = GatewayRecord {
            api_id: "a".into(),
            path: "x".repeat(path_bytes),
            at: Some(tidegauge_facts::Micros(1_700_000_000_123_456)),
            ..GatewayRecord::default()
        };
        Identified { request_id: "tyk-1".into(), record }
    }

    #[test]
    fn a_record_is_sent_with_what_is_known_of_it() {
        let body = bodies(&[record(1)]).pop().unwrap();
        assert_eq!(
            String::from_utf8(body.to_json()).unwrap(),
            r#"{"requests":[{"request_id":"tyk-1","api_id":"a","path":"x","timestamp":"2023-11-14T22:13:20.123456Z","response_code":0,"request_time":0,"latency":{"total":0,"upstream":0},"bytes_in":0,"bytes_out":0}]}"#
        );
    }

    #[test]
    fn bodies_keep_both_bounds_and_lose_no_record() {
        let many: Vec<Identified> = (0..2500).map(|_| record(1)).collect();
        let sizes = |records: &[Identified]| bodies(records).iter().map(Body::len).collect::<Vec<_>>();
        assert_eq!(sizes(&many), [1000, 1000, 500]);
        let long: Vec<Identified> = (0..10).map(|_| record(300_000)).collect();
        assert_eq!(sizes(&long), [3, 3, 3, 1]);
        assert!(bodies(&long).iter().all(|body| body.to_json().len() <= MAX_BODY_BYTES));
        assert_eq!(sizes(&[record(2 * MAX_BODY_BYTES), record(1)]), [1, 1]);
    }

    #[test]
    fn a_body_halves_down_to_a_single_record() {
        let [first, second] = bodies(&[record(1), record(2), record(3)]).pop().unwrap().halves().unwrap();
        assert_eq!((first.index(0), first.len()), (Some(0), 1));
        assert_eq!((second.index(0), second.index(1), second.index(2)), (Some(1), Some(2), None));
        assert_eq!(first.halves().unwrap_err(), 0);
    }
}
