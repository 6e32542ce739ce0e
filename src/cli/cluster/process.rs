//! The server's processes, by their ids.
//!
//! A process is one of ours when its program is `postgres` and its working directory our data folder:
//! PostgreSQL changes there first thing, and no file has to be believed. Ids are checked again right
//! before each signal.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How often a process that is not our child is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(20);
/// How long the orphans of a dead server get to notice, before they are killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether that process is a PostgreSQL process of that data folder.
pub(super) fn is_ours(pid: i32, data: &Path) -> bool {
    let proc = PathBuf::from(format!("/proc/{pid}"));
    let program = std::fs::read_link(proc.join("exe")).ok();
    let program = program.as_deref().and_then(Path::file_name).and_then(|n| n.to_str());
    // "postgres (deleted)" after an upgrade of the package.
    program.is_some_and(|name| name == "postgres" || name.starts_with("postgres "))
        && std::fs::read_link(proc.join("cwd")).is_ok_and(|cwd| cwd == data)
}

/// All PostgreSQL processes of that data folder.
pub(super) fn all(data: &Path) -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| is_ours(*pid, data))
        .collect()
}

/// Sends a signal to one of ours; whether it was there.
pub(super) fn signal(pid: i32, data: &Path, signal: Signal) -> bool {
    is_ours(pid, data) && kill(Pid::from_raw(pid), signal).is_ok()
}

/// Ends what a dead server left behind: its backends hold the shared memory that a new one must not share.
pub(super) fn end_orphans(data: &Path) {
    let begin = Instant::now();
    let mut asked = false;
    loop {
        let left = all(data);
        if left.is_empty() {
            return;
        }
        let late = begin.elapsed() > PATIENCE;
        if !asked || late {
            let how = if late { Signal::SIGKILL } else { Signal::SIGQUIT };
            tracing::warn!(processes = left.len(), signal = how.as_str(), "ending orphans of PostgreSQL");
            for pid in left {
                signal(pid, data, how);
            }
            asked = true;
        }
        std::thread::sleep(LOOK);
    }
}
