//! What the connection reports answer: seed 001's row, and those of its siblings, to the letter.

use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tidegauge_facts::connections::{State, api_key_id, message_id};
use tidegauge_facts::{Micros, TenantId};
use tidegauge_reports::connection_events::ConnectionEventRow;
use tidegauge_reports::connection_list::ConnectionRow;
use tidegauge_reports::connection_summary::SummaryRow;
use tidegauge_store::connections::Description;

use super::parameters::event_type;

/// A row of `summary`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SummaryAnswer<'a> {
    organization_id: &'a str,
    service_name: Arc<str>,
    protocol_name: Arc<str>,
    data_center: Arc<str>,
    total_connections: u64,
    new_connections_in_period: u64,
    unique_api_keys: u64,
    average_connection_duration_seconds: u64,
    total_connection_time_seconds: u64,
    first_connection: String,
    last_connection: String,
    last_activity: String,
    /// Beyond the seed.
    active_connections: u64,
}

impl<'a> SummaryAnswer<'a> {
    pub fn new(tenant: &'a TenantId, row: SummaryRow) -> Self {
        Self {
            organization_id: tenant.as_str(),
            service_name: row.service,
            protocol_name: row.protocol,
            data_center: row.data_center,
            total_connections: row.total_connections,
            new_connections_in_period: row.new_connections,
            unique_api_keys: row.unique_api_keys,
            average_connection_duration_seconds: row.mean_duration_seconds,
            total_connection_time_seconds: row.total_time_seconds,
            first_connection: row.first_connection.to_ticks_text(),
            last_connection: row.last_connection.to_ticks_text(),
            last_activity: row.last_activity.to_ticks_text(),
            active_connections: row.active_connections,
        }
    }
}

/// A row of `query`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConnectionAnswer<'a> {
    connection_id: Box<str>,
    organization_id: &'a str,
    /// The platform spells it so.
    #[serde(rename = "apikeyId")]
    api_key_id: Option<String>,
    host: Option<Arc<str>>,
    ip_address: Option<Arc<str>>,
    protocol_name: Arc<str>,
    service_name: Arc<str>,
    data_center: Arc<str>,
    last_heartbeat: String,
    connection_start_time: String,
    updated_at: String,
    connection_duration_seconds: u64,
    is_active: bool,
}

impl<'a> ConnectionAnswer<'a> {
    pub fn new(tenant: &'a TenantId, row: ConnectionRow) -> Self {
        let Description { id, key, ip, host, group, .. } = row.names;
        let last_activity = row.last_activity.to_ticks_text();
        Self {
            connection_id: id,
            organization_id: tenant.as_str(),
            api_key_id: key_id(key.as_deref()),
            host,
            ip_address: ip,
            protocol_name: group.protocol,
            service_name: group.service,
            data_center: group.data_center,
            last_heartbeat: last_activity.clone(),
            connection_start_time: row.opened_at.to_ticks_text(),
            updated_at: last_activity,
            connection_duration_seconds: row.duration_seconds,
            is_active: row.is_active,
        }
    }
}

/// A row of `events/query`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventAnswer<'a> {
    event_id: String,
    connection_id: String,
    organization_id: &'a str,
    #[serde(rename = "apikeyId")]
    api_key_id: Option<String>,
    host: Option<String>,
    ip_address: Option<String>,
    protocol_name: String,
    service_name: String,
    data_center: String,
    event_type: &'static str,
    event_description: String,
    event_timestamp: String,
}

impl<'a> EventAnswer<'a> {
    pub fn new(tenant: &'a TenantId, row: ConnectionEventRow) -> Self {
        Self {
            event_id: event_id(&row.connection_id, row.state, row.at),
            organization_id: tenant.as_str(),
            api_key_id: key_id(row.api_key_hash.as_deref()),
            host: row.host,
            ip_address: row.ip,
            protocol_name: row.protocol,
            service_name: row.service,
            data_center: row.data_center,
            event_type: event_type(row.state),
            event_description: description(row.state, row.close_reason),
            event_timestamp: row.at.to_ticks_text(),
            connection_id: row.connection_id,
        }
    }
}

fn key_id(hash: Option<&str>) -> Option<String> {
    hash.and_then(api_key_id).map(|id| id.to_string())
}

/// A message has no id of its own: what it says names it, so that the same message has the same id each time.
fn event_id(connection_id: &str, state: State, at: Micros) -> String {
    let name = message_id(connection_id, state.as_str(), at.0);
    let digest: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    uuid::Builder::from_custom_bytes(std::array::from_fn(|i| digest[i])).into_uuid().to_string()
}

fn description(state: State, close_reason: Option<String>) -> String {
    match (state, close_reason.filter(|reason| !reason.is_empty())) {
        (State::Open, _) => "Connection opened".to_owned(),
        (State::Activity, _) => "Connection active".to_owned(),
        (State::Close, None) => "Connection closed".to_owned(),
        (State::Close, Some(reason)) => format!("Connection closed: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tidegauge_store::connections::Group;

    use super::*;

    const AT: Micros = Micros(1_705_220_130_000_000);
    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn tenant() -> TenantId {
        TenantId::parse("a1b2c3d4-e5f6-7890-abcd-ef1234567890").unwrap()
    }

    #[test]
    fn a_summary_row_is_the_seeds_with_active_connections_after_it() {
        let row = SummaryRow {
            service: "coinapi-ws".into(),
            protocol: "WebSocket".into(),
            data_center: "us-east-1/server-01".into(),
            total_connections: 284,
            new_connections: 34,
            unique_api_keys: 12,
            mean_duration_seconds: 2134,
            total_time_seconds: 10134,
            active_connections: 7,
            first_connection: AT,
            last_connection: Micros(AT.0 + 108_435_000_000),
            last_activity: Micros(AT.0 + 108_895_000_000),
        };
        let answer = serde_json::to_string(&SummaryAnswer::new(&tenant(), row)).unwrap();
        let seed = concat!(
            r#"{"organizationId":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","serviceName":"coinapi-ws","#,
            r#""protocolName":"WebSocket","dataCenter":"us-east-1/server-01","totalConnections":284,"#,
            r#""newConnectionsInPeriod":34,"uniqueApiKeys":12,"averageConnectionDurationSeconds":2134,"#,
            r#""totalConnectionTimeSeconds":10134,"firstConnection":"2024-01-14T08:15:30.0000000Z","#,
            r#""lastConnection":"2024-01-15T14:22:45.0000000Z","lastActivity":"2024-01-15T14:30:25.0000000Z","#,
            r#""activeConnections":7}"#
        );
        assert_eq!(answer, seed);
    }

    #[test]
    fn a_connection_without_key_host_and_address_says_null() {
        let group =
            Group { project: "x".into(), service: "s".into(), protocol: "p".into(), data_center: "d".into() };
        let names = Description { id: "c".into(), key: None, user: None, ip: None, host: None, group };
        let row =
            ConnectionRow { names, last_activity: AT, opened_at: AT, duration_seconds: 5, is_active: true };
        let tenant = tenant();
        let answer = serde_json::to_value(ConnectionAnswer::new(&tenant, row.clone())).unwrap();
        let at = "2024-01-14T08:15:30.0000000Z";
        let expected = json!({
            "connectionId": "c", "organizationId": tenant.as_str(), "apikeyId": null, "host": null,
            "ipAddress": null, "protocolName": "p", "serviceName": "s", "dataCenter": "d", "lastHeartbeat": at,
            "connectionStartTime": at, "updatedAt": at, "connectionDurationSeconds": 5, "isActive": true,
        });
        assert_eq!(answer, expected);
        let names = Description { key: Some(HASH.into()), ip: Some("::1".into()), ..row.names.clone() };
        let known = ConnectionRow { names, ..row };
        let answer = serde_json::to_value(ConnectionAnswer::new(&tenant, known)).unwrap();
        assert_eq!(answer["apikeyId"], "ba7816bf-8f01-8fea-8141-40de5dae2223");
        assert_eq!(answer["ipAddress"], "::1");
    }

    #[test]
    fn an_event_has_the_same_id_each_time_and_says_why_a_connection_was_closed() {
        let row = ConnectionEventRow {
            connection_id: "c".into(),
            api_key_hash: Some(HASH.into()),
            host: Some("h".into()),
            ip: None,
            protocol: "p".into(),
            service: "s".into(),
            data_center: "d".into(),
            state: State::Close,
            close_reason: Some("went away".into()),
            at: AT,
        };
        let tenant = tenant();
        let [first, second] =
            [(); 2].map(|()| serde_json::to_value(EventAnswer::new(&tenant, row.clone())).unwrap());
        assert_eq!(first, second);
        assert_eq!(first["eventType"], "disconnect");
        assert_eq!(first["eventDescription"], "Connection closed: went away");
        assert_eq!(first["eventTimestamp"], "2024-01-14T08:15:30.0000000Z");
        let open = ConnectionEventRow { state: State::Open, ..row };
        let open = serde_json::to_value(EventAnswer::new(&tenant, open)).unwrap();
        assert_ne!(open["eventId"], first["eventId"]);
        assert_eq!(
            (&open["eventType"], &open["eventDescription"]),
            (&json!("connect"), &json!("Connection opened"))
        );
    }
}
