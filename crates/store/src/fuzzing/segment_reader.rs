//! A segment's file, damaged: with the checksum of before, and with one that fits.

use std::cell::OnceCell;
use std::fs;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;

use super::{Scratch, batches, damaged};
use crate::error::StoreError;
use crate::segment::{self, Segment, SegmentMeta, Texts};

/// A good file of each table.
struct Good {
    scratch: Scratch,
    segments: Vec<(SegmentMeta, Vec<u8>)>,
}

thread_local! {
    static GOOD: OnceCell<Option<Good>> = const { OnceCell::new() };
}

/// A byte that says which table's file it is, and whether the checksum is made to fit; then the damage.
///
/// A file that has changed is refused by its checksum. One whose checksum fits all the same is read or refused.
pub fn segment_reader(data: &[u8]) {
    let Some((kind, steps)) = data.split_first() else { return };
    GOOD.with(|good| {
        let good = good.get_or_init(|| Good::make().ok());
        let Some(Good { scratch, segments }) = good else {
            return assert!(good.is_some(), "a good file is written");
        };
        let (meta, content) = &segments[usize::from(kind >> 1) % segments.len()];
        let mut meta = SegmentMeta { is_fresh: false, ..meta.clone() };
        let file = damaged(content, steps);
        let has_changed = file != *content;
        if kind & 1 == 1 {
            meta.crc32c = crc32c::crc32c(&file);
            meta.bytes = file.len() as u64;
        }
        if fs::write(scratch.path().join(&meta.name), &file).is_err() {
            return;
        }
        let segment = Segment::new(scratch.path(), meta);
        match read_all(&segment) {
            Ok(read) => {
                assert!(kind & 1 == 1 || !has_changed, "a changed file is refused");
                assert!(
                    has_changed || read.num_rows() as u64 == segment.meta.rows,
                    "a good file is read whole"
                );
            }
            Err(_) => assert!(has_changed, "a good file is read"),
        }
        // A second reader of the same segment, by ranges.
        _ = read_ranges(&segment);
    });
}

fn read_all(segment: &Segment) -> Result<RecordBatch, StoreError> {
    let batches = segment.read(None)?.collect::<Result<Vec<_>, _>>()?;
    let failed = StoreError::format("read a segment");
    match batches.first() {
        Some(first) => concat_batches(&first.schema(), &batches).map_err(|error| failed(error.into())),
        None => Err(failed("it has no rows".into())),
    }
}

fn read_ranges(segment: &Segment) -> Result<(), StoreError> {
    let open = segment.open()?;
    for range in open.rows_of("beta", 1_700_000_003_000_000, i64::MAX)? {
        for texts in [Texts::AsWritten, Texts::AsDictionaries] {
            let columns = ["event_time", "tenant_id", "str1", "path"];
            open.bytes_per_row(range.row_group, &range.rows, &columns, texts);
            let read = open.read_rows(range.row_group, range.rows.clone(), None, &columns, texts)?;
            assert_eq!(read.num_rows(), range.rows.len());
        }
    }
    Ok(())
}

impl Good {
    fn make() -> Result<Self, StoreError> {
        let scratch = Scratch::new("segment");
        let mut segments = Vec::new();
        for (table, batch) in batches() {
            let meta = segment::write(scratch.path(), 1, table, &[batch])?;
            let path = scratch.path().join(&meta.name);
            let content = fs::read(&path).map_err(StoreError::io("cannot read", &path))?;
            segments.push((meta, content));
        }
        Ok(Self { scratch, segments })
    }
}
