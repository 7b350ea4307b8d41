//! The log's part of an erasure: everything that was committed before the requests gets into segments, and the files go.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memmem;

use super::person::Target;
use crate::directory::sync_dir;
use crate::error::StoreError;
use crate::flush::{Flusher, let_flushed_logs_go};
use crate::log;
use crate::shared::Shared;

/// How long the commit thread may take to begin a new file.
const ROLL_TIMEOUT: Duration = Duration::from_secs(30);
/// How often it is looked whether it has.
const ROLL_POLL: Duration = Duration::from_millis(5);
/// Bytes of a file that was set aside that are looked at at once.
const SEARCHED_BYTES: usize = 1024 * 1024;

/// Flushes until no log file is left that was there at the requests. False when the store closes meanwhile.
pub(super) fn empty(flusher: &mut Flusher, targets: &[Target]) -> Result<bool, StoreError> {
    let shared = Arc::clone(&flusher.shared);
    let last_file = targets.iter().map(|target| target.wanted.log_file).max().unwrap_or(0);
    let through = targets.iter().map(|target| target.wanted.through).max().unwrap_or(0);
    let (begun, mut is_asked) = (Instant::now(), false);
    loop {
        let (newest, flushed_through, is_hot) = {
            let view = shared.view.read();
            let newest = view.log_files.last().map_or(0, |(file, _)| file.number);
            let old = view.log_files.iter().take_while(|(file, _)| file.number <= last_file);
            let needed = old.map(|(_, last)| *last).max().unwrap_or(0).max(through);
            (newest, view.manifest.flushed_through, view.manifest.flushed_through < needed)
        };
        if is_hot {
            flusher.flush()?;
            // What is not hot either is in no frame that could be read.
            if shared.view.read().manifest.flushed_through == flushed_through {
                return Err(StoreError::format("empty the log")("a flush moved nothing".into()));
            }
        }
        let_flushed_logs_go(&shared);
        if newest > last_file && !is_hot {
            break;
        }
        if newest <= last_file {
            if begun.elapsed() > ROLL_TIMEOUT {
                return Err(StoreError::format("empty the log")("no new file could be begun".into()));
            }
            // The request has asked for one; where that failed, each try asks once more.
            if !std::mem::replace(&mut is_asked, true) {
                shared.request_log_roll();
            }
        }
        if shared.is_closing(if is_hot { Duration::ZERO } else { ROLL_POLL }) {
            return Ok(false);
        }
    }
    // A file whose removal failed when it was let go of is tried again here.
    let dir = shared.dir.log_dir();
    for number in log::file_numbers(&dir)?.into_iter().filter(|number| *number <= last_file) {
        let path = log::file_path(&dir, number);
        fs::remove_file(&path).map_err(StoreError::io("cannot remove", &path))?;
    }
    // Else a crash might bring them back.
    sync_dir(&dir).map_err(StoreError::io("cannot sync", &dir))?;
    Ok(true)
}

/// The files that were set aside, by a start that could not read a log or by an import, and hold the bytes of the id.
pub(super) fn set_aside_with(shared: &Shared, id: &str) -> Result<Vec<String>, StoreError> {
    let (log, imports) = (shared.dir.log_dir(), shared.dir.path().join("imports"));
    let mut found = Vec::new();
    for dir in [log, imports].into_iter().filter(|dir| dir.exists()) {
        for entry in fs::read_dir(&dir).map_err(StoreError::io("cannot read", &dir))? {
            let path = entry.map_err(StoreError::io("cannot read", &dir))?.path();
            if is_set_aside(&path) && holds(&path, id)? {
                found.push(path.strip_prefix(shared.dir.path()).unwrap_or(&path).display().to_string());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_set_aside(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ending == "set-aside" || ending.starts_with("damaged-")
}

fn holds(path: &Path, id: &str) -> Result<bool, StoreError> {
    let search = || {
        let mut file = File::open(path)?;
        let mut piece = Vec::new();
        loop {
            let read = file.by_ref().take(SEARCHED_BYTES as u64).read_to_end(&mut piece)?;
            let is_found = memmem::find(&piece, id.as_bytes()).is_some();
            if is_found || read == 0 {
                return Ok(is_found);
            }
            // The id may begin in one piece and end in the next.
            piece.drain(..piece.len().saturating_sub(id.len() - 1));
        }
    };
    search().map_err(StoreError::io("cannot read", path))
}
