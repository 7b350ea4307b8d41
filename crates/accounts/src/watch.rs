//! Noticing what other processes change.
//!
//! Promise: a key made or revoked elsewhere is honoured within a second, and so is a setting of a tenant.
//! While the database cannot be read the ring and the settings stay as they are, which is logged once when
//! it begins and once when it ends.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::accounts::Accounts;
use crate::error::AccountsError;
use crate::last_used::SAVE_USES_EVERY;

/// How often the database is asked whether anything changed; a fourth of the promised second.
pub const WATCH_EVERY: Duration = Duration::from_millis(250);

impl Accounts {
    /// Keeps the ring of [`Accounts::key_ring`] and the follower of [`Accounts::follow_settings`] up to date, and writes
    /// down when keys were used last, until `cancel` is done, for instance a `CancellationToken`'s `cancelled()`. To be
    /// spawned: `tokio::spawn(accounts.clone().watch(cancel))`.
    pub async fn watch(self, cancel: impl Future<Output = ()>) {
        tokio::select! {
            () = cancel => {}
            () = self.follow_changes() => {}
            () = self.save_uses_for_ever() => {}
        }
    }

    async fn follow_changes(&self) {
        let mut ticks = tokio::time::interval(WATCH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_failing = false;
        loop {
            ticks.tick().await;
            match self.look().await {
                Ok(()) if is_failing => {
                    tracing::info!("the accounts database can be read again");
                    is_failing = false;
                }
                Ok(()) => {}
                Err(error) => {
                    if !is_failing {
                        tracing::error!(%error, "the accounts database cannot be read; known API keys keep working");
                    }
                    is_failing = true;
                }
            }
        }
    }

    /// Asks for the changes after the last one seen: by an index, so that none costs next to nothing.
    async fn look(&self) -> Result<(), AccountsError> {
        self.feed.catch_up(&self.database).await?;
        self.settings_feed.catch_up(&self.database).await
    }

    async fn save_uses_for_ever(&self) {
        let mut ticks = tokio::time::interval(SAVE_USES_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.save_uses().await {
                tracing::warn!(%error, "when API keys were used last could not be written down; tried again in a minute");
            }
        }
    }
}
