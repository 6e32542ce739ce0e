//! What a server's processes have cost: CPU and memory of whole trees, read from `/proc`.
//!
//! CPU is `utime + stime + cutime + cstime` summed over the living: a process that has ended and was waited
//! for is in its parent's `cutime` (proc(5)), so nothing is lost and nothing counted twice.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;

struct Stat {
    parent: u32,
    ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything.
    let fields: Vec<&str> = text[text.rfind(')')? + 2..].split(' ').collect();
    let field = |n: usize| fields.get(n - 3)?.parse::<u64>().ok();
    let ticks = field(14)? + field(15)? + field(16)? + field(17)?;
    Some(Stat { parent: u32::try_from(field(4)?).ok()?, ticks })
}

/// The living processes below `roots`, those included, with their ticks.
fn tree(roots: &[u32]) -> anyhow::Result<Vec<(u32, u64)>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut ticks = HashMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
        let Some(stat) = stat(pid) else { continue };
        children.entry(stat.parent).or_default().push(pid);
        ticks.insert(pid, stat.ticks);
    }
    let mut found = Vec::new();
    let mut open = roots.to_vec();
    while let Some(pid) = open.pop() {
        if let Some(ticks) = ticks.remove(&pid) {
            found.push((pid, ticks));
            open.extend(children.get(&pid).into_iter().flatten());
        }
    }
    Ok(found)
}

/// CPU of the trees since they began.
pub fn cpu(roots: &[u32]) -> anyhow::Result<Duration> {
    let ticks: u64 = tree(roots)?.iter().map(|(_, ticks)| ticks).sum();
    // USER_HZ, which Linux fixes at 100 for every program that asks.
    Ok(Duration::from_millis(ticks * 10))
}

/// Memory of the trees in bytes, shared pages counted in parts (PSS).
pub fn memory(roots: &[u32]) -> anyhow::Result<u64> {
    let mut total = 0;
    for (pid, _) in tree(roots)? {
        // One that has ended meanwhile has no memory.
        let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { continue };
        let line = text.lines().find(|l| l.starts_with("Pss:"));
        let kib = line.and_then(|l| l.split_ascii_whitespace().nth(1)).and_then(|n| n.parse::<u64>().ok());
        total += kib.unwrap_or(0) * 1024;
    }
    Ok(total)
}

/// The highest resident memory that one process has had, in bytes.
pub fn peak(pid: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find(|l| l.starts_with("VmHWM:")).context("no VmHWM")?;
    let kib: u64 = line.split_ascii_whitespace().nth(1).context("no VmHWM")?.parse()?;
    Ok(kib * 1024)
}

/// Begins [`peak`] anew.
pub fn forget_peak(pid: u32) -> anyhow::Result<()> {
    Ok(std::fs::write(format!("/proc/{pid}/clear_refs"), "5")?)
}

/// Asks it to end, as `kill` does.
pub fn terminate(pid: u32) -> anyhow::Result<()> {
    std::process::Command::new("kill").arg(pid.to_string()).status()?;
    Ok(())
}
