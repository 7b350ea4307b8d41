//! Whether the records of imports, held for a backup, still fit the rows that are held a moment later.
//!
//! A record that is open says: rows behind its position may be in the store, look for them. One that is not says that
//! there are none. So an import may go on meanwhile, but none may begin.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

/// The directory of records in a data directory.
pub const RECORDS: &str = "imports";

#[derive(Deserialize)]
struct State {
    is_open: bool,
}

/// False if an import has begun since the records in `held` were held; `now` is where they stand.
///
/// # Errors
/// They cannot be read.
pub fn records_still_fit(held: &Path, now: &Path) -> io::Result<bool> {
    let entries = match fs::read_dir(now) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension() != Some(OsStr::new("json")) {
            continue;
        }
        let Ok(before) = fs::read(held.join(path.file_name().unwrap_or_default())) else { return Ok(false) };
        // A damaged record stops every import, with a sentence of its own.
        let is_open = serde_json::from_slice(&before).is_ok_and(|State { is_open }| is_open);
        if !is_open && fs::read(&path)? != before {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_may_go_on_but_none_may_begin() {
        let dir = tempfile::tempdir().unwrap();
        let (held, now) = (dir.path().join("held"), dir.path().join("now"));
        assert!(records_still_fit(&held, &now).unwrap());
        fs::create_dir(&held).unwrap();
        fs::create_dir(&now).unwrap();
        let write = |dir: &Path, text: &str| fs::write(dir.join("a.json"), text).unwrap();
        write(&now, r#"{"is_open": true, "position": 1}"#);
        assert!(!records_still_fit(&held, &now).unwrap());
        write(&held, r#"{"is_open": true, "position": 1}"#);
        write(&now, r#"{"is_open": false, "position": 2}"#);
        assert!(records_still_fit(&held, &now).unwrap());
        write(&held, r#"{"is_open": false, "position": 2}"#);
        assert!(records_still_fit(&held, &now).unwrap());
        write(&now, r#"{"is_open": true, "position": 2}"#);
        assert!(!records_still_fit(&held, &now).unwrap());
    }
}
