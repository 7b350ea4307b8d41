//! One run of a command that ends by itself, and the rows that `export` prints.

use std::process::{Command, Stdio};

use serde::Deserialize;

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the binary with these arguments.
pub fn tidegauge(args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegauge"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TIDEGAUGE_")) {
        command.env_remove(name);
    }
    let output = command.args(args).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What the tests look at in an exported event.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EventRow {
    pub tenant_id: String,
    pub project_id: String,
    pub event_id: String,
    pub event_name: String,
    #[serde(default)]
    pub int1: Option<i64>,
}

impl Ran {
    /// The exported rows.
    pub fn events(&self) -> Vec<EventRow> {
        let rows = self.stdout.lines().map(serde_json::from_str);
        rows.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// It failed, and said why in one line.
    pub fn assert_failed(&self) -> &str {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_one_line(&self.stderr);
        &self.stderr
    }
}

/// One clear line of the program's own.
pub fn assert_one_line(stderr: &str) {
    assert!(stderr.starts_with("tidegauge: "), "{stderr:?}");
    assert!(stderr.ends_with('\n') && stderr.lines().count() == 1, "{stderr:?}");
}
