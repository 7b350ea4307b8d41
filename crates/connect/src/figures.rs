//! What a connector has done so far, for a line of progress, a summary and Prometheus.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

/// The figures; all but the lists count upwards.
#[derive(Debug, Default)]
pub struct Figures {
    /// Records stored.
    pub stored: AtomicU64,
    /// Records that had been stored before, by a run that could not say so to Redis any more.
    pub repeated: AtomicU64,
    /// Records set aside.
    pub set_aside: AtomicU64,
    /// Records set aside earlier, given up for room.
    pub given_up: AtomicU64,
    /// Tries of Redis that were repeated.
    pub redis_retries: AtomicU64,
    /// Tries of the server that were repeated.
    pub server_retries: AtomicU64,
    /// Times that somebody else had taken records off a list meanwhile.
    pub contended: AtomicU64,
    /// When records were last removed as durable, in Unix seconds; 0 before.
    pub last_success: AtomicU64,
    waiting: Mutex<Vec<(String, u64)>>,
}

/// The figures at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that have left their lists.
    pub records: u64,
    /// Of them, stored.
    pub stored: u64,
    /// Of them, stored before.
    pub repeated: u64,
    /// Of them, set aside.
    pub set_aside: u64,
    /// Tries that were repeated, of Redis and the server.
    pub retries: u64,
    /// Records that wait in the lists.
    pub waiting: u64,
}

impl Figures {
    /// The figures now.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let (stored, repeated) = (self.stored.load(Relaxed), self.repeated.load(Relaxed));
        let set_aside = self.set_aside.load(Relaxed);
        Tally {
            records: stored + repeated + set_aside,
            stored,
            repeated,
            set_aside,
            retries: self.redis_retries.load(Relaxed) + self.server_retries.load(Relaxed),
            waiting: self.waiting().iter().map(|(_, length)| length).sum(),
        }
    }

    /// The figures as Prometheus reads them (text format 0.0.4). The labels are the gateway's lists and fixed words.
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        let mut out = String::new();
        let tally = self.tally();
        let outcomes =
            [("stored", tally.stored), ("repeated", tally.repeated), ("set_aside", tally.set_aside)];
        family(
            &mut out,
            "records_total",
            "counter",
            "Records taken off their lists, by what became of them.",
        );
        for (outcome, count) in outcomes {
            let _ = writeln!(out, "tidegauge_connect_records_total{{outcome=\"{outcome}\"}} {count}");
        }
        family(&mut out, "retries_total", "counter", "Tries that had to be repeated.");
        for (of, count) in [("redis", &self.redis_retries), ("server", &self.server_retries)] {
            let _ = writeln!(out, "tidegauge_connect_retries_total{{of=\"{of}\"}} {}", count.load(Relaxed));
        }
        family(&mut out, "waiting_records", "gauge", "Records that wait in a list.");
        for (list, length) in &*self.waiting() {
            let list = list.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = writeln!(out, "tidegauge_connect_waiting_records{{list=\"{list}\"}} {length}");
        }
        let singles = [
            ("given_up_total", "counter", "Records set aside earlier, given up for room.", &self.given_up),
            (
                "contended_total",
                "counter",
                "Times that others had taken records off a list.",
                &self.contended,
            ),
            (
                "last_success_timestamp_seconds",
                "gauge",
                "When records were last taken off a list; 0 before.",
                &self.last_success,
            ),
        ];
        for (name, kind, help, value) in singles {
            family(&mut out, name, kind, help);
            let _ = writeln!(out, "tidegauge_connect_{name} {}", value.load(Relaxed));
        }
        out
    }

    pub(crate) fn set_waiting(&self, lengths: impl Iterator<Item = (String, u64)>) {
        *self.waiting() = lengths.collect();
    }

    pub(crate) fn succeeded(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.last_success.store(now.as_secs(), Relaxed);
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<(String, u64)>> {
        // Whoever panicked with it in hand has left numbers behind.
        self.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP tidegauge_connect_{name} {help}\n# TYPE tidegauge_connect_{name} {kind}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_read_as_prometheus_expects() {
        let figures = Figures::default();
        figures.stored.store(3, Relaxed);
        figures.set_waiting([("a\"b".to_owned(), 7)].into_iter());
        let text = figures.to_prometheus();
        assert!(text.contains("# TYPE tidegauge_connect_records_total counter\n"), "{text}");
        assert!(text.contains("tidegauge_connect_records_total{outcome=\"stored\"} 3\n"), "{text}");
        assert!(text.contains("tidegauge_connect_waiting_records{list=\"a\\\"b\"} 7\n"), "{text}");
        assert_eq!(figures.tally().waiting, 7);
    }
}
