//! The fuzz target of a log file's reader.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use tidegauge_facts::Table;

use super::walk;
use crate::aligned::{AlignedBytes, BLOCK};
use crate::frame::{self, FRAME_ALIGN, Found};
use crate::fuzzing::{batches, damaged};
use crate::hot::Hot;
use crate::log::{FILE_MAGIC, FrameRef, LogFile};

const NUMBER: u64 = 7;
/// Groups in the good file.
const GROUPS: u64 = 2;

/// A byte that says what follows: damage to a good file, what stands behind a good file's head, or the payload of a frame
/// that is sealed with a checksum that fits.
///
/// Whatever is yielded is a frame whose checksum fits and stands behind the one before it; and what is kept of the file
/// is read again as the same frames.
pub fn log_reader(data: &[u8]) {
    static FILE: OnceLock<Option<Arc<LogFile>>> = OnceLock::new();
    let Some((kind, rest)) = data.split_first() else { return };
    let content = match kind % 3 {
        0 => damaged(good_file(), rest),
        1 => [&head(), rest].concat(),
        _ => [&head(), &*sealed(rest)].concat(),
    };
    let open = || {
        let file = File::open("/dev/null").ok()?;
        Some(Arc::new(LogFile { number: NUMBER, path: PathBuf::from("fuzz.log"), file }))
    };
    let Some(file) = FILE.get_or_init(open) else { return };

    let (frames, end, reason) = read(&content, file);
    assert!(end <= content.len() && (end > 0 || (frames.is_empty() && reason.is_some())));
    let mut behind = 0;
    for (frame, batch) in &frames {
        let at = frame.offset as usize;
        let sum = u32::from_le_bytes([content[at + 4], content[at + 5], content[at + 6], content[at + 7]]);
        behind = at + frame.header.frame_len();
        assert!(behind <= end, "a frame is whole");
        assert_eq!(crc32c::crc32c(&content[at + 8..behind]), sum, "a frame's checksum fits");
        assert_eq!(frame::find(&content, at, NUMBER), Found::Frame(frame.header));
        assert!(batch.num_columns() > 0 || batch.num_rows() == 0 || kind % 3 == 2);
    }
    assert!(frames.windows(2).all(|pair| pair[0].0.header.sequence + 1 == pair[1].0.header.sequence));
    assert!(behind <= end);
    if end > 0 {
        let (again, _, reason) = read(&content[..end], file);
        assert_eq!(reason, None, "what was kept is not damaged");
        let headers = |frames: &[(FrameRef, RecordBatch)]| -> Vec<_> {
            frames.iter().map(|(frame, batch)| (frame.offset, frame.header, batch.num_rows())).collect()
        };
        assert_eq!(headers(&again), headers(&frames), "a second reading finds the same");
    }
    let mut hot = Hot::default();
    for (frame, batch) in frames {
        if hot.push(frame, batch).is_err() {
            assert_eq!(kind % 3, 2, "a batch that was written can be held");
        }
    }
}

fn read(content: &[u8], file: &Arc<LogFile>) -> (Vec<(FrameRef, RecordBatch)>, usize, Option<&'static str>) {
    let (mut frames, mut last) = (Vec::new(), 0);
    let (end, reason) = walk(&aligned(content), file, 0, &mut last, &mut frames);
    (frames, end, reason)
}

/// As recovery reads it, from its first block on and filled up to the end of its last.
fn aligned(content: &[u8]) -> Buffer {
    let mut bytes = AlignedBytes::with_capacity(content.len().next_multiple_of(BLOCK));
    bytes.extend(content);
    bytes.into_buffer()
}

fn head() -> [u8; BLOCK] {
    let mut head = [0; BLOCK];
    head[..FILE_MAGIC.len()].copy_from_slice(FILE_MAGIC);
    head[FILE_MAGIC.len()..FILE_MAGIC.len() + 8].copy_from_slice(&NUMBER.to_le_bytes());
    head
}

fn good_file() -> &'static [u8] {
    static GOOD: OnceLock<Vec<u8>> = OnceLock::new();
    GOOD.get_or_init(|| {
        let mut file = AlignedBytes::with_capacity(1 << 16);
        file.extend(&head());
        let mut sequence = 1;
        for _ in 0..GROUPS {
            for (table, batch) in batches() {
                let encoded = frame::encode(&mut file, NUMBER, sequence, table, &batch);
                assert!(encoded.is_ok(), "a sample is written");
                sequence += 1;
            }
            file.pad_to(BLOCK);
        }
        file.as_slice().to_vec()
    })
}

/// A frame around a payload: its first byte says of which table.
fn sealed(payload: &[u8]) -> Vec<u8> {
    let Some((code, payload)) = payload.split_first() else { return Vec::new() };
    let table = Table::ALL[usize::from(*code) % Table::ALL.len()];
    let mut frame = vec![0; FRAME_ALIGN + payload.len().next_multiple_of(FRAME_ALIGN)];
    frame[..4].copy_from_slice(b"TGF1");
    frame[8..12].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    frame[12] = table as u8;
    frame[16..24].copy_from_slice(&1_u64.to_le_bytes());
    frame[24..32].copy_from_slice(&NUMBER.to_le_bytes());
    frame[FRAME_ALIGN..FRAME_ALIGN + payload.len()].copy_from_slice(payload);
    let sum = crc32c::crc32c(&frame[8..]);
    frame[4..8].copy_from_slice(&sum.to_le_bytes());
    frame
}
