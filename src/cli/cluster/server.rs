//! Making the database files, starting the server, seeing that it runs, stopping it.

use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use parking_lot::{Condvar, Mutex};

use super::place::SOCKET_LOCK;
use super::process::{self, LOOK};
use super::programs::Programs;
use super::{ClusterError, NAME, Options, Place};

/// Crash recovery replays at most what lies between two checkpoints.
const START_LIMIT: Duration = Duration::from_mins(10);
/// A fast shutdown writes one checkpoint; then it is cut short, which costs a recovery and no data.
const STOP_LIMIT: Duration = Duration::from_mins(1);
/// Longest pause between two tries to start a server that keeps dying.
const RETRY_LIMIT: Duration = Duration::from_secs(5);

/// What the data folder's `postmaster.pid` and the processes say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No server process.
    Gone,
    /// One that does not accept connections yet, or no longer.
    Moving(i32),
    /// One that does.
    Ready { pid: i32, socket_dir: PathBuf },
}

/// Looks at the data folder.
pub(super) fn phase(place: &Place) -> Result<Phase, ClusterError> {
    let path = place.data().join("postmaster.pid");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Phase::Gone),
        Err(e) => return Err(ClusterError::io(&path)(e)),
    };
    let lines: Vec<&str> = text.lines().collect();
    let pid = lines.first().and_then(|l| l.trim().parse::<i32>().ok());
    Ok(match (pid, lines.get(4), lines.get(7)) {
        (Some(pid), _, _) if !process::is_ours(pid, &place.data()) => Phase::Gone,
        (Some(pid), Some(dir), Some(state)) if state.trim() == "ready" => {
            Phase::Ready { pid, socket_dir: PathBuf::from(dir) }
        }
        (Some(pid), _, _) => Phase::Moving(pid),
        (None, _, _) => Phase::Gone,
    })
}

/// The role's password.
pub(super) fn read_password(place: &Place) -> Result<String, ClusterError> {
    let path = place.home().join("password");
    let read = || {
        let flags = nix::fcntl::OFlag::O_NOFOLLOW.bits();
        std::io::read_to_string(std::fs::File::options().read(true).custom_flags(flags).open(&path)?)
    };
    read().map(|text| text.trim().to_owned()).map_err(ClusterError::io(&path))
}

/// Writes a file whole or not at all; on disk when this returns.
pub(super) fn write_file(path: &Path, bytes: &[u8], mode: u32) -> Result<(), ClusterError> {
    use std::io::Write as _;
    let new = path.with_extension("new");
    let write = || {
        match std::fs::remove_file(&new) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = std::fs::File::options().write(true).create_new(true).mode(mode).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        std::fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(ClusterError::io(path))
}

/// Makes the database files if there are none; returns the role's password. Interrupted anywhere, it
/// begins anew the next time: `data` appears only when it is complete.
pub(super) fn initialise(place: &Place, programs: &Programs) -> Result<String, ClusterError> {
    let data = place.data();
    if data.join("PG_VERSION").exists() {
        return read_password(place);
    }
    if data.exists() {
        return Err(ClusterError::Place(format!("{} exists and holds no database", data.display())));
    }
    let password = new_password()?;
    let password_file = place.home().join("password");
    write_file(&password_file, password.as_bytes(), 0o600)?;
    place.own(&password_file)?;
    let new = place.home().join("data.new");
    match std::fs::remove_dir_all(&new) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(ClusterError::io(&new)(e)),
        _ => {}
    }
    let pwfile = {
        let mut argument = std::ffi::OsString::from("--pwfile=");
        argument.push(&password_file);
        argument
    };
    let mut initdb = place.command(&programs.initdb);
    initdb.args([
        "--username",
        NAME,
        "--encoding=UTF8",
        "--locale=C",
        "--data-checksums",
        "--no-instructions",
    ]);
    initdb.args(["--auth-local=scram-sha-256", "--auth-host=reject"]);
    initdb.arg(pwfile).arg("--pgdata").arg(&new);
    said_well("initdb", initdb.output())?;
    // Single-user mode: no socket, no second client library.
    let mut single = place.command(&programs.postgres);
    single.args(["--single", "-j", "-D"]).arg(&new).arg("postgres");
    single.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = || {
        use std::io::Write as _;
        let mut child = single.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(format!("create database {NAME};\n\n").as_bytes())?;
        }
        child.wait_with_output()
    };
    said_well("postgres", { run }())?;
    std::fs::rename(&new, &data).map_err(ClusterError::io(&data))?;
    tracing::info!(major = programs.major, "made a private PostgreSQL");
    Ok(password)
}

fn said_well(
    program: &'static str,
    output: std::io::Result<std::process::Output>,
) -> Result<(), ClusterError> {
    let output = output.map_err(|e| ClusterError::Failed { program, said: e.to_string() })?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    // Single-user mode goes on after an error and ends well.
    if output.status.success() && !said.contains("ERROR:") {
        return Ok(());
    }
    Err(ClusterError::Failed { program, said })
}

/// 160 random bits, as letters and digits.
pub(super) fn new_password() -> Result<String, ClusterError> {
    let mut bytes = [0; 20];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| ClusterError::Place("the system gave no random numbers".to_owned()))?;
    Ok(super::hex(&bytes))
}

/// The server while it runs.
pub(super) enum Server {
    /// Started by this process.
    Child(Child),
    /// Left over by one that was killed.
    Adopted(i32),
}

/// Starts the server, watches it, starts it again, stops it.
pub(super) struct Supervisor {
    place: Place,
    programs: Programs,
    settings: Vec<String>,
    socket_dir: Mutex<PathBuf>,
    stopping: Mutex<bool>,
    stopped: Condvar,
    restarts: AtomicU64,
}

impl Supervisor {
    pub(super) fn new(place: Place, programs: Programs, options: &Options) -> Self {
        Self {
            place,
            programs,
            settings: settings(options),
            socket_dir: Mutex::default(),
            stopping: Mutex::new(false),
            stopped: Condvar::new(),
            restarts: AtomicU64::new(0),
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn socket_dir(&self) -> PathBuf {
        self.socket_dir.lock().clone()
    }

    pub(super) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Adopts a server that runs, or starts one; returns when it accepts connections.
    pub(super) fn bring_up(&self) -> Result<Server, ClusterError> {
        let begin = Instant::now();
        loop {
            match phase(&self.place)? {
                Phase::Ready { pid, socket_dir } => {
                    tracing::info!(pid, "adopted the PostgreSQL that an earlier gateway left running");
                    *self.socket_dir.lock() = socket_dir;
                    return Ok(Server::Adopted(pid));
                }
                // Coming up or going down: either becomes one of the other two.
                Phase::Moving(pid) if begin.elapsed() > START_LIMIT => {
                    let said = format!("process {pid} neither starts nor stops");
                    return Err(ClusterError::Failed { program: "postgres", said });
                }
                Phase::Moving(_) => std::thread::sleep(LOOK),
                Phase::Gone => break,
            }
        }
        let data = self.place.data();
        process::end_orphans(&data);
        // No process of this folder is left, so what these files say is history. PostgreSQL itself would
        // take a strange process that was given the old id for its own.
        let socket_dir = self.place.socket_dir()?;
        for stale in [data.join("postmaster.pid"), socket_dir.join(SOCKET_LOCK)] {
            match std::fs::remove_file(&stale) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(ClusterError::io(&stale)(e)),
                _ => {}
            }
        }
        self.spawn(&data, &socket_dir)
    }

    fn spawn(&self, data: &Path, socket_dir: &Path) -> Result<Server, ClusterError> {
        let log = self.place.home().join("start.log");
        let output = std::fs::File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits())
            .open(&log)
            .map_err(ClusterError::io(&log))?;
        let mut command = self.place.command(&self.programs.postgres);
        command.arg("-D").arg(data).arg("-k").arg(socket_dir);
        for setting in &self.settings {
            command.arg("-c").arg(setting);
        }
        command.stdout(output.try_clone().map_err(ClusterError::io(&log))?).stderr(output);
        let program = "postgres";
        let mut child = command.spawn().map_err(|e| ClusterError::Failed { program, said: e.to_string() })?;
        let begin = Instant::now();
        let said = loop {
            if let Ok(Phase::Ready { pid, .. }) = phase(&self.place)
                && u32::try_from(pid) == Ok(child.id())
            {
                socket_dir.clone_into(&mut self.socket_dir.lock());
                return Ok(Server::Child(child));
            }
            match child.try_wait() {
                Ok(None) if begin.elapsed() < START_LIMIT => std::thread::sleep(LOOK),
                Ok(None) => {
                    process::signal(child.id().cast_signed(), data, Signal::SIGQUIT);
                    let _ = child.wait();
                    break "it did not become ready".to_owned();
                }
                Ok(Some(status)) => break last_words(&log, &data.join("log"), status),
                Err(e) => break e.to_string(),
            }
        };
        Err(ClusterError::Failed { program, said })
    }

    /// Waits for the server's end and starts it again, until [`stop`](Self::stop) has been asked for.
    pub(super) fn watch(&self, mut server: Server) {
        loop {
            self.wait_for_end(&mut server);
            if *self.stopping.lock() {
                break;
            }
            tracing::error!("PostgreSQL died and is started again");
            self.restarts.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("postern_postgres_restarts_total").increment(1);
            let mut pause = Duration::from_millis(100);
            server = loop {
                match self.bring_up() {
                    Ok(server) => break server,
                    Err(error) => tracing::error!(%error, "PostgreSQL cannot be started"),
                }
                if self.pause(pause) {
                    return;
                }
                pause = (pause * 2).min(RETRY_LIMIT);
            };
        }
        // Only if empty, which it is after a clean end.
        let _ = std::fs::remove_dir(self.socket_dir());
    }

    fn wait_for_end(&self, server: &mut Server) {
        let mut asked: Option<Instant> = None;
        loop {
            let ended = match server {
                Server::Child(child) => match child.try_wait() {
                    Ok(status) => status.is_some(),
                    Err(error) => {
                        tracing::error!(%error, "waiting for PostgreSQL");
                        true
                    }
                },
                Server::Adopted(pid) => !process::is_ours(*pid, &self.place.data()),
            };
            if ended {
                return;
            }
            let mut stopping = self.stopping.lock();
            if *stopping {
                drop(stopping);
                match asked {
                    None => {
                        self.tell(server, Signal::SIGINT);
                        asked = Some(Instant::now());
                    }
                    Some(since) if since.elapsed() > STOP_LIMIT => {
                        tracing::error!("PostgreSQL does not stop and is cut short");
                        self.tell(server, Signal::SIGQUIT);
                        asked = Some(Instant::now());
                    }
                    Some(_) => {}
                }
                std::thread::sleep(LOOK);
            } else {
                self.stopped.wait_for(&mut stopping, LOOK * 5);
            }
        }
    }

    /// Waits; whether a stop was asked for meanwhile.
    fn pause(&self, how_long: Duration) -> bool {
        let mut stopping = self.stopping.lock();
        if !*stopping {
            self.stopped.wait_for(&mut stopping, how_long);
        }
        *stopping
    }

    fn tell(&self, server: &Server, signal: Signal) {
        let pid = match server {
            Server::Child(child) => child.id().cast_signed(),
            Server::Adopted(pid) => *pid,
        };
        process::signal(pid, &self.place.data(), signal);
    }

    /// Asks [`watch`](Self::watch) to end with the server.
    pub(super) fn stop(&self) {
        *self.stopping.lock() = true;
        self.stopped.notify_all();
    }
}

/// Why the server ended while starting: its own last lines.
fn last_words(start: &Path, logs: &Path, status: std::process::ExitStatus) -> String {
    let newest = std::fs::read_dir(logs).ok().and_then(|entries| {
        entries.flatten().max_by_key(|e| e.metadata().and_then(|m| m.modified()).ok()).map(|e| e.path())
    });
    let mut said = format!("{status}");
    for path in std::iter::once(start.to_owned()).chain(newest) {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(5)..] {
            said.push('\n');
            said.push_str(line);
        }
    }
    said
}

/// `-c` settings. Message bytes arrive sealed, so nothing is worth compressing; statements carry
/// addresses, so no statement and no error detail is logged.
fn settings(options: &Options) -> Vec<String> {
    let memory = memory_mb().unwrap_or(1024);
    let mut settings: Vec<String> = [
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "synchronous_commit=on",
        // "Ready" is to mean that it takes writes: a server that is still going through an archive (PITR) does not,
        // and to be stopped then could carry it past the moment that was asked for.
        "hot_standby=off",
        "wal_buffers=16MB",
        "min_wal_size=256MB",
        "max_wal_size=1GB",
        "checkpoint_timeout=5min",
        "checkpoint_completion_target=0.9",
        "random_page_cost=1.1",
        "jit=off",
        "max_parallel_workers_per_gather=0",
        "autovacuum_vacuum_scale_factor=0.05",
        "autovacuum_analyze_scale_factor=0.02",
        "autovacuum_naptime=15s",
        "logging_collector=on",
        "log_directory=log",
        "log_filename=postgres-%a.log",
        "log_rotation_age=1d",
        "log_rotation_size=0",
        "log_truncate_on_rotation=on",
        "log_file_mode=0600",
        "log_error_verbosity=terse",
        "log_min_error_statement=panic",
        "log_parameter_max_length=0",
        "log_statement=none",
        "log_checkpoints=off",
    ]
    .map(str::to_owned)
    .to_vec();
    settings.push(format!("max_connections={}", options.max_connections));
    settings.push(format!("shared_buffers={}MB", (memory / 8).clamp(64, 2048)));
    settings.push(format!("effective_cache_size={}MB", (memory / 2).max(128)));
    settings.push("maintenance_work_mem=64MB".to_owned());
    if options.ephemeral {
        settings.extend(["fsync=off", "full_page_writes=off"].map(str::to_owned));
    }
    settings
}

fn memory_mb() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb / 1024)
}
