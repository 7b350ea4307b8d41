//! A good request of each operation of the OpenAPI document.

use serde_json::{Value, json};

use crate::harness::document::Operation;

/// The names of a tenant and of what it has.
#[derive(Clone, Copy)]
pub struct Names<'n> {
    pub tenant: &'n str,
    pub project: &'n str,
    pub key_id: &'n str,
    pub erasure_id: &'n str,
}

/// Whom a route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Everybody.
    Nothing,
    /// Whoever has a credential.
    Credential,
    Read,
    Ingest,
    /// An administrator of the tenant.
    Admin,
    /// An administrator of the operator's tenant.
    Operator,
    /// As `Ingest`, with the key in the path.
    KeyInPath,
}

/// A request.
#[derive(Clone)]
pub struct Route {
    pub operation: Operation,
    pub path: String,
    pub asks: Asks,
    pub body: Value,
}

/// Each operation, whom it answers, and its query.
pub const EXAMPLES: &[(&str, Asks, &str)] = &[
    ("getOpenApiDocument", Asks::Nothing, ""),
    ("getLiveness", Asks::Nothing, ""),
    ("getReadiness", Asks::Nothing, ""),
    ("getMetrics", Asks::Operator, ""),
    ("trackEvent", Asks::Ingest, ""),
    ("trackEventBatch", Asks::Ingest, ""),
    ("getEventStats", Asks::Read, ""),
    ("getStoreHealth", Asks::Credential, ""),
    ("getTenantAnalytics", Asks::Read, ""),
    ("getProjectAnalytics", Asks::Read, ""),
    ("getProjectHistory", Asks::Read, "?period=week"),
    ("getEventThroughput", Asks::Read, "?window=1000"),
    ("getActiveUsers", Asks::Read, ""),
    ("checkPresence", Asks::Read, ""),
    ("connectToProject", Asks::Ingest, ""),
    ("recordConnections", Asks::Ingest, ""),
    ("getConnectionSummary", Asks::Read, "?minutes=10"),
    ("listConnections", Asks::Read, "?limit=10&activeOnly=true"),
    ("listConnectionEvents", Asks::Read, "?eventType=connect"),
    ("listSessions", Asks::Read, ""),
    ("listEvents", Asks::Read, ""),
    ("listLatestEvents", Asks::Read, "?distinctColumns=eventType"),
    ("listSessionsOfRegion", Asks::Read, "?limit=10"),
    ("listEventsOfRegion", Asks::Read, "?interactionType=all"),
    ("listLatestEventsOfRegion", Asks::Read, "?distinctColumns=eventType"),
    ("signalEvent", Asks::KeyInPath, ""),
    ("signalSession", Asks::KeyInPath, ""),
    ("signalClient", Asks::KeyInPath, ""),
    ("signalContact", Asks::KeyInPath, ""),
    ("recordRequests", Asks::Ingest, ""),
    ("getEndpointsOfKey", Asks::Read, ""),
    ("getEndpointsOfOAuthClient", Asks::Read, ""),
    ("getTrafficOfKeys", Asks::Read, ""),
    ("getTrafficOfKey", Asks::Read, ""),
    ("getTrafficOfOAuthClient", Asks::Read, ""),
    ("getTrafficOfApis", Asks::Read, "?res=day"),
    ("getTrafficOfApi", Asks::Read, ""),
    ("getErrors", Asks::Read, ""),
    ("getUsageOfApis", Asks::Read, ""),
    ("getUsageOfApi", Asks::Read, ""),
    ("exportTraces", Asks::Ingest, ""),
    ("query", Asks::Read, ""),
    ("sql", Asks::Read, ""),
    ("getMe", Asks::Credential, ""),
    ("live", Asks::Read, "?feed=events&event_name=a"),
    ("liveTenant", Asks::Read, ""),
    ("listTenants", Asks::Admin, "?limit=10"),
    ("createTenant", Asks::Operator, ""),
    ("getTenant", Asks::Admin, ""),
    ("changeTenant", Asks::Admin, ""),
    ("listProjects", Asks::Admin, ""),
    ("createProject", Asks::Admin, ""),
    ("listKeys", Asks::Admin, "?limit=1"),
    ("createKey", Asks::Admin, ""),
    ("getKey", Asks::Admin, ""),
    ("revokeKey", Asks::Admin, ""),
    ("rotateKey", Asks::Admin, ""),
    ("listAuditEntries", Asks::Operator, "?limit=1000"),
    ("listTenantAuditEntries", Asks::Admin, ""),
    ("listErasures", Asks::Admin, ""),
    ("requestErasure", Asks::Admin, ""),
    ("getErasure", Asks::Admin, ""),
    ("getStore", Asks::Operator, ""),
];

impl Route {
    /// A good request; `key` stands where a path asks for one.
    pub fn new(operation: Operation, names: Names<'_>, key: &str) -> Self {
        let example = EXAMPLES.iter().find(|(id, ..)| *id == operation.id);
        let (_, asks, query) = example
            .unwrap_or_else(|| panic!("add an example of {} to tests/every_route/examples.rs", operation.id));
        let named = [
            ("projectId", names.project),
            ("tenantId", names.tenant),
            ("tenant", names.tenant),
            ("key_id", names.key_id),
            ("erasure_id", names.erasure_id),
            ("region", "eu"),
            ("ingestKey", key),
            ("key", "k1"),
            ("client", "o1"),
            ("api", "a1"),
            ("start_day", "1"),
            ("start_month", "1"),
            ("start_year", "2024"),
            ("end_day", "31"),
            ("end_month", "12"),
            ("end_year", "2099"),
        ];
        let path = named
            .iter()
            .fold(operation.path.clone(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        assert!(
            !path.contains('{'),
            "add an example of each name in {path} to tests/every_route/examples.rs"
        );
        let body = body(&operation.id, names);
        let has_none = matches!(&*operation.method, "GET" | "DELETE");
        assert_eq!(body.is_null(), has_none, "add an example body of {}", operation.id);
        Self { path: path + query, asks: *asks, body, operation }
    }
}

fn body(operation: &str, Names { tenant, project, .. }: Names<'_>) -> Value {
    let event = json!({"event_name": "a", "project_id": project});
    match operation {
        "trackEvent" => event,
        "trackEventBatch" => json!({"events": [event]}),
        "checkPresence" => json!({"userIds": ["ann"]}),
        "recordConnections" => {
            json!({"connections": [{"connection_id": "c1", "state": "close", "service_name": "s",
            "protocol_name": "p", "data_center": "d", "project_id": project}]})
        }
        "recordRequests" => json!({"requests": [{"api_id": "a1", "path": "/basket", "api_key": "k1",
            "project_id": project}]}),
        "exportTraces" => json!({"resourceSpans": []}),
        "query" => json!({"table": "events", "project": project, "group_by": ["event_name"]}),
        "sql" => {
            json!({"sql": "SELECT count(*) AS events FROM events WHERE project_id = $1", "parameters": [project]})
        }
        "signalEvent" => json!({"tenantId": tenant, "sessionId": "s1", "eventType": "A", "clientId": "c1"}),
        "signalSession" | "signalClient" | "signalContact" => {
            json!({"tenantId": tenant, "sessionId": "s1", "clientId": "c1"})
        }
        "createTenant" => json!({"id": "new-tenant"}),
        "createProject" => json!({"id": "new-project"}),
        "changeTenant" => json!({"ip_addresses": "shortened", "retention_days": {"events": 30}}),
        "createKey" => json!({"scopes": ["read"], "limits": {"events_per_second": 5}}),
        "rotateKey" => json!({"overlap_seconds": 0}),
        "requestErasure" => json!({"user_id": "ann"}),
        _ => Value::Null,
    }
}
