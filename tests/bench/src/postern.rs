//! Starts the gateway as its demo does: private PostgreSQL, load accounts, every limit per address raised.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::process::Child;
use tokio::time::sleep;

use crate::process::{self, CpuGroup};
use crate::server::User;

/// What all load accounts sign in with: made for a private server on loopback that is thrown away.
const SECRET: &str = "bench-bench-bench-bench-bench";

/// The running gateway.
pub struct Postern {
    program: PathBuf,
    dir: PathBuf,
    accounts: usize,
    child: Mutex<Option<Child>>,
    pid: Mutex<Option<u32>>,
    /// Where its CPU is counted.
    pub group: CpuGroup,
}

impl Postern {
    /// Starts it in `dir` with so many load accounts; its ready file.
    pub async fn start(program: &Path, dir: &Path, accounts: usize) -> anyhow::Result<(Self, Value)> {
        let postern = Self {
            program: program.to_owned(),
            dir: dir.to_owned(),
            accounts,
            child: Mutex::default(),
            pid: Mutex::default(),
            group: CpuGroup::new(&format!("postern-bench-{}-ours", std::process::id())),
        };
        postern.run(&[]).await?;
        let ready = std::fs::read(postern.ready_file())?;
        Ok((postern, serde_json::from_slice(&ready)?))
    }

    fn ready_file(&self) -> PathBuf {
        self.dir.join("ready.json")
    }

    /// The load accounts of a ready file.
    pub fn users(ready: &Value) -> anyhow::Result<Vec<User>> {
        let accounts = ready["accounts"].as_array().context("no accounts")?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("not a text");
        accounts
            .iter()
            .filter(|a| a["email"].as_str().is_some_and(|e| e.ends_with("@load.test")))
            .map(|a| Ok(User { address: text(&a["secure_address"])?, secret: text(&a["app_password"])? }))
            .collect()
    }

    /// With settings (`POSTERN_…` variables) it is `serve` on the demo's folder, else the demo itself.
    async fn run(&self, settings: &[(&str, &str)]) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.dir.join("gateway.log"))?;
        let mut command = self.group.command(&self.program);
        if settings.is_empty() {
            let _not_there = std::fs::remove_file(self.ready_file());
            command.arg("demo").arg("--dir").arg(&self.dir).arg("--ready").arg(self.ready_file());
            command.arg("--load-accounts").arg(self.accounts.to_string());
            command.arg("--load-app-password").arg(SECRET);
        } else {
            command.arg("--config").arg(self.dir.join("postern.toml")).arg("serve");
            command.envs(settings.iter().copied());
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| self.program.display().to_string())?;
        *lock(&self.pid) = child.id();
        *lock(&self.child) = Some(child);
        let end = Instant::now() + Duration::from_mins(3);
        while !self.answers(settings.is_empty()).await {
            let ended = lock(&self.child).as_mut().is_none_or(|c| !matches!(c.try_wait(), Ok(None)));
            if ended || Instant::now() > end {
                bail!("postern does not start; see {}", self.dir.join("gateway.log").display());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn answers(&self, demo: bool) -> bool {
        if demo {
            return std::fs::read(self.ready_file())
                .is_ok_and(|b| serde_json::from_slice::<Value>(&b).is_ok());
        }
        let Ok(ready) = std::fs::read(self.ready_file()) else { return false };
        let Ok(ready) = serde_json::from_slice::<Value>(&ready) else { return false };
        let port = ready["imap"]["tls_port"].as_u64().unwrap_or(0) as u16;
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
    }

    /// Where its database is.
    pub fn database_url(&self) -> anyhow::Result<String> {
        let ready: Value = serde_json::from_slice(&std::fs::read(self.ready_file())?)?;
        ready["database_url"].as_str().map(str::to_owned).context("no database_url")
    }

    /// Its process.
    pub fn pid(&self) -> Option<u32> {
        *lock(&self.pid)
    }

    /// The gateway and PostgreSQL, wherever that hangs in the tree of processes.
    pub fn roots(&self) -> Vec<u32> {
        self.pid().into_iter().collect()
    }

    /// Ends it and starts it anew, with those settings.
    pub async fn restart(&self, settings: &[(&str, &str)]) -> anyhow::Result<()> {
        self.stop().await?;
        self.run(settings).await
    }

    /// Ends it: SIGTERM, then waits.
    pub async fn stop(&self) -> anyhow::Result<()> {
        let child = lock(&self.child).take();
        if let Some(mut child) = child {
            if let Some(pid) = child.id() {
                process::terminate(pid)?;
            }
            let ended = tokio::time::timeout(Duration::from_mins(1), child.wait()).await;
            ended.context("postern does not end")??;
        }
        Ok(())
    }
}

impl Drop for Postern {
    fn drop(&mut self) {
        if let Some(pid) = lock(&self.child).as_ref().and_then(Child::id) {
            let _gone = process::terminate(pid);
        }
    }
}

/// A lock that a panic elsewhere does not spoil.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
