//! What is left behind: one JSON file with everything, one Markdown file with the tables, both named after the date.

mod markdown;
mod ratios;
mod reports;
mod traffic;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use crate::cases::result::CaseResult;
use crate::machine::Machine;
use ratios::Ratio;

/// A whole run.
#[derive(Serialize, Debug)]
pub struct Report {
    /// On what it was measured.
    pub machine: Machine,
    /// The command line.
    pub command: Vec<String>,
    /// Whether `--quick` was given: then the numbers are rough.
    pub quick: bool,
    /// The cases, in the order they were run.
    pub cases: Vec<CaseResult>,
    /// What the cases say about each other.
    pub ratios: Vec<Ratio>,
}

impl Report {
    /// Puts the run together.
    pub fn new(machine: Machine, quick: bool, cases: Vec<CaseResult>) -> Self {
        let ratios = ratios::all(&cases);
        Self { machine, command: std::env::args().collect(), quick, cases, ratios }
    }

    /// Whether every case went well. A missed bar is not a failure: it is a result.
    pub fn is_sound(&self) -> bool {
        self.cases.iter().all(|case| case.failures.is_empty())
    }

    /// The tables.
    pub fn markdown(&self) -> String {
        markdown::render(self)
    }

    /// Writes both files into `directory` and returns the Markdown file's path.
    pub fn write(&self, directory: &Path) -> anyhow::Result<PathBuf> {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let name = self.machine.date.replace(':', "");
        let json = directory.join(format!("{name}.json"));
        let markdown = directory.join(format!("{name}.md"));
        std::fs::write(&json, serde_json::to_vec_pretty(self)?)?;
        std::fs::write(&markdown, self.markdown())?;
        Ok(markdown)
    }
}
