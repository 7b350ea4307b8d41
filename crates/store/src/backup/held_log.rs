//! A log file as of one moment, while its end is still being written.
//!
//! Promise: the frames that were whole at that moment, and nothing of a later one that is not.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::error::StoreError;
use crate::log::{LogFile, open_direct};
use crate::log_recovery::{CUT_SHORT, end_of_frames};

/// How often a file is read again that seems to be damaged: a group may be on its way to the disk.
const MAX_READS: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Writes the whole frames within the first `length` bytes. A damaged file is written to its `length`, as a crash would
/// have left it, and named: what stands behind the damage may be wanted.
pub(super) fn copy(
    link: &Path,
    number: u64,
    length: u64,
    to: &mut impl Write,
) -> Result<Option<String>, StoreError> {
    let file = open_direct(link, OpenOptions::new().read(true))?;
    let file = Arc::new(LogFile { number, path: link.to_owned(), file });
    let mut reads = 1;
    let (content, end, damage) = loop {
        let content = file.read_whole(length as usize)?.into_buffer();
        match end_of_frames(&content, &file) {
            (end, None) => break (content, end, None),
            (end, Some(reason)) if CUT_SHORT.contains(&reason) => break (content, end, None),
            (_, Some(_)) if reads < MAX_READS => thread::sleep(PAUSE),
            (end, Some(reason)) => {
                let finding = format!("log file {number} ends early at byte {end}: {reason}");
                let all = content.len();
                break (content, all, Some(finding));
            }
        }
        reads += 1;
    };
    to.write_all(&content[..end]).map_err(StoreError::io("cannot copy", link))?;
    Ok(damage)
}
