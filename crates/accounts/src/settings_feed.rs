//! Telling a follower what is set for each tenant, now and at every change.
//!
//! Promise: the follower hears of each change after those before it, and at last of what is in force. Each
//! change has a number (`tenant_settings.change`), handed out under the write lock; one reader at a time asks
//! for those after the last it told, a page at a time.

use sqlx::Row as _;
use tidegauge_facts::TenantId;
use tokio::sync::Mutex;

use crate::accounts::Accounts;
use crate::database::{Database, DatabaseRow, PAGE_ROWS};
use crate::error::AccountsError;
use crate::tenant_settings::{TenantSettings, settings_of};

impl Accounts {
    /// Tells `follower` what is set for each tenant that anything was ever set for; when this returns, it has
    /// heard of all. From then on it hears of what this handle or a clone of it changes before the change
    /// returns, and of what other processes change while [`Accounts::watch`] runs. It should be quick: the
    /// watch waits for it. There is one follower; a new one takes the former's place.
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be read. The former follower, if any, stays.
    pub async fn follow_settings(
        &self,
        follower: impl FnMut(&TenantId, &TenantSettings) + Send + 'static,
    ) -> Result<(), AccountsError> {
        let mut place = self.settings_feed.followed.lock().await;
        let mut followed = Followed { last_change: 0, follower: Box::new(follower) };
        followed.read_on(&self.database).await?;
        *place = Some(followed);
        Ok(())
    }
}

/// The follower, when there is one.
#[derive(Default)]
pub(crate) struct SettingsFeed {
    followed: Mutex<Option<Followed>>,
}

type Follower = dyn FnMut(&TenantId, &TenantSettings) + Send;

struct Followed {
    last_change: i64,
    follower: Box<Follower>,
}

impl SettingsFeed {
    /// Tells every change since the last one told. What was told before an error is not told again.
    pub(crate) async fn catch_up(&self, database: &Database) -> Result<(), AccountsError> {
        match &mut *self.followed.lock().await {
            Some(followed) => followed.read_on(database).await,
            None => Ok(()),
        }
    }

    /// [`SettingsFeed::catch_up`] for a change that is done already, so that a failure here is logged and not
    /// returned; the watch, which sees this commit too, tries again.
    pub(crate) async fn after_own_change(&self, database: &Database) {
        if let Err(error) = self.catch_up(database).await {
            tracing::warn!(%error, "the tenants' settings in force lag behind the accounts database");
        }
    }
}

impl Followed {
    async fn read_on(&mut self, database: &Database) -> Result<(), AccountsError> {
        loop {
            let rows = sqlx::query(
                "SELECT change, tenant, settings
                 FROM tenant_settings WHERE change > $1 ORDER BY change LIMIT $2",
            )
            .bind(self.last_change)
            .bind(PAGE_ROWS as i64)
            .fetch_all(&database.pool)
            .await
            .map_err(|e| database.error(e))?;
            for row in &rows {
                self.last_change = row.try_get("change").map_err(|e| database.error(e))?;
                self.tell(row);
            }
            if rows.len() < PAGE_ROWS {
                return Ok(());
            }
        }
    }

    /// A row that cannot be read leaves that tenant's settings as they are, and everybody else's in force.
    fn tell(&mut self, row: &DatabaseRow) {
        let tenant = row.try_get("tenant").unwrap_or("unknown");
        match (TenantId::parse(tenant), settings_of(row)) {
            (Ok(tenant), Some(settings)) => (self.follower)(&tenant, &settings),
            _ => tracing::error!(tenant, "a tenant's settings in the accounts database cannot be read"),
        }
    }
}
