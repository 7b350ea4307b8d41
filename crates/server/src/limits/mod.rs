//! What one tenant may take up, and one key, so that the others do not feel it.
//!
//! Promise: a limit is looked at before what it guards is begun, and the answer says when to come back. What is
//! not set for a tenant is the server's default. Bounds on the whole server are [`crate::Limits`].

mod limited;
mod origins;
mod places;
mod rate;
mod terms;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use limited::{Kind, Limited, RATE_LIMIT, set_fields};
use origins::Origins;
use parking_lot::{Mutex, RwLock};
pub use places::{Place, Places};
pub use rate::{Left, Rate};
pub use terms::{TenantLimits, Terms};
use tidegauge_accounts::{KeyLimits, TenantSettings};
use tidegauge_facts::TenantId;
use tidegauge_store::Budget;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Tenants whose use is remembered; when there are more, those at rest are forgotten.
pub const MAX_REMEMBERED: usize = 100_000;
/// How long a report waits for its turn among the tenant's own.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

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
    requests: Option<Arc<Rate>>,
    events: Option<Arc<Rate>>,
    bytes: Option<Arc<Rate>>,
}

impl Rates {
    /// A tenant's; of those before, what is the same goes on, with what is used of it.
    fn of_tenant(limits: &TenantLimits, before: Option<&Self>) -> Self {
        let rate = |per_second, before: Option<&Arc<Rate>>| {
            let same = before.filter(|before| before.per_second() == per_second);
            Some(same.map_or_else(|| Arc::new(Rate::new(per_second)), Arc::clone))
        };
        Self {
            requests: rate(limits.requests_per_second, before.and_then(|rates| rates.requests.as_ref())),
            events: rate(limits.events_per_second, before.and_then(|rates| rates.events.as_ref())),
            bytes: rate(limits.bytes_per_second, before.and_then(|rates| rates.bytes.as_ref())),
        }
    }

    fn of_key(limits: KeyLimits) -> Self {
        let rate = |per_second| Some(Arc::new(Rate::new(per_second)));
        Self {
            requests: limits.requests_per_second.and_then(|limit| rate(limit.get())),
            events: limits.events_per_second.and_then(|limit| rate(limit.get())),
            bytes: limits.bytes_per_second.and_then(|limit| rate(limit.get())),
        }
    }

    /// Whether nothing would be forgotten with them.
    fn is_at_rest(&self) -> bool {
        [&self.requests, &self.events, &self.bytes].into_iter().flatten().all(|rate| rate.is_at_rest())
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
        let reports = Arc::new(Semaphore::new(places(&terms)));
        let rates = Rates::of_tenant(&terms.limits, None);
        Self { rates, connections: Places::default(), reports, terms }
    }

    /// The allowance under other terms. What is in use stays counted.
    fn under(&self, terms: Terms) -> Self {
        let (before, after) = (places(&self.terms), places(&terms));
        // Of fewer places, those that are taken go as they are given back only where enough are free.
        match after.checked_sub(before) {
            Some(more) => self.reports.add_permits(more),
            None => drop(self.reports.forget_permits(before - after)),
        }
        Self {
            rates: Rates::of_tenant(&terms.limits, Some(&self.rates)),
            connections: self.connections.clone(),
            reports: Arc::clone(&self.reports),
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
        let is_free =
            self.connections.taken() == 0 && self.reports.available_permits() >= places(&self.terms);
        is_free && self.rates.is_at_rest()
    }
}

/// Places for reports.
fn places(terms: &Terms) -> usize {
    usize::try_from(terms.limits.concurrent_reports).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}

/// The allowances of all tenants and keys; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Allowances(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Held while settings or defaults change, so that each change is made to what the one before has left.
    changes: Mutex<()>,
    defaults: RwLock<Terms>,
    set: RwLock<HashMap<TenantId, Set>>,
    /// The origins that are set for some tenant, however many tenants there are.
    origins: RwLock<Origins>,
    unset: RwLock<HashMap<TenantId, Arc<Allowance>>>,
    keys: RwLock<HashMap<Arc<str>, OfKey>>,
}

/// A tenant that something was set for.
#[derive(Debug)]
struct Set {
    settings: TenantSettings,
    allowance: Arc<Allowance>,
}

#[derive(Debug)]
struct OfKey {
    set: KeyLimits,
    rates: Arc<Rates>,
}

impl Allowances {
    /// With these terms for tenants that nothing is set for.
    #[must_use]
    pub fn new(defaults: Terms) -> Self {
        let shared = Shared { defaults: RwLock::new(defaults), ..Shared::default() };
        Self(Arc::new(shared))
    }

    /// Changes what holds where nothing else is set. What is in use stays counted.
    pub fn set_defaults(&self, defaults: Terms) {
        let _changing = self.0.changes.lock();
        *self.0.defaults.write() = defaults.clone();
        for allowance in self.0.unset.write().values_mut() {
            *allowance = Arc::new(allowance.under(defaults.clone()));
        }
        let mut set = self.0.set.write();
        for Set { settings, allowance } in set.values_mut() {
            let changed = Arc::new(allowance.under(Terms::of(settings, &defaults)));
            let before = std::mem::replace(allowance, changed);
            self.0.origins.write().replace(&before.terms.cors_origins, &allowance.terms.cors_origins);
        }
    }

    /// What holds where nothing else is set.
    #[must_use]
    pub fn defaults(&self) -> Terms {
        self.0.defaults.read().clone()
    }

    /// Puts a tenant's settings in force. What is in use stays counted.
    pub fn set(&self, tenant: &TenantId, settings: TenantSettings) {
        let _changing = self.0.changes.lock();
        let terms = Terms::of(&settings, &self.defaults());
        let origins = Arc::clone(&terms.cors_origins);
        let allowance = match self.known(tenant) {
            Some(before) => before.under(terms),
            None => Allowance::new(terms),
        };
        let set = Set { settings, allowance: Arc::new(allowance) };
        let replaced = self.0.set.write().insert(tenant.clone(), set);
        self.0.unset.write().remove(tenant);
        let before = replaced.as_ref().map_or(&[][..], |replaced| &replaced.allowance.terms.cors_origins);
        self.0.origins.write().replace(before, &origins);
    }

    /// What a tenant may take up.
    #[must_use]
    pub fn of(&self, tenant: &TenantId) -> Arc<Allowance> {
        if let Some(known) = self.known(tenant) {
            return known;
        }
        let mut unset = self.0.unset.write();
        if unset.len() >= MAX_REMEMBERED {
            unset.retain(|_, allowance| !allowance.is_at_rest());
        }
        // The defaults as they are under this lock: a change of them goes through all that is here.
        let made = || Arc::new(Allowance::new(self.defaults()));
        Arc::clone(unset.entry(tenant.clone()).or_insert_with(made))
    }

    /// What a key may take up, if it has rates of its own.
    #[must_use]
    pub fn of_key(&self, key: &Arc<str>, limits: KeyLimits) -> Option<Arc<Rates>> {
        if limits == KeyLimits::default() {
            return None;
        }
        if let Some(known) = self.0.keys.read().get(key).filter(|known| known.set == limits) {
            return Some(Arc::clone(&known.rates));
        }
        let made = Arc::new(Rates::of_key(limits));
        let mut keys = self.0.keys.write();
        if keys.len() >= MAX_REMEMBERED {
            keys.retain(|_, of_key| !of_key.rates.is_at_rest());
        }
        keys.insert(Arc::clone(key), OfKey { set: limits, rates: Arc::clone(&made) });
        Some(made)
    }

    /// Whether some tenant's pages are at this origin.
    #[must_use]
    pub fn is_anyones_origin(&self, origin: &str) -> bool {
        self.0.defaults.read().allows(origin) || self.0.origins.read().contains(origin)
    }

    fn known(&self, tenant: &TenantId) -> Option<Arc<Allowance>> {
        let set = self.0.set.read();
        set.get(tenant).map(|set| Arc::clone(&set.allowance)).or_else(|| {
            drop(set);
            self.0.unset.read().get(tenant).cloned()
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    fn settings(limits: serde_json::Value) -> TenantSettings {
        let mut settings = TenantSettings::default();
        settings.apply(serde_json::from_value(json!({ "limits": limits })).unwrap());
        settings
    }

    #[tokio::test]
    async fn what_is_set_for_one_tenant_holds_for_it_alone_and_at_once() {
        let allowances = Allowances::default();
        let (acme, other) = (tenant("acme"), tenant("other"));
        let held = allowances.of(&acme).connection().unwrap();
        allowances.set(&acme, settings(json!({"open_connections": 1, "events_per_second": 5})));
        let refused = allowances.of(&acme).connection().unwrap_err();
        assert_eq!((refused.kind, refused.limit), (Kind::Connections, 1));
        assert!(allowances.of(&other).connection().is_ok());
        drop(held);
        assert!(allowances.of(&acme).connection().is_ok());

        let take = |events| allowances.of(&acme).rates().take(Kind::Events, events);
        assert!(take(6).is_ok());
        assert_eq!(take(1).unwrap_err().limit, 5);
        // A change of something else forgives no debt and makes no places.
        let other_settings = json!({"open_connections": 1, "events_per_second": 5, "report_seconds": 9});
        allowances.set(&acme, settings(other_settings));
        assert!(take(1).is_err());
        assert!(allowances.of(&other).rates().take(Kind::Events, 6).is_ok());

        let mut fewer = Terms::default();
        fewer.limits.concurrent_reports = 3;
        allowances.set_defaults(fewer);
        let limits = |tenant| allowances.of(tenant).terms.limits.clone();
        assert_eq!((limits(&acme).concurrent_reports, limits(&acme).events_per_second), (3, 5));
        assert_eq!(limits(&other).concurrent_reports, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_waits_for_its_turn_and_is_refused_when_none_comes() {
        let allowances = Allowances::default();
        allowances.set(&tenant("acme"), settings(json!({"concurrent_reports": 1})));
        let first = allowances.of(&tenant("acme")).report().await.unwrap();
        let refused = allowances.of(&tenant("acme")).report().await.unwrap_err();
        assert_eq!((refused.kind, refused.limit), (Kind::Reports, 1));
        assert!(allowances.of(&tenant("other")).report().await.is_ok());
        allowances.set(&tenant("acme"), settings(json!({"concurrent_reports": 1, "report_seconds": 9})));
        assert!(allowances.of(&tenant("acme")).report().await.is_err(), "the place is still taken");
        drop(first);
        assert!(allowances.of(&tenant("acme")).report().await.is_ok());
        allowances.set(&tenant("acme"), settings(json!({"concurrent_reports": 2})));
        let of_acme = allowances.of(&tenant("acme"));
        let _two = (of_acme.report().await.unwrap(), of_acme.report().await.unwrap());
        assert!(of_acme.report().await.is_err());
    }

    #[test]
    fn a_key_with_rates_of_its_own_has_them_across_requests() {
        let allowances = Allowances::default();
        let limits = |value| serde_json::from_value::<KeyLimits>(value).unwrap();
        let rates = limits(json!({"requests_per_second": 1}));
        let key: Arc<str> = "key_a".into();
        assert!(allowances.of_key(&key, rates).unwrap().take(Kind::Requests, 1).is_ok());
        assert!(allowances.of_key(&key, rates).unwrap().take(Kind::Requests, 1).is_err());
        let more = limits(json!({"requests_per_second": 10}));
        assert!(allowances.of_key(&key, more).unwrap().take(Kind::Requests, 1).is_ok());
        assert!(allowances.of_key(&key, KeyLimits::default()).is_none());
    }
}
