//! Schemathesis (PyPI), which knows nothing of Tidegauge but its OpenAPI document, finds no request that is answered
//! otherwise than the document says.
//!
//! It leaves out the route that it has the document from; `tests/every_route.rs` asks that one too. What a schema
//! cannot say stands in `tests/python/schemathesis_hooks.py`, with the reason.

use std::process::Command;

use crate::harness::client::STATS;
use crate::harness::python::{PYTHON, interpreter};
use crate::harness::{Site, wait_until};

/// Requests made up for each operation, beside those that go to the edges of its schemas.
const EXAMPLES: &str = "5";

fn run(mode: &str, more: &[&str]) {
    let site = Site::new();
    let server = site.start(&[]);
    // The operator's, with every scope. It asks about tenants that no other request is charged to: one to change,
    // whose limits end up anywhere, and one with a key to rotate and revoke that is not its own.
    let key = site.make_key("default", "ingest,read,admin", &[]);
    let others = site.key_create("administered", "read", &[]);
    assert_eq!(site.run(&["tenant", "create", "changed"]).code, Some(0));
    wait_until("the keys", || server.client_with(others["key"].as_str().unwrap()).get(STATS).status == 200);
    let document = format!("{}/api/openapi.json", server.client().base());
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let output = Command::new(interpreter())
        .args([
            "-m",
            "schemathesis.cli",
            "--config-file",
            &format!("{PYTHON}/schemathesis.toml"),
            "run",
            &document,
        ])
        .args(["--mode", mode, "--max-examples", EXAMPLES, "--no-color"])
        .args(more)
        .env("TIDEGAUGE_KEY", key)
        .env("TIDEGAUGE_OTHERS_KEY_ID", others["id"].as_str().unwrap())
        .env("TIDEGAUGE_MODE", mode)
        .env("PYTHONPATH", PYTHON)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // It keeps what it has learnt beside where it runs.
        .current_dir(place.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let failed = || text[text.find("FAILURES").unwrap_or_default()..].to_owned();
    assert!(output.status.success(), "{}{}", failed(), String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("No issues found"), "{text}");
    server.stop();
}

#[test]
fn what_the_document_allows_is_taken_and_answered_as_it_says() {
    run("positive", &[]);
}

#[test]
fn what_the_document_forbids_is_refused_as_it_says() {
    // Some of what is made up is lenient on purpose, and some of that is no good.
    run("negative", &["--exclude-checks", "positive_data_acceptance"]);
}
