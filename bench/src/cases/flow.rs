//! The order within a case: a warm-up, the closed loop that finds the maximum, then the open loop at a share of it.

use std::time::Duration;

use crate::cli::Options;
use crate::load::Target;
use crate::load::crew::{Pace, Plan};
use crate::measure::{Measured, measure};
use crate::say;

/// The warm-up is this part of the closed loop, but not longer than `WARM_UP_LIMIT`.
const WARM_UP_PART: f64 = 0.1;
const WARM_UP_LIMIT: f64 = 3.0;
/// Samples in a phase, about.
const SAMPLES: f64 = 60.0;

/// What the phases of a case showed.
pub struct Phases {
    /// The closed loop.
    pub closed: Measured,
    /// The open loop: arrivals a second, and what was seen.
    pub open: Option<(f64, Measured)>,
    /// Events acknowledged in all phases, the warm-up included.
    pub acknowledged: u64,
}

/// Carries out the phases against the server `pid`.
pub fn run<T: Target>(
    target: &T,
    pid: u32,
    connections: usize,
    options: &Options,
    length: Length,
) -> anyhow::Result<Phases> {
    let plan = |seconds: f64, pace| Plan {
        threads: options.threads.into(),
        connections,
        length: Duration::from_secs_f64(seconds),
        pace,
    };
    let (seconds, with_open) = match length {
        Length::Burst => (options.seconds, true),
        Length::Sustained => (options.sustained_seconds, false),
    };
    let interval = Duration::from_secs_f64((seconds / SAMPLES).clamp(0.5, 10.0));
    let quiet = |_: &_| ();

    let warm_up = (seconds * WARM_UP_PART).min(WARM_UP_LIMIT);
    let warmed = measure(target, &plan(warm_up, Pace::Closed), pid, interval, quiet)?;
    let closed = measure(target, &plan(seconds, Pace::Closed), pid, interval, |sample| {
        if !with_open {
            say::line(&format!(
                "    {:>6.0} s  {:>9.0} events/s  {:>6.1} MB resident",
                sample.at_s,
                sample.events_per_s,
                sample.resident_bytes as f64 / 1e6
            ));
        }
    })?;
    let mut acknowledged = warmed.tally.events + closed.tally.events;
    let mut open = None;
    if with_open {
        let arrivals_per_s = (closed.tally.requests_per_s() * options.load_share).max(1.0);
        let opened =
            measure(target, &plan(options.open_seconds, Pace::Open(arrivals_per_s)), pid, interval, quiet)?;
        acknowledged += opened.tally.events;
        open = Some((arrivals_per_s, opened));
    }
    Ok(Phases { closed, open, acknowledged })
}

/// Which times a case is run for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// `--seconds`, and `--open-seconds` after it.
    Burst,
    /// `--sustained-seconds`, without an open loop, each sample shown.
    Sustained,
}
