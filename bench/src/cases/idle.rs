//! Memory of a freshly started server that nobody uses.

use std::time::Duration;

use super::tidegauge::Tidegauge;
use super::{Case, CaseResult};
use crate::cli::Options;
use crate::procfs;

/// How long it is left alone: start-up work has ended by then.
const ALONE: Duration = Duration::from_secs(5);

/// Measures `idle`.
pub fn run(options: &Options) -> anyhow::Result<CaseResult> {
    let mut tidegauge = Tidegauge::start(options)?;
    // This is the thing measured, not a wait for a condition.
    std::thread::sleep(ALONE);
    let memory = procfs::memory(tidegauge.server.pid())?;
    tidegauge.server.stop()?;
    let mut result = CaseResult::new(Case::Idle, "Tidegauge, just started, 5 s idle");
    result.memory = Some(memory);
    Ok(result)
}
