//! A tally: the requests of some batches, added up by every level and family, sorted, and written as a part.
//!
//! Texts become numbers that sort as they do, so that what is sorted is two words a request and family. The spans of a
//! level are added up from those of the level below.

use std::collections::HashMap;
use std::path::Path;

use ahash::RandomState;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{DictionaryArray, RecordBatch};
use tidegauge_facts::Micros;

use super::key::{self, Family, Level};
use super::measure::{Hit, Measure, NETWORK_STATISTICS};
use super::part::{PartMeta, PartWriter};
use crate::error::StoreError;
use crate::read::{self, OptionalInts};

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
    let codes = Codes::of(batches);
    let texts = Ranks::of(batches, &codes);
    let (cells, measures) = read_hits(batches, &codes, &texts)?;
    if cells.is_empty() {
        return Ok(None);
    }
    let mut writer = PartWriter::begin(dir, number)?;
    let hours = Sums::of(cells, &measures);
    drop(measures);
    hours.write(Level::Hour, &texts, &mut writer)?;
    let days = hours.over(|hour| hour.div_euclid(24));
    drop(hours);
    days.write(Level::Day, &texts, &mut writer)?;
    let mut known = None;
    let months = days.over(|day| match known {
        Some((last, month)) if last == day => month,
        _ => known.insert((day, Level::Month.span(Level::Day.start(day)))).1,
    });
    months.write(Level::Month, &texts, &mut writer)?;
    writer.finish().map(Some)
}

/// What requests have in common, in an order that is that of the keys: tenant and family, who, span and `a` in the first
/// word; `b`, `c`, project and then a place in a list of measures in the second. All are ranks of texts but the span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell(u128, u128);

impl Cell {
    fn new(tenant: u32, family: Family, [who, span, a, b, c, project]: [u32; 6], place: u32) -> Self {
        let word = |parts: [u32; 4]| parts.iter().fold(0, |word: u128, part| word << 32 | u128::from(*part));
        Self(word([tenant << 2 | (family as u32 - 1), who, span, a]), word([b, c, project, place]))
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
    fn of(mut cells: Vec<Cell>, measures: &[Measure]) -> Self {
        cells.sort_unstable();
        let sums = cells.chunk_by(|a, b| a.has_same_key(*b)).map(|same| {
            let mut sum = Measure::NONE;
            same.iter().for_each(|cell| sum.add(&measures[cell.part(7) as usize]));
            (same[0], sum)
        });
        Self(sums.collect())
    }

    /// The same over longer spans.
    fn over(&self, mut span: impl FnMut(i64) -> i64) -> Self {
        let cells = self.0.iter().enumerate().map(|(place, (cell, _))| cell.with(span(cell.span()), place));
        let measures: Vec<Measure> = self.0.iter().map(|(_, measure)| *measure).collect();
        Self::of(cells.collect(), &measures)
    }

    fn write(&self, level: Level, texts: &Ranks<'_>, writer: &mut PartWriter) -> Result<(), StoreError> {
        let mut key = Vec::new();
        for (cell, measure) in &self.0 {
            let family = Family::ALL[(cell.part(0) & 3) as usize];
            if !family.has(level) {
                continue;
            }
            key.clear();
            key.push(level as u8);
            key::write_text(&mut key, texts.text(cell.part(0) >> 2));
            key.push(family as u8);
            key::write_text(&mut key, texts.text(cell.part(1)));
            key.extend_from_slice(&cell.part(2).to_be_bytes());
            for part in 3..7 {
                key::write_text(&mut key, texts.text(cell.part(part)));
            }
            writer.push(&key, measure)?;
        }
        Ok(())
    }
}

/// The cells of all requests, each by every family that it belongs to.
fn read_hits(
    batches: &[RecordBatch],
    codes: &Codes,
    texts: &Ranks<'_>,
) -> Result<(Vec<Cell>, Vec<Measure>), StoreError> {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let (mut cells, mut measures) = (Vec::with_capacity(2 * rows), Vec::with_capacity(rows));
    for batch in batches {
        let times = read::instants(batch, "event_time")?;
        let int = |name| OptionalInts::of(batch, name);
        let (code, time) = (int("response_code"), int("request_time"));
        let (total, upstream) = (int("latency_total"), int("latency_upstream"));
        let text = |name| texts.column(batch, name);
        let (tenant, project, api, path) =
            (text("tenant_id"), text("project_id"), text("api_id"), text("path"));
        let (who, alias) = (text("api_key"), text("alias"));
        let (client, api_name) = (text("oauth_id"), text("api_name"));
        let millis = |ints: &OptionalInts<'_>, row| u64::try_from(ints.get(row).unwrap_or(0)).unwrap_or(0);
        for (row, at) in times.iter().enumerate() {
            let code = code.get(row).unwrap_or(0);
            if code == NETWORK_STATISTICS {
                continue;
            }
            // Invariant: what is added up at once is far below 2^32 rows.
            let place = measures.len() as u32;
            measures.push(Measure::from(Hit {
                code,
                at: *at,
                request_time: millis(&time, row),
                latency: millis(&total, row),
                upstream: millis(&upstream, row),
            }));
            let tenant = tenant.rank(row);
            let span = key::span_code(Micros(*at).hour());
            let (api, path, project) = (api.rank(row), path.rank(row), project.rank(row));
            let none = texts.none;
            let mut count = |family, dims| cells.push(Cell::new(tenant, family, dims, place));
            let code = texts.rank(codes.text(code));
            count(Family::Apis, [none, span, api, code, api_name.rank(row), project]);
            let who = who.rank(row);
            if who != none {
                count(Family::Keys, [none, span, who, api, alias.rank(row), project]);
                count(Family::Key, [who, span, api, path, none, project]);
            }
            let client = client.rank(row);
            if client != none {
                count(Family::Client, [client, span, api, path, none, project]);
            }
        }
    }
    Ok((cells, measures))
}

/// The response codes as texts.
struct Codes(HashMap<i64, String>);

impl Codes {
    fn of(batches: &[RecordBatch]) -> Self {
        let mut codes = HashMap::from([(0, "0".to_owned())]);
        for batch in batches {
            let column = OptionalInts::of(batch, "response_code");
            let mut last = 0;
            for code in (0..batch.num_rows()).filter_map(|row| column.get(row)) {
                if code != last {
                    codes.entry(code).or_insert_with(|| code.to_string());
                    last = code;
                }
            }
        }
        Self(codes)
    }

    fn text(&self, code: i64) -> &str {
        self.0.get(&code).map_or("0", String::as_str)
    }
}

/// Texts, and their places in their order.
struct Ranks<'a> {
    texts: Vec<&'a str>,
    ranks: HashMap<&'a str, u32, RandomState>,
    /// The rank of the empty text.
    none: u32,
}

const TEXT_COLUMNS: [&str; 8] =
    ["tenant_id", "project_id", "api_id", "path", "api_key", "alias", "oauth_id", "api_name"];

impl<'a> Ranks<'a> {
    fn of(batches: &'a [RecordBatch], codes: &'a Codes) -> Self {
        let mut ranks: HashMap<&str, u32, RandomState> = HashMap::default();
        ranks.insert("", 0);
        for code in codes.0.values() {
            ranks.insert(code, 0);
        }
        for dictionary in
            batches.iter().flat_map(|batch| TEXT_COLUMNS.iter().filter_map(|name| labels(batch, name)))
        {
            let values = dictionary.values().as_string::<i32>();
            for text in values {
                ranks.insert(text.unwrap_or_default(), 0);
            }
        }
        let mut texts: Vec<&str> = ranks.keys().copied().collect();
        texts.sort_unstable();
        for (rank, text) in (0..).zip(&texts) {
            ranks.insert(text, rank);
        }
        let none = ranks[""];
        Self { texts, ranks, none }
    }

    fn text(&self, rank: u32) -> &'a str {
        self.texts[rank as usize]
    }

    fn rank(&self, text: &str) -> u32 {
        self.ranks.get(text).copied().unwrap_or(self.none)
    }

    fn column<'b>(&self, batch: &'b RecordBatch, name: &str) -> RankColumn<'b> {
        let labels = labels(batch, name);
        let values = labels.map(|labels| labels.values().as_string::<i32>());
        let ranks = values.into_iter().flatten().map(|text| self.rank(text.unwrap_or_default()));
        RankColumn { labels, ranks: ranks.collect(), none: self.none }
    }
}

/// A column of a batch as ranks; what is unknown is the empty text.
struct RankColumn<'b> {
    labels: Option<&'b DictionaryArray<Int32Type>>,
    ranks: Vec<u32>,
    none: u32,
}

impl RankColumn<'_> {
    fn rank(&self, row: usize) -> u32 {
        self.labels.and_then(|labels| labels.key(row)).map_or(self.none, |code| self.ranks[code])
    }
}

fn labels<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b DictionaryArray<Int32Type>> {
    let column = batch.column_by_name(name)?;
    // Invariant: these columns are dictionaries of text in frames and segments alike.
    column.as_dictionary_opt::<Int32Type>().filter(|labels| labels.values().as_string_opt::<i32>().is_some())
}
