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

/// Counters held at once; with more, what was counted is handed over early.
const MAX_COUNTERS: usize = 1 << 20;

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
    pub names: Vec<u32>,
    /// Events by the code of their category.
    pub categories: Vec<u32>,
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
    pub fn tally(&self, mut take: impl FnMut(&Tally)) {
        let (names, categories) = (self.names.values.iter().len(), self.categories.values.iter().len());
        let max_tallies = (MAX_COUNTERS / (names + categories)).max(1);
        let mut tallies: Vec<Tally> = Vec::new();
        let mut places: HashMap<(i32, i32, i64), usize, RandomState> = HashMap::default();
        let mut last = None;
        for (row, at) in self.times.iter().enumerate() {
            let key = (self.tenants.codes[row], self.projects.codes[row], at.div_euclid(SECOND));
            let place = match last {
                Some((known, place)) if known == key => place,
                _ => {
                    if tallies.len() == max_tallies && !places.contains_key(&key) {
                        tallies.drain(..).for_each(|tally| take(&tally));
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
                            names: vec![0; names],
                            categories: vec![0; categories],
                        });
                        tallies.len() - 1
                    })
                }
            };
            last = Some((key, place));
            let tally = &mut tallies[place];
            tally.events += 1;
            tally.newest = tally.newest.max(*at);
            tally.names[self.names.codes[row] as usize] += 1;
            tally.categories[self.categories.codes[row] as usize] += 1;
        }
        tallies.iter().for_each(take);
    }
}
