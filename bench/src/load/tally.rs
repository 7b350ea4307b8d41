//! What a run saw: counts, and how long the answers took, in microseconds.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::Reply;

/// Longest latency told apart; what takes longer is counted as this.
const LONGEST_US: u64 = 120_000_000;

/// The counts of a run, or of one thread of it.
pub struct Tally {
    /// Requests acknowledged.
    pub requests: u64,
    /// Events acknowledged.
    pub events: u64,
    /// Requests answered with 503.
    pub refused: u64,
    /// Open loop only: arrivals of the schedule that were never sent, because the drain time ran out.
    pub unsent: u64,
    /// From the start to the last answer.
    pub elapsed: Duration,
    /// Latencies of the acknowledged requests, in microseconds.
    pub latency: Histogram<u64>,
}

impl Tally {
    /// Nothing seen yet.
    pub fn new() -> anyhow::Result<Self> {
        let latency = Histogram::new_with_bounds(1, LONGEST_US, 3)?;
        Ok(Self { requests: 0, events: 0, refused: 0, unsent: 0, elapsed: Duration::ZERO, latency })
    }

    /// Counts one answer.
    pub fn count(&mut self, reply: Reply, latency: Duration) {
        match reply {
            Reply::Taken(events) => {
                self.requests += 1;
                self.events += u64::from(events);
                self.latency.saturating_record((latency.as_micros() as u64).max(1));
            }
            Reply::Refused(_) => self.refused += 1,
        }
    }

    /// Adds another thread's counts; the run lasted as long as its longest thread.
    pub fn merge(&mut self, other: &Self) -> anyhow::Result<()> {
        self.requests += other.requests;
        self.events += other.events;
        self.refused += other.refused;
        self.unsent += other.unsent;
        self.elapsed = self.elapsed.max(other.elapsed);
        self.latency.add(&other.latency)?;
        Ok(())
    }

    /// Acknowledged requests a second.
    pub fn requests_per_s(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// Acknowledged events a second.
    pub fn events_per_s(&self) -> f64 {
        self.events as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// The latencies as they are reported.
    pub fn latencies(&self) -> Latencies {
        Latencies {
            p50_us: self.latency.value_at_quantile(0.50),
            p99_us: self.latency.value_at_quantile(0.99),
            p999_us: self.latency.value_at_quantile(0.999),
            max_us: self.latency.max(),
        }
    }
}

/// Quantiles, in microseconds.
#[derive(Serialize, Clone, Copy, Debug)]
pub struct Latencies {
    /// Half of the answers came within this.
    pub p50_us: u64,
    /// 99 of 100.
    pub p99_us: u64,
    /// 999 of 1000.
    pub p999_us: u64,
    /// All of them.
    pub max_us: u64,
}
