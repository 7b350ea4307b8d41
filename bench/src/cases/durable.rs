//! Durable intake by Tidegauge: one event a request, batches in a burst, batches with clients' ids, batches for long,
//! and calls with API requests. Each case has a server and a data directory of its own, and ends with the question whether
//! what was acknowledged is what the server counts.

use super::flow::{self, Length};
use super::result::Counted;
use super::tidegauge::Tidegauge;
use super::{CALL_CONNECTIONS, Case, CaseResult};
use crate::cli::Options;
use crate::control::total_facts;
use crate::directory::bytes_on_disk;
use crate::load::http::HttpTarget;
use crate::pool::{Patch, Pool, Shape};

/// Measures `single`, `batch`, `ids`, `sustained` or `requests`.
pub fn run(case: Case, options: &Options) -> anyhow::Result<CaseResult> {
    let (shape, patch, length, about) = match case {
        Case::Single => {
            (Shape::Single, Patch::Nothing, Length::Burst, "Tidegauge durable, 1 event a request")
        }
        Case::Ids => {
            (Shape::Batch, Patch::EventIds, Length::Burst, "Tidegauge durable, 100 events, unique event_id")
        }
        Case::Sustained => {
            (Shape::Batch, Patch::Timestamps, Length::Sustained, "Tidegauge durable, 100 events, sustained")
        }
        Case::Requests => {
            (Shape::Requests, Patch::Nothing, Length::Burst, "Tidegauge durable, 1,000 API requests a call")
        }
        _ => (Shape::Batch, Patch::Nothing, Length::Burst, "Tidegauge durable, 100 events a request"),
    };
    let (path, connections) = match shape {
        Shape::Single => ("/api/v1/analytics", options.connections),
        Shape::Requests => ("/api/v1/requests", options.batch_connections.min(CALL_CONNECTIONS)),
        _ => ("/api/v1/analytics/batch", options.batch_connections),
    };
    let connections = usize::from(connections);
    let mut tidegauge = Tidegauge::start(options)?;
    let (address, pid) = (tidegauge.address, tidegauge.server.pid());
    let counted_before = total_facts(address, &tidegauge.authorization)?;

    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\n{}content-type: application/json\r\n",
        tidegauge.authorization
    );
    let pool = Pool::build(shape, patch, &head);
    let target = HttpTarget { address, pool: &pool, refusal_text: None };
    let phases = flow::run(&target, pid, connections, options, length)?;

    let mut result = CaseResult::new(case, about);
    let stored = total_facts(address, &tidegauge.authorization)?.saturating_sub(counted_before);
    result.count(Counted { acknowledged: phases.acknowledged, stored });
    result.fill(phases, connections, pool.mean_event_bytes);
    if let Err(error) = tidegauge.server.stop() {
        result.failures.push(format!("{error:#}"));
    }
    result.disk_bytes = Some(bytes_on_disk(&tidegauge.data));
    Ok(result)
}
