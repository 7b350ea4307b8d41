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
use utoipa::ToSchema;

use super::parameters::event_type;

/// A row of `summary`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConnectionSummary)]
pub(super) struct SummaryAnswer<'a> {
    organization_id: &'a str,
    #[schema(value_type = String)]
    service_name: Arc<str>,
    #[schema(value_type = String)]
    protocol_name: Arc<str>,
    #[schema(value_type = String)]
    data_center: Arc<str>,
    total_connections: u64,
    new_connections_in_period: u64,
    unique_api_keys: u64,
    average_connection_duration_seconds: u64,
    total_connection_time_seconds: u64,
    #[schema(format = DateTime)]
    first_connection: String,
    #[schema(format = DateTime)]
    last_connection: String,
    #[schema(format = DateTime)]
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
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Connection)]
pub(super) struct ConnectionAnswer<'a> {
    #[schema(value_type = String)]
    connection_id: Box<str>,
    organization_id: &'a str,
    /// The platform spells it so.
    #[serde(rename = "apikeyId")]
    #[schema(required)]
    api_key_id: Option<String>,
    #[schema(value_type = Option<String>, required)]
    host: Option<Arc<str>>,
    #[schema(value_type = Option<String>, required)]
    ip_address: Option<Arc<str>>,
    #[schema(value_type = String)]
    protocol_name: Arc<str>,
    #[schema(value_type = String)]
    service_name: Arc<str>,
    #[schema(value_type = String)]
    data_center: Arc<str>,
    #[schema(format = DateTime)]
    last_heartbeat: String,
    #[schema(format = DateTime)]
    connection_start_time: String,
    #[schema(format = DateTime)]
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
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConnectionEvent)]
pub(super) struct EventAnswer<'a> {
    event_id: String,
    connection_id: String,
    organization_id: &'a str,
    #[serde(rename = "apikeyId")]
    #[schema(required)]
    api_key_id: Option<String>,
    #[schema(required)]
    host: Option<String>,
    #[schema(required)]
    ip_address: Option<String>,
    protocol_name: String,
    service_name: String,
    data_center: String,
    event_type: &'static str,
    event_description: String,
    #[schema(format = DateTime)]
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
mod tests;
