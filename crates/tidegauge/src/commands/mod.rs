//! The commands, and the two ways they speak: results on standard output, one line of trouble on
//! standard error.

pub mod accounts_args;
pub mod audit;
pub mod backup;
pub mod check;
pub mod config;
pub mod connect;
pub mod demo;
pub mod export;
pub mod gateway;
pub mod health;
pub mod import;
pub mod key;
pub mod project;
pub mod restore;
pub mod serve;
mod serve_tyk;
pub mod tenant;
pub mod top;

use std::io::{self, Write as _};

use serde::Serialize;

pub(crate) use accounts_args::DatabaseArgs;
pub(crate) use serve_tyk::TykArgs;

/// Prints a line on standard output; a reader that went away is no trouble.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Prints the version and, if wanted, what data the binary carries.
pub(crate) fn say_version(is_verbose: bool) {
    say(&format!("tidegauge {}", env!("CARGO_PKG_VERSION")));
    if is_verbose {
        say(&format!("country data: {}", tidegauge_geo::BUNDLED_SOURCE));
        say(&format!("country data's licence: {}", tidegauge_geo::BUNDLED_LICENCE));
    }
}

/// Prints a result as JSON on standard output.
pub(crate) fn say_json(value: &impl Serialize) -> anyhow::Result<()> {
    say(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints an error and its causes as one line on standard error.
pub(crate) fn say_error(error: &anyhow::Error) {
    let line = format!("{error:#}").replace('\n', " ");
    let _ = writeln!(io::stderr().lock(), "tidegauge: {line}");
}

/// Ends the process as wrong arguments do: what is wrong on standard error, exit code 2.
pub(crate) fn wrong_usage(what: &dyn std::fmt::Display) -> ! {
    clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{what}\n")).exit()
}
