//! The fuzz target of the readers of the manifest and of the checkpoint that it names.

use std::path::Path;
use std::sync::LazyLock;

use super::Manifest;
use crate::checkpoint::Checkpoint;
use crate::directory::DataDir;
use crate::fuzzing::Scratch;

static DIRECTORY: LazyLock<Option<DataDir>> =
    LazyLock::new(|| DataDir::open(Scratch::new("manifest").path()).ok());

/// `C` and a checkpoint's content, whose checksum is taken to fit, or a manifest's text: what is read is written and read
/// again as the same.
pub fn manifest(data: &[u8]) {
    match data.split_first() {
        Some((b'C', content)) => checkpoint(content),
        _ => text(data),
    }
}

fn text(data: &[u8]) {
    let Some(dir) = &*DIRECTORY else { return assert!(DIRECTORY.is_some(), "a directory is made") };
    let Ok(read) = Manifest::decode(dir, data) else { return };
    let written = read.encode();
    assert!(written.is_ok(), "a manifest is written");
    let written = written.unwrap_or_default();
    let again = Manifest::decode(dir, &written).and_then(|again| again.encode());
    assert!(again.is_ok_and(|again| again == written), "a manifest is read as it was written");
}

fn checkpoint(content: &[u8]) {
    let path = Path::new("checkpoint");
    let Ok(read) = Checkpoint::decode(path, content) else { return };
    let again = read.encode().and_then(|content| Checkpoint::decode(path, &content));
    assert!(again.is_ok_and(|again| again == read), "a checkpoint is read as it was written");
}
