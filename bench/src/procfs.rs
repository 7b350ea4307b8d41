//! What a server costs: processor time, memory and bytes written of a process and all its descendants, from /proc.
//! PostgreSQL is a tree of processes; the others are a tree of one.

use std::collections::HashMap;
use std::fs;

use anyhow::Context as _;
use serde::Serialize;

/// What a process tree has used since it started.
#[derive(Clone, Copy, Default, Debug)]
pub struct Usage {
    /// User and system seconds, of all threads, and of children that have ended.
    pub cpu_s: f64,
    /// Bytes it caused to be sent to the disk.
    pub written_bytes: u64,
}

/// Memory of a process tree now.
#[derive(Clone, Copy, Default, Debug, Serialize)]
pub struct Memory {
    /// Resident bytes. In a tree of several processes shared pages count once (the sum of the proportional sizes).
    pub resident_bytes: u64,
    /// The most it ever was, as the kernel kept it; 0 for a tree of several, whose peak only samples can tell.
    pub peak_bytes: u64,
}

/// Usage of `pid` and its descendants.
pub fn usage(pid: u32) -> anyhow::Result<Usage> {
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let mut usage = Usage::default();
    for member in tree(pid)? {
        // A member may end between the listing and here; its time is then in its parent's.
        let Ok(stat) = Stat::read(member) else { continue };
        usage.cpu_s += stat.ticks as f64 / ticks;
        if let Ok(io) = fs::read_to_string(format!("/proc/{member}/io")) {
            usage.written_bytes +=
                field(&io, "write_bytes:").saturating_sub(field(&io, "cancelled_write_bytes:"));
        }
    }
    Ok(usage)
}

/// Processor seconds of this process alone, its children left out.
pub fn own_cpu_s() -> anyhow::Result<f64> {
    let stat = Stat::read(std::process::id())?;
    Ok(stat.own_ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Memory of `pid` and its descendants.
pub fn memory(pid: u32) -> anyhow::Result<Memory> {
    let members = tree(pid)?;
    if members.len() == 1 {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the server has ended")?;
        let kibibytes = |name| field(&status, name) * 1024;
        return Ok(Memory { resident_bytes: kibibytes("VmRSS:"), peak_bytes: kibibytes("VmHWM:") });
    }
    let resident_bytes = members
        .iter()
        .filter_map(|member| fs::read_to_string(format!("/proc/{member}/smaps_rollup")).ok())
        .map(|rollup| field(&rollup, "Pss:") * 1024)
        .sum();
    Ok(Memory { resident_bytes, peak_bytes: 0 })
}

/// Lets `pid`'s peak memory begin again at what it has now (proc(5), `clear_refs`).
pub fn forget_peak(pid: u32) -> anyhow::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").context("cannot reset the server's peak memory")
}

/// Seconds all processors of the machine were busy since it started, and seconds the hypervisor took from it.
pub fn machine_busy_s() -> anyhow::Result<(f64, f64)> {
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let stat = fs::read_to_string("/proc/stat")?;
    let counts: Vec<u64> = stat
        .lines()
        .next()
        .unwrap_or("")
        .split_whitespace()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    anyhow::ensure!(counts.len() >= 8, "/proc/stat has an unknown form");
    // user, nice, system, (idle, iowait), irq, softirq; steal is the eighth.
    let busy = counts[0] + counts[1] + counts[2] + counts[5] + counts[6];
    Ok((busy as f64 / ticks, counts[7] as f64 / ticks))
}

/// `root` and all its descendants.
fn tree(root: u32) -> anyhow::Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Ok(stat) = Stat::read(pid) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut members = vec![root];
    let mut seen = 0;
    while seen < members.len() {
        members.extend(children.remove(&members[seen]).unwrap_or_default());
        seen += 1;
    }
    Ok(members)
}

struct Stat {
    parent: u32,
    /// utime + stime.
    own_ticks: u64,
    /// utime + stime + cutime + cstime: a child's ticks move here when it ends, so the tree's sum never falls.
    ticks: u64,
}

impl Stat {
    fn read(pid: u32) -> anyhow::Result<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in parentheses may hold spaces; the fields after it are plain.
        let (_, fields) = text.rsplit_once(')').context("/proc/PID/stat has an unknown form")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |nth: usize| fields.get(nth).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        Ok(Self {
            parent: number(1) as u32,
            own_ticks: number(11) + number(12),
            ticks: (11..15).map(number).sum(),
        })
    }
}

fn field(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|word| word.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_process_has_used_something() {
        let pid = std::process::id();
        assert!(memory(pid).unwrap().peak_bytes > 100_000);
        let before = usage(pid).unwrap().cpu_s;
        let start = std::time::Instant::now();
        while start.elapsed().as_millis() < 100 {
            std::hint::spin_loop();
        }
        assert!(usage(pid).unwrap().cpu_s - before > 0.03);
    }
}
