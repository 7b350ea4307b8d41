//! `tidegauge restore`: a data directory from a backup.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use tidegauge_store::FORMAT;
use tidegauge_store::backup::Restoring;

use super::backup::sync_dirs;
use super::{say, start_logging};
use crate::backup::list::{BackupList, copy};

/// Make a data directory of a backup, after every file of it was verified.
#[derive(clap::Args)]
pub struct Args {
    /// The backup.
    #[arg(long)]
    from: PathBuf,
    /// The data directory to make: missing or empty.
    #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
    data: PathBuf,
    /// Begin anew where a restore was cut short: what it had brought is removed first.
    #[arg(long)]
    again: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    start_logging("warn");
    let list = BackupList::read(&args.from)?;
    ensure!(
        list.format <= FORMAT,
        "{} is of a newer Tidegauge ({}; format {}, and this one knows up to {FORMAT})",
        args.from.display(),
        list.tidegauge,
        list.format
    );
    list.verify(&args.from)?;
    let restoring = Restoring::begin(&args.data, args.again)?;
    for file in &list.files {
        let target = args.data.join(&file.path);
        let parent = target.parent().unwrap_or(Path::new("."));
        let made = DirBuilder::new().recursive(true).mode(0o700).create(parent);
        made.with_context(|| format!("cannot make {}", parent.display()))?;
        copy(file, &args.from, &args.data)?;
    }
    sync_dirs(&args.data, &list)?;
    restoring.end(list.format)?;
    let (files, data) = (list.files.len(), args.data.display());
    say(&format!("{files} files, {} bytes, as of {}: {data}", list.bytes(), list.begun_at));
    for finding in &list.damaged {
        say(&format!("when the backup was made already: {finding}"));
    }
    Ok(())
}
