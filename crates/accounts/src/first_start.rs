//! What an empty database gets: tenant `default`, project `default`, one admin key.
//!
//! Promise: of any number of processes that start at once on an empty database, one makes them. The
//! key's text is returned once; a caller that loses it makes another key on the command line.

use tidegauge_facts::{DEFAULT_NAME, TenantId};

use crate::accounts::Accounts;
use crate::create_key::{KeyRequest, NewKey};
use crate::credential::Actor;
use crate::error::AccountsError;
use crate::limits::KeyLimits;
use crate::scopes::Scopes;

const FIRST_KEY_NAME: &str = "first start";

impl Accounts {
    /// Makes the first tenant, project and key, with all scopes; `None` when any tenant exists already.
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be written to.
    pub async fn first_start(&self) -> Result<Option<NewKey>, AccountsError> {
        let mut transaction = self.database.write().await?;
        let any_tenant = sqlx::query("SELECT id FROM tenants LIMIT 1")
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|e| self.database.error(e))?;
        if any_tenant.is_some() {
            return Ok(None);
        }
        let tenant = TenantId::parse(DEFAULT_NAME).map_err(|_| self.database.unreadable_row("tenant id"))?;
        let request = KeyRequest {
            tenant,
            project: None,
            scopes: Scopes::ALL,
            expires_in: None,
            name: Some(FIRST_KEY_NAME.to_owned()),
            limits: KeyLimits::default(),
        };
        let (key, row) = self.create_key_in(&mut transaction, &Actor::Server, request).await?;
        self.database.commit(transaction).await?;
        self.known_projects.forget(&key.tenant);
        self.feed.after_own_change(&self.database, &[row]).await;
        Ok(Some(key))
    }
}
