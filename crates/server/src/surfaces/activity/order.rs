//! The order of an answer's rows, and its pages.
//!
//! Promise: two rows never tie, so an answer is the same each time and a page begins where the one before ended.

use std::cmp::Ordering;

use tidegauge_reports::request_activity::ActivityRow;
use tidegauge_store::traffic::Measure;

use super::parameters::{BadQuestion, Page};

/// Rows of a page.
pub(super) const PAGE_ROWS: usize = 10;
/// Most rows of an answer that is one page.
pub(super) const MAX_ROWS: usize = 100_000;

/// The order of rows: by time where they have one, then as asked, then by API, path, key and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    /// The measure.
    pub by: By,
    /// Least first instead of most first.
    pub reversed: bool,
}

/// A measure to order by, by its name in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Hits,
    Success,
    Error,
    LastHit,
    RequestTime,
    Latency,
    UpstreamLatency,
}

impl By {
    /// The names.
    pub const NAMES: [&'static str; 7] =
        ["hits", "success", "error", "last_hit", "request_time", "latency", "upstream_latency"];
    /// What a name must be.
    pub const RULE: &'static str =
        "one of hits, success, error, last_hit, request_time, latency, upstream_latency";

    /// The measure of a name; the platform's own pages write `Hits`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match &*name.to_ascii_lowercase() {
            "hits" => Self::Hits,
            "success" => Self::Success,
            "error" => Self::Error,
            "last_hit" => Self::LastHit,
            "request_time" => Self::RequestTime,
            "latency" => Self::Latency,
            "upstream_latency" => Self::UpstreamLatency,
            _ => return None,
        })
    }

    fn compare(self, a: &Measure, b: &Measure) -> Ordering {
        // Means as fractions, so that none is rounded.
        let mean = |a_sum: u64, b_sum: u64| {
            (u128::from(a_sum) * u128::from(b.hits)).cmp(&(u128::from(b_sum) * u128::from(a.hits)))
        };
        match self {
            Self::Hits => a.hits.cmp(&b.hits),
            Self::Success => a.success.cmp(&b.success),
            Self::Error => a.errors.cmp(&b.errors),
            Self::LastHit => a.last_hit.cmp(&b.last_hit),
            Self::RequestTime => mean(a.request_time, b.request_time),
            Self::Latency => mean(a.latency, b.latency),
            Self::UpstreamLatency => mean(a.upstream, b.upstream),
        }
    }
}

impl Order {
    fn compare(self, a: &ActivityRow, b: &ActivityRow) -> Ordering {
        let measured = self.by.compare(&a.measure, &b.measure);
        let asked = if self.reversed { measured } else { measured.reverse() };
        // A group is its bucket first, then API, path, key and code.
        a.group.bucket.cmp(&b.group.bucket).then(asked).then_with(|| a.group.cmp(&b.group))
    }

    /// The wanted rows in order, and how many pages there are.
    pub fn page(
        self,
        mut rows: Vec<ActivityRow>,
        page: Page,
    ) -> Result<(Vec<ActivityRow>, usize), BadQuestion> {
        let number = match page {
            Page::Everything if rows.len() > MAX_ROWS => return Err(BadQuestion::TooManyRows(MAX_ROWS)),
            Page::Everything => {
                rows.sort_unstable_by(|a, b| self.compare(a, b));
                let pages = usize::from(!rows.is_empty());
                return Ok((rows, pages));
            }
            Page::Number(number) => number,
        };
        let pages = rows.len().div_ceil(PAGE_ROWS);
        let before = usize::try_from(number - 1).unwrap_or(usize::MAX).saturating_mul(PAGE_ROWS);
        if before >= rows.len() {
            return Ok((Vec::new(), pages));
        }
        rows.sort_unstable_by(|a, b| self.compare(a, b));
        Ok((rows.into_iter().skip(before).take(PAGE_ROWS).collect(), pages))
    }
}
