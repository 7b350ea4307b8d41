//! The limits: the same HTTP server with handlers that keep nothing, run by this very binary as a child.

use std::process::Command;

use anyhow::Context as _;
use rustix::process::Signal;

use super::flow::{self, Length};
use super::{CALL_CONNECTIONS, Case, CaseResult};
use crate::child::{Server, free_address};
use crate::cli::Options;
use crate::control::answers_ok;
use crate::directory::Directory;
use crate::load::http::HttpTarget;
use crate::pool::{Patch, Pool, Shape};

/// Measures `noop`, `parse` or `parse-requests`.
pub fn run(case: Case, options: &Options) -> anyhow::Result<CaseResult> {
    let (path, shape, connections, about) = match case {
        Case::Noop => ("/noop", Shape::Single, options.connections, "no-op handler, 1 event a request"),
        Case::ParseRequests => (
            "/parse-requests",
            Shape::Requests,
            options.batch_connections.min(CALL_CONNECTIONS),
            "parse-only handler, 1,000 API requests a call",
        ),
        _ => ("/parse", Shape::Batch, options.batch_connections, "parse-only handler, 100 events a request"),
    };
    let connections = usize::from(connections);
    let directory = Directory::fresh(&options.work_dir)?;
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe().context("cannot find this binary")?);
    command.args(["reference", "--listen", &address.to_string()]);
    let mut server = Server::start(command, &directory.path().join("reference.log"), Signal::TERM)?;
    server.await_ready(|| answers_ok(address, "/healthz"))?;

    let head = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n");
    let pool = Pool::build(shape, Patch::Nothing, &head);
    let target = HttpTarget { address, pool: &pool, refusal_text: None };
    let phases = flow::run(&target, server.pid(), connections, options, Length::Burst)?;
    server.stop()?;

    let mut result = CaseResult::new(case, about);
    result.fill(phases, connections, pool.mean_event_bytes);
    Ok(result)
}
