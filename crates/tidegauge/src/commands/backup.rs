//! `tidegauge backup`: a consistent copy of a data directory, beside a running server or without one.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use tidegauge_facts::Micros;
use tidegauge_import::{RECORDS, records_still_fit};
use tidegauge_store::StoreError;
use tidegauge_store::backup::{Beside, Held, Unready, is_empty};

use super::{say, start_logging};
use crate::backup::copied::{Access, Copied, sync_dir};
use crate::backup::list::{BackupList, ListedFile, sum};

/// Copy a data directory as of now, whether a server is running in it or not.
#[derive(clap::Args)]
pub struct Args {
    /// The data directory.
    #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
    data: PathBuf,
    /// The directory for the backup: missing or empty, and not inside the data directory.
    #[arg(long)]
    to: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    start_logging("warn");
    let (data, to) = (&args.data, &args.to);
    check_place(data, to)?;
    let begun_at = Micros::now().to_micros_text();
    // First the moment, so that nothing acknowledged before this command is missing; then what may take its time.
    let beside = Beside { name: RECORDS, still_fits: &records_still_fit };
    let held = Held::take(data, &[beside])?;
    make_parent(&to.join("FORMAT"))?;
    fs::write(to.join("FORMAT"), Unready::Backup.text())
        .with_context(|| format!("cannot write {}", to.join("FORMAT").display()))?;
    let mut list = BackupList::new(held.format(), begun_at);
    list.damaged.extend_from_slice(held.missing());
    copy_held(&held, to, &mut list)?;
    drop(held);
    copy_accounts(data, to, &mut list)?;
    sync_dirs(to, &list)?;
    list.write(to)?;
    say(&format!(
        "{} files, {} bytes, as of {}: {}",
        list.files.len(),
        list.bytes(),
        list.begun_at,
        to.display()
    ));
    for finding in &list.damaged {
        say(finding);
    }
    match list.damaged.len() {
        0 => Ok(()),
        n => bail!(
            "the backup is complete, but {n} files of {} were damaged or missing already",
            data.display()
        ),
    }
}

/// The directory must be missing or empty, and elsewhere.
fn check_place(data: &Path, to: &Path) -> anyhow::Result<()> {
    let outer = fs::canonicalize(data).with_context(|| format!("cannot read {}", data.display()))?;
    let absolute = std::path::absolute(to).with_context(|| format!("cannot read {}", to.display()))?;
    let there = absolute.ancestors().find_map(|ancestor| fs::canonicalize(ancestor).ok());
    ensure!(
        !there.is_some_and(|there| there.starts_with(&outer)),
        "{} is inside the data directory: a backup belongs elsewhere, best on another disk",
        to.display()
    );
    let is_free = !to.exists() || is_empty(to).with_context(|| format!("cannot read {}", to.display()))?;
    ensure!(is_free, "{} is not empty: each backup gets a directory of its own", to.display());
    Ok(())
}

fn copy_held(held: &Held, to: &Path, list: &mut BackupList) -> anyhow::Result<()> {
    for file in held.files() {
        let target = to.join(&file.path);
        make_parent(&target)?;
        let mut finding = None;
        let copied = Copied::of(&target, Access::ReadOnly, |out| {
            finding = held.copy(file, out)?;
            Ok::<_, CopyError>(())
        });
        let copied = copied.with_context(|| format!("cannot copy to {}", target.display()))?;
        list.files.push(ListedFile { path: file.path.clone(), copied });
        list.damaged.extend(finding);
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The accounts come last: every project that a fact names is in them.
fn copy_accounts(data: &Path, to: &Path, list: &mut BackupList) -> anyhow::Result<()> {
    let path = PathBuf::from(tidegauge_accounts::DATABASE_FILE);
    let target = to.join(&path);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if runtime.block_on(tidegauge_accounts::copy_accounts(data, &target))? {
        fs::set_permissions(&target, Permissions::from_mode(Access::ReadOnly.mode()))
            .with_context(|| format!("cannot write {}", target.display()))?;
        let copied = sum(&target).with_context(|| format!("cannot read {}", target.display()))?;
        list.files.push(ListedFile { path, copied });
    }
    Ok(())
}

fn make_parent(target: &Path) -> anyhow::Result<()> {
    let parent = target.parent().unwrap_or(Path::new("."));
    let made = DirBuilder::new().recursive(true).mode(0o700).create(parent);
    made.with_context(|| format!("cannot make {}", parent.display()))
}

/// Makes the names of the files durable.
pub(super) fn sync_dirs(to: &Path, list: &BackupList) -> anyhow::Result<()> {
    let mut dirs: Vec<PathBuf> =
        list.files.iter().filter_map(|file| to.join(&file.path).parent().map(Path::to_owned)).collect();
    dirs.push(to.to_owned());
    dirs.extend(fs::canonicalize(to)?.parent().map(Path::to_owned));
    dirs.sort();
    dirs.dedup();
    dirs.iter().try_for_each(|dir| sync_dir(dir).with_context(|| format!("cannot sync {}", dir.display())))
}
