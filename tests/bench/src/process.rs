//! What a server's processes have cost: CPU and memory of whole trees.
//!
//! CPU is read from a control group of the server's own (cgroups(7), version 2: `cpu.stat` counts microseconds of
//! all that ever ran in it). Where none can be made it is `utime + stime + cutime + cstime` of `/proc`, summed over
//! the living: a process that has ended and was waited for is in its parent's `cutime` (proc(5)), so nothing is
//! counted twice. But `/proc` shows each of these rounded down to 10 ms, so of a hundred young processes that
//! did little each, as Postfix and Dovecot have, it shows half a second too little.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::Command;

/// The control group of one server's processes.
pub struct CpuGroup(Option<PathBuf>);

impl CpuGroup {
    /// A new one, if the system lets us; the name must be free.
    pub fn new(name: &str) -> Self {
        let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(Path::new);
        let root = roots.into_iter().find(|root| root.join("cgroup.controllers").exists());
        // What a run left whose last processes ended after it. One that is used stays.
        for entry in root.into_iter().flat_map(std::fs::read_dir).flatten().flatten() {
            let stale = entry.file_name().to_string_lossy().into_owned();
            let ours = format!("postern-bench-{}-", std::process::id());
            if stale.starts_with("postern-bench-") && !stale.starts_with(&ours) {
                let _used = std::fs::remove_dir(entry.path());
            }
        }
        let group = root.map(|root| root.join(name));
        let made = group.filter(|group| std::fs::create_dir(group).is_ok() && read_group(group).is_some());
        if made.is_none() {
            eprintln!("no control group can be made: CPU is counted in steps of 10 ms for each process");
        }
        Self(made)
    }

    /// What starts `program` in it, as the process that it will be.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some(group) = &self.0 else { return Command::new(program) };
        let mut command = Command::new("sh");
        command.args(["-c", r#"echo $$ > "$0" && exec "$@""#]).arg(group.join("cgroup.procs")).arg(program);
        command
    }

    /// CPU of all that ran in it; without one, of the trees of `roots` since they began.
    pub fn cpu(&self, roots: &[u32]) -> anyhow::Result<Duration> {
        match &self.0 {
            Some(group) => read_group(group).context("the control group cannot be read"),
            None => cpu(roots),
        }
    }
}

impl Drop for CpuGroup {
    fn drop(&mut self) {
        // It can go when the last process has; who is killed leaves an empty folder of the kernel's.
        if let Some(group) = &self.0 {
            let _still_used = std::fs::remove_dir(group);
        }
    }
}

fn read_group(group: &Path) -> Option<Duration> {
    let text = std::fs::read_to_string(group.join("cpu.stat")).ok()?;
    let usage = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
    usage.trim().parse().ok().map(Duration::from_micros)
}

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
fn cpu(roots: &[u32]) -> anyhow::Result<Duration> {
    let ticks: u64 = tree(roots)?.iter().map(|(_, ticks)| ticks).sum();
    // USER_HZ, which Linux fixes at 100 for every program that asks.
    Ok(Duration::from_millis(ticks * 10))
}

/// Memory of the trees in bytes, shared pages counted in parts (PSS).
pub fn memory(roots: &[u32]) -> anyhow::Result<u64> {
    let pids: Vec<u32> = tree(roots)?.into_iter().map(|(pid, _)| pid).collect();
    Ok(memory_of(&pids))
}

/// Memory of these processes alone.
pub fn memory_of(pids: &[u32]) -> u64 {
    let mut total = 0;
    for pid in pids {
        // One that has ended meanwhile has no memory.
        let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { continue };
        let line = text.lines().find(|l| l.starts_with("Pss:"));
        let kib = line.and_then(|l| l.split_ascii_whitespace().nth(1)).and_then(|n| n.parse::<u64>().ok());
        total += kib.unwrap_or(0) * 1024;
    }
    total
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
