//! What goes on while the demo's server runs: a second of traffic each second, through the store as a request's would go.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tidegauge_accounts::{Accounts, AccountsError, Actor, KeyLimits, KeyRequest, Scope};
use tidegauge_demo::{Facts, PROJECTS, Timeline};
use tidegauge_facts::{Micros, ProjectId, Row, TenantId};
use tidegauge_store::{Refused, Store};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::super::say;

/// How often traffic comes.
const TICK: Duration = Duration::from_millis(200);
/// How often it is tried again when the store takes nothing.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long it is waited for room before it is looked again.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The traffic to come.
pub struct Live {
    timeline: Timeline,
}

impl Live {
    /// What comes after the history.
    pub fn new(timeline: Timeline) -> Self {
        Self { timeline }
    }

    /// Makes the demo's projects, with a key for each, as far as they are missing.
    pub async fn make_projects(&self, accounts: &Accounts) -> Result<(), AccountsError> {
        let tenant = TenantId::default();
        for name in PROJECTS {
            let Ok(project) = ProjectId::parse(name) else { continue };
            if accounts.project_exists(&tenant, &project).await? {
                continue;
            }
            let request = KeyRequest {
                tenant: tenant.clone(),
                project: Some(project),
                scopes: [Scope::Ingest, Scope::Read].into_iter().collect(),
                expires_in: None,
                name: Some(format!("{name} servers")),
                limits: KeyLimits::default(),
            };
            accounts.create_key(&Actor::Server, request).await?;
        }
        Ok(())
    }

    /// Says what there is to see.
    pub fn announce(&self, url: &str, data: &Path) {
        let key = data.join("admin.key");
        say(&format!(
            "\nMade-up traffic goes on until Ctrl-C. Look at it with the key in {}:",
            key.display()
        ));
        say(&format!("  in a browser    {url}/"));
        say(&format!("  in a terminal   tidegauge top --url {url} --data {}", data.display()));
    }

    /// Lets it come until the server stops.
    pub async fn run(mut self, store: Arc<Store>, stop: CancellationToken) {
        let come = async {
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let facts = self.timeline.until(Micros::now());
                // What was refused is left out: there will be more.
                if let Err(error) = append(&store, &facts).await {
                    tracing::warn!(%error, "made-up traffic is not stored");
                    sleep(RETRY_AFTER).await;
                }
            }
        };
        tokio::select! {
            () = come => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Appends facts, waiting for room.
///
/// # Errors
/// The store takes nothing in; some of them may be there.
pub async fn append(store: &Store, facts: &Facts) -> Result<(), Refused> {
    append_rows(store, || facts.sessions()).await?;
    append_rows(store, || facts.events()).await?;
    append_rows(store, || facts.connections()).await?;
    append_rows(store, || facts.requests()).await
}

async fn append_rows<R: Row, I: ExactSizeIterator<Item = R>>(
    store: &Store,
    rows: impl Fn() -> I,
) -> Result<(), Refused> {
    if rows().len() == 0 {
        return Ok(());
    }
    loop {
        let mut room = pin!(store.room());
        room.as_mut().enable();
        match store.append(rows().map(|row| (None, row))) {
            // There is room again after a commit, or after a flush, which tells nobody.
            Err(Refused::Busy) => drop(timeout(LOOK_EVERY, room).await),
            other => return other.map(drop),
        }
    }
}
