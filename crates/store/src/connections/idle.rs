//! How long each tenant's connections may be silent.
//!
//! A change looks at all of the tenant's connections, and who commits waits meanwhile. Promise: of few it is in force at once;
//! of very many only so often, and then the last one.

use std::collections::HashMap;

use tidegauge_facts::Micros;
use tidegauge_facts::time::SECOND;

use super::ledger::{Ledger, MAX_IDLE, SWEPT_AT_ONCE};

/// How long an idle timeout stays at least, if its tenant has more than [`SWEPT_AT_ONCE`] connections.
const IDLE_PAUSE: i64 = 60 * SECOND;

#[derive(Debug)]
pub(super) struct IdleTimeouts {
    default: i64,
    /// Of tenants who have their own.
    own: HashMap<Box<str>, i64>,
    /// When they were changed last.
    changed: HashMap<Box<str>, i64>,
    /// What is to be in force later; none for the default.
    wanted: HashMap<Box<str>, Option<i64>>,
}

impl IdleTimeouts {
    pub fn new(default: i64) -> Self {
        Self { default, own: HashMap::new(), changed: HashMap::new(), wanted: HashMap::new() }
    }

    pub fn of(&self, tenant: &str) -> i64 {
        self.own.get(tenant).copied().unwrap_or(self.default)
    }

    fn set(&mut self, tenant: &str, idle: Option<i64>, now: Micros) {
        self.wanted.remove(tenant);
        self.changed.insert(tenant.into(), now.0);
        match idle {
            Some(idle) => self.own.insert(tenant.into(), idle),
            None => self.own.remove(tenant),
        };
    }

    fn has_rested(&self, tenant: &str, now: Micros) -> bool {
        // A clock that was set back is no reason to wait.
        let passed = self.changed.get(tenant).map(|at| now.0 - at);
        !passed.is_some_and(|passed| (0..IDLE_PAUSE).contains(&passed))
    }
}

impl Ledger {
    /// Whether a tenant's idle timeout is set to this, now or for later.
    pub(crate) fn has_idle(&self, tenant: &str, idle: Option<i64>) -> bool {
        let wanted = self.idle.wanted.get(tenant).copied();
        wanted.unwrap_or_else(|| self.idle.own.get(tenant).copied()) == within_bounds(idle)
    }

    /// Sets a tenant's idle timeout; `None` for the default.
    pub(crate) fn set_idle(&mut self, tenant: &str, idle: Option<i64>, now: Micros) {
        let idle = within_bounds(idle);
        if self.may_change_idle(tenant, now) {
            self.change_idle(tenant, idle, now);
        } else {
            self.idle.wanted.insert(tenant.into(), idle);
        }
    }

    /// True when some idle timeout waits and need not any longer.
    pub(super) fn is_idle_due(&self, now: Micros) -> bool {
        self.next_wanted_idle(now).is_some()
    }

    /// Puts one of them in force.
    pub(super) fn tend_idle(&mut self, now: Micros) {
        if let Some((tenant, idle)) = self.next_wanted_idle(now) {
            self.change_idle(&tenant, idle, now);
        }
    }

    fn next_wanted_idle(&self, now: Micros) -> Option<(Box<str>, Option<i64>)> {
        let mut wanted = self.idle.wanted.iter();
        let (tenant, idle) = wanted.find(|(tenant, _)| self.may_change_idle(tenant, now))?;
        Some((tenant.clone(), *idle))
    }

    fn may_change_idle(&self, tenant: &str, now: Micros) -> bool {
        let is_quick = self.tenant(tenant).is_none_or(|ledger| ledger.known() <= SWEPT_AT_ONCE);
        is_quick || self.idle.has_rested(tenant, now)
    }

    fn change_idle(&mut self, tenant: &str, idle: Option<i64>, now: Micros) {
        let before = self.idle.of(tenant);
        self.idle.set(tenant, idle, now);
        let (idle, moment) = (self.idle.of(tenant), self.moment(now));
        if idle != before
            && let Some(ledger) = self.tenant_mut_if_known(tenant)
        {
            ledger.set_idle(idle, moment);
        }
    }
}

fn within_bounds(idle: Option<i64>) -> Option<i64> {
    idle.map(|idle| idle.clamp(1, MAX_IDLE))
}
