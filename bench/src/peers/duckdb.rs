//! DuckDB, asked the same of the very segments that the server wrote: a Python process that loads them into tables first
//! and also reads them in place. See `bench/duckdb/reports.py` for the statements.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

/// A question, as the script takes it.
#[derive(Serialize, Debug)]
pub struct Statement {
    name: &'static str,
    columns: Vec<&'static str>,
}

/// What it answered.
#[derive(Serialize, Deserialize, Debug, Clone, Copy)]
pub struct Answered {
    /// Median of its tables in memory, in milliseconds.
    pub memory_ms: f64,
    /// Median when it reads the segments in place.
    pub parquet_ms: f64,
    /// Rows, or what is counted instead.
    pub rows: u64,
    /// A sum over them.
    pub sum: u64,
}

impl Statement {
    /// The statement `name` of the script, about `columns`.
    pub fn new(name: &'static str, columns: Vec<&'static str>) -> Self {
        Self { name, columns }
    }
}

/// Asks all statements, in their order.
pub fn ask(segments: &Path, statements: &[&Statement]) -> anyhow::Result<Vec<Answered>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(python(home))
        .arg(home.join("duckdb/reports.py"))
        .arg(segments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start DuckDB's Python; see bench/install-peers.sh")?;
    let asked = serde_json::to_vec(statements)?;
    child.stdin.take().context("the child has an input")?.write_all(&asked)?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "DuckDB's script ended with {}", output.status);
    let answers: Vec<Answered> =
        serde_json::from_slice(&output.stdout).context("DuckDB's script did not print its answers")?;
    ensure!(answers.len() == statements.len(), "DuckDB's script answered {} questions", answers.len());
    Ok(answers)
}

/// The environment that `bench/install-peers.sh` makes.
fn python(home: &Path) -> PathBuf {
    home.join(".venv/bin/python")
}
