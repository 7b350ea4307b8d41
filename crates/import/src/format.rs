//! What a file holds, as it was said or as its beginning tells.

use crate::{access_log, csv};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Access logs, combined or common.
    AccessLog,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values (RFC 4180) under a line of column names.
    Csv,
    /// Parquet.
    Parquet,
}

impl Format {
    /// By the first bytes of the content.
    pub(crate) fn detect(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PAR1") {
            return Some(Self::Parquet);
        }
        let head = head.strip_prefix(BOM).unwrap_or(head).trim_ascii_start();
        let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let first = first.strip_suffix(b"\r").unwrap_or(first);
        if first.starts_with(b"{") {
            Some(Self::Ndjson)
        } else if access_log::looks_like_one(first) {
            Some(Self::AccessLog)
        } else if csv::looks_like_a_header(first) {
            Some(Self::Csv)
        } else {
            None
        }
    }
}

/// The mark that some programs begin UTF-8 files with.
pub(crate) const BOM: &[u8] = b"\xEF\xBB\xBF";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_first_line() {
        let log = b"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\n";
        for (head, format) in [
            (&log[..], Some(Format::AccessLog)),
            (b"\n\n{\"path\":\"/\"}", Some(Format::Ndjson)),
            (b"\xEF\xBB\xBFevent_time,path,api_id\r\n", Some(Format::Csv)),
            (b"PAR1\x15\x04", Some(Format::Parquet)),
            (b"hello world\n", None),
            (b"", None),
        ] {
            assert_eq!(Format::detect(head), format, "{:?}", String::from_utf8_lossy(head));
        }
    }
}
