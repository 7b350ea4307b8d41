//! A piece's lines made into rows, and what is wrong with those that are none.

use std::fmt::Write as _;

use tidegauge_facts::DEFAULT_NAME;
use tidegauge_geo::{Countries, Country};

use crate::access_log::{self, LogRows};
use crate::addresses::Addresses;
use crate::bad::{Bad, Reason};
use crate::cell_rows::{CellRows, Defaults};
use crate::column::Columns;
use crate::countries::KnownCountries;
use crate::csv::{Fields, Header};
use crate::format::BOM;
use crate::json;
use crate::parquet_rows::Batch;
use crate::pieces::{Kind, LineEnd, Piece};

/// What a file's lines are.
#[derive(Debug)]
pub(crate) enum Shape {
    AccessLog,
    Ndjson(Columns),
    Csv(Columns, Header),
    Parquet(Columns),
}

/// How the pieces of one file are read; its parsers share it.
pub(crate) struct Reading<'a> {
    pub shape: Shape,
    /// Begins the ids of rows that have none.
    pub import: String,
    pub defaults: Defaults<'a>,
    pub ignore_unknown: bool,
    /// A last line without its newline may still be written on.
    pub may_grow: bool,
    pub countries: &'a Countries,
    pub addresses: &'a Addresses,
}

/// A piece as the appender takes it.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub start: u64,
    /// Behind its last line that was taken.
    pub end: u64,
    /// The number of the line that follows.
    pub next_line: u64,
    /// Lines that are not empty.
    pub lines: u64,
    pub rows: Rows,
    pub bad: Vec<Bad>,
    /// The piece's bytes, to know the file by.
    pub content: Vec<u8>,
    /// Bytes of a last line that is not finished.
    pub unfinished: u64,
}

/// Rows of a piece.
#[derive(Debug)]
pub(crate) enum Rows {
    Log(LogRows),
    /// And the place of `received_at`.
    Cells {
        rows: CellRows,
        received_at: usize,
    },
}

impl Rows {
    pub fn len(&self) -> usize {
        match self {
            Self::Log(rows) => rows.len(),
            Self::Cells { rows, .. } => rows.len(),
        }
    }
}

const TOO_LONG: Reason = Reason::of("it is longer than 1 MiB; its beginning is kept here");

impl Reading<'_> {
    /// How lines end.
    pub fn line_end(&self) -> LineEnd {
        match self.shape {
            Shape::Csv(..) => LineEnd::UnquotedNewline,
            _ => LineEnd::Newline,
        }
    }

    /// Reads a piece.
    pub fn parse(&self, piece: Piece) -> Parsed {
        let Piece { start, first_line, kind } = piece;
        let mut parsed = Parsed {
            start,
            end: start,
            next_line: first_line,
            lines: 0,
            rows: self.rows(match &kind {
                Kind::Lines(bytes) => bytes.len(),
                _ => 0,
            }),
            bad: Vec::new(),
            content: Vec::new(),
            unfinished: 0,
        };
        match kind {
            Kind::Lines(bytes) => {
                self.parse_lines(&bytes, &mut parsed);
                parsed.content = bytes;
                parsed.content.truncate((parsed.end - start) as usize);
            }
            Kind::TooLong { kept, length, lines } => {
                parsed.lines = 1;
                parsed.bad.push(Bad {
                    at: start,
                    line: first_line,
                    rows_before: 0,
                    reason: TOO_LONG,
                    text: kept,
                });
                parsed.end += length;
                parsed.next_line += lines;
            }
            Kind::Rows(batch) => self.parse_batch(&batch, &mut parsed),
        }
        parsed
    }

    fn rows(&self, bytes: usize) -> Rows {
        match &self.shape {
            Shape::AccessLog => Rows::Log(LogRows::with_capacity(bytes)),
            Shape::Ndjson(columns) | Shape::Csv(columns, _) | Shape::Parquet(columns) => Rows::Cells {
                rows: CellRows::new(columns.table),
                received_at: columns.place("received_at").unwrap_or_default(),
            },
        }
    }

    fn parse_lines(&self, bytes: &[u8], parsed: &mut Parsed) {
        let (line_end, mut fields, mut id) = (self.line_end(), Fields::default(), String::new());
        let mut countries = KnownCountries::of(self.countries);
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let length = line_end.first(rest);
            let whole = &rest[..length.unwrap_or(rest.len())];
            let mut line = whole.strip_suffix(b"\n").unwrap_or(whole);
            line = line.strip_suffix(b"\r").unwrap_or(line);
            let start = parsed.start + at as u64;
            let is_header = matches!(&self.shape, Shape::Csv(_, header) if header.at == start);
            if start == 0 {
                line = line.strip_prefix(BOM).unwrap_or(line);
            }
            let is_unfinished = length.is_none() && self.may_grow;
            if is_unfinished
                && !line.trim_ascii().is_empty()
                && matches!(self.shape, Shape::AccessLog | Shape::Csv(..))
            {
                // It may well be read as a line, and yet lack its end.
                parsed.unfinished = rest.len() as u64;
                break;
            }
            if !line.trim_ascii().is_empty() && !is_header {
                id.clear();
                let _ = write!(id, "{}-{start:x}", self.import);
                if let Err(reason) = self.parse_line(line, &id, &mut countries, &mut fields, &mut parsed.rows)
                {
                    if is_unfinished {
                        parsed.unfinished = rest.len() as u64;
                        break;
                    }
                    parsed.bad.push(Bad {
                        at: start,
                        line: parsed.next_line,
                        rows_before: parsed.rows.len(),
                        reason,
                        text: line.to_vec(),
                    });
                }
                parsed.lines += 1;
            }
            at += whole.len();
            parsed.next_line += match line_end {
                LineEnd::Newline => u64::from(length.is_some()),
                LineEnd::UnquotedNewline => memchr::memchr_iter(b'\n', whole).count() as u64,
            };
        }
        parsed.end = parsed.start + at as u64;
    }

    fn parse_line(
        &self,
        line: &[u8],
        id: &str,
        countries: &mut KnownCountries<'_>,
        fields: &mut Fields,
        rows: &mut Rows,
    ) -> Result<(), Reason> {
        match (&self.shape, rows) {
            (Shape::AccessLog, Rows::Log(rows)) => {
                let line = access_log::parse(line)?;
                let country = countries.country(&line.client);
                let tenant = self.defaults.tenant.unwrap_or(DEFAULT_NAME);
                let ip = self.addresses.of(tenant).of(Some(&line.client));
                rows.push(id, &line, ip.as_deref(), country.as_ref().map(Country::as_str));
                Ok(())
            }
            (Shape::Ndjson(columns), Rows::Cells { rows, .. }) => {
                rows.add(columns, self.defaults, self.addresses, id, |row| {
                    json::fill(row, line, self.ignore_unknown)?;
                    countries.find(row);
                    Ok(())
                })
            }
            (Shape::Csv(columns, header), Rows::Cells { rows, .. }) => {
                rows.add(columns, self.defaults, self.addresses, id, |row| {
                    header.fill(row, line, fields)?;
                    countries.find(row);
                    Ok(())
                })
            }
            _ => Err(Reason::of("it is not of the file's kind")),
        }
    }

    fn parse_batch(&self, batch: &arrow_array::RecordBatch, parsed: &mut Parsed) {
        let (Shape::Parquet(columns), Rows::Cells { rows, .. }) = (&self.shape, &mut parsed.rows) else {
            return;
        };
        let known = Batch::of(batch, columns, self.ignore_unknown);
        let mut countries = KnownCountries::of(self.countries);
        for row in 0..batch.num_rows() {
            let at = parsed.start + row as u64;
            let id = format!("{}-{at:x}", self.import);
            let added = known.as_ref().map_err(Clone::clone).and_then(|known| {
                rows.add(columns, self.defaults, self.addresses, &id, |open| {
                    known.fill(open, row)?;
                    countries.find(open);
                    Ok(())
                })
            });
            if let Err(reason) = added {
                let text = format!("row {at} (a row of a Parquet file is not written out here)").into_bytes();
                parsed.bad.push(Bad { at, line: at + 1, rows_before: rows.len(), reason, text });
            }
        }
        let count = batch.num_rows() as u64;
        parsed.lines = count;
        parsed.end = parsed.start + count;
        parsed.next_line = parsed.end + 1;
    }
}
