//! What asking a report showed: measured here, and kept in the JSON file as it stands.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use serde::Serialize;

use super::ask::{Asker, Took};
use super::dataset::Dataset;
use super::questions::{Bar, Expected, Question};
use super::rows::{RowReader, Seen};
use crate::peers::duckdb::Answered;
use crate::procfs;

/// A report is asked so often, unless that takes longer than `ENOUGH`.
const TIMES: usize = 200;
/// But at least so often.
const LEAST_TIMES: usize = 5;
/// After so long it is not asked again.
const ENOUGH: Duration = Duration::from_secs(4);

/// What one report showed.
#[derive(Serialize, Debug)]
pub struct Asked {
    /// Its name.
    pub report: String,
    /// Path and query.
    pub path: String,
    /// Sessions stored when it was asked.
    pub sessions: u64,
    /// Rows of its answer; of a report of one object, what it counts.
    pub rows: u64,
    /// Bytes of its answer.
    pub bytes: u64,
    /// The first time it was asked, after a restart of the server.
    pub cold: Once,
    /// How often it was asked after that.
    pub times: usize,
    /// Milliseconds until the answer began.
    pub first_byte: Spread,
    /// Milliseconds until it was complete.
    pub total: Spread,
    /// Bytes by which the server's resident memory grew during one answer, at most; the first one included.
    pub growth_bytes: u64,
    /// What it may take.
    pub bar: Option<Bar>,
    /// The same question, asked of DuckDB.
    pub duckdb: Option<Answered>,
}

/// One answer, in milliseconds.
#[derive(Serialize, Clone, Copy, Debug)]
pub struct Once {
    /// Until it began.
    pub first_byte_ms: f64,
    /// Until it was complete.
    pub total_ms: f64,
}

/// Many answers, in milliseconds.
#[derive(Serialize, Clone, Copy, Debug)]
pub struct Spread {
    /// Half of them came within this.
    pub p50_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
}

impl Asked {
    /// Whether its bar holds; `None` without one.
    pub fn holds(&self) -> Option<bool> {
        self.bar.map(|bar| match bar {
            Bar::TotalMs(most) => self.total.p50_ms < most,
            Bar::ListMs(most, growth) => self.first_byte.p50_ms < most && self.growth_bytes < growth,
        })
    }

    /// Rows a second, of those answers that take long enough to tell.
    pub fn rows_per_s(&self) -> f64 {
        self.rows as f64 / self.total.p50_ms * 1e3
    }
}

/// What asking needs.
pub struct Asking<'a> {
    /// The connection, to this server.
    pub asker: &'a mut Asker,
    /// The server's process.
    pub pid: u32,
    /// What it was given.
    pub dataset: &'a Dataset,
    /// Sessions stored.
    pub sessions: u64,
}

impl Asking<'_> {
    /// Asks once from cold, once to look whether the answer is right, then for the times. Also says what was seen.
    pub fn measure(&mut self, question: &Question) -> anyhow::Result<(Asked, Seen)> {
        let (cold, cold_growth) = self.once(&question.path)?;
        let (seen, rows) = self.check(question)?;
        let (mut first_bytes, mut totals, mut growth, start) =
            (Vec::new(), Vec::new(), cold_growth, Instant::now());
        while totals.len() < LEAST_TIMES || (totals.len() < TIMES && start.elapsed() < ENOUGH) {
            let (took, grown) = self.once(&question.path)?;
            // Lists do not change while they are asked for; a small report may, with the time.
            ensure!(
                took.bytes == cold.bytes || matches!(question.expected, Expected::Whole(_)),
                "an answer had {} bytes, the one before {}",
                took.bytes,
                cold.bytes
            );
            first_bytes.push(took.first_byte);
            totals.push(took.total);
            growth = growth.max(grown);
        }
        let asked = Asked {
            report: question.name.clone(),
            path: question.path.clone(),
            sessions: self.sessions,
            rows,
            bytes: cold.bytes,
            cold: Once { first_byte_ms: ms(cold.first_byte), total_ms: ms(cold.total) },
            times: totals.len(),
            first_byte: spread(first_bytes),
            total: spread(totals),
            growth_bytes: growth,
            bar: question.bar,
            duckdb: None,
        };
        Ok((asked, seen))
    }

    /// One answer, read and thrown away; and by how much the server's memory grew meanwhile.
    fn once(&mut self, path: &str) -> anyhow::Result<(Took, u64)> {
        procfs::forget_peak(self.pid)?;
        let before = procfs::memory(self.pid)?.resident_bytes;
        let took = self.asker.ask(path, |_| ())?;
        let peak = procfs::memory(self.pid)?.peak_bytes;
        Ok((took, peak.saturating_sub(before)))
    }

    /// One answer, looked at; what was seen, and its rows.
    fn check(&mut self, question: &Question) -> anyhow::Result<(Seen, u64)> {
        match &question.expected {
            Expected::Rows(expected) => {
                let mut reader = RowReader::default();
                self.asker.ask(&question.path, |piece| reader.read(piece))?;
                let seen = reader.end().map_err(anyhow::Error::msg)?;
                ensure!(seen == *expected, "the answer is wrong: {seen:?}, expected {expected:?}");
                Ok((seen, seen.rows))
            }
            Expected::Whole(check) => {
                let mut body = Vec::new();
                let before = Timestamp::now().as_microsecond();
                self.asker.ask(&question.path, |piece| body.extend_from_slice(piece))?;
                let asked = (before, Timestamp::now().as_microsecond());
                let answer = serde_json::from_slice(&body).context("the answer is not JSON")?;
                let seen = check(self.dataset, &answer, asked)
                    .map_err(|error| anyhow::anyhow!("the answer is wrong: {error}"))?;
                let rows = match &answer {
                    serde_json::Value::Array(rows) => rows.len(),
                    answer => answer["data"].as_array().map_or(1, Vec::len),
                };
                Ok((seen, rows as u64))
            }
        }
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn spread(mut times: Vec<Duration>) -> Spread {
    times.sort_unstable();
    let at = |part: f64| ms(times[((times.len() - 1) as f64 * part).round() as usize]);
    Spread { p50_ms: at(0.5), p99_ms: at(0.99) }
}
