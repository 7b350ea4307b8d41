//! `check`: reads every file of a data directory that is not in use, and changes none.

use std::path::Path;

use crate::checkpoint::Checkpoint;
use crate::directory::DataDir;
use crate::erasure;
use crate::error::StoreError;
use crate::manifest::Manifest;
use crate::{log, log_recovery};

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Segments read whole.
    pub segments: usize,
    /// Parts of the traffic that is added up read whole.
    pub traffic_parts: usize,
    /// Log files read whole.
    pub log_files: usize,
    /// Records of erasures, done or not.
    pub erasures: usize,
    /// Whole frames in them.
    pub frames: usize,
    /// A sentence per file that is not as it should be.
    pub findings: Vec<String>,
}

/// Verifies the manifest, the checkpoint, every segment, every part of traffic and every log file.
///
/// # Errors
/// The directory cannot be opened, or its manifest is damaged.
pub fn check(path: &Path) -> Result<CheckReport, StoreError> {
    let dir = DataDir::open_existing(path)?;
    let mut report = CheckReport::default();
    let (erasures, damaged) = erasure::inspect(&dir)?;
    report.erasures = erasures.len();
    report.findings.extend(damaged.iter().map(ToString::to_string));
    let Some(manifest) = Manifest::read(&dir)? else { return Ok(report) };
    if let Some(Err(error)) = manifest.checkpoint.map(|meta| Checkpoint::load(&dir, meta)) {
        report.findings.push(error.to_string());
    }
    for segment in &manifest.segments {
        match segment.verify() {
            Ok(()) => report.segments += 1,
            Err(error) => report.findings.push(error.to_string()),
        }
    }
    for part in &manifest.traffic.parts {
        match part.verify() {
            Ok(()) => report.traffic_parts += 1,
            Err(error) => report.findings.push(error.to_string()),
        }
    }
    let mut last = 0;
    for number in log::file_numbers(&dir.log_dir())? {
        let (frames, end) = log_recovery::inspect(&dir.log_dir(), number, &mut last)?;
        report.log_files += 1;
        report.frames += frames;
        if let Some((offset, reason)) = end {
            report.findings.push(format!("log file {number} ends early at byte {offset}: {reason}"));
        }
    }
    Ok(report)
}
