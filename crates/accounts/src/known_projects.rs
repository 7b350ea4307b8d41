//! Which projects a tenant has, in memory for a moment: questions after made-up projects cost the database one reading
//! of the tenant's projects in [`PROJECTS_KNOWN_FOR`], however many they are.
//!
//! Promise: what this process made is there when the making returns; what others made within [`PROJECTS_KNOWN_FOR`].
//! One reading goes on at a time, so that these questions hold one of the database's connections.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidegauge_facts::{ProjectId, TenantId};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};

/// How long what was read is taken as it is.
pub const PROJECTS_KNOWN_FOR: Duration = Duration::from_millis(250);
/// Most projects held; the next tenant's take the place of all.
const MAX_KNOWN: usize = 100_000;

/// The projects of the tenants that were asked for just now.
#[derive(Default)]
pub(crate) struct KnownProjects {
    known: Mutex<Known>,
    reading: AsyncMutex<()>,
}

#[derive(Default)]
struct Known {
    tenants: HashMap<TenantId, (Instant, HashSet<ProjectId>)>,
    /// Grows when projects are made, so that a reading which began before that is not kept.
    made: u64,
}

/// That a reading goes on.
pub(crate) struct Reading<'a> {
    _alone: MutexGuard<'a, ()>,
    began: Instant,
    made: u64,
}

impl KnownProjects {
    /// Whether the tenant has the project, when that is known at `now`.
    pub(crate) fn has(&self, tenant: &TenantId, project: &ProjectId, now: Instant) -> Option<bool> {
        let known = self.known.lock();
        let (read_at, projects) = known.tenants.get(tenant)?;
        is_fresh(*read_at, now).then(|| projects.contains(project))
    }

    /// To be asked for before the database is read; waits until no other reading goes on.
    pub(crate) async fn reading(&self) -> Reading<'_> {
        let alone = self.reading.lock().await;
        Reading { _alone: alone, began: Instant::now(), made: self.known.lock().made }
    }

    /// Takes what was read.
    pub(crate) fn keep(&self, reading: &Reading<'_>, tenant: &TenantId, projects: HashSet<ProjectId>) {
        let mut known = self.known.lock();
        if known.made != reading.made {
            return;
        }
        known.tenants.retain(|_, (read_at, _)| is_fresh(*read_at, reading.began));
        let held: usize = known.tenants.values().map(|(_, projects)| projects.len()).sum();
        if held + projects.len() > MAX_KNOWN {
            known.tenants.clear();
        }
        known.tenants.insert(tenant.clone(), (reading.began, projects));
    }

    /// Forgets the tenant's projects, since this process has just made one.
    pub(crate) fn forget(&self, tenant: &TenantId) {
        let mut known = self.known.lock();
        known.made += 1;
        known.tenants.remove(tenant);
    }
}

fn is_fresh(read_at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(read_at) < PROJECTS_KNOWN_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(id: &str) -> TenantId {
        TenantId::parse(id).unwrap()
    }

    fn projects(range: std::ops::Range<usize>) -> HashSet<ProjectId> {
        range.map(|n| ProjectId::parse(&format!("p{n}")).unwrap()).collect()
    }

    #[tokio::test]
    async fn what_was_read_holds_for_a_moment_for_that_tenant() {
        let (known, p0, p9) = (KnownProjects::default(), "p0".parse().unwrap(), "p9".parse().unwrap());
        let reading = known.reading().await;
        known.keep(&reading, &tenant("t"), projects(0..2));
        let has = |of: &str, project, after| known.has(&tenant(of), project, reading.began + after);
        let last = PROJECTS_KNOWN_FOR - Duration::from_nanos(1);
        assert_eq!((has("t", &p0, last), has("t", &p9, last)), (Some(true), Some(false)));
        assert_eq!((has("u", &p0, last), has("t", &p0, PROJECTS_KNOWN_FOR)), (None, None));
    }

    #[tokio::test]
    async fn a_reading_that_began_before_a_project_was_made_is_not_kept() {
        let (known, p0) = (KnownProjects::default(), "p0".parse().unwrap());
        let reading = known.reading().await;
        known.forget(&tenant("t"));
        known.keep(&reading, &tenant("t"), projects(1..2));
        assert_eq!(known.has(&tenant("t"), &p0, reading.began), None);
    }

    #[tokio::test]
    async fn no_more_are_held_than_the_bound_and_what_is_old_goes_first() {
        let known = KnownProjects::default();
        for id in ["a", "b", "c"] {
            let reading = known.reading().await;
            known.keep(&reading, &tenant(id), projects(0..MAX_KNOWN / 2));
            let held: usize = known.known.lock().tenants.values().map(|(_, projects)| projects.len()).sum();
            assert!(held <= MAX_KNOWN, "{held}");
            assert!(known.known.lock().tenants.contains_key(&tenant(id)));
        }
    }
}
