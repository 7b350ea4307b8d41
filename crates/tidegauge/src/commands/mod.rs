//! The commands, and the two ways they speak: results on standard output, one line of trouble on
//! standard error.

pub mod check;
pub mod export;
pub mod key;
pub mod serve;

use std::io::{self, Write as _};

/// Prints a line on standard output; a reader that went away is no trouble.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Prints an error and its causes as one line on standard error.
pub(crate) fn say_error(error: &anyhow::Error) {
    let line = format!("{error:#}").replace('\n', " ");
    let _ = writeln!(io::stderr().lock(), "tidegauge: {line}");
}
