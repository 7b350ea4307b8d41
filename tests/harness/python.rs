//! Python with the published clients that the tests use.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the scripts and the pinned packages are.
pub const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python");

/// The interpreter that `make test` prepared, or one with the pinned packages made here and kept.
pub fn interpreter() -> PathBuf {
    if let Some(prepared) = std::env::var_os("TIDEGAUGE_TEST_PYTHON") {
        return prepared.into();
    }
    let requirements = format!("{PYTHON}/requirements.txt");
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-venv");
    let lock = File::create(venv.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let (python, done) = (venv.join("bin/python"), venv.join("done"));
    let wanted = fs::read(&requirements).unwrap();
    if fs::read(&done).ok().as_ref() != Some(&wanted) {
        let venv_path = venv.to_str().unwrap();
        run(Path::new("python3"), &["-m", "venv", "--clear", venv_path]);
        run(&python, &["-m", "pip", "install", "--quiet", "--requirement", &requirements]);
        fs::write(&done, &wanted).unwrap();
    }
    python
}

fn run(program: &Path, args: &[&str]) {
    let output = Command::new(program).args(args).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {args:?}: {stderr}", program.display());
}
