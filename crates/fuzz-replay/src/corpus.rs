//! The inputs in the repository, and the place of one that a target fails at.

use std::fs;
use std::path::{Path, PathBuf};

/// The corpus of a target and its regressions, in an order that is the same everywhere.
pub(crate) fn read(name: &str) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    for kind in ["corpus", "regressions"] {
        // Few targets have failed: most have no regressions.
        let Ok(entries) = fs::read_dir(folder(kind, name)) else { continue };
        let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort_unstable();
        paths.extend(files);
    }
    paths.iter().filter_map(|path| fs::read(path).ok()).collect()
}

/// Writes an input where `cargo fuzz` would. That it cannot be written must not hide the failure itself.
pub(crate) fn keep_failing(name: &str, input: &[u8]) {
    let folder = folder("artifacts", name);
    _ = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("replay"), input));
}

fn folder(kind: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(kind).join(name)
}
