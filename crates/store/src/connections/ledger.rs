//! All tenants' connections.

use std::collections::HashMap;

use ahash::RandomState;
use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};
use tidegauge_facts::Micros;
use tidegauge_facts::time::{DAY, HOUR};

use super::message::Messages;
use super::past::PastPeaks;
use super::tenant::{Moment, TenantLedger};
use crate::error::StoreError;

/// How long a connection may be silent, unless its tenant says otherwise (spec section 6).
pub const DEFAULT_IDLE: i64 = 300 * tidegauge_facts::time::SECOND;
/// The longest idle timeout: what is open has a message in the ledger's time.
pub const MAX_IDLE: i64 = DAY;
/// A connection stays in memory for so long after its end, at least to the end of the hour.
const KEPT: i64 = 25 * HOUR;
/// While more connections are known than [`MAX_LIVES`], for so long.
const KEPT_WHEN_FULL: i64 = 2 * HOUR;
/// Connections in memory, open ones and those that ended lately; about 170 bytes each.
pub const MAX_LIVES: usize = 2_000_000;
/// Places looked at in one go for what can be forgotten.
const EVICTED_AT_ONCE: usize = 64 * 1024;

/// The connections of all tenants: every open one, and every one that ended after [`Ledger::since`].
#[derive(Debug)]
pub struct Ledger {
    since: i64,
    default_idle: i64,
    idle: HashMap<Box<str>, i64>,
    tenants: HashMap<Box<str>, TenantLedger, RandomState>,
}

/// The peaks before a ledger begins: what a checkpoint keeps of it. The rest is read from the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LedgerPast {
    pub since: i64,
    tenants: Vec<TenantPast>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TenantPast {
    tenant: Box<str>,
    late_since: i64,
    projects: Vec<(Box<str>, PastPeaks)>,
}

impl LedgerPast {
    /// Of a store that has had no connection.
    pub fn none(now: Micros) -> Self {
        Self { since: start_of_hour(now.0 - KEPT), tenants: Vec::new() }
    }
}

impl Ledger {
    /// A ledger that begins where the past ends.
    pub(crate) fn new(past: LedgerPast, default_idle: i64) -> Self {
        let mut ledger =
            Self { since: past.since, default_idle, idle: HashMap::new(), tenants: HashMap::default() };
        for TenantPast { tenant, late_since, projects } in past.tenants {
            let tenant = ledger.tenant_mut(&tenant);
            tenant.set_late_since(late_since);
            for (project, past) in projects {
                tenant.project_mut(&project).past = past;
            }
        }
        ledger
    }

    /// From when on everything is known here; before that, the facts have to be read.
    #[must_use]
    pub fn since(&self) -> i64 {
        self.since
    }

    /// One tenant's connections, when it has had any.
    #[must_use]
    pub fn tenant(&self, tenant: &str) -> Option<&TenantLedger> {
        self.tenants.get(tenant)
    }

    /// When a connection was opened, as far as is known.
    #[must_use]
    pub fn opened_at(&self, tenant: &str, connection: &str) -> Option<i64> {
        self.tenant(tenant)?.opened_at(connection)
    }

    /// How long a tenant's connections may be silent, in microseconds.
    #[must_use]
    pub fn idle(&self, tenant: &str) -> i64 {
        self.idle.get(tenant).copied().unwrap_or(self.default_idle)
    }

    /// Every tenant's name and connections.
    pub fn tenants(&self) -> impl Iterator<Item = (&str, &TenantLedger)> {
        self.tenants.iter().map(|(name, tenant)| (&**name, tenant))
    }

    /// Takes a batch of messages in.
    pub(crate) fn apply(&mut self, batch: &RecordBatch, now: Micros) -> Result<(), StoreError> {
        self.take(batch, now, false)
    }

    /// Takes in messages that the past peaks know already.
    pub(crate) fn recover(&mut self, batch: &RecordBatch, now: Micros) -> Result<(), StoreError> {
        self.take(batch, now, true)
    }

    fn take(&mut self, batch: &RecordBatch, now: Micros, is_recovery: bool) -> Result<(), StoreError> {
        let moment = Moment { now: now.0, since: self.since, is_recovery };
        let messages = Messages::of(batch)?;
        for row in 0..messages.len() {
            self.tenant_mut(messages.tenant(row)).apply(&messages.get(row), moment);
        }
        Ok(())
    }

    /// Sets a tenant's idle timeout; `None` for the default.
    pub(crate) fn set_idle(&mut self, tenant: &str, idle: Option<i64>, now: Micros) {
        let before = self.idle(tenant);
        match idle {
            Some(idle) => self.idle.insert(tenant.into(), idle.clamp(1, MAX_IDLE)),
            None => self.idle.remove(tenant),
        };
        let (idle, moment) = (self.idle(tenant), self.moment(now));
        if idle != before
            && let Some(ledger) = self.tenants.get_mut(tenant)
        {
            ledger.set_idle(idle, moment);
        }
    }

    /// True when there is something for [`Ledger::tend`] to do.
    pub(crate) fn is_due(&self, now: Micros) -> bool {
        self.tenants.values().any(|tenant| tenant.is_due(now.0)) || self.next_since(now) > self.since
    }

    /// Closes what has been silent for too long, and lets go of what ended long ago.
    pub(crate) fn tend(&mut self, now: Micros) {
        let moment = self.moment(now);
        for tenant in self.tenants.values_mut() {
            tenant.expire(moment);
        }
        let next = self.next_since(now);
        if next > self.since {
            for tenant in self.tenants.values_mut() {
                tenant.advance(self.since, next, now.0);
            }
            self.since = next;
        }
    }

    /// Lets go of some of the lives that ended before the ledger begins.
    pub(crate) fn evict(&mut self) {
        let since = self.since;
        for tenant in self.tenants.values_mut().filter(|tenant| tenant.known() > 0) {
            tenant.evict(since, EVICTED_AT_ONCE);
        }
    }

    /// What a checkpoint keeps.
    pub(crate) fn past(&self) -> LedgerPast {
        let of = |tenant: &TenantLedger| {
            let projects = tenant.projects().filter(|(_, project)| !project.past.is_empty());
            projects.map(|(name, project)| (Box::from(&**name), project.past.clone())).collect()
        };
        let tenants = self.tenants.iter().map(|(tenant, ledger)| TenantPast {
            tenant: tenant.clone(),
            late_since: ledger.late_since(),
            projects: of(ledger),
        });
        let tenants = tenants.filter(|past| !past.projects.is_empty() || past.late_since != i64::MAX);
        LedgerPast { since: self.since, tenants: tenants.collect() }
    }

    /// The stale days of one tenant that has any: per project, with the number of changes of each.
    pub(crate) fn stale(&self) -> Option<(Box<str>, Vec<StaleDay>)> {
        self.tenants.iter().find_map(|(tenant, ledger)| {
            let days = ledger.projects().flat_map(|(project, ledger)| {
                let days = ledger.past.stale().iter();
                days.map(|(day, changes)| StaleDay {
                    project: (&**project).into(),
                    day: *day,
                    changes: *changes,
                })
            });
            let days: Vec<StaleDay> = days.collect();
            (!days.is_empty()).then(|| (tenant.clone(), days))
        })
    }

    /// Replaces a stale day by the peaks that the facts say, as far as its hours have left the ledger.
    pub(crate) fn renew(&mut self, tenant: &str, stale: &StaleDay, hours: &[(i64, u32)]) {
        let since = self.since;
        let hours = hours.iter().copied().filter(|(hour, _)| hour * HOUR < since);
        let past = &mut self.tenant_mut(tenant).project_mut(&stale.project).past;
        past.renew(stale.day, stale.changes, hours);
    }

    fn moment(&self, now: Micros) -> Moment {
        Moment { now: now.0, since: self.since, is_recovery: false }
    }

    fn next_since(&self, now: Micros) -> i64 {
        let known: usize = self.tenants.values().map(TenantLedger::known).sum();
        let kept = if known > MAX_LIVES { KEPT_WHEN_FULL } else { KEPT };
        start_of_hour(now.0 - kept).max(self.since)
    }

    fn tenant_mut(&mut self, tenant: &str) -> &mut TenantLedger {
        if !self.tenants.contains_key(tenant) {
            self.tenants.insert(tenant.into(), TenantLedger::new(self.idle(tenant)));
        }
        self.tenants.entry(tenant.into()).or_insert_with(|| TenantLedger::new(DEFAULT_IDLE))
    }
}

/// A day whose peaks a late message has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StaleDay {
    pub project: Box<str>,
    pub day: i64,
    pub changes: u64,
}

fn start_of_hour(at: i64) -> i64 {
    at.div_euclid(HOUR) * HOUR
}
