//! Reading a log file back after a crash.
//!
//! Promise: the whole frames before the first damage, and nothing behind it. What stands there is set aside beside
//! the log, and never overwritten.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;

use crate::aligned::BLOCK;
use crate::directory::sync_dir;
use crate::error::StoreError;
use crate::frame::{self, FRAME_ALIGN, Found};
use crate::log::{FILE_MAGIC, FrameRef, LogFile, file_path, open_direct};

/// How often something may be set aside at one place of one file.
const MAX_SET_ASIDE: usize = 100;

/// What reading a log file found.
pub(crate) struct Recovered {
    pub number: u64,
    /// The file; none when nothing of it could be used and it was set aside whole.
    pub file: Option<Arc<LogFile>>,
    pub frames: Vec<(FrameRef, RecordBatch)>,
    pub damage: Option<Damage>,
    pub bytes: u64,
}

/// Where a log file stops making sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file's name.
    pub file: String,
    /// The first byte that belongs to no whole frame.
    pub offset: u64,
    /// Bytes from there that are not zero; they are kept beside the log.
    pub bytes_set_aside: u64,
    /// What is wrong.
    pub reason: &'static str,
}

/// Reads a log file up to its first damage. Frames with a sequence below `from` are passed over; one
/// whose sequence does not ascend is damage. What stands behind damage is moved beside the log.
pub(crate) fn recover(dir: &Path, number: u64, from: u64, last: &mut u64) -> Result<Recovered, StoreError> {
    let (file, content) = open_whole(dir, number)?;
    let mut frames = Vec::new();
    let (end, reason) = walk(&content, &file, from, last, &mut frames);
    let bytes = content.len() as u64;
    if let (0, Some(reason)) = (end, reason) {
        let damage = set_aside_whole(dir, &file, bytes, reason)?;
        return Ok(Recovered { number, file: None, frames, damage: Some(damage), bytes });
    }
    let damage = reason.map(|reason| set_aside(dir, &file, &content, end, reason)).transpose()?;
    file.end_on_a_block()?;
    // What was read may not have reached the disk before the crash; it is about to be counted as durable.
    file.file.sync_all().map_err(StoreError::io("cannot sync", &file.path))?;
    Ok(Recovered { number, file: Some(file), frames, damage, bytes })
}

/// Where a log file ends early, and why.
type EarlyEnd = (usize, &'static str);

/// Reads a log file as [`recover`] does and changes nothing; returns its whole frames and, where it ends
/// early, the place and the reason.
pub(crate) fn inspect(
    dir: &Path,
    number: u64,
    last: &mut u64,
) -> Result<(usize, Option<EarlyEnd>), StoreError> {
    let (file, content) = open_whole(dir, number)?;
    let mut frames = Vec::new();
    let (end, reason) = walk(&content, &file, 0, last, &mut frames);
    Ok((frames.len(), reason.map(|reason| (end, reason))))
}

/// What is wrong with a frame whose end is not there: it is cut off, not changed.
pub(crate) const CUT_SHORT: [&str; 2] = [frame::HEADER_CUT_SHORT, frame::FRAME_CUT_SHORT];

/// Where the whole frames of a log file's bytes end, and why they do if not with the bytes.
pub(crate) fn end_of_frames(content: &Buffer, file: &Arc<LogFile>) -> (usize, Option<&'static str>) {
    walk(content, file, u64::MAX, &mut 0, &mut Vec::new())
}

fn open_whole(dir: &Path, number: u64) -> Result<(Arc<LogFile>, Buffer), StoreError> {
    let path = file_path(dir, number);
    let file = open_direct(&path, OpenOptions::new().read(true).write(true))?;
    let length = file.metadata().map_err(StoreError::io("cannot read", &path))?.len();
    let file = LogFile { number, path, file };
    let content = file.read_whole(length as usize)?.into_buffer();
    Ok((Arc::new(file), content))
}

fn head_is_whole(content: &[u8], number: u64) -> bool {
    content.len() >= BLOCK
        && &content[..FILE_MAGIC.len()] == FILE_MAGIC
        && content[FILE_MAGIC.len()..FILE_MAGIC.len() + 8] == number.to_le_bytes()
}

/// Collects the frames; returns where the good part ends, and why it does if not by the file's end.
fn walk(
    content: &Buffer,
    file: &Arc<LogFile>,
    from: u64,
    last: &mut u64,
    frames: &mut Vec<(FrameRef, RecordBatch)>,
) -> (usize, Option<&'static str>) {
    if !head_is_whole(content, file.number) {
        return (0, Some("its first block is not a log's"));
    }
    let mut at = BLOCK;
    let mut padded = false;
    let mut previous = None;
    while at < content.len() {
        match frame::find(content, at, file.number) {
            Found::Padding => {
                if padded && content[at..].iter().all(|b| *b == 0) {
                    return (at, None);
                }
                padded = true;
                at = frame::next_block(at + 1);
                continue;
            }
            Found::Damage(reason) => return (at, Some(reason)),
            Found::Frame(header) => {
                if header.sequence <= *last {
                    return (at, Some("a frame's sequence does not ascend"));
                }
                if previous.is_some_and(|previous| header.sequence != previous + 1) {
                    return (at, Some("a frame before it is missing"));
                }
                previous = Some(header.sequence);
                let payload = content.slice_with_length(at + FRAME_ALIGN, header.payload_len);
                if header.sequence >= from {
                    let Ok(batch) = frame::decode(payload) else {
                        return (at, Some("a frame's batch cannot be read"));
                    };
                    let frame = FrameRef { file: Arc::clone(file), offset: at as u64, header };
                    frames.push((frame, batch));
                }
                *last = header.sequence;
                at += header.frame_len();
                padded = false;
            }
        }
    }
    (content.len(), None)
}

/// Cuts the file at `end`, after what stands there was copied beside the log.
fn set_aside(
    dir: &Path,
    file: &LogFile,
    content: &[u8],
    end: usize,
    reason: &'static str,
) -> Result<Damage, StoreError> {
    let tail = &content[end..];
    let used = tail.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    let (aside, mut copy) = free_name(&file.path, end)?;
    copy.write_all(&tail[..used])
        .and_then(|()| copy.sync_all())
        .and_then(|()| sync_dir(dir))
        .map_err(StoreError::io("cannot write", &aside))?;
    file.file.set_len(end as u64).map_err(StoreError::io("cannot cut", &file.path))?;
    Ok(damage_of(file, end as u64, used as u64, reason))
}

/// Renames a file of which nothing could be used.
fn set_aside_whole(
    dir: &Path,
    file: &LogFile,
    bytes: u64,
    reason: &'static str,
) -> Result<Damage, StoreError> {
    let (aside, _) = free_name(&file.path, 0)?;
    fs::rename(&file.path, &aside)
        .and_then(|()| sync_dir(dir))
        .map_err(StoreError::io("cannot rename", &file.path))?;
    Ok(damage_of(file, 0, bytes, reason))
}

/// A new file to set something aside in; what was set aside earlier is never overwritten.
fn free_name(path: &Path, offset: usize) -> Result<(PathBuf, File), StoreError> {
    let names = (1..).map(|n| match n {
        1 => path.with_extension(format!("damaged-{offset}")),
        n => path.with_extension(format!("damaged-{offset}-{n}")),
    });
    for name in names.take(MAX_SET_ASIDE) {
        match File::create_new(&name) {
            Ok(file) => return Ok((name, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(StoreError::io("cannot write", &name)(error)),
        }
    }
    Err(StoreError::damaged(path, "it was set aside too often: look into the directory of the log"))
}

fn damage_of(file: &LogFile, offset: u64, bytes_set_aside: u64, reason: &'static str) -> Damage {
    let file = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Damage { file, offset, bytes_set_aside, reason }
}
