//! A batch of events, counted by tenant, project and second, and within each by name and category.
//!
//! Rows of a group come in runs of one request each, so a row costs a comparison and two increments.

use std::collections::HashMap;

use ahash::RandomState;
use arrow_array::RecordBatch;
use tidegauge_facts::Micros;
use tidegauge_facts::time::SECOND;

use crate::error::StoreError;
use crate::read::{self, Labels};

/// Up to so many names each has its counter in every tally.
const DENSE_CODES: usize = 64;
/// Tallies held at once; with more, what was counted is handed over early.
const MAX_TALLIES: usize = 8192;

/// The events of one tenant, project and second.
#[derive(Debug)]
pub(super) struct Tally {
    pub tenant: i32,
    pub project: i32,
    /// Seconds since 1970.
    pub second: i64,
    /// When the group was taken in: what lies too far ahead of it is not counted by time.
    pub received: Micros,
    pub events: u64,
    /// The newest `event_time`.
    pub newest: i64,
    /// Events by the code of their name.
    pub names: Counts,
    /// Events by the code of their category.
    pub categories: Counts,
}

/// How often each code came: counted at once where there are few, else listed and counted at the end.
#[derive(Debug)]
pub(super) enum Counts {
    Dense(Vec<u32>),
    Listed(Vec<u32>),
}

impl Counts {
    fn of(codes: usize) -> Self {
        if codes <= DENSE_CODES { Self::Dense(vec![0; codes]) } else { Self::Listed(Vec::new()) }
    }

    #[inline]
    fn add(&mut self, code: i32) {
        match self {
            Self::Dense(counts) => counts[code as usize] += 1,
            Self::Listed(codes) => codes.push(code as u32),
        }
    }

    /// The codes that came, and how often, ascending.
    pub fn into_counts(self) -> Vec<(usize, u64)> {
        match self {
            Self::Dense(counts) => {
                let counts = counts.into_iter().enumerate().filter(|(_, count)| *count > 0);
                counts.map(|(code, count)| (code, u64::from(count))).collect()
            }
            Self::Listed(mut codes) => {
                codes.sort_unstable();
                codes.chunk_by(|a, b| a == b).map(|run| (run[0] as usize, run.len() as u64)).collect()
            }
        }
    }
}

/// The columns of a batch of events.
pub(super) struct EventBatch<'a> {
    pub tenants: Labels<'a>,
    pub projects: Labels<'a>,
    pub names: Labels<'a>,
    pub categories: Labels<'a>,
    times: &'a [i64],
    received: &'a [i64],
}

impl<'a> EventBatch<'a> {
    pub fn of(batch: &'a RecordBatch) -> Result<Self, StoreError> {
        Ok(Self {
            tenants: Labels::of(batch, "tenant_id")?,
            projects: Labels::of(batch, "project_id")?,
            names: Labels::of(batch, "event_name")?,
            categories: Labels::of(batch, "category")?,
            times: read::instants(batch, "event_time")?,
            received: read::instants(batch, "received_at")?,
        })
    }

    /// Hands over every event once, in tallies whose order depends on the batch alone.
    pub fn tally(&self, mut take: impl FnMut(Tally)) {
        let (names, categories) = (self.names.values.iter().len(), self.categories.values.iter().len());
        let mut tallies: Vec<Tally> = Vec::new();
        let mut places: HashMap<(i32, i32, i64), usize, RandomState> = HashMap::default();
        let mut last = None;
        for (row, at) in self.times.iter().enumerate() {
            let key = (self.tenants.codes[row], self.projects.codes[row], at.div_euclid(SECOND));
            let place = match last {
                Some((known, place)) if known == key => place,
                _ => {
                    if tallies.len() == MAX_TALLIES && !places.contains_key(&key) {
                        tallies.drain(..).for_each(&mut take);
                        places.clear();
                    }
                    *places.entry(key).or_insert_with(|| {
                        tallies.push(Tally {
                            tenant: key.0,
                            project: key.1,
                            second: key.2,
                            received: Micros(self.received[row]),
                            events: 0,
                            newest: i64::MIN,
                            names: Counts::of(names),
                            categories: Counts::of(categories),
                        });
                        tallies.len() - 1
                    })
                }
            };
            last = Some((key, place));
            let tally = &mut tallies[place];
            tally.events += 1;
            tally.newest = tally.newest.max(*at);
            tally.names.add(self.names.codes[row]);
            tally.categories.add(self.categories.codes[row]);
        }
        tallies.into_iter().for_each(take);
    }
}
