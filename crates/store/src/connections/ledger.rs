//! All tenants' connections.

use std::collections::{BTreeMap, HashMap};

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
/// Connections in memory, open ones and those that ended lately; about 200 bytes each, and their texts. With half as many
/// again, unknown ones are refused.
pub const MAX_LIVES: usize = 2_000_000;
/// Places looked at in one go for what can be forgotten, and connections for their silence: who commits waits meanwhile.
const SWEPT_AT_ONCE: usize = 64 * 1024;
const EXPIRED_AT_ONCE: usize = 4096;

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
    late: BTreeMap<i64, i64>,
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
        for TenantPast { tenant, late, projects } in past.tenants {
            let tenant = ledger.tenant_mut(&tenant);
            tenant.set_late(late);
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
    pub fn opened_at(&self, tenant: &str, project: &str, connection: &str) -> Option<i64> {
        self.tenant(tenant)?.opened_at(project, connection)
    }

    /// True when no more connections are to be taken in: [`MAX_LIVES`] and half as many are known.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.known() >= MAX_LIVES + MAX_LIVES / 2
    }

    fn known(&self) -> usize {
        self.tenants.values().map(TenantLedger::known).sum()
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
        self.take(batch, self.moment(now))
    }

    /// Takes in messages that were told before the store opened. When all are in, [`Ledger::tend`] says which have ended.
    pub(crate) fn replay(&mut self, batch: &RecordBatch, now: Micros) -> Result<(), StoreError> {
        self.take(batch, Moment { is_replay: true, ..self.moment(now) })
    }

    /// [`Ledger::replay`] of messages that the past peaks know already.
    pub(crate) fn recover(&mut self, batch: &RecordBatch, now: Micros) -> Result<(), StoreError> {
        self.take(batch, Moment { is_replay: true, is_recovery: true, ..self.moment(now) })
    }

    /// [`Ledger::apply`] of messages that the past peaks know already.
    pub(super) fn tell_again(&mut self, messages: &Messages<'_>, now: Micros) {
        self.take_all(messages, Moment { is_recovery: true, ..self.moment(now) });
    }

    fn take(&mut self, batch: &RecordBatch, moment: Moment) -> Result<(), StoreError> {
        self.take_all(&Messages::of(batch)?, moment);
        Ok(())
    }

    fn take_all(&mut self, messages: &Messages<'_>, moment: Moment) {
        for row in 0..messages.len() {
            self.tenant_mut(messages.tenant(row)).apply(&messages.get(row), moment);
        }
    }

    /// Whether a tenant's idle timeout is set to this.
    pub(crate) fn has_idle(&self, tenant: &str, idle: Option<i64>) -> bool {
        self.idle.get(tenant).copied() == idle.map(|idle| idle.clamp(1, MAX_IDLE))
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
        self.next_since(now) > self.since
            || self.tenants.values().any(|tenant| tenant.is_due(now.0) || tenant.is_to_sweep())
    }

    /// Closes some of what has been silent for too long, and lets go of some of what ended long ago: what can be done in
    /// moments. Ask [`Ledger::is_due`] whether there is more.
    pub(crate) fn tend(&mut self, now: Micros) {
        let moment = self.moment(now);
        for tenant in self.tenants.values_mut() {
            tenant.expire(moment, EXPIRED_AT_ONCE);
        }
        let next = self.next_since(now);
        if next > self.since {
            for tenant in self.tenants.values_mut() {
                tenant.advance(self.since, next, now.0);
                tenant.forget_late(now.0);
            }
            self.since = next;
            self.sweep();
        }
        for tenant in self.tenants.values_mut() {
            tenant.evict(self.since, SWEPT_AT_ONCE);
        }
    }

    /// Has all places looked at for lives that ended before the ledger begins.
    pub(crate) fn sweep(&mut self) {
        self.tenants.values_mut().for_each(TenantLedger::sweep);
    }

    /// [`Ledger::tend`] until there is nothing more to do.
    pub(crate) fn tend_all(&mut self, now: Micros) {
        self.sweep();
        while self.is_due(now) {
            self.tend(now);
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
            late: ledger.late().clone(),
            projects: of(ledger),
        });
        let tenants = tenants.filter(|past| !past.projects.is_empty() || !past.late.is_empty());
        LedgerPast { since: self.since, tenants: tenants.collect() }
    }

    /// The tenants that have stale days.
    pub(crate) fn stale_tenants(&self) -> Vec<Box<str>> {
        let is_stale =
            |ledger: &TenantLedger| ledger.projects().any(|(_, project)| !project.past.stale().is_empty());
        self.tenants.iter().filter(|(_, ledger)| is_stale(ledger)).map(|(tenant, _)| tenant.clone()).collect()
    }

    /// A tenant's stale days: per project, with the number of changes of each.
    pub(crate) fn stale_days(&self, tenant: &str) -> Vec<StaleDay> {
        let Some(ledger) = self.tenants.get(tenant) else { return Vec::new() };
        let days = ledger.projects().flat_map(|(project, ledger)| {
            let days = ledger.past.stale().iter();
            days.map(|(day, changes)| StaleDay { project: (&**project).into(), day: *day, changes: *changes })
        });
        days.collect()
    }

    /// Replaces a stale day by the peaks that the facts say, as far as its hours have left the ledger.
    pub(crate) fn renew(&mut self, tenant: &str, stale: &StaleDay, hours: &[(i64, u32)]) {
        let since = self.since;
        let hours = hours.iter().copied().filter(|(hour, _)| hour * HOUR < since);
        let past = &mut self.tenant_mut(tenant).project_mut(&stale.project).past;
        past.renew(stale.day, stale.changes, hours);
    }

    pub(super) fn tenant_mut_if_known(&mut self, tenant: &str) -> Option<&mut TenantLedger> {
        self.tenants.get_mut(tenant)
    }

    pub(super) fn moment(&self, now: Micros) -> Moment {
        Moment { now: now.0, since: self.since, is_recovery: false, is_replay: false }
    }

    fn next_since(&self, now: Micros) -> i64 {
        let kept = if self.known() > MAX_LIVES { KEPT_WHEN_FULL } else { KEPT };
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
