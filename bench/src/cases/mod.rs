//! What is measured: the list of cases, and one file for each kind of them.

mod clickhouse;
mod durable;
mod flow;
mod idle;
mod live;
mod neighbours;
mod postgres;
mod reference;
pub mod reports;
pub mod result;
mod tidegauge;
pub mod traffic;
mod websockets;

use clap::ValueEnum;
use serde::Serialize;

use crate::cli::Options;
use result::CaseResult;

/// Connections of the cases with API requests, at most: each holds a call ten times as long as a batch of events.
const CALL_CONNECTIONS: u16 = 32;

/// A case; its name is what `--only` takes.
#[derive(ValueEnum, Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// Memory of a server that just started.
    Idle,
    /// The HTTP server alone, one event a request.
    Noop,
    /// The HTTP server and the parser, 100 events a request.
    Parse,
    /// Durable intake, one event a request.
    Single,
    /// Durable intake, 100 events a request, in a burst.
    Batch,
    /// The same, each event with a client's id of its own.
    Ids,
    /// The same as `batch`, for long, with the present's timestamps.
    Sustained,
    /// The HTTP server and the parser, 1,000 API requests a call.
    ParseRequests,
    /// Durable intake, 1,000 API requests a call.
    Requests,
    /// A tenant beside one that asks ten times what it may.
    Neighbours,
    /// Many WebSockets, each a tracked connection.
    Websockets,
    /// Many readers of a live stream, while events come in.
    Live,
    /// PostgreSQL 15 taking the same batches.
    Postgres,
    /// ClickHouse 18.16 taking the same batches.
    Clickhouse,
    /// Reports over a million facts of each kind, beside DuckDB.
    Reports,
    /// Reports on API traffic of 90 days, and ten times as much of it.
    Traffic,
}

impl Case {
    /// All, in the order they are run: what is compared is measured close together.
    pub const ALL: [Self; 16] = [
        Self::Idle,
        Self::Noop,
        Self::Single,
        Self::Parse,
        Self::Batch,
        Self::Ids,
        Self::Sustained,
        Self::ParseRequests,
        Self::Requests,
        Self::Neighbours,
        Self::Websockets,
        Self::Live,
        Self::Postgres,
        Self::Clickhouse,
        Self::Reports,
        Self::Traffic,
    ];

    /// Whether it measures a peer.
    pub fn is_peer(self) -> bool {
        matches!(self, Self::Postgres | Self::Clickhouse)
    }

    /// The name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Noop => "noop",
            Self::Parse => "parse",
            Self::Single => "single",
            Self::Batch => "batch",
            Self::Ids => "ids",
            Self::Sustained => "sustained",
            Self::ParseRequests => "parse-requests",
            Self::Requests => "requests",
            Self::Neighbours => "neighbours",
            Self::Websockets => "websockets",
            Self::Live => "live",
            Self::Postgres => "postgres",
            Self::Clickhouse => "clickhouse",
            Self::Reports => "reports",
            Self::Traffic => "traffic",
        }
    }

    /// Carries it out.
    pub fn run(self, options: &Options) -> anyhow::Result<CaseResult> {
        match self {
            Self::Idle => idle::run(options),
            Self::Noop | Self::Parse | Self::ParseRequests => reference::run(self, options),
            Self::Single | Self::Batch | Self::Ids | Self::Sustained | Self::Requests => {
                durable::run(self, options)
            }
            Self::Neighbours => neighbours::run(options),
            Self::Websockets => websockets::run(options),
            Self::Live => live::run(options),
            Self::Postgres => postgres::run(options),
            Self::Clickhouse => clickhouse::run(options),
            Self::Reports => reports::run(options),
            Self::Traffic => traffic::run(options),
        }
    }
}
