//! What several of these tests need: a fresh directory, a request, the time, and waiting for a condition.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use tidegauge_accounts::{Accounts, Actor, KeyLimits, KeyRequest, Scope, Scopes};
use tidegauge_facts::{ProjectId, TenantId};

pub async fn fresh() -> (TempDir, Accounts) {
    let dir = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(dir.path()).await.unwrap();
    (dir, accounts)
}

pub fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

pub fn project(id: &str) -> ProjectId {
    ProjectId::parse(id).unwrap()
}

pub fn request(tenant_id: &str) -> KeyRequest {
    KeyRequest {
        tenant: tenant(tenant_id),
        project: None,
        scopes: Scopes::from_iter([Scope::Ingest, Scope::Read]),
        expires_in: None,
        name: None,
        limits: KeyLimits::default(),
    }
}

/// Who makes the changes.
pub fn me() -> Actor {
    Actor::CommandLine("me".into())
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros().try_into().unwrap()
}

/// Waits until `condition` holds, and says how long that took; fails after `limit`.
pub async fn within(limit: Duration, mut condition: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < limit, "not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    start.elapsed()
}

/// The ids of a tenant's projects.
pub async fn projects(accounts: &Accounts, tenant_id: &str) -> Vec<ProjectId> {
    accounts.list_projects(&tenant(tenant_id)).await.unwrap().into_iter().map(|row| row.id).collect()
}
