//! The real binary as a user starts it: `postern demo` in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A running `postern demo`; ended when dropped.
pub struct Demo {
    child: Child,
    /// What the ready file says.
    pub ready: Value,
    /// The database files; asked for at the start, when the server surely runs.
    data: PathBuf,
}

/// A folder for demos that goes with the test. PostgreSQL's user can enter it: a demo started by root would
/// else keep its database elsewhere, and leave it there.
pub fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let open = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("postern-test-").permissions(open).tempdir().unwrap()
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            signal(self.child.id(), nix::sys::signal::Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}

impl Demo {
    /// Starts on `dir` and waits for the ready file.
    pub async fn start(dir: &Path, more: &[&str]) -> Self {
        Self::start_with(dir, more, &[]).await
    }

    /// As [`Demo::start`], with variables of the environment.
    pub async fn start_with(dir: &Path, more: &[&str], environment: &[(&str, &str)]) -> Self {
        let ready_file = dir.with_extension("ready.json");
        let _ = std::fs::remove_file(&ready_file);
        let log = dir.with_extension("log");
        let open = |path: &Path| std::fs::File::options().append(true).create(true).open(path).unwrap();
        // What it prints for its user is one thing, the log another.
        let (out, err) = (open(&dir.with_extension("out")), open(&log));
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.arg("demo");
        if !dir.exists() {
            // Afterwards it remembers them.
            for what in ["imap", "submission", "imap-starttls", "submission-starttls", "portal", "metrics"] {
                command.arg(format!("--{what}-port")).arg(crate::harness::port().to_string());
            }
        }
        let child = command
            .arg("--dir")
            .arg(dir)
            .arg("--ready")
            .arg(&ready_file)
            .args(more)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .unwrap();
        let mut demo = Self { child, ready: Value::Null, data: PathBuf::new() };
        demo.ready = demo.wait_ready(&ready_file, &log).await;
        demo.data = psql(demo.ready["database_url"].as_str().unwrap(), "show data_directory").trim().into();
        demo
    }

    async fn wait_ready(&mut self, file: &PathBuf, log: &Path) -> Value {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let end = tokio::time::Instant::now() + Duration::from_mins(2);
        loop {
            look.tick().await;
            if let Ok(text) = std::fs::read_to_string(file) {
                return serde_json::from_str(&text).expect("the ready file is written at once");
            }
            let gone = self.child.try_wait().unwrap();
            let late = tokio::time::Instant::now() > end;
            assert!(
                gone.is_none() && !late,
                "the demo is not ready ({gone:?}):\n{}",
                std::fs::read_to_string(log).unwrap_or_default()
            );
        }
    }

    /// A port by its path in the ready file, `["imap", "tls_port"]`.
    pub fn port(&self, path: [&str; 2]) -> u16 {
        self.ready[path[0]][path[1]].as_u64().unwrap().try_into().unwrap()
    }

    /// What PostgreSQL wrote to its own log.
    pub fn database_log(&self) -> String {
        let folder = std::fs::read_dir(self.data.join("log")).unwrap();
        folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }

    /// `kill -9`, and the end waited for.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and a clean end waited for.
    pub async fn stop(mut self) {
        signal(self.child.id(), nix::sys::signal::Signal::SIGTERM);
        let status = tokio::task::block_in_place(|| self.child.wait().unwrap());
        assert!(status.success(), "{status}");
    }

    /// The process of the private PostgreSQL, from its own pid file; waits while it is being started again.
    pub async fn postmaster(&self) -> u32 {
        let file = self.data.join("postmaster.pid");
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let end = tokio::time::Instant::now() + Duration::from_mins(2);
        loop {
            look.tick().await;
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let pid = text.lines().next().and_then(|line| line.parse().ok());
            if let Some(pid) = pid.filter(|pid| Path::new("/proc").join(u32::to_string(pid)).exists()) {
                return pid;
            }
            assert!(tokio::time::Instant::now() < end, "PostgreSQL is not started again");
        }
    }
}

/// What `psql` answers to one statement, unaligned.
pub fn psql(url: &str, sql: &str) -> String {
    let out = Command::new("psql").args([url, "-XAtqc", sql]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Sends a signal to a process that the test itself started.
pub fn signal(pid: u32, signal: nix::sys::signal::Signal) {
    let pid = nix::unistd::Pid::from_raw(pid.try_into().unwrap());
    nix::sys::signal::kill(pid, signal).unwrap();
}
