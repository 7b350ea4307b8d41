//! The readers of imported files as fuzz targets: each takes any bytes, and panics where a reader breaks its promise.
//!
//! For tests and for `cargo fuzz`, which sets `cfg(fuzzing)`: no other build has this module. What the targets are and
//! how they are run stands in `fuzz/README.md`.

use std::io;

use tidegauge_facts::{Connection, Event, Request, Session, Table};
use tidegauge_geo::Countries;

use crate::access_log::LogTarget;
use crate::addresses::Addresses;
use crate::cell_rows::Defaults;
use crate::column::Columns;
use crate::content::Content;
use crate::csv::Header;
use crate::parse::{Parsed, Reading, Rows, Shape};
use crate::pieces::{Kind, Lines, Piece};

/// A byte that says what the lines are and of which table, and the lines: of an access log, of JSON, of CSV with its
/// header.
pub fn import_lines(data: &[u8]) {
    let Some((kind, content)) = data.split_first() else { return };
    let (format, table) = (kind % 3, usize::from(kind / 3));
    let (table, ignore_unknown) = (Table::ALL[table % Table::ALL.len()], table >= Table::ALL.len());
    let columns = Columns::of(table);
    let shape = match format {
        0 => Shape::AccessLog,
        1 => Shape::Ndjson(columns),
        _ => match Header::find(content, &columns, ignore_unknown) {
            Ok(header) => Shape::Csv(columns, header),
            Err(reason) => return assert!(!reason.to_string().is_empty()),
        },
    };
    read(content, shape, ignore_unknown);
}

/// Every line that is not empty is a row or a bad line, and the pieces follow each other without a gap. Cut in two at any
/// line, the file has the same rows.
fn read(content: &[u8], shape: Shape, ignore_unknown: bool) {
    let countries = Countries::default();
    let addresses = Addresses::default();
    let reading = Reading {
        addresses: &addresses,
        shape,
        import: "import".to_owned(),
        defaults: Defaults { tenant: None, project: Some("p"), api_id: Some("api") },
        ignore_unknown,
        may_grow: false,
        countries: &countries,
    };
    let lines = Lines::new(Content::of(io::Cursor::new(content.to_vec())), reading.line_end(), 0, 1);
    let (mut end, mut rows, mut bad, mut next_line) = (0, 0, 0, 1);
    for piece in lines {
        let Ok(piece) = piece else { return assert!(piece.is_ok(), "memory can be read") };
        assert_eq!((piece.start, piece.first_line), (end, next_line), "pieces follow each other");
        let parsed = reading.parse(piece);
        check(&parsed);
        (end, next_line) = (parsed.end, parsed.next_line);
        rows += parsed.rows.len();
        bad += parsed.bad.len();
    }
    assert_eq!(end, content.len() as u64, "all of it is read");

    let Some(cut) = reading.line_end().first(content) else { return };
    let (first, second) = content.split_at(cut);
    let one = parse(&reading, first, 0, 1);
    let other = parse(&reading, second, one.end, one.next_line);
    assert_eq!(one.rows.len() + other.rows.len(), rows, "a cut between lines changes nothing");
    assert_eq!((one.bad.len() + other.bad.len(), other.next_line), (bad, next_line));
}

fn parse(reading: &Reading<'_>, bytes: &[u8], start: u64, first_line: u64) -> Parsed {
    reading.parse(Piece { start, first_line, kind: Kind::Lines(bytes.to_vec()) })
}

fn check(parsed: &Parsed) {
    assert_eq!(parsed.lines, (parsed.rows.len() + parsed.bad.len()) as u64, "a line is a row or a bad one");
    assert_eq!((parsed.unfinished, parsed.end), (0, parsed.start + parsed.content.len() as u64));
    for bad in &parsed.bad {
        assert!(bad.at >= parsed.start && bad.at < parsed.end && !bad.reason.to_string().is_empty());
    }
    match &parsed.rows {
        Rows::Log(rows) => {
            let target = LogTarget { tenant: "t", project: "p", api_id: "api" };
            for row in rows.requests(usize::MAX, target, 0) {
                assert!(!row.path.is_empty() && row.ip.is_some());
            }
        }
        Rows::Cells { rows, received_at } => {
            let (lists, at, all) = (rows.all_lists(), (*received_at, 0), usize::MAX);
            let count = match rows.table() {
                Table::Events => rows.rows::<Event<'_>>(&lists, at, all).count(),
                Table::Sessions => rows.rows::<Session<'_>>(&lists, at, all).count(),
                Table::Connections => rows.rows::<Connection<'_>>(&lists, at, all).count(),
                Table::Requests => rows.rows::<Request<'_>>(&lists, at, all).count(),
            };
            assert_eq!(count, rows.len(), "a row that was taken is one of the table's");
        }
    }
}

#[cfg(test)]
mod any_bytes_are_taken_by {
    tidegauge_fuzz_replay::tests! { import_lines }
}
