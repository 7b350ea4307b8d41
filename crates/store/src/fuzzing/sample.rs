//! Facts to make good files of, and a place for the files.

use std::fs;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use tidegauge_facts::connections::State;
use tidegauge_facts::{Connection, Event, OpenTables, Request, Row as _, Table};

/// Rows of a table in a sample.
const ROWS: usize = 12;

/// A few facts of three tables, of three tenants; always the same.
pub(crate) fn batches() -> Vec<(Table, RecordBatch)> {
    let mut tables = OpenTables::default();
    for n in 0..ROWS {
        let (tenant, id) = (["acme", "beta", "t"][n % 3], format!("id-{n}"));
        let event_time = 1_700_000_000_000_000 + 1_000_000 * n as i64;
        let text = (n % 2 == 0).then_some("é, \"quoted\"");
        Event {
            tenant_id: tenant,
            project_id: "p",
            event_id: &id,
            event_time,
            received_at: event_time,
            event_name: "login",
            str1: text,
            int1: Some(n as i64),
            interaction: Some(n % 5 == 0),
            ..Event::default()
        }
        .append_to(&mut tables.events);
        Request {
            tenant_id: tenant,
            project_id: "p",
            request_id: &id,
            event_time,
            received_at: event_time,
            api_id: "api",
            path: "/orders",
            tags: Some(&["a", "b"]),
            response_code: Some(200),
            ..Request::default()
        }
        .append_to(&mut tables.requests);
        Connection {
            tenant_id: tenant,
            project_id: "p",
            connection_id: &id,
            event_time,
            received_at: event_time,
            opened_at: event_time,
            service_name: "ws",
            protocol_name: "WebSocket",
            data_center: "eu",
            state: State::Open,
            closed_at: None,
            api_key_hash: None,
            user_id: text,
            ip: Some("192.0.2.7"),
            bytes_in: None,
            bytes_out: None,
            close_reason: None,
            host: None,
            at_assigned: None,
            is_live: None,
        }
        .append_to(&mut tables.connections);
    }
    tables.finish()
}

/// A directory of this process's own, in memory where the system has such a place.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// One a target; where it cannot be made, nothing in it can be written either.
    pub fn new(target: &str) -> Self {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let path = parent.join(format!("tidegauge-fuzz-{target}-{}", std::process::id()));
        _ = fs::create_dir_all(&path);
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
