//! The command line: what to measure, for how long, against which server. Times are seconds.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::cases::Case;

/// Measures Tidegauge beside its own HTTP server's limits, PostgreSQL and ClickHouse.
#[derive(Parser, Debug)]
#[command(name = "tidegauge-bench", version)]
pub struct Cli {
    /// What to do other than measure.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to measure.
    #[command(flatten)]
    pub options: Options,
}

/// What the binary does beside measuring.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serve the no-op and parse-only handlers; the bench starts this itself.
    Reference {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
    },
}

/// Rows of the reports in a quick run.
const QUICK_REPORT_ROWS: usize = 50_000;
/// Fewer facts would leave some combinations of the reports without any.
const LEAST_REPORT_ROWS: usize = 10_000;
/// More would not fit the bench's own tables of them.
const MOST_REPORT_ROWS: usize = 100_000_000;

/// API requests of a quick run; fewer would leave keys without any.
const QUICK_TRAFFIC_REQUESTS: usize = 200_000;
const LEAST_TRAFFIC_REQUESTS: usize = 100_000;

/// How to measure.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// The server under test, started once a case; {listen}, {port} and {data} are filled in. No shell: split at spaces.
    #[arg(long, default_value = "target/release/tidegauge serve --listen {listen} --data {data}")]
    pub server: String,
    /// Only these cases, in the order given here.
    #[arg(long, value_delimiter = ',', value_name = "CASE,...")]
    pub only: Vec<Case>,
    /// Leave PostgreSQL and ClickHouse out.
    #[arg(long)]
    pub skip_peers: bool,
    /// 3 seconds a case: does everything work? The numbers are rough.
    #[arg(long)]
    pub quick: bool,
    /// Seconds of each closed loop.
    #[arg(long, default_value_t = 30.0)]
    pub seconds: f64,
    /// Seconds of each open loop.
    #[arg(long, default_value_t = 15.0)]
    pub open_seconds: f64,
    /// Seconds of the sustained case.
    #[arg(long, default_value_t = 60.0)]
    pub sustained_seconds: f64,
    /// The open loop's arrivals, as a share of the closed loop's maximum.
    #[arg(long, default_value_t = 0.5)]
    pub load_share: f64,
    /// Client threads.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: u16,
    /// Connections of the cases with one event a request.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=2048))]
    pub connections: u16,
    /// Connections of the cases with batches.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub batch_connections: u16,
    /// WebSockets of the case `websockets`.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(3..=12_000))]
    pub sockets: u16,
    /// Seconds for which they are left alone, and then for which their cost is measured.
    #[arg(long, default_value_t = 30.0)]
    pub sockets_idle_seconds: f64,
    /// Readers of the case `live`.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u16).range(1..=3_500))]
    pub readers: u16,
    /// Events, sessions and connections each that the reports are asked about.
    #[arg(long, default_value_t = 1_000_000, value_parser = report_rows)]
    pub report_rows: usize,
    /// API requests that reports on traffic are asked about in the end; first about a tenth of them.
    #[arg(long, default_value_t = 10_000_000, value_parser = traffic_requests)]
    pub traffic_requests: usize,
    /// Where servers keep their data while they are measured: the disk that is measured.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    pub work_dir: PathBuf,
    /// Where the report goes.
    #[arg(long, default_value = "bench/results")]
    pub out: PathBuf,
}

impl Options {
    /// The options with `--quick` applied.
    pub fn settled(mut self) -> Self {
        if self.quick {
            self.seconds = 3.0;
            self.open_seconds = 3.0;
            self.sustained_seconds = 3.0;
            self.report_rows = self.report_rows.min(QUICK_REPORT_ROWS);
            self.traffic_requests = self.traffic_requests.min(QUICK_TRAFFIC_REQUESTS);
            self.sockets_idle_seconds = 3.0;
        }
        self
    }

    /// The cases asked for, in order.
    pub fn cases(&self) -> Vec<Case> {
        let asked = if self.only.is_empty() { Case::ALL.to_vec() } else { self.only.clone() };
        asked.into_iter().filter(|case| !(self.skip_peers && case.is_peer())).collect()
    }
}

fn traffic_requests(text: &str) -> Result<usize, String> {
    let requests = text.parse().ok().filter(|requests| *requests >= LEAST_TRAFFIC_REQUESTS);
    requests.ok_or_else(|| format!("a number from {LEAST_TRAFFIC_REQUESTS} on"))
}

fn report_rows(text: &str) -> Result<usize, String> {
    let rows = text.parse().ok().filter(|rows| (LEAST_REPORT_ROWS..=MOST_REPORT_ROWS).contains(rows));
    rows.ok_or_else(|| format!("a number from {LEAST_REPORT_ROWS} to {MOST_REPORT_ROWS}"))
}
