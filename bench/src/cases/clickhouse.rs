//! ClickHouse with the same batches, over its HTTP interface, one insert a batch. First the best connection count is
//! found, then that is measured.

use std::sync::Arc;
use std::time::Duration;

use super::flow::{self, Length};
use super::result::Counted;
use super::{Case, CaseResult};
use crate::cli::Options;
use crate::load::Progress;
use crate::load::crew::{Pace, Plan, run as run_load};
use crate::load::http::HttpTarget;
use crate::peers::clickhouse::{ClickHouse, INSERT, TOO_MANY_PARTS};
use crate::pool::{Patch, Pool, Shape, mean_event_bytes};
use crate::say;

/// Connections tried before the measurement.
const TRIED: [usize; 3] = [2, 8, 32];
/// Each trial takes this part of `--seconds`.
const TRIAL_PART: f64 = 0.1;

/// Measures `clickhouse`.
pub fn run(options: &Options) -> anyhow::Result<CaseResult> {
    let (mut best, mut best_per_s) = (TRIED[0], 0.0);
    for connections in TRIED {
        // A server of its own each: parts left to be merged would slow the next one.
        let mut clickhouse = ClickHouse::start(&options.work_dir)?;
        let pool = pool(&clickhouse);
        let plan = Plan {
            threads: options.threads.into(),
            connections,
            length: Duration::from_secs_f64(options.seconds * TRIAL_PART),
            pace: Pace::Closed,
        };
        let per_s =
            run_load(&target(&clickhouse, &pool), &plan, &Arc::new(Progress::default()))?.events_per_s();
        say::line(&format!("    tried {connections} connections: {per_s:.0} events/s"));
        if per_s > best_per_s {
            (best, best_per_s) = (connections, per_s);
        }
        clickhouse.server.stop()?;
    }

    let mut clickhouse = ClickHouse::start(&options.work_dir)?;
    let pool = pool(&clickhouse);
    let phases =
        flow::run(&target(&clickhouse, &pool), clickhouse.server.pid(), best, options, Length::Burst)?;
    let mut result = CaseResult::new(
        Case::Clickhouse,
        "ClickHouse 18.16, acknowledged without fsync, 100 events an INSERT",
    );
    result.notes.push(
        "ClickHouse: its acknowledgement is not durable, it does not fsync; inserts of 100 rows are not what it is made \
         for. Too many parts counts as refused."
            .to_owned(),
    );
    result.count(Counted { acknowledged: phases.acknowledged, stored: clickhouse.count()? });
    result.fill(phases, best, mean_event_bytes());
    result.disk_bytes = Some(clickhouse.active_bytes()?);
    clickhouse.server.stop()?;
    Ok(result)
}

fn pool(clickhouse: &ClickHouse) -> Pool {
    let head = format!("POST {INSERT} HTTP/1.1\r\nhost: {}\r\n", clickhouse.address);
    Pool::build(Shape::JsonEachRow, Patch::Nothing, &head)
}

fn target<'a>(clickhouse: &ClickHouse, pool: &'a Pool) -> HttpTarget<'a> {
    HttpTarget { address: clickhouse.address, pool, refusal_text: Some(TOO_MANY_PARTS) }
}
