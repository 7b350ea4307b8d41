//! Telling a follower what is set for each tenant, now and at every change.
//!
//! Promise: the follower hears of each change after those before it, and at last of what is in force (`changes`), from
//! one reader at a time, a page at a time. Settings that cannot be read are never taken for none: nothing begins with
//! them, and while following them the former ones stay.

use std::collections::HashSet;

use sqlx::Row as _;
use tidegauge_facts::TenantId;
use tokio::sync::Mutex;

use crate::accounts::Accounts;
use crate::changes::Changes;
use crate::database::{Database, DatabaseRow};
use crate::error::AccountsError;
use crate::tenant_settings::{TenantSettings, settings_of};

const CHANGED_SETTINGS: &str = "
    SELECT change, tenant AS row_name, tenant, settings
    FROM tenant_settings WHERE change >= $1 ORDER BY change LIMIT $2";

impl Accounts {
    /// Tells `follower` what is set for each tenant that anything was ever set for; when this returns, it has
    /// heard of all. From then on it hears of what this handle or a clone of it changes before the change
    /// returns, and of what other processes change while [`Accounts::watch`] runs. It should be quick: the
    /// watch waits for it. There is one follower; a new one takes the former's place.
    ///
    /// # Errors
    /// [`AccountsError::UnreadableSettings`] of a tenant, for which the follower would take the server's defaults; or
    /// what the database reported. The former follower, if any, stays.
    pub async fn follow_settings(
        &self,
        follower: impl FnMut(&TenantId, &TenantSettings) + Send + 'static,
    ) -> Result<(), AccountsError> {
        let mut place = self.settings_feed.followed.lock().await;
        let all = AllSettings::read(&self.database).await?;
        if let Some((tenant, _)) = all.settings.iter().find(|(_, settings)| settings.is_none()) {
            return Err(self.database.unreadable_settings(tenant));
        }
        let mut followed =
            Followed { changes: Changes::default(), told: HashSet::new(), follower: Box::new(follower) };
        followed.tell_all(all);
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
    changes: Changes,
    /// Of whom the follower has heard, by the texts that the database has of them.
    told: HashSet<String>,
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
            let Some(page) = self.changes.next(database, CHANGED_SETTINGS).await? else {
                tracing::warn!(
                    "the accounts database lacks changes that it had before; all tenants' settings are read anew"
                );
                self.tell_all(AllSettings::read(database).await?);
                return Ok(());
            };
            for row in &page.rows {
                let (tenant, settings) = of_tenant(row, database)?;
                self.tell(tenant, settings);
            }
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// Tells all settings, and of those that are there no more that they are the defaults.
    fn tell_all(&mut self, all: AllSettings) {
        let mut gone = self.told.clone();
        for (tenant, _) in &all.settings {
            gone.remove(tenant);
        }
        for (tenant, settings) in all.settings {
            self.tell(tenant, settings);
        }
        for tenant in gone {
            self.told.remove(&tenant);
            if let Ok(tenant) = TenantId::parse(&tenant) {
                (self.follower)(&tenant, &TenantSettings::default());
            }
        }
        self.changes = all.changes;
    }

    /// Settings that cannot be read leave what is in force for that tenant, and for everybody else.
    fn tell(&mut self, tenant: String, settings: Option<TenantSettings>) {
        match (TenantId::parse(&tenant), settings) {
            (Ok(id), Some(settings)) => {
                (self.follower)(&id, &settings);
                self.told.insert(tenant);
            }
            _ => tracing::error!(
                tenant,
                "a tenant's settings in the accounts database cannot be read; those before stay in force"
            ),
        }
    }
}

/// What is set for every tenant, in the order of the changes; `None` is what cannot be read.
struct AllSettings {
    changes: Changes,
    settings: Vec<(String, Option<TenantSettings>)>,
}

impl AllSettings {
    async fn read(database: &Database) -> Result<Self, AccountsError> {
        let mut all = Self { changes: Changes::default(), settings: Vec::new() };
        loop {
            let Some(page) = all.changes.next(database, CHANGED_SETTINGS).await? else {
                // It went back while it was read.
                all = Self { changes: Changes::default(), settings: Vec::new() };
                continue;
            };
            for row in &page.rows {
                all.settings.push(of_tenant(row, database)?);
            }
            if page.is_last {
                return Ok(all);
            }
        }
    }
}

fn of_tenant(
    row: &DatabaseRow,
    database: &Database,
) -> Result<(String, Option<TenantSettings>), AccountsError> {
    Ok((row.try_get("tenant").map_err(|e| database.error(e))?, settings_of(row)))
}
