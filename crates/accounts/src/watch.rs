//! Noticing what other processes change.
//!
//! Promise: a key made or revoked elsewhere is honoured within a second, and so is a setting of a tenant.
//! While the database cannot be read the ring and the settings stay as they are, which is logged once when
//! it begins and once when it ends.

use std::time::Duration;

use sqlx::SqliteConnection;
use tokio::time::MissedTickBehavior;

use crate::accounts::Accounts;
use crate::error::AccountsError;

/// How often the database is asked whether anything changed; a fourth of the promised second.
pub const WATCH_EVERY: Duration = Duration::from_millis(250);

impl Accounts {
    /// Keeps the ring of [`Accounts::key_ring`] and the follower of [`Accounts::follow_settings`] up to date
    /// until `cancel` is done, for instance a `CancellationToken`'s `cancelled()`. To be spawned: `tokio::spawn(accounts.clone().watch(cancel))`.
    pub async fn watch(self, cancel: impl Future<Output = ()>) {
        tokio::select! {
            () = cancel => {}
            () = self.watch_for_ever() => {}
        }
    }

    async fn watch_for_ever(&self) {
        let mut ticks = tokio::time::interval(WATCH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = Seen::default();
        let mut is_failing = false;
        loop {
            ticks.tick().await;
            match self.look(&mut seen).await {
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
                    seen = Seen::default();
                }
            }
        }
    }

    /// Reads the changes when the version is not the one seen last, and takes it for seen when that worked.
    async fn look(&self, seen: &mut Seen) -> Result<(), AccountsError> {
        let connection = match &mut seen.connection {
            Some(connection) => connection,
            none => none.insert(self.database.connect().await?),
        };
        // Grows with every commit of any other connection, of this process or another
        // (https://www.sqlite.org/pragma.html#pragma_data_version); comparable on one connection only.
        let version: i64 = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(connection)
            .await
            .map_err(|e| self.database.error(e))?;
        if seen.version != Some(version) {
            self.feed.catch_up(&self.database).await?;
            self.settings_feed.catch_up(&self.database).await?;
            seen.version = Some(version);
        }
        Ok(())
    }
}

/// The version of the database seen last, and the connection that it counts on.
#[derive(Default)]
struct Seen {
    connection: Option<SqliteConnection>,
    version: Option<i64>,
}
