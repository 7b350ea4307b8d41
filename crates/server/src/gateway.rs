//! A gateway's records, taken by the server itself: a sink that is the store, and the task that fills it.
//!
//! Promise: a record becomes a fact of the tenant that its organization is, or of the one tenant that was named;
//! records of an organization that is no tenant are set aside. No tenant is made here.

use std::sync::Arc;
use std::time::Duration;

use tidegauge_accounts::{Accounts, AccountsError};
use tidegauge_connect::sink::Identified;
use tidegauge_connect::{Connector, Ended, Mode, Outcome, Sink, Trouble, Unusable};
use tidegauge_facts::{DEFAULT_NAME, Micros, Request, TenantId};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::app::App;
use crate::intake::Stored;
use crate::intake::requests::take_requests;

/// Pause before another try after trouble that a person has to end: a wrong password of Redis, say. Shorter than the
/// minute after which a gateway's lists expire by default.
pub const LASTING_PAUSE: Duration = Duration::from_secs(30);

/// Whose the records are.
#[derive(Debug, Clone)]
pub enum Tenants {
    /// Each organization's are the tenant's of the same id, if there is one.
    ByOrganization,
    /// All are one tenant's.
    One(TenantId),
}

/// The store, as a connector sees it.
#[derive(Debug, Clone)]
pub struct StoreSink {
    /// What takes the facts in.
    pub app: Arc<App>,
    /// Whose they are.
    pub tenants: Tenants,
}

impl Sink for StoreSink {
    type Place = TenantId;

    async fn place(&self, organization: &str) -> Result<Result<TenantId, Unusable>, Trouble> {
        match &self.tenants {
            Tenants::One(tenant) => Ok(Ok(tenant.clone())),
            Tenants::ByOrganization => tenant_of(&self.app.accounts, organization).await,
        }
    }

    async fn store(&self, tenant: &TenantId, records: &[Identified]) -> Result<Outcome, Trouble> {
        let received_at = Micros::now();
        let tags: Vec<Vec<&str>> = records
            .iter()
            .map(|Identified { record, .. }| record.tags.iter().map(String::as_str).collect())
            .collect();
        let rows: Vec<Request<'_>> =
            records.iter().zip(&tags).map(|(record, tags)| row(tenant, record, tags, received_at)).collect();
        let storage = self.app.door.allowances.of(tenant).terms.ip_addresses;
        let passing = |reason: String| Trouble::Passing { reason, retry_after: None };
        let taken =
            take_requests(&self.app, storage, &rows).await.map_err(|error| passing(error.to_string()))?;
        let Stored { stored, repeated } =
            taken.confirmed(&self.app).await.map_err(|error| passing(error.to_string()))?;
        Ok(Outcome { stored, repeated, refused: Vec::new() })
    }
}

async fn tenant_of(accounts: &Accounts, organization: &str) -> Result<Result<TenantId, Unusable>, Trouble> {
    let Ok(tenant) = TenantId::parse(organization) else {
        return Ok(Err(Unusable("the record's organization is no tenant's id".into())));
    };
    match accounts.tenant_settings(&tenant).await {
        Ok(_) => Ok(Ok(tenant)),
        Err(AccountsError::UnknownTenant { .. }) => {
            Ok(Err(Unusable(format!("there is no tenant {organization}").into())))
        }
        Err(error) => Err(Trouble::Passing { reason: error.to_string(), retry_after: None }),
    }
}

fn row<'r>(
    tenant: &'r TenantId,
    Identified { request_id, record }: &'r Identified,
    tags: &'r [&'r str],
    received_at: Micros,
) -> Request<'r> {
    Request {
        tenant_id: tenant.as_str(),
        project_id: DEFAULT_NAME,
        request_id,
        event_time: record.at.unwrap_or(received_at).0,
        received_at: received_at.0,
        api_id: &record.api_id,
        path: &record.path,
        method: record.method.as_deref(),
        host: record.host.as_deref(),
        raw_path: record.raw_path.as_deref(),
        response_code: (record.response_code != 0).then_some(record.response_code),
        api_key: record.api_key.as_deref(),
        alias: record.alias.as_deref(),
        oauth_id: record.oauth_id.as_deref(),
        api_name: record.api_name.as_deref(),
        api_version: record.api_version.as_deref(),
        request_time: Some(record.request_time),
        latency_total: Some(record.latency_total),
        latency_upstream: Some(record.latency_upstream),
        latency_gateway: record.latency_gateway,
        ip: record.ip.as_deref(),
        country: record.country.as_deref(),
        tags: (!tags.is_empty()).then_some(tags),
        user_agent: record.user_agent.as_deref(),
        content_length: record.content_length,
        bytes_in: Some(record.bytes_in),
        bytes_out: Some(record.bytes_out),
        open_connections: Some(record.open_connections),
        closed_connections: Some(record.closed_connections),
        track_path: Some(record.track_path),
        ..Request::default()
    }
}

/// Takes records until it is asked to stop. Trouble never ends it, nor does a mistake of ours that panics: it is told,
/// and tried again.
pub async fn follow(connector: impl Fn() -> Connector<StoreSink>, stop: CancellationToken) {
    loop {
        let (connector, asked_to_stop) = (connector(), stop.clone());
        let taking = async move { connector.run(Mode::Follow, &asked_to_stop).await };
        match AbortOnDropHandle::new(tokio::spawn(taking)).await {
            Ok(Ok(Ended::Done | Ended::Stopped)) => return,
            Ok(Err(error)) => tracing::error!("no records of the gateway are taken for now: {error}"),
            // The panic's own words are the hook's to tell.
            Err(error) if error.is_panic() => {
                tracing::error!("taking records of the gateway failed; it starts again")
            }
            // The runtime ends.
            Err(_) => return,
        }
        if tokio::time::timeout(LASTING_PAUSE, stop.cancelled()).await.is_ok() {
            return;
        }
    }
}
