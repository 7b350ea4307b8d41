//! A file's bytes, up to a bound.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The bytes of the file at `path`, at most `max_bytes`; or why not, as the end of a sentence that begins with the path.
pub(crate) fn read(path: &Path, max_bytes: usize) -> Result<Vec<u8>, String> {
    let unreadable = |error: io::Error| format!("cannot be read ({error})");
    // Opening a pipe would wait for somebody to write into it.
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err("is no file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(max_bytes as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > max_bytes { Err(too_long(max_bytes)) } else { Ok(bytes) }
}

pub(crate) fn too_long(max_bytes: usize) -> String {
    format!("is longer than {max_bytes} bytes")
}
