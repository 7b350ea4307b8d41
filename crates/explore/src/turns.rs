//! Whose question is worked on: a bounded number at once, of which no tenant has all.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ExploreError;

/// Tenants whose places are remembered before those of the idle are forgotten.
const MAX_IDLE_TENANTS: usize = 1024;

/// The turns.
#[derive(Debug)]
pub(crate) struct Turns {
    all: Arc<Semaphore>,
    /// What one tenant may have.
    share: usize,
    tenants: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _of_all: OwnedSemaphorePermit,
    _of_tenant: OwnedSemaphorePermit,
}

impl Turns {
    /// So many; a tenant leaves one of them to others, where there is more than one.
    pub fn new(turns: usize) -> Self {
        let share = turns.saturating_sub(1).max(1);
        Self { all: Arc::new(Semaphore::new(turns)), share, tenants: Mutex::default() }
    }

    /// How many are free.
    pub fn free(&self) -> usize {
        self.all.available_permits()
    }

    /// The tenant's next turn.
    ///
    /// # Errors
    /// None came in time.
    pub async fn next(&self, tenant: &str, patience: Duration) -> Result<Turn, ExploreError> {
        // Among his own first: who waits there keeps no place from others.
        let own = self.of(tenant);
        let both = async { (own.acquire_owned().await, Arc::clone(&self.all).acquire_owned().await) };
        match tokio::time::timeout(patience, both).await {
            Ok((Ok(of_tenant), Ok(of_all))) => Ok(Turn { _of_all: of_all, _of_tenant: of_tenant }),
            _ => Err(ExploreError::Busy),
        }
    }

    fn of(&self, tenant: &str) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock();
        if tenants.len() > MAX_IDLE_TENANTS {
            tenants.retain(|_, own| own.available_permits() < self.share || Arc::strong_count(own) > 1);
        }
        let new = || Arc::new(Semaphore::new(self.share));
        Arc::clone(tenants.entry(tenant.to_owned()).or_insert_with(new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_tenant_leaves_a_turn_to_others() {
        let turns = Turns::new(3);
        let soon = Duration::from_secs(1);
        let first = turns.next("a", soon).await.unwrap();
        let _second = turns.next("a", soon).await.unwrap();
        assert_eq!(turns.next("a", soon).await.unwrap_err(), ExploreError::Busy);
        assert_eq!(turns.free(), 1);
        let _other = turns.next("b", soon).await.unwrap();
        assert!(turns.next("c", soon).await.is_err());
        drop(first);
        assert!(turns.next("c", soon).await.is_ok());
        assert!(Turns::new(1).next("a", soon).await.is_ok());
    }
}
