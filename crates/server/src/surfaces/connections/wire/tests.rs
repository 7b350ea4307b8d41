//! Each answer to the letter.

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
    let row = ConnectionRow { names, last_activity: AT, opened_at: AT, duration_seconds: 5, is_active: true };
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
