//! How far a connector is: a line that changes on a terminal, a line of the log now and then elsewhere, and a sum.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegauge_connect::Figures;
use tidegauge_connect::figures::Tally;

/// How often a terminal's line changes.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// How often a line is logged where there is no terminal.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Tells how far it is, for ever.
pub async fn tell(figures: Arc<Figures>) {
    let is_terminal = io::stderr().is_terminal();
    let every = if is_terminal { LINE_EVERY } else { LOG_EVERY };
    let mut before = (figures.tally(), Instant::now());
    loop {
        tokio::time::sleep(every).await;
        let now = (figures.tally(), Instant::now());
        let rate = rate(now.0.records - before.0.records, now.1 - before.1);
        before = now;
        let Tally { records, stored, repeated, set_aside, retries, waiting } = now.0;
        if is_terminal {
            // The cursor goes back to the start, so that a line of the log is written over it.
            let _ = write!(
                io::stderr(),
                "{records} records ({rate:.0}/s), {set_aside} set aside, {waiting} waiting\x1b[K\r"
            );
        } else {
            tracing::info!(
                records,
                stored,
                repeated,
                set_aside,
                retries,
                waiting,
                rate = rate.round(),
                "so far"
            );
        }
    }
}

/// What was done in all.
pub fn summary(figures: &Figures, took: Duration) -> String {
    let Tally { records, stored, repeated, set_aside, retries, .. } = figures.tally();
    let (seconds, rate) = (took.as_secs_f64(), rate(records, took));
    format!(
        "{records} records: {stored} stored, {repeated} stored before, {set_aside} set aside; {retries} retries; \
         {seconds:.1} s, {rate:.0} records/s"
    )
}

fn rate(records: u64, took: Duration) -> f64 {
    records as f64 / took.as_secs_f64().max(0.001)
}
