//! Node with the published packages that the tests use.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/node");
const INSTALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/install-node");

/// Runs a script of `tests/` with these variables, and hands back what it printed.
///
/// # Panics
/// It failed: with what it said.
pub fn run(script: &str, variables: &[(&str, &str)]) -> String {
    let output = Command::new("node")
        .arg(format!("{}/../../tests/{script}", env!("CARGO_MANIFEST_DIR")))
        .env("NODE_PATH", packages())
        .envs(variables.iter().copied())
        .output()
        .unwrap_or_else(|error| panic!("node: {error}; tests/install-node installs it"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{stdout}{stderr}");
    stdout.into_owned()
}

/// The packages that `make test` prepared, or the same made here and kept.
fn packages() -> PathBuf {
    if let Some(prepared) = std::env::var_os("TIDEGAUGE_TEST_NODE_MODULES") {
        return prepared.into();
    }
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("node-packages");
    let lock = File::create(place.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let (done, wanted) = (place.join("done"), fs::read(format!("{PACKAGES}/package-lock.json")).unwrap());
    if fs::read(&done).ok().as_ref() != Some(&wanted) {
        let output = Command::new(INSTALL).arg(&place).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::write(&done, &wanted).unwrap();
    }
    place.join("node_modules")
}
