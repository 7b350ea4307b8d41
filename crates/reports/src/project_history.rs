//! A project over time: events, and the highest number of connections open at once (`history` of the projects family).

use tidegauge_facts::time::{DAY, HOUR, MINUTE};
use tidegauge_facts::{Micros, ProjectId, TenantId};
use tidegauge_store::connections::{PastPeaks, Peaks, connections_since};
use tidegauge_store::{EventCounts, Reader, Snapshot, StoreError, View};

/// What is asked for. Buckets begin on the UTC minute, hour or day; the last one is the one that `now` is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 168 hours.
    Week,
    /// 30 days.
    Days30,
    /// 90 days.
    Days90,
}

impl Period {
    /// A bucket's width in microseconds, and how many there are.
    fn buckets(self) -> (i64, usize) {
        match self {
            Self::Hour => (MINUTE, 60),
            Self::Day => (HOUR, 24),
            Self::Week => (HOUR, 7 * 24),
            Self::Days30 => (DAY, 30),
            Self::Days90 => (DAY, 90),
        }
    }
}

/// One span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// When it begins.
    pub start: Micros,
    /// The highest number of connections open at once in it.
    pub connections: u32,
    /// Events whose own instant lies in it.
    pub events: u64,
}

/// The report: every bucket of the period, oldest first, zeros too.
///
/// # Errors
/// Something cannot be read.
pub fn project_history(
    store: &Reader<'_>,
    tenant: &TenantId,
    project: &ProjectId,
    period: Period,
    now: Micros,
) -> Result<Vec<Bucket>, StoreError> {
    let (width, count) = period.buckets();
    let first = now.0.div_euclid(width) * width - (count as i64 - 1) * width;
    let (events, peaks) = store.look(|view| {
        let gauges = view.gauges.tenant(tenant.as_str()).and_then(|gauges| gauges.project(project.as_str()));
        let counts = gauges.map(|gauges| &gauges.counts);
        let starts = (0..count as i64).map(|n| first + n * width);
        let events: Vec<u64> =
            starts.map(|at| counts.map_or(0, |counts| events_at(counts, at, width))).collect();
        (events, known_peaks(view, tenant, project, first, width, count))
    });
    let peaks = match peaks {
        KnownPeaks::All(peaks) => peaks,
        KnownPeaks::Stale { snapshot, from, idle } => {
            let snapshot = store.bounded(snapshot);
            let facts = connections_since(&snapshot, tenant.as_str(), from, idle, now.0)?;
            let project = facts.project(project.as_str());
            project.map_or_else(|| vec![0; count], |project| project.peaks.highest(first, width, count))
        }
    };
    let buckets = (0..).zip(events).zip(peaks);
    Ok(buckets
        .map(|((n, events), connections)| Bucket { start: Micros(first + n * width), connections, events })
        .collect())
}

fn events_at(counts: &EventCounts, at: i64, width: i64) -> u64 {
    match width {
        MINUTE => counts.in_minute(at.div_euclid(MINUTE)),
        HOUR => counts.in_hour(at.div_euclid(HOUR)),
        _ => counts.on_day(at.div_euclid(DAY)),
    }
}

/// What the rollups know of the connections.
enum KnownPeaks {
    All(Vec<u32>),
    /// A late message has changed one of the buckets: only the facts know.
    Stale {
        snapshot: Snapshot,
        from: i64,
        idle: i64,
    },
}

fn known_peaks(
    view: &View,
    tenant: &TenantId,
    project: &ProjectId,
    first: i64,
    width: i64,
    count: usize,
) -> KnownPeaks {
    let of_tenant = view.ledger.tenant(tenant.as_str());
    let ledger = of_tenant.and_then(|ledger| Some((ledger, ledger.project(project.as_str())?)));
    let Some((of_tenant, ledger)) = ledger else { return KnownPeaks::All(vec![0; count]) };
    let since = view.ledger.since();
    let starts = (0..count as i64).map(|n| first + n * width);
    let past = starts.map(|at| if at < since { past_peak(&ledger.past, at, width) } else { Some(0) });
    match past.collect::<Option<Vec<u32>>>() {
        Some(past) => KnownPeaks::All(with_ledger(past, &ledger.peaks, since, first, width)),
        None => KnownPeaks::Stale {
            snapshot: view.snapshot(),
            from: of_tenant.facts_from(first),
            idle: view.ledger.idle(tenant.as_str()),
        },
    }
}

/// The peak of the bucket's part before the ledger begins; none when it is stale.
fn past_peak(past: &PastPeaks, at: i64, width: i64) -> Option<u32> {
    match width {
        DAY => past.day(at.div_euclid(DAY)),
        // A minute before the ledger begins is never asked for: it reaches back at least two hours.
        _ => past.hour(at.div_euclid(HOUR)),
    }
}

fn with_ledger(mut peaks: Vec<u32>, ledger: &Peaks, since: i64, first: i64, width: i64) -> Vec<u32> {
    let before = usize::try_from((since - first).div_euclid(width).max(0)).unwrap_or(0).min(peaks.len());
    let (start, count) = (first + before as i64 * width, peaks.len() - before);
    let is_shared = before < peaks.len() && start < since;
    if is_shared {
        let rest = ledger.highest(since, start + width - since, 1);
        peaks[before] = peaks[before].max(rest.first().copied().unwrap_or(0));
    }
    let whole = before + usize::from(is_shared);
    let known = ledger.highest(first + whole as i64 * width, width, count - usize::from(is_shared));
    peaks[whole..].copy_from_slice(&known);
    peaks
}
