//! Connections by service, protocol and data center (seed 001's `summary`).

use std::collections::HashMap;
use std::sync::Arc;

use tidegauge_facts::time::SECOND;
use tidegauge_facts::{Micros, ProjectId, TenantId};
use tidegauge_store::connections::{Group, Life, Lives, NONE};
use tidegauge_store::{Reader, StoreError};

use crate::connection_filter::{ConnectionFilter, Period};
use crate::connection_source::Connections;

/// One combination with at least one connection open at some moment of the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRow {
    /// The service.
    pub service: Arc<str>,
    /// The protocol.
    pub protocol: Arc<str>,
    /// The data center.
    pub data_center: Arc<str>,
    /// Connections open at some moment of the period.
    pub total_connections: u64,
    /// Of these, opened inside it.
    pub new_connections: u64,
    /// Distinct API keys among them.
    pub unique_api_keys: u64,
    /// Mean of their whole lives until closed or now, in seconds, rounded down.
    pub mean_duration_seconds: u64,
    /// Sum of their lives clipped to the period, in seconds, rounded down.
    pub total_time_seconds: u64,
    /// Of these, open now.
    pub active_connections: u64,
    /// Earliest opened.
    pub first_connection: Micros,
    /// Latest opened.
    pub last_connection: Micros,
    /// Latest sign of life.
    pub last_activity: Micros,
}

/// The report as of `now`, ordered by service, protocol and data center; of one project when one is given.
///
/// # Errors
/// Something cannot be read.
pub fn connection_summary(
    store: &Reader<'_>,
    tenant: &TenantId,
    project: Option<&ProjectId>,
    filter: &ConnectionFilter,
    period: Period,
    now: Micros,
) -> Result<Vec<SummaryRow>, StoreError> {
    let from = period.from.map_or(i64::MIN, |from| from.0);
    let to = period.to.map_or(i64::MAX, |to| to.0);
    // Nothing is open yet in a time to come.
    let connections = if from <= now.0 { Connections::since(store, tenant, from, now)? } else { None };
    let Some(connections) = connections else { return Ok(Vec::new()) };
    let lives = connections.lives();
    let (mut rows, row_of_group) = rows(&lives, project, filter);
    let mut keys = Keys::new(&lives, rows.len());
    for life in lives.iter().filter(|life| life.overlaps(from, to)) {
        if let Some(row) = row_of_group[life.group as usize] {
            rows[row].count(life, (from, to), now.0);
            keys.note(row, life.key);
        }
    }
    let keys = keys.distinct(rows.len());
    let rows = rows.into_iter().zip(keys);
    let mut rows: Vec<SummaryRow> = rows.filter_map(|(row, keys)| row.into_row(keys)).collect();
    rows.sort_by(|a, b| {
        let key = |row: &SummaryRow| [&row.service, &row.protocol, &row.data_center].map(Arc::clone);
        key(a).cmp(&key(b))
    });
    Ok(rows)
}

/// A sum for each combination that is asked for, and which one each group of the ledger belongs to: connections of several
/// projects may share a combination.
fn rows(
    lives: &Lives,
    project: Option<&ProjectId>,
    filter: &ConnectionFilter,
) -> (Vec<Sum>, Vec<Option<usize>>) {
    let mut rows: Vec<Sum> = Vec::new();
    let mut known: HashMap<[Arc<str>; 3], usize> = HashMap::new();
    let row_of_group = lives.groups().iter().map(|group| {
        let is_wanted = project.is_none_or(|project| *group.project == *project.as_str())
            && filter.admits(&group.service, &group.protocol, &group.data_center);
        is_wanted.then(|| {
            let key = [&group.service, &group.protocol, &group.data_center].map(Arc::clone);
            *known.entry(key).or_insert_with(|| {
                rows.push(Sum::new(group));
                rows.len() - 1
            })
        })
    });
    let row_of_group = row_of_group.collect();
    (rows, row_of_group)
}

/// One combination's numbers while they are added up, in microseconds.
struct Sum {
    group: Group,
    total: u64,
    new: u64,
    active: u64,
    durations: i128,
    clipped: i128,
    first: i64,
    last: i64,
    activity: i64,
}

impl Sum {
    fn new(group: &Group) -> Self {
        Self {
            group: group.clone(),
            total: 0,
            new: 0,
            active: 0,
            durations: 0,
            clipped: 0,
            first: i64::MAX,
            last: i64::MIN,
            activity: i64::MIN,
        }
    }

    fn count(&mut self, life: &Life, (from, to): (i64, i64), now: i64) {
        let end = life.end(now);
        self.total += 1;
        self.new += u64::from(from <= life.opened);
        self.active += u64::from(life.is_open());
        self.durations += i128::from(end - life.opened);
        self.clipped += i128::from((end.min(to) - life.opened.max(from)).max(0));
        self.first = self.first.min(life.opened);
        self.last = self.last.max(life.opened);
        self.activity = self.activity.max(life.last);
    }

    fn into_row(self, keys: u64) -> Option<SummaryRow> {
        let seconds = |micros: i128| u64::try_from(micros / i128::from(SECOND)).unwrap_or(0);
        (self.total > 0).then(|| SummaryRow {
            total_connections: self.total,
            new_connections: self.new,
            unique_api_keys: keys,
            mean_duration_seconds: seconds(self.durations / i128::from(self.total)),
            total_time_seconds: seconds(self.clipped),
            active_connections: self.active,
            first_connection: Micros(self.first),
            last_connection: Micros(self.last),
            last_activity: Micros(self.activity),
            service: self.group.service,
            protocol: self.group.protocol,
            data_center: self.group.data_center,
        })
    }
}

/// The keys seen in each row: a bit each where that is small, else a list of pairs.
enum Keys {
    Bits { words_per_row: usize, bits: Vec<u64> },
    Pairs(Vec<(u32, u32)>),
}

/// Bits are kept up to so many words (32 MiB).
const MAX_WORDS: usize = 4 * 1024 * 1024;

impl Keys {
    fn new(lives: &Lives, rows: usize) -> Self {
        let highest = lives.iter().map(|life| life.key).filter(|key| *key != NONE).max();
        let words_per_row = highest.map_or(0, |key| key as usize / 64 + 1);
        match words_per_row.checked_mul(rows) {
            Some(words) if words <= MAX_WORDS => Self::Bits { words_per_row, bits: vec![0; words] },
            _ => Self::Pairs(Vec::new()),
        }
    }

    fn note(&mut self, row: usize, key: u32) {
        match self {
            _ if key == NONE => {}
            Self::Bits { words_per_row, bits } => {
                bits[row * *words_per_row + key as usize / 64] |= 1 << (key % 64)
            }
            Self::Pairs(pairs) => pairs.push((row as u32, key)),
        }
    }

    /// How many different keys each row has.
    fn distinct(self, rows: usize) -> Vec<u64> {
        let mut counts = vec![0; rows];
        match self {
            Self::Bits { words_per_row: 0, .. } => {}
            Self::Bits { words_per_row, bits } => {
                for (count, words) in counts.iter_mut().zip(bits.chunks(words_per_row)) {
                    *count = words.iter().map(|word| u64::from(word.count_ones())).sum();
                }
            }
            Self::Pairs(mut pairs) => {
                pairs.sort_unstable();
                pairs.dedup();
                pairs.into_iter().for_each(|(row, _)| counts[row as usize] += 1);
            }
        }
        counts
    }
}
