//! PostgreSQL with the same batches: first the fastest of its ways and connection counts is found, then that is measured.

use std::sync::Arc;
use std::time::Duration;

use super::flow::{self, Length};
use super::result::Counted;
use super::{Case, CaseResult};
use crate::cli::Options;
use crate::directory::bytes_on_disk;
use crate::load::Progress;
use crate::load::crew::{Pace, Plan, run as run_load};
use crate::peers::postgres::{Postgres, TUNING};
use crate::peers::postgres_lines::{Batches, Method, PostgresTarget, count, make_table};
use crate::say;

/// What is tried before the measurement.
const TRIED: [(Method, usize); 6] = [
    (Method::Unnest, 4),
    (Method::Unnest, 12),
    (Method::Unnest, 32),
    (Method::Copy, 4),
    (Method::Copy, 12),
    (Method::Copy, 32),
];
/// Each trial takes this part of `--seconds`.
const TRIAL_PART: f64 = 0.1;

/// Measures `postgres`.
pub fn run(options: &Options) -> anyhow::Result<CaseResult> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut postgres = Postgres::start(&options.work_dir)?;
    let address = postgres.address;
    let batches = Arc::new(Batches::build());
    let target = |method| PostgresTarget { address, method, batches: Arc::clone(&batches) };

    runtime.block_on(make_table(address))?;
    let mut best = (0.0, TRIED[0]);
    for (method, connections) in TRIED {
        let plan = Plan {
            threads: options.threads.into(),
            connections,
            length: Duration::from_secs_f64(options.seconds * TRIAL_PART),
            pace: Pace::Closed,
        };
        let per_s = run_load(&target(method), &plan, &Arc::new(Progress::default()))?.events_per_s();
        say::line(&format!("    tried {method:?} with {connections} connections: {per_s:.0} events/s"));
        if per_s > best.0 {
            best = (per_s, (method, connections));
        }
    }
    let (_, (method, connections)) = best;
    runtime.block_on(make_table(address))?;
    let tables = postgres.data.join("base");
    let empty_bytes = bytes_on_disk(&tables);

    let phases = flow::run(&target(method), postgres.server.pid(), connections, options, Length::Burst)?;
    let about = format!("PostgreSQL 15 durable, 100 events a transaction ({method:?})");
    let mut result = CaseResult::new(Case::Postgres, about);
    result.notes.push(format!("PostgreSQL: {TUNING}. Its table has no key and one BRIN index."));
    let stored = runtime.block_on(count(address))?;
    result.count(Counted { acknowledged: phases.acknowledged, stored });
    result.fill(phases, connections, crate::pool::mean_event_bytes());
    postgres.server.stop()?;
    result.disk_bytes = Some(bytes_on_disk(&tables).saturating_sub(empty_bytes));
    Ok(result)
}
