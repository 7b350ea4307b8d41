//! What one tenant may take up, and one key, so that the others do not feel it.
//!
//! Promise: a limit is looked at before what it guards is begun, and the answer says when to come back. What is
//! not set for a tenant is the server's default. Bounds on the whole server are [`crate::Limits`].

mod limited;
mod origins;
mod places;
mod rate;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use limited::{Kind, Limited, set_fields};
use origins::Origins;
use parking_lot::RwLock;
pub use places::{Place, Places};
pub use rate::{Left, Rate};
use tidegauge_facts::TenantId;
use tidegauge_store::Budget;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::privacy::IpStorage;

/// Tenants whose use is remembered; when there are more, those at rest are forgotten.
pub const MAX_REMEMBERED: usize = 100_000;
/// How long a report waits for its turn among the tenant's own.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// What one tenant may take up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantLimits {
    /// Requests a second.
    pub requests_per_second: u64,
    /// Facts a second.
    pub events_per_second: u64,
    /// Bytes of request bodies a second.
    pub bytes_per_second: u64,
    /// WebSockets and streams held open.
    pub open_connections: u64,
    /// Reports under way.
    pub concurrent_reports: u64,
    /// Memory that one report may take for what it brings together, in bytes.
    pub report_memory_bytes: u64,
    /// How long one report may take.
    pub report_seconds: u64,
    /// Distinct projects.
    pub max_projects: u64,
}

impl Default for TenantLimits {
    /// More than two cores can serve, so that a tenant alone on a server has all of it; less than would keep others out
    /// of what cannot be shared out by time.
    fn default() -> Self {
        Self {
            requests_per_second: 200_000,
            events_per_second: 5_000_000,
            bytes_per_second: 4 << 30,
            open_connections: 1 << 20,
            concurrent_reports: 16,
            report_memory_bytes: 512 << 20,
            report_seconds: 60,
            max_projects: 10_000,
        }
    }
}

/// What holds for a tenant: its limits, and what is kept of its people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Its limits.
    pub limits: TenantLimits,
    /// Whether some limit was set for it: then its callers are told what is left.
    pub has_own_limits: bool,
    /// How addresses are stored.
    pub ip_addresses: IpStorage,
    /// Pages of these origins may ask in its users' browsers; `*` is any.
    pub cors_origins: Arc<[String]>,
}

/// Rates that a key has for itself; `None` is no limit but its tenant's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyRates {
    /// Requests a second.
    pub requests_per_second: Option<u64>,
    /// Facts a second.
    pub events_per_second: Option<u64>,
    /// Bytes of request bodies a second.
    pub bytes_per_second: Option<u64>,
}

/// One tenant's terms and what it takes up right now.
#[derive(Debug)]
pub struct Allowance {
    /// What holds.
    pub terms: Terms,
    rates: Rates,
    connections: Places,
    reports: Arc<Semaphore>,
}

/// The three rates of a tenant or a key; a missing one is no limit.
#[derive(Debug, Default)]
pub struct Rates {
    requests: Option<Rate>,
    events: Option<Rate>,
    bytes: Option<Rate>,
}

impl Rates {
    fn of_tenant(limits: &TenantLimits) -> Self {
        Self {
            requests: Some(Rate::new(limits.requests_per_second)),
            events: Some(Rate::new(limits.events_per_second)),
            bytes: Some(Rate::new(limits.bytes_per_second)),
        }
    }

    fn of_key(rates: KeyRates) -> Self {
        Self {
            requests: rates.requests_per_second.map(Rate::new),
            events: rates.events_per_second.map(Rate::new),
            bytes: rates.bytes_per_second.map(Rate::new),
        }
    }

    /// Lets so much of a kind through.
    ///
    /// # Errors
    /// The rate is exceeded.
    pub fn take(&self, kind: Kind, weight: u64) -> Result<Option<(u64, Left)>, Limited> {
        let rate = match kind {
            Kind::Requests => &self.requests,
            Kind::Events => &self.events,
            Kind::Bytes => &self.bytes,
            Kind::Connections | Kind::Reports => return Ok(None),
        };
        let Some(rate) = rate else { return Ok(None) };
        let limited = |retry_after| Limited { kind, limit: rate.per_second(), retry_after };
        rate.take(weight).map(|left| Some((rate.per_second(), left))).map_err(limited)
    }
}

impl Default for Allowance {
    fn default() -> Self {
        Self::new(Terms::default())
    }
}

impl Allowance {
    fn new(terms: Terms) -> Self {
        let reports = usize::try_from(terms.limits.concurrent_reports).unwrap_or(usize::MAX);
        Self {
            rates: Rates::of_tenant(&terms.limits),
            connections: Places::default(),
            reports: Arc::new(Semaphore::new(reports.min(Semaphore::MAX_PERMITS))),
            terms,
        }
    }

    /// Its rates.
    #[must_use]
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// A place for one more open connection.
    ///
    /// # Errors
    /// It has as many as it may have.
    pub fn connection(&self) -> Result<Place, Limited> {
        let limit = self.terms.limits.open_connections;
        let limited = Limited { kind: Kind::Connections, limit, retry_after: TURN_TIMEOUT };
        self.connections.enter(limit).ok_or(limited)
    }

    /// A place for one more report, waited for a bounded while.
    ///
    /// # Errors
    /// As many as it may have are under way, and stayed so.
    pub async fn report(&self) -> Result<OwnedSemaphorePermit, Limited> {
        let limited = || Limited {
            kind: Kind::Reports,
            limit: self.terms.limits.concurrent_reports,
            retry_after: TURN_TIMEOUT,
        };
        let turn = tokio::time::timeout(TURN_TIMEOUT, Arc::clone(&self.reports).acquire_owned());
        // The semaphore is never closed.
        turn.await.map_err(|_| limited())?.map_err(|_| limited())
    }

    /// What one report may take.
    #[must_use]
    pub fn budget(&self) -> Budget {
        let TenantLimits { report_seconds, report_memory_bytes, .. } = self.terms.limits;
        Budget::new(Duration::from_secs(report_seconds), report_memory_bytes)
    }

    /// Nothing of it is in use that would be forgotten with it.
    fn is_at_rest(&self) -> bool {
        let free = usize::try_from(self.terms.limits.concurrent_reports).unwrap_or(usize::MAX);
        self.connections.taken() == 0 && self.reports.available_permits() >= free.min(Semaphore::MAX_PERMITS)
    }
}

/// The allowances of all tenants and keys; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Allowances(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    defaults: RwLock<Terms>,
    set: RwLock<HashMap<TenantId, Arc<Allowance>>>,
    /// The origins that are set for some tenant, however many tenants there are.
    origins: RwLock<Origins>,
    unset: RwLock<HashMap<TenantId, Arc<Allowance>>>,
    keys: RwLock<HashMap<Arc<str>, OfKey>>,
}

#[derive(Debug)]
struct OfKey {
    set: KeyRates,
    rates: Arc<Rates>,
}

impl Allowances {
    /// With these terms for tenants that nothing is set for.
    #[must_use]
    pub fn new(defaults: Terms) -> Self {
        let shared = Shared { defaults: RwLock::new(defaults), ..Shared::default() };
        Self(Arc::new(shared))
    }

    /// Changes the terms of tenants that nothing is set for.
    pub fn set_defaults(&self, defaults: Terms) {
        *self.0.defaults.write() = defaults;
        self.0.unset.write().clear();
    }

    /// The terms of tenants that nothing is set for.
    #[must_use]
    pub fn defaults(&self) -> Terms {
        self.0.defaults.read().clone()
    }

    /// Sets a tenant's terms. What it has open stays counted.
    pub fn set(&self, tenant: &TenantId, terms: Terms) {
        let before = self.known(tenant);
        let mut allowance = Allowance::new(terms);
        if let Some(before) = before {
            allowance.connections = before.connections.clone();
        }
        self.0.unset.write().remove(tenant);
        let origins = Arc::clone(&allowance.terms.cors_origins);
        let replaced = self.0.set.write().insert(tenant.clone(), Arc::new(allowance));
        let before = replaced.as_ref().map_or(&[][..], |replaced| &replaced.terms.cors_origins);
        self.0.origins.write().replace(before, &origins);
    }

    /// What a tenant may take up.
    #[must_use]
    pub fn of(&self, tenant: &TenantId) -> Arc<Allowance> {
        if let Some(known) = self.known(tenant) {
            return known;
        }
        let made = Arc::new(Allowance::new(self.defaults()));
        let mut unset = self.0.unset.write();
        if unset.len() >= MAX_REMEMBERED {
            unset.retain(|_, allowance| !allowance.is_at_rest());
        }
        Arc::clone(unset.entry(tenant.clone()).or_insert(made))
    }

    /// What a key may take up, if it has rates of its own.
    #[must_use]
    pub fn of_key(&self, key: &Arc<str>, rates: KeyRates) -> Option<Arc<Rates>> {
        if rates == KeyRates::default() {
            return None;
        }
        if let Some(known) = self.0.keys.read().get(key).filter(|known| known.set == rates) {
            return Some(Arc::clone(&known.rates));
        }
        let made = Arc::new(Rates::of_key(rates));
        let mut keys = self.0.keys.write();
        if keys.len() >= MAX_REMEMBERED {
            keys.clear();
        }
        keys.insert(Arc::clone(key), OfKey { set: rates, rates: Arc::clone(&made) });
        Some(made)
    }

    /// Whether some tenant's pages are at this origin.
    #[must_use]
    pub fn is_anyones_origin(&self, origin: &str) -> bool {
        let is_among = |terms: &Terms| terms.cors_origins.iter().any(|one| one == "*" || one == origin);
        is_among(&self.0.defaults.read()) || self.0.origins.read().contains(origin)
    }

    fn known(&self, tenant: &TenantId) -> Option<Arc<Allowance>> {
        let set = self.0.set.read();
        set.get(tenant).cloned().or_else(|| {
            drop(set);
            self.0.unset.read().get(tenant).cloned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    fn terms(change: impl FnOnce(&mut TenantLimits)) -> Terms {
        let mut terms = Terms::default();
        change(&mut terms.limits);
        terms
    }

    #[tokio::test]
    async fn what_is_set_for_one_tenant_holds_for_it_alone_and_at_once() {
        let allowances = Allowances::default();
        let (acme, other) = (tenant("acme"), tenant("other"));
        let held = allowances.of(&acme).connection().unwrap();
        allowances.set(&acme, terms(|limits| (limits.open_connections, limits.events_per_second) = (1, 5)));
        let refused = allowances.of(&acme).connection().unwrap_err();
        assert_eq!((refused.kind, refused.limit), (Kind::Connections, 1));
        assert!(allowances.of(&other).connection().is_ok());
        drop(held);
        assert!(allowances.of(&acme).connection().is_ok());

        let of_acme = allowances.of(&acme);
        assert!(of_acme.rates().take(Kind::Events, 6).is_ok());
        assert_eq!(of_acme.rates().take(Kind::Events, 1).unwrap_err().limit, 5);
        assert!(allowances.of(&other).rates().take(Kind::Events, 6).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_waits_for_its_turn_and_is_refused_when_none_comes() {
        let allowances = Allowances::new(terms(|limits| limits.concurrent_reports = 1));
        let first = allowances.of(&tenant("acme")).report().await.unwrap();
        let refused = allowances.of(&tenant("acme")).report().await.unwrap_err();
        assert_eq!((refused.kind, refused.limit), (Kind::Reports, 1));
        assert!(allowances.of(&tenant("other")).report().await.is_ok());
        drop(first);
        assert!(allowances.of(&tenant("acme")).report().await.is_ok());
    }

    #[test]
    fn a_key_with_rates_of_its_own_has_them_across_requests() {
        let allowances = Allowances::default();
        let rates = KeyRates { requests_per_second: Some(1), ..KeyRates::default() };
        let key: Arc<str> = "key_a".into();
        assert!(allowances.of_key(&key, rates).unwrap().take(Kind::Requests, 1).is_ok());
        assert!(allowances.of_key(&key, rates).unwrap().take(Kind::Requests, 1).is_err());
        let more = KeyRates { requests_per_second: Some(10), ..rates };
        assert!(allowances.of_key(&key, more).unwrap().take(Kind::Requests, 1).is_ok());
        assert!(allowances.of_key(&key, KeyRates::default()).is_none());
    }
}
