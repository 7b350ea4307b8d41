//! What a case showed, as it is written to the JSON file; the table is made from the same.

use serde::Serialize;

use super::Case;
use super::flow::Phases;
use super::reports::measured::Asked;
use super::traffic::asked::TrafficAsked;
use crate::load::tally::Latencies;
use crate::measure::{Measured, Sample};
use crate::procfs::Memory;

/// A case's outcome.
#[derive(Serialize, Debug)]
pub struct CaseResult {
    /// Which case.
    pub case: Case,
    /// What was measured, in a few words.
    pub about: String,
    /// What the reader has to know beside the numbers.
    pub notes: Vec<String>,
    /// What went wrong; a case with any has failed.
    pub failures: Vec<String>,
    /// The closed loop's numbers; `None` for `idle` and for a case that failed before it had any.
    pub load: Option<Load>,
    /// The open loop's numbers.
    pub open: Option<OpenLoop>,
    /// The server's memory at the end.
    pub memory: Option<Memory>,
    /// Bytes that hold the events: of Tidegauge the whole data directory after it stopped, of PostgreSQL its tables
    /// without the WAL, of ClickHouse the active parts.
    pub disk_bytes: Option<u64>,
    /// What was acknowledged, in all phases, and what the server counts.
    pub counted: Option<Counted>,
    /// Throughput and memory over the time of the closed loop.
    pub samples: Vec<Sample>,
    /// What the reports took; of the case `reports` alone.
    pub reports: Vec<Asked>,
    /// What reports on traffic took; of the case `traffic` alone.
    pub traffic: Vec<TrafficAsked>,
    /// What many WebSockets cost; only of `websockets`.
    pub sockets: Option<Sockets>,
}

/// What many WebSockets cost, and how soon their ends are noticed.
#[derive(Serialize, Debug, Clone, Copy)]
pub struct Sockets {
    /// How many were open.
    pub count: usize,
    /// Seconds until all were connected.
    pub open_s: f64,
    /// Resident bytes that each added.
    pub bytes_each: f64,
    /// Processors that all together took while nothing but pings went on.
    pub idle_cpu_share: f64,
    /// Resident bytes of the server after each has sent the longest message it may.
    pub talked_bytes: u64,
    /// Seconds until the last of the reset ones was noticed.
    pub killed_noticed_s: f64,
    /// Seconds until the last of the silent ones was noticed.
    pub silent_noticed_s: f64,
    /// Seconds the server took to stop while the rest was connected.
    pub stop_s: f64,
}

/// The closed loop: the most the server takes.
#[derive(Serialize, Debug)]
pub struct Load {
    /// Connections used.
    pub connections: usize,
    /// Mean bytes of an event's JSON.
    pub mean_event_bytes: f64,
    /// Seconds it lasted.
    pub duration_s: f64,
    /// Requests acknowledged.
    pub requests: u64,
    /// Events acknowledged.
    pub events: u64,
    /// Requests answered 503.
    pub refused: u64,
    /// Requests acknowledged a second.
    pub requests_per_s: f64,
    /// Events acknowledged a second.
    pub events_per_s: f64,
    /// Service times at full load.
    pub latency: Latencies,
    /// Processor seconds of the server.
    pub server_cpu_s: f64,
    /// Processor seconds of the load generator.
    pub client_cpu_s: f64,
    /// Processor seconds of everything else: if this is much, the machine was not ours.
    pub other_cpu_s: f64,
    /// Bytes the server caused to be written.
    pub written_bytes: u64,
}

/// The open loop: latency from the scheduled arrival.
#[derive(Serialize, Debug)]
pub struct OpenLoop {
    /// Arrivals a second on the schedule.
    pub arrivals_per_s: f64,
    /// Seconds until the last answer.
    pub duration_s: f64,
    /// Requests acknowledged.
    pub requests: u64,
    /// Requests answered 503.
    pub refused: u64,
    /// Arrivals never sent, because the backlog did not end.
    pub unsent: u64,
    /// From the scheduled arrival to the answer.
    pub latency: Latencies,
    /// Processor seconds of everything else on the machine meanwhile.
    pub other_cpu_s: f64,
}

/// The check that nothing acknowledged is missing and nothing was stored twice.
#[derive(Serialize, Debug, Clone, Copy)]
pub struct Counted {
    /// Events acknowledged to the client.
    pub acknowledged: u64,
    /// Events the server says it has.
    pub stored: u64,
}

impl CaseResult {
    /// Nothing known yet.
    pub fn new(case: Case, about: impl Into<String>) -> Self {
        Self {
            case,
            about: about.into(),
            notes: Vec::new(),
            failures: Vec::new(),
            load: None,
            open: None,
            memory: None,
            disk_bytes: None,
            counted: None,
            samples: Vec::new(),
            reports: Vec::new(),
            traffic: Vec::new(),
            sockets: None,
        }
    }

    /// Takes over what the phases showed.
    pub fn fill(&mut self, phases: Phases, connections: usize, mean_event_bytes: f64) {
        let Phases { closed, open, .. } = phases;
        self.load = Some(Load {
            connections,
            mean_event_bytes,
            duration_s: closed.tally.elapsed.as_secs_f64(),
            requests: closed.tally.requests,
            events: closed.tally.events,
            refused: closed.tally.refused,
            requests_per_s: closed.tally.requests_per_s(),
            events_per_s: closed.tally.events_per_s(),
            latency: closed.tally.latencies(),
            server_cpu_s: closed.server_cpu_s,
            client_cpu_s: closed.client_cpu_s,
            other_cpu_s: closed.other_cpu_s,
            written_bytes: closed.written_bytes,
        });
        self.open = open.map(|(arrivals_per_s, Measured { tally, other_cpu_s, .. })| OpenLoop {
            arrivals_per_s,
            duration_s: tally.elapsed.as_secs_f64(),
            requests: tally.requests,
            refused: tally.refused,
            unsent: tally.unsent,
            latency: tally.latencies(),
            other_cpu_s,
        });
        self.memory = Some(closed.memory);
        self.samples = closed.samples;
    }

    /// Enters the counts; a mismatch fails the case.
    pub fn count(&mut self, counted: Counted) {
        if counted.acknowledged != counted.stored {
            self.failures.push(format!(
                "{} events were acknowledged, but the server counts {}",
                counted.acknowledged, counted.stored
            ));
        }
        self.counted = Some(counted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_event_fails_the_case() {
        let mut result = CaseResult::new(Case::Batch, "");
        result.count(Counted { acknowledged: 100, stored: 100 });
        assert!(result.failures.is_empty());
        result.count(Counted { acknowledged: 100, stored: 99 });
        assert_eq!(result.failures.len(), 1);
    }
}
