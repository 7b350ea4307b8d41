//! `tidegauge import`: files of access logs and facts into a data directory that no server uses.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tidegauge_facts::{ProjectId, Table, TenantId};
use tidegauge_geo::{Countries, CountrySource};
use tidegauge_import::{Addresses, Format, Plan, Progress, Summary};
use tidegauge_store::{Options, Store};
use tokio::runtime::Builder;

use super::accounts_args::DatabaseArgs;
use super::say_json;
use crate::logging;
use crate::settings::IpAddresses;

/// Read files of access logs or facts into a data directory. It must not be in use.
///
/// A file is known by its content: a second run adds what has been appended to it since, and nothing else. After a crash
/// the same command goes on where it was.
#[derive(clap::Args)]
pub struct Args {
    /// The data directory; it is made when it is missing.
    #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
    data: PathBuf,
    /// Whose all rows are [default: the row's own tenant_id, or `default`].
    #[arg(long)]
    tenant: Option<TenantId>,
    /// The project of all rows [default: the row's own project_id, or `default`].
    #[arg(long)]
    project: Option<ProjectId>,
    /// The table: requests (access logs always are), events, sessions or connections.
    #[arg(long, default_value = "requests", value_parser = table)]
    table: Table,
    /// What the files are; each is looked at by default.
    #[arg(long, value_enum, default_value_t = FormatName::Auto)]
    format: FormatName,
    /// The api_id of requests that name none [default: `access-log` for access logs].
    #[arg(long)]
    api_id: Option<String>,
    /// The file that keeps bad lines and why they are bad [default: one for each file in DATA/imports].
    #[arg(long, value_name = "FILE")]
    set_aside: Option<PathBuf>,
    /// Stop when there are more bad lines than this, those of earlier runs of the same files included.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    max_errors: u64,
    /// Pass over fields that the table has no column for.
    #[arg(long)]
    ignore_unknown: bool,
    /// Take the last line of a file also when no newline ends it: nobody is writing it any more.
    #[arg(long)]
    whole: bool,
    /// Where the country of an address comes from when a row names none: `bundled`, `off`, or the path of a file in MaxMind's
    /// format (.mmdb).
    #[arg(long, value_name = "SOURCE", default_value = "bundled", env = "TIDEGAUGE_COUNTRY_DATABASE")]
    country_database: CountrySource,
    #[command(flatten)]
    database: DatabaseArgs,
    /// How much is stored of the addresses of tenants that nothing is set for: as `serve` is told it.
    #[arg(long, value_name = "HOW", env = "TIDEGAUGE_TENANT_IP_ADDRESSES", default_value = "whole")]
    tenant_ip_addresses: IpAddresses,
    /// Files, plain or compressed (gzip, zstd); patterns with * ? [] **; `-` is standard input.
    #[arg(required = true, value_name = "PATTERN")]
    patterns: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    Auto,
    Combined,
    Common,
    Ndjson,
    Csv,
    Parquet,
}

fn table(name: &str) -> Result<Table, String> {
    Table::from_name(name).ok_or_else(|| "the tables are events, sessions, connections, requests".to_owned())
}

/// While an import goes on, segments are written beside it, not put off as for a burst: with more log than this behind,
/// they come first.
const MAX_BACKLOG_BYTES: u64 = 512 * 1024 * 1024;
/// How often it is looked whether the last segments are written.
const LOOK_EVERY: Duration = Duration::from_millis(20);

impl Args {
    fn plan(self) -> anyhow::Result<Plan> {
        Ok(Plan {
            addresses: Arc::new(self.addresses()?),
            countries: Arc::new(Countries::open(&self.country_database)?),
            format: match self.format {
                FormatName::Auto => None,
                // The one is the other with two fields more: a line is taken with them or without.
                FormatName::Combined | FormatName::Common => Some(Format::AccessLog),
                FormatName::Ndjson => Some(Format::Ndjson),
                FormatName::Csv => Some(Format::Csv),
                FormatName::Parquet => Some(Format::Parquet),
            },
            table: self.table,
            tenant: self.tenant,
            project: self.project,
            api_id: self.api_id,
            set_aside: self.set_aside,
            max_errors: self.max_errors,
            ignore_unknown: self.ignore_unknown,
            whole: self.whole,
            ..Plan::new(self.patterns)
        })
    }
}

impl Args {
    /// What each tenant has of its addresses stored. Where that cannot be read nothing is imported; a directory that has
    /// no accounts yet has no tenants that anything is set for.
    fn addresses(&self) -> anyhow::Result<Addresses> {
        let read = async {
            let Some(accounts) = self.database.open_if_any(&self.data).await? else { return Ok(Vec::new()) };
            let tenants = accounts.list_tenants().await;
            accounts.close().await;
            anyhow::Ok(tenants?)
        };
        let tenants = Builder::new_current_thread().enable_all().build()?.block_on(read)?;
        let set = tenants.into_iter().filter_map(|row| Some((row.id, row.settings.ip_addresses?.into())));
        Ok(Addresses::new(self.tenant_ip_addresses.into(), set))
    }
}

/// What is printed in the end.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    summary: Summary,
    seconds: f64,
    lines_per_second: u64,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    logging::start_as_variables_say("warn");
    let data = args.data.clone();
    let plan = args.plan()?;
    let options = Options { max_backlog_bytes: MAX_BACKLOG_BYTES, ..Options::default() };
    let store = Store::open(&data, options)?;
    let started = Instant::now();
    let mut meter = Meter::new();
    let (summary, result) = tidegauge_import::run(&data, &store, &plan, &mut |progress| meter.show(progress));
    meter.finish();
    let flushed = flush(&store);
    store.close();
    let seconds = started.elapsed().as_secs_f64();
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
    let lines_per_second = (summary.lines as f64 / seconds.max(1e-6)) as u64;
    say_json(&Report { summary, seconds: (seconds * 1000.0).round() / 1000.0, lines_per_second })?;
    result?;
    flushed
}

/// Waits until all rows stand in segments, so that the next start has no log to read again.
fn flush(store: &Store) -> anyhow::Result<()> {
    while store.look(|view| !view.hot.parts().is_empty()) {
        let health = store.health();
        if let Some(error) = health.commit_error.or(health.flush_error) {
            anyhow::bail!("the rows are stored, but could not all be written to segments: {error}");
        }
        store.request_flush();
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// Shows how an import goes: a bar on a terminal, now and then a line elsewhere.
struct Meter {
    bar: Option<ProgressBar>,
    told: Instant,
    started: Instant,
    latest: Progress,
}

/// How often a line is written where there is no terminal.
const TELL_EVERY: Duration = Duration::from_secs(10);

impl Meter {
    fn new() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Self { bar, told: now, started: now, latest: Progress::default() }
    }

    fn show(&mut self, progress: Progress) {
        self.latest = progress;
        let told = || format!("{} lines  {} lines/s  {}", progress.lines, self.rate(), self.left());
        match &self.bar {
            Some(bar) => {
                bar.set_length(progress.bytes_total);
                bar.set_position(progress.bytes_done);
                bar.set_message(told());
            }
            None if self.told.elapsed() >= TELL_EVERY => {
                let done = progress.bytes_done * 100 / progress.bytes_total.max(1);
                let _ = writeln!(io::stderr(), "{done} %  {}", told());
                self.told = Instant::now();
            }
            None => {}
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Lines a second since the start.
    fn rate(&self) -> u64 {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.latest.lines.saturating_mul(1000) / millis.max(1)
    }

    /// The time left, by the bytes done so far; nothing where the whole is not known.
    fn left(&self) -> String {
        let Progress { bytes_done, bytes_total, .. } = self.latest;
        if bytes_done == 0 {
            return String::new();
        }
        let missing = u128::from(bytes_total.saturating_sub(bytes_done));
        let seconds = self.started.elapsed().as_millis() * missing / u128::from(bytes_done) / 1000;
        match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
            (0, 0, seconds) => format!("{seconds} s left"),
            (0, minutes, seconds) => format!("{minutes} min {seconds} s left"),
            (hours, minutes, _) => format!("{hours} h {minutes} min left"),
        }
    }
}
