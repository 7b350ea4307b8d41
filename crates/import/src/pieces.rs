//! Content cut into pieces of whole lines, a line of bounded length each.
//!
//! Promise: the pieces follow each other without a gap, and what is carried in memory is bounded whatever the content.

use std::io::{self, Read as _};

use arrow_array::RecordBatch;
use memchr::{memchr, memchr_iter, memrchr};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use tidegauge_store::parquet_panic::caught;

use crate::content::Content;

/// Bytes of a piece, about.
pub(crate) const PIECE_BYTES: usize = 1024 * 1024;
/// The longest line that is looked at.
pub(crate) const MAX_LINE_BYTES: usize = 1024 * 1024;
/// So much of a longer line is kept.
const KEPT_BYTES: usize = 4096;

/// Some of a file.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Where it begins: a byte of the content, or a row of a Parquet file.
    pub start: u64,
    /// The number of its first line, from 1.
    pub first_line: u64,
    pub kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// Whole lines; only the last line of all may lack its newline.
    Lines(Vec<u8>),
    /// A line longer than [`MAX_LINE_BYTES`]: its beginning, and how long it is.
    TooLong { kept: Vec<u8>, length: u64, lines: u64 },
    /// Rows of a Parquet file.
    Rows(RecordBatch),
}

/// What a file yields piece by piece.
pub(crate) trait Pieces: Iterator<Item = io::Result<Piece>> + Send {}

impl<T: Iterator<Item = io::Result<Piece>> + Send> Pieces for T {}

/// Where a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// At each newline.
    Newline,
    /// At each newline outside of quotes (RFC 4180).
    UnquotedNewline,
}

impl LineEnd {
    /// Behind the first line of `bytes`, if its end is there.
    pub fn first(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Newline => memchr(b'\n', bytes).map(|at| at + 1),
            Self::UnquotedNewline => csv_line(bytes),
        }
    }

    /// Behind the last whole line of `bytes`.
    fn last(self, bytes: &[u8]) -> usize {
        match self {
            Self::Newline => memrchr(b'\n', bytes).map_or(0, |at| at + 1),
            Self::UnquotedNewline => {
                let mut end = 0;
                while let Some(more) = csv_line(&bytes[end..]) {
                    end += more;
                }
                end
            }
        }
    }
}

/// Behind the first record: a quote opens a field at its beginning only, as the reader of the fields has it.
fn csv_line(bytes: &[u8]) -> Option<usize> {
    #[derive(Clone, Copy)]
    enum At {
        FieldStart,
        Plain,
        Quoted,
        /// Behind a quote in a quoted field: its end, or the first of two.
        Quote,
    }
    let mut at = At::FieldStart;
    for (index, byte) in bytes.iter().enumerate() {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (At::Quote | At::FieldStart, b'"') => At::Quoted,
            (_, b'\n') => return Some(index + 1),
            (_, b',') => At::FieldStart,
            _ => At::Plain,
        };
    }
    None
}

/// Cuts content into pieces of lines.
pub(crate) struct Lines {
    content: Content,
    end: LineEnd,
    /// Read and not yet handed out.
    buffer: Vec<u8>,
    start: u64,
    line: u64,
    is_over: bool,
}

impl Lines {
    /// Of content that stands at byte `start`, before the line of number `line`.
    pub fn new(content: Content, end: LineEnd, start: u64, line: u64) -> Self {
        Self { content, end, buffer: Vec::new(), start, line, is_over: false }
    }

    /// Reads on, up to the end that the content had when it was first met: the piece that ends there may carry half a line,
    /// and what is written behind it meanwhile is no piece of its own.
    fn fill(&mut self, up_to: usize) -> io::Result<()> {
        if self.is_over {
            return Ok(());
        }
        let missing = up_to.saturating_sub(self.buffer.len());
        let read = self.content.by_ref().take(missing as u64).read_to_end(&mut self.buffer)?;
        self.is_over |= read < missing;
        Ok(())
    }

    fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        // One byte more than the longest line, so that its newline is seen.
        self.fill(PIECE_BYTES.max(MAX_LINE_BYTES) + 1)?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let end = if self.is_over && self.buffer.len() <= MAX_LINE_BYTES {
            self.buffer.len()
        } else {
            self.end.last(&self.buffer)
        };
        if end == 0 {
            return self.too_long().map(Some);
        }
        let rest = self.buffer.split_off(end);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let (start, first_line) = (self.start, self.line);
        self.start += bytes.len() as u64;
        self.line += memchr_iter(b'\n', &bytes).count() as u64;
        Ok(Some(Piece { start, first_line, kind: Kind::Lines(bytes) }))
    }

    /// Passes over a line that is too long: up to the next newline, also when a quote is open.
    fn too_long(&mut self) -> io::Result<Piece> {
        let (start, first_line) = (self.start, self.line);
        let kept = self.buffer[..KEPT_BYTES.min(self.buffer.len())].to_vec();
        let (mut length, mut from) = (0, MAX_LINE_BYTES.min(self.buffer.len()));
        loop {
            let newline = memchr(b'\n', &self.buffer[from..]).map(|at| from + at + 1);
            let passed = newline.unwrap_or(self.buffer.len());
            length += passed as u64;
            self.line += memchr_iter(b'\n', &self.buffer[..passed]).count() as u64;
            self.buffer.drain(..passed);
            if newline.is_some() || (self.is_over && self.buffer.is_empty()) {
                break;
            }
            self.fill(PIECE_BYTES)?;
            from = 0;
        }
        self.start += length;
        let lines = self.line - first_line;
        Ok(Piece { start, first_line, kind: Kind::TooLong { kept, length, lines } })
    }
}

impl Iterator for Lines {
    type Item = io::Result<Piece>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_piece().transpose()
    }
}

/// The rows of a Parquet file.
pub(crate) struct Rows {
    pub reader: ParquetRecordBatchReader,
    /// The next row.
    pub row: u64,
}

impl Iterator for Rows {
    type Item = io::Result<Piece>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match caught(|| self.reader.next()) {
            Ok(next) => next?.map_err(io::Error::other),
            Err(panicked) => Err(io::Error::other(panicked)),
        };
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error)),
        };
        let start = self.row;
        self.row += batch.num_rows() as u64;
        Some(Ok(Piece { start, first_line: start + 1, kind: Kind::Rows(batch) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that grows each time its end is met.
    struct Growing(Vec<&'static [u8]>);

    impl io::Read for Growing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let mut next = self.0.remove(0);
            let read = next.read(into)?;
            assert!(next.is_empty());
            Ok(read)
        }
    }

    #[test]
    fn what_is_written_behind_an_end_that_was_met_is_left_to_the_next_import() {
        for written in [[&b"one\ntw"[..], b"", b"o\nthree\n"], [b"one\n", b"", b"two\n"]] {
            let content = Content::of(Growing(written.to_vec()));
            let mut lines = Lines::new(content, LineEnd::Newline, 0, 1);
            let Kind::Lines(bytes) = lines.next().unwrap().unwrap().kind else { panic!("no lines") };
            assert_eq!(bytes, written[0]);
            assert!(lines.next().is_none());
        }
    }
}
