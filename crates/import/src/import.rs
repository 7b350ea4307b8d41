//! An import from its first file to its last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tidegauge_store::Store;

use crate::error::ImportError;
use crate::file_import::FileImport;
use crate::files;
use crate::plan::Plan;
use crate::record::Records;

/// How far an import is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Bytes of all files, compressed as they are; standard input counts as none.
    pub bytes_total: u64,
    /// Of these, bytes read or passed over.
    pub bytes_done: u64,
    /// Lines read.
    pub lines: u64,
}

/// What an import did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Files looked at.
    pub files: u64,
    /// Of these, files that had nothing new.
    pub unchanged: u64,
    /// Lines (rows of Parquet files) read.
    pub lines: u64,
    /// Rows stored.
    pub stored: u64,
    /// Rows that were there already.
    pub repeated: u64,
    /// Lines that could not be read.
    pub bad: u64,
    /// The same by what is wrong with them.
    pub bad_by_reason: BTreeMap<String, u64>,
    /// Where they are kept.
    pub set_aside: Vec<PathBuf>,
    /// Bytes of last lines that no newline ends: they are left for a later run.
    pub unfinished_bytes: u64,
}

/// Imports the plan's files into the store of the data directory `data`; `watch` is told how it goes, often.
///
/// Files that cannot be read are passed over, and the first of them is the error in the end. Whatever the error, what
/// the summary counts is durable, and the same plan goes on from there.
pub fn run(
    data: &Path,
    store: &Store,
    plan: &Plan,
    watch: &mut dyn FnMut(Progress),
) -> (Summary, Result<(), ImportError>) {
    let mut summary = Summary::default();
    let result = import_all(data, store, plan, &mut summary, watch);
    (summary, result)
}

fn import_all(
    data: &Path,
    store: &Store,
    plan: &Plan,
    summary: &mut Summary,
    watch: &mut dyn FnMut(Progress),
) -> Result<(), ImportError> {
    let sources = files::matching(&plan.patterns, plan.set_aside.as_deref())?;
    let sizes: Vec<u64> =
        sources.iter().map(|source| source.path().metadata().map_or(0, |file| file.len())).collect();
    let mut records = Records::open(data)?;
    let mut run = Run {
        store,
        plan,
        summary,
        watch,
        progress: Progress { bytes_total: sizes.iter().sum(), ..Progress::default() },
        bad_lines: 0,
    };
    let (mut done, mut first_error) = (0, None);
    for (source, size) in sources.iter().zip(sizes) {
        run.summary.files += 1;
        let imported = match FileImport::open(source, &records, plan, store) {
            Ok(Some(file)) => {
                let (record, result) = run.pump(file, done);
                records.note(record);
                result
            }
            Ok(None) => {
                run.summary.unchanged += 1;
                Ok(())
            }
            Err(error) => Err(error),
        };
        match imported {
            Err(error) if error.is_of_one_file() => first_error = first_error.or(Some(error)),
            other => other?,
        }
        done += size;
        run.progress.bytes_done = done;
        (run.watch)(run.progress);
    }
    first_error.map_or(Ok(()), Err)
}

/// What the files of an import share.
pub(crate) struct Run<'a> {
    pub store: &'a Store,
    pub plan: &'a Plan,
    pub summary: &'a mut Summary,
    pub watch: &'a mut dyn FnMut(Progress),
    pub progress: Progress,
    /// Of all files so far, those of earlier runs included.
    pub bad_lines: u64,
}
