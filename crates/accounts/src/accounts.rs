//! The handle on a server's accounts.
//!
//! Promise: cheap to clone, and every clone is the same database and the same ring. What it can do is in
//! the files named after it: `audit`, `create_key`, `first_start`, `list_keys`, `list_tenants`, `projects`,
//! `revoke_key`, `rotate_key`, `settings_feed`, `tenant_settings`, `watch`.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::create_key::{MAX_KEYS, MAX_KEYS_PER_TENANT, MAX_WORKING_KEYS_PER_TENANT};
use crate::database::Database;
use crate::error::AccountsError;
use crate::key_ring::KeyRing;
use crate::known_projects::KnownProjects;
use crate::last_used::SAVE_AT_CLOSE;
use crate::location::Location;
use crate::projects::{MAX_PROJECTS_PER_TENANT, MAX_TENANTS};
use crate::ring_feed::RingFeed;
use crate::settings_feed::SettingsFeed;

/// The tenants, projects and API keys of a server.
#[derive(Clone)]
pub struct Accounts {
    pub(crate) database: Database,
    pub(crate) feed: Arc<RingFeed>,
    pub(crate) settings_feed: Arc<SettingsFeed>,
    pub(crate) known_projects: Arc<KnownProjects>,
    pub(crate) bounds: Bounds,
}

impl Accounts {
    /// Opens the accounts at `location`: `accounts.db` of a data directory, which must exist, or a PostgreSQL database,
    /// which must exist too. The file and the tables are made as far as they are missing.
    ///
    /// # Errors
    /// [`AccountsError`] when the directory is missing or not writable, the file is damaged or of another version,
    /// another process keeps it busy; when PostgreSQL does not answer, refuses the user or is too old.
    pub async fn open(location: impl Into<Location>) -> Result<Self, AccountsError> {
        let database = Database::open(&location.into()).await?;
        Ok(Self {
            database,
            feed: Arc::default(),
            settings_feed: Arc::default(),
            known_projects: Arc::default(),
            bounds: Bounds::default(),
        })
    }

    /// The keys in memory, read from the database at the first call. Every call returns the same ring.
    ///
    /// From then on, what this handle or a clone of it changes is in the ring when the change returns;
    /// what other processes change arrives while [`Accounts::watch`] runs.
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be read.
    pub async fn key_ring(&self) -> Result<KeyRing, AccountsError> {
        self.feed.catch_up(&self.database).await?;
        Ok(self.feed.ring())
    }

    /// Writes down when keys were used last, and closes the database's connections, waiting for what they are doing.
    pub async fn close(&self) {
        match tokio::time::timeout(SAVE_AT_CLOSE, self.save_uses()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "when API keys were used last could not be written down")
            }
            Err(_) => tracing::warn!("when API keys were used last could not be written down in time"),
        }
        self.database.watching.close().await;
        self.database.pool.close().await;
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("place", &self.database.shown()).finish_non_exhaustive()
    }
}

/// How much a database may hold; a test lowers it.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) keys: i64,
    pub(crate) keys_per_tenant: i64,
    pub(crate) working_keys_per_tenant: i64,
    pub(crate) tenants: i64,
    pub(crate) projects_per_tenant: i64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            keys: MAX_KEYS,
            keys_per_tenant: MAX_KEYS_PER_TENANT,
            working_keys_per_tenant: MAX_WORKING_KEYS_PER_TENANT,
            tenants: MAX_TENANTS,
            projects_per_tenant: MAX_PROJECTS_PER_TENANT,
        }
    }
}

/// Now, in Unix microseconds; a clock before 1970 or after the year 294,000 counts as those.
pub(crate) fn now_unix_micros() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX)
}
