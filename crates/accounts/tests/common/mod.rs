//! What several of these tests need: a place for accounts, a request, the time, waiting for a condition.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;
use tidegauge_accounts::{Accounts, Actor, DatabaseUrl, KeyLimits, KeyRequest, Location, Scope, Scopes};
use tidegauge_facts::{ProjectId, TenantId};

/// Where the accounts of a test are: empty at first, and its alone.
pub enum Place {
    Sqlite(TempDir),
    /// By its URL.
    Postgres(String),
}

/// Names the place to another process of a test.
pub const CHILD_PLACE: &str = "TIDEGAUGE_ACCOUNTS_CHILD_PLACE";

impl Place {
    /// A handle on them, as each process has one.
    pub async fn open(&self) -> Accounts {
        Accounts::open(self.location()).await.unwrap()
    }

    pub fn location(&self) -> Location {
        location_of(&self.name())
    }

    /// The database without the crate.
    pub async fn raw(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        let url = match self {
            Self::Sqlite(dir) => format!("sqlite:{}", dir.path().join("accounts.db").display()),
            Self::Postgres(url) => url.clone(),
        };
        AnyConnection::connect(&url).await.unwrap()
    }

    /// Another process, which runs this binary's test `name` on the same place.
    pub fn child(&self, name: &str) -> Command {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", name, "--ignored"]).env(CHILD_PLACE, self.name()).stdout(Stdio::null());
        child
    }

    fn name(&self) -> String {
        match self {
            Self::Sqlite(dir) => dir.path().to_str().unwrap().to_owned(),
            Self::Postgres(url) => url.clone(),
        }
    }
}

/// In a test that is another's child: the accounts of its parent. In a run of all tests nothing.
pub async fn parents_accounts() -> Option<Accounts> {
    let place = std::env::var(CHILD_PLACE).ok()?;
    Some(Accounts::open(location_of(&place)).await.unwrap())
}

fn location_of(name: &str) -> Location {
    match name.parse::<DatabaseUrl>() {
        Ok(url) => url.into(),
        Err(_) => Path::new(name).into(),
    }
}

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
