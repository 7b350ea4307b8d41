//! What asking a report on traffic showed, as it is written to the JSON file.

use std::time::Duration;

use serde::Serialize;

/// What one report showed.
#[derive(Serialize, Debug)]
pub struct TrafficAsked {
    /// Its name.
    pub report: String,
    /// Requests stored when it was asked.
    pub stored: usize,
    /// How often it was asked.
    pub times: usize,
    /// Mean bytes of an answer.
    pub bytes: f64,
    /// Milliseconds within which half of the answers were complete.
    pub p50_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// All.
    pub max_ms: f64,
}

impl TrafficAsked {
    /// From how long each answer took, and the bytes of all.
    pub fn new(report: &str, stored: usize, bytes: u64, mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |part: f64| took[((took.len() - 1) as f64 * part).round() as usize].as_secs_f64() * 1e3;
        Self {
            report: report.to_owned(),
            stored,
            times: took.len(),
            bytes: bytes as f64 / took.len() as f64,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            max_ms: at(1.0),
        }
    }

    /// For the screen.
    pub fn line(&self) -> String {
        let Self { report, stored, times, bytes, p50_ms, p99_ms, max_ms } = self;
        format!(
            "{report:<28} {stored:>10} stored  p50 {p50_ms:>7.2} ms  p99 {p99_ms:>7.2} ms  max {max_ms:>7.2} ms  \
             {bytes:>9.0} bytes, {times} times"
        )
    }
}
