//! `tidegauge check`: verifies every file of a data directory.

use std::path::PathBuf;

use super::say;

/// Verify every file of a data directory that is not in use.
#[derive(clap::Args)]
pub struct Args {
    /// The data directory.
    #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
    data: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let report = tidegauge_store::check(&args.data)?;
    for finding in &report.findings {
        say(finding);
    }
    let (segments, parts) = (report.segments, report.traffic_parts);
    let (files, frames) = (report.log_files, report.frames);
    say(&format!(
        "{segments} segments, {parts} parts of traffic and {files} log files ({frames} frames) are whole"
    ));
    match report.findings.len() {
        0 => Ok(()),
        n => anyhow::bail!("{n} of the files in {} are damaged", args.data.display()),
    }
}
