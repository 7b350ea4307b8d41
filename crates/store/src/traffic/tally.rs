//! A tally: the requests of some batches, added up by every level and family, sorted, and written as a part.
//!
//! Texts become numbers that sort as they do, so that what is sorted is two words a request and family. The spans of a
//! level are added up from those of the level below.

mod ranks;

use std::path::Path;

use arrow_array::RecordBatch;
use tidegauge_facts::Micros;

use super::key::{self, Family, Level};
use super::measure::{Hit, Measure, NETWORK_STATISTICS};
use super::part::{PartMeta, PartWriter};
use crate::error::StoreError;
use crate::read::{self, OptionalInts};

use ranks::{Codes, Ranks};

/// The columns that are looked at.
pub(crate) const COLUMNS: [&str; 13] = [
    "tenant_id",
    "project_id",
    "event_time",
    "api_id",
    "path",
    "response_code",
    "api_key",
    "alias",
    "oauth_id",
    "api_name",
    "request_time",
    "latency_total",
    "latency_upstream",
];

/// Writes the part of the batches' requests; none if there is nothing to measure.
pub(crate) fn write_tally(
    dir: &Path,
    number: u64,
    batches: &[RecordBatch],
) -> Result<Option<PartMeta>, StoreError> {
    let measures = measures(batches)?;
    if measures.iter().all(|measure| measure.hits == 0) {
        return Ok(None);
    }
    let codes = Codes::of(batches);
    let texts = Ranks::of(batches, &codes);
    let mut writer = PartWriter::begin(dir, number)?;
    // One family after the other: what is in memory at once is one family's sums.
    for family in Family::ALL {
        let cells = cells(family, batches, &measures, &codes, &texts)?;
        let hours = Sums::of(cells, |place| &measures[place]);
        hours.write(family, Level::Hour, &texts, &mut writer)?;
        let days = hours.over(|hour| hour.div_euclid(24));
        drop(hours);
        days.write(family, Level::Day, &texts, &mut writer)?;
        let thirds = days.over(remembered(|day| Level::Third.span(Level::Day.start(day))));
        drop(days);
        thirds.write(family, Level::Third, &texts, &mut writer)?;
        let months = thirds.over(remembered(|third| Level::Month.span(Level::Third.start(third))));
        months.write(family, Level::Month, &texts, &mut writer)?;
    }
    writer.finish().map(Some)
}

/// The same, worked out once for equal ones in a row.
fn remembered(span: impl Fn(i64) -> i64) -> impl FnMut(i64) -> i64 {
    let mut known = None;
    move |of| match known {
        Some((last, span)) if last == of => span,
        _ => known.insert((of, span(of))).1,
    }
}

/// Each row's measure; of network statistics that of none.
fn measures(batches: &[RecordBatch]) -> Result<Vec<Measure>, StoreError> {
    let mut measures = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        let int = |name| OptionalInts::of(batch, name);
        let (code, time) = (int("response_code"), int("request_time"));
        let (total, upstream) = (int("latency_total"), int("latency_upstream"));
        let millis = |ints: &OptionalInts<'_>, row| u64::try_from(ints.get(row).unwrap_or(0)).unwrap_or(0);
        measures.extend(read::instants(batch, "event_time")?.iter().enumerate().map(|(row, at)| {
            match code.get(row).unwrap_or(0) {
                NETWORK_STATISTICS => Measure::NONE,
                code => Measure::from(Hit {
                    code,
                    at: *at,
                    request_time: millis(&time, row),
                    latency: millis(&total, row),
                    upstream: millis(&upstream, row),
                }),
            }
        }));
    }
    Ok(measures)
}

/// The family's cells, one for each request that belongs to it; its place is that of its measure.
fn cells(
    family: Family,
    batches: &[RecordBatch],
    measures: &[Measure],
    codes: &Codes,
    texts: &Ranks<'_>,
) -> Result<Vec<Cell>, StoreError> {
    let (mut cells, none) = (Vec::new(), texts.none);
    // Invariant: what is added up at once is far below 2^32 rows.
    let mut place = 0;
    for batch in batches {
        let times = read::instants(batch, "event_time")?;
        let codes = codes.column(batch, texts);
        let text = |name| texts.column(batch, name);
        let (tenant, project, api) = (text("tenant_id"), text("project_id"), text("api_id"));
        let [who, b, c] = match family {
            Family::Apis => ["", "", "api_name"],
            Family::Keys => ["api_key", "", "alias"],
            Family::Key => ["api_key", "path", "api_name"],
            Family::Client => ["oauth_id", "path", "api_name"],
        }
        .map(text);
        for (row, at) in times.iter().enumerate() {
            let (who, api) = (who.rank(row), api.rank(row));
            if measures[place as usize].hits > 0 && (who != none || family == Family::Apis) {
                let (who, a, b) = match family {
                    Family::Apis => (none, api, codes.rank(row)),
                    Family::Keys => (none, who, api),
                    Family::Key | Family::Client => (who, api, b.rank(row)),
                };
                let span = key::span_code(Micros(*at).hour());
                cells.push(Cell::new(
                    [tenant.rank(row), who, span, a],
                    [b, c.rank(row), project.rank(row), place],
                ));
            }
            place += 1;
        }
    }
    Ok(cells)
}

/// What requests have in common, in an order that is that of the keys: tenant, who, span and `a` in the first word; `b`, `c`,
/// project and then a place in a list of measures in the second. All are ranks of texts but the span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell(u128, u128);

impl Cell {
    fn new(first: [u32; 4], second: [u32; 4]) -> Self {
        let word = |parts: [u32; 4]| parts.iter().fold(0, |word: u128, part| word << 32 | u128::from(*part));
        Self(word(first), word(second))
    }

    /// The n-th 32 bits, from the left.
    fn part(self, n: usize) -> u32 {
        let word = if n < 4 { self.0 } else { self.1 };
        (word >> (96 - 32 * (n % 4))) as u32
    }

    fn has_same_key(self, other: Self) -> bool {
        self.0 == other.0 && self.1 >> 32 == other.1 >> 32
    }

    fn span(self) -> i64 {
        key::span_of_code(self.part(2))
    }

    fn with(self, span: i64, place: usize) -> Self {
        let spans = u128::from(u32::MAX) << 32;
        let places = u128::from(u32::MAX);
        Self(self.0 & !spans | u128::from(key::span_code(span)) << 32, self.1 & !places | place as u128)
    }
}

/// Cells, each once and in order, and what is added up under them.
struct Sums(Vec<(Cell, Measure)>);

impl Sums {
    fn of<'m>(mut cells: Vec<Cell>, measure: impl Fn(usize) -> &'m Measure) -> Self {
        cells.sort_unstable();
        let sums = cells.chunk_by(|a, b| a.has_same_key(*b)).map(|same| {
            let mut sum = Measure::NONE;
            same.iter().for_each(|cell| sum.add(measure(cell.part(7) as usize)));
            (same[0], sum)
        });
        Self(sums.collect())
    }

    /// The same over longer spans.
    fn over(&self, mut span: impl FnMut(i64) -> i64) -> Self {
        let cells = self.0.iter().enumerate().map(|(place, (cell, _))| cell.with(span(cell.span()), place));
        Self::of(cells.collect(), |place| &self.0[place].1)
    }

    fn write(
        &self,
        family: Family,
        level: Level,
        texts: &Ranks<'_>,
        writer: &mut PartWriter,
    ) -> Result<(), StoreError> {
        if !family.has(level) {
            return Ok(());
        }
        let mut key = Vec::new();
        for (cell, measure) in &self.0 {
            key::begin(&mut key, family, level, texts.text(cell.part(0)), texts.text(cell.part(1)));
            key.extend_from_slice(&cell.part(2).to_be_bytes());
            for part in 3..7 {
                key::write_text(&mut key, texts.text(cell.part(part)));
            }
            writer.push(&key, measure)?;
        }
        Ok(())
    }
}
