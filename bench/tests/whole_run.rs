//! The bench as a black box, against a stub that only counts: a sound server passes, one that loses events or answers
//! wrongly fails, a refusal is counted and not fatal.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// The example `stub`, which cargo builds beside this test.
fn stub() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples/stub")
}

fn bench(server: &str, cases: &str) -> (Output, Value) {
    let out = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tidegauge-bench"))
        .args(["--server", server, "--only", cases, "--out"])
        .arg(out.path())
        .args(["--seconds", "0.5", "--open-seconds", "0.5", "--sustained-seconds", "2"])
        .args(["--connections", "8", "--batch-connections", "4"])
        .output()
        .unwrap();
    let json = std::fs::read_dir(out.path())
        .unwrap()
        .flatten()
        .find(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
        .map_or(Value::Null, |entry| serde_json::from_slice(&std::fs::read(entry.path()).unwrap()).unwrap());
    (output, json)
}

fn stub_command(more: &str) -> String {
    format!("{} --listen {{listen}} --data {{data}} {more}", stub().display())
}

#[test]
fn a_sound_server_passes_every_case() {
    let (output, report) = bench(&stub_command(""), "noop,single,parse,batch,ids,sustained");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        assert!(case["load"]["events_per_s"].as_f64().unwrap() > 0.0, "{case}");
        assert!(case["memory"]["peak_bytes"].as_u64().unwrap() > 1_000_000, "{case}");
    }
    assert!(!cases[5]["samples"].as_array().unwrap().is_empty());
    assert!(String::from_utf8_lossy(&output.stdout).contains("durable batch / parse-only handler"));
}

#[test]
fn a_server_that_loses_an_event_fails() {
    let (output, report) = bench(&stub_command("--lose 5"), "batch");
    assert_eq!(output.status.code(), Some(1));
    assert!(report["cases"][0]["failures"][0].as_str().unwrap().contains("were acknowledged"));
}

#[test]
fn a_refusal_is_counted_and_does_not_end_the_run() {
    let (output, report) = bench(&stub_command("--refuse 3"), "single");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(report["cases"][0]["load"]["refused"].as_u64().unwrap() > 0);
}

#[test]
fn a_server_that_does_not_start_fails_the_case_and_is_quoted() {
    let (output, report) = bench("ls {data}/absent", "batch");
    assert_eq!(output.status.code(), Some(1));
    assert!(report["cases"][0]["failures"][0].as_str().unwrap().contains("before it was ready"));
}
