//! On what it was measured: processor, kernel, filesystem, and how long this disk takes to make 4 KiB durable; without
//! these a number says nothing.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde::Serialize;

/// Appends timed for the disk's figure.
const SYNCS: usize = 200;

/// The machine and the moment.
#[derive(Serialize, Debug)]
pub struct Machine {
    /// When the run began, UTC.
    pub date: String,
    /// The revision measured; `-dirty` if the work tree differs from it.
    pub git_revision: String,
    /// The processor's model.
    pub cpu: String,
    /// Logical processors.
    pub cores: usize,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// The kernel's release.
    pub kernel: String,
    /// Type and source of the filesystem that holds the data directories.
    pub filesystem: String,
    /// Median and 99th percentile of appending 4 KiB and `fdatasync`, in microseconds.
    pub fdatasync_us: (u64, u64),
    /// Load average over a minute when the run began: what the machine was busy with before.
    pub load_average: f64,
}

impl Machine {
    /// Looks around; `directory` is where the data will be.
    pub fn look(directory: &Path) -> anyhow::Result<Self> {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        Ok(Self {
            date: format!("{:.0}", jiff::Timestamp::now()),
            git_revision: git_revision(),
            cpu: after(&read("/proc/cpuinfo"), "model name")
                .unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism()?.get(),
            memory_bytes: after(&read("/proc/meminfo"), "MemTotal")
                .and_then(|text| text.split_whitespace().next().and_then(|word| word.parse::<u64>().ok()))
                .unwrap_or(0)
                * 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            filesystem: filesystem(&read("/proc/self/mountinfo"), &fs::canonicalize(directory)?),
            fdatasync_us: time_fdatasync(directory)?,
            load_average: read("/proc/loadavg")
                .split_whitespace()
                .next()
                .and_then(|word| word.parse().ok())
                .unwrap_or(0.0),
        })
    }

    /// Whether the data lies in memory, where nothing is durable.
    pub fn is_volatile(&self) -> bool {
        self.filesystem.starts_with("tmpfs") || self.filesystem.starts_with("ramfs")
    }
}

fn after(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn git_revision() -> String {
    Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map_or_else(
            || "unknown".to_owned(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
}

/// The mount whose point is the longest prefix of `path`.
fn filesystem(mounts: &str, path: &Path) -> String {
    mounts
        .lines()
        .filter_map(|line| {
            let (place, kind) = line.split_once(" - ")?;
            let point = place.split(' ').nth(4)?;
            let mut kind = kind.split(' ');
            path.starts_with(point).then_some((point.len(), kind.next()?, kind.next()?))
        })
        // Of two mounts on one point the later one is seen.
        .max_by_key(|(length, ..)| *length)
        .map_or_else(|| "unknown".to_owned(), |(_, kind, source)| format!("{kind} on {source}"))
}

fn time_fdatasync(directory: &Path) -> anyhow::Result<(u64, u64)> {
    let mut file = tempfile::tempfile_in(directory)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&[b'x'; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed().as_micros() as u64);
    }
    times.sort_unstable();
    Ok((times[SYNCS / 2], times[SYNCS * 99 / 100]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_point_above_a_path_is_its_filesystem() {
        let mounts = "1 0 8:1 / / rw - ext4 /dev/vda rw\n2 1 0:5 / /tmp rw shared:1 - tmpfs tmpfs rw\n";
        assert_eq!(filesystem(mounts, Path::new("/tmp/x")), "tmpfs on tmpfs");
        assert_eq!(filesystem(mounts, Path::new("/tmpx")), "ext4 on /dev/vda");
    }
}
