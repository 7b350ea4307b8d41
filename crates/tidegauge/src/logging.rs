//! The log: lines on standard error, as text for people or as JSON for machines.
//!
//! Promise: an event is one line, a panic too. A JSON line has `timestamp`, `level`, `target`, `message`, the event's
//! fields, and within a request `span.request_id` and, when its caller sent one, `span.trace_id`.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt;
use std::io::{self, IsTerminal as _};
use std::panic;
use std::str::FromStr;

use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, reload};

/// `[log]`.
#[derive(clap::Args)]
pub struct LogSettings {
    /// What is logged: off, error, warn, info, debug or trace; and of single parts, as in
    /// info,tidegauge_store=debug.
    #[arg(id = "log.level", long = "log-level", env = "TIDEGAUGE_LOG", default_value = "info")]
    pub level: LogLevel,
    /// How the log is written.
    #[arg(id = "log.format", long = "log-format", env = "TIDEGAUGE_LOG_FORMAT", default_value = "text")]
    pub format: LogFormat,
}

/// What is logged.
#[derive(Debug, Clone)]
pub struct LogLevel(String);

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people, coloured on a terminal.
    Text,
    /// A JSON object a line.
    Json,
}

/// Why a text says not what is to be logged.
#[derive(Debug, thiserror::Error)]
#[error(
    "a level is off, error, warn, info, debug or trace, and that of one part follows its name: tidegauge_store=debug"
)]
pub struct InvalidLevel;

impl FromStr for LogLevel {
    type Err = InvalidLevel;

    fn from_str(text: &str) -> Result<Self, InvalidLevel> {
        // A word alone would be taken for a part's name, and switch everything else off.
        let is_level = |text: &str| !text.is_empty() && text.parse::<LevelFilter>().is_ok();
        let directives: Vec<&str> = text.split(',').map(str::trim).collect();
        let are_plain = directives.iter().all(|directive| directive.contains('=') || is_level(directive));
        let text = directives.join(",");
        match are_plain && EnvFilter::builder().parse(&text).is_ok() {
            true => Ok(Self(text)),
            false => Err(InvalidLevel),
        }
    }
}

impl LogLevel {
    fn filter(&self) -> EnvFilter {
        // Invariant: it was parsed once.
        EnvFilter::builder().parse_lossy(&self.0)
    }
}

/// The log that was started.
#[derive(Clone)]
pub struct Logging(reload::Handle<EnvFilter, Registry>);

impl Logging {
    /// Starts it, once in a process.
    pub fn start(settings: &LogSettings) -> Self {
        let (filter, handle) = reload::Layer::new(settings.level.filter());
        let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
        let lines = match settings.format {
            LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
            LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        };
        tracing_subscriber::registry().with(filter).with(lines).init();
        log_panics();
        Self(handle)
    }

    /// From now on this is logged.
    pub fn set_level(&self, level: &LogLevel) {
        // It fails only when there is no log any more.
        let _ = self.0.reload(level.filter());
    }
}

impl fmt::Debug for Logging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logging").finish_non_exhaustive()
    }
}

/// The log of a command that has no settings: `TIDEGAUGE_LOG` says what is logged, or `default` does.
pub fn start_as_variables_say(default: &str) {
    let filter = EnvFilter::try_from_env("TIDEGAUGE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

/// Rust would print a panic as several lines that no reader of a log keeps together.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text
            .or_else(|| payload.downcast_ref::<String>().map(|text| &**text))
            .unwrap_or("no reason given");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = Backtrace::capture();
        match backtrace.status() {
            BacktraceStatus::Captured => tracing::error!(?text, %backtrace, "panicked at {place}"),
            _ => tracing::error!(?text, "panicked at {place}"),
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_level_or_a_part_with_one() {
        for good in ["info", "WARN", "off", "info,tidegauge_store=debug", "warn, tidegauge_server=trace"] {
            assert!(good.parse::<LogLevel>().is_ok(), "{good}");
        }
        for bad in ["", "inof", "info,", "tidegauge_store", "info,tidegauge_store=loud"] {
            assert!(bad.parse::<LogLevel>().is_err(), "{bad}");
        }
    }
}
