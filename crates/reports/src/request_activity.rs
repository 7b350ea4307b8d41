//! API traffic over whole UTC days: who called what, how often, how well, and how fast (seed 004).
//!
//! It costs what its answer costs: requests in segments are added up already, by month, day and hour, and only those that
//! are in none yet are looked at one by one. With tags all are, and for all keys by the hour: that is not added up.

mod from_facts;
mod from_traffic;
mod spans;
mod sums;

use std::ops::Range;

use tidegauge_facts::time::DAY;
use tidegauge_facts::{Micros, Table};
use tidegauge_store::Snapshot;
use tidegauge_store::traffic::{Level, Measure};

use crate::ReportError;
use crate::scope::Scope;

pub use sums::MAX_GROUPS;
use sums::Sums;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// Whose traffic.
    pub scope: Scope,
    /// What it is about.
    pub subject: Subject,
    /// First UTC day, in days since 1970.
    pub first_day: i64,
    /// Last UTC day, included, in days since 1970.
    pub last_day: i64,
    /// Rows of their own for each span of time; one for all of it if it is none.
    pub bucket: Option<Bucket>,
    /// Of this API alone.
    pub api: Option<String>,
    /// Of requests alone that carry one of these tags; of all when there is none.
    pub tags: Vec<String>,
}

/// What a report is about, and so what its rows are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One key's endpoints: rows by API and path.
    EndpointsOfKey(String),
    /// One OAuth client's endpoints: rows by API and path.
    EndpointsOfClient(String),
    /// All keys: rows by key.
    Keys,
    /// One key: rows by API.
    Key(String),
    /// One OAuth client: rows by API.
    Client(String),
    /// All APIs: rows by API.
    Apis,
    /// Errors: rows by API and code, of requests answered with 400 and up.
    Errors,
}

/// A span of time that rows are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// An hour.
    Hour,
    /// A UTC day.
    Day,
    /// A month.
    Month,
}

/// What a row is about; what its report does not tell apart is empty, or 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    /// The bucket's first instant, in microseconds; none without buckets.
    pub bucket: Option<i64>,
    /// The API's id.
    pub api: Box<str>,
    /// The endpoint.
    pub path: Box<str>,
    /// The key.
    pub key: Box<str>,
    /// The response code.
    pub code: i64,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityRow {
    /// What it is about.
    pub group: Group,
    /// The key's alias, or the API's name, as the newest request that names it does; empty where rows are told apart by endpoint or code.
    pub label: Box<str>,
    /// Its requests.
    pub measure: Measure,
}

impl Question {
    /// The period's instants, in microseconds.
    fn instants(&self) -> Range<i64> {
        self.first_day.saturating_mul(DAY)..self.last_day.saturating_add(1).saturating_mul(DAY)
    }
}

impl Bucket {
    /// The bucket as what is added up names it.
    fn level(self) -> Level {
        match self {
            Self::Hour => Level::Hour,
            Self::Day => Level::Day,
            Self::Month => Level::Month,
        }
    }

    /// The first instant of the bucket that an instant falls in.
    fn start(self, at: Micros) -> i64 {
        let level = self.level();
        level.start(level.span(at)).0
    }
}

/// All rows, in no order.
///
/// # Errors
/// The facts cannot be read, or there are more than [`MAX_GROUPS`] rows.
pub fn request_activity(snapshot: &Snapshot, question: &Question) -> Result<Vec<ActivityRow>, ReportError> {
    if !from_traffic::can_answer(question) || !snapshot.traffic().is_whole() {
        return activity_from_facts(snapshot, question);
    }
    let mut sums = Sums::within(snapshot.budget());
    match from_traffic::add(snapshot, question, &mut sums) {
        Ok(()) => {}
        // What is damaged will be made again; the facts know.
        Err(ReportError::Store(error)) if !error.is_of_budget() => {
            return activity_from_facts(snapshot, question);
        }
        Err(error) => return Err(error),
    }
    let tenant = question.scope.tenant.as_str();
    for batch in snapshot.unflushed(Table::Requests, tenant, &question.instants()) {
        from_facts::add(&batch?, question, &mut sums)?;
    }
    Ok(sums.into_rows())
}

/// The same, by looking at each request of the period: what it costs is what they weigh.
///
/// # Errors
/// As [`request_activity`].
pub fn activity_from_facts(
    snapshot: &Snapshot,
    question: &Question,
) -> Result<Vec<ActivityRow>, ReportError> {
    let mut sums = Sums::within(snapshot.budget());
    for batch in snapshot.newest_first(from_facts::query(question), None) {
        from_facts::add(&batch?, question, &mut sums)?;
    }
    Ok(sums.into_rows())
}
