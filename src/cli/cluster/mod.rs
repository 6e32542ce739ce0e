//! The private PostgreSQL of a gateway that names no server.
//!
//! One folder, the *home*, holds `data` (the database files), `password` (of its only role), `lock` and the
//! server's logs. Invariants:
//! * who holds the lock runs the server: one process a home, however it ended before;
//! * the server listens on a unix socket alone, in a folder that only its user may enter, and asks for the
//!   password there too;
//! * it never runs as root; started by root it runs as `postgres`, else `nobody`;
//! * it outlives a killed gateway and is then adopted; when it dies itself it is started again;
//! * its own process group: Ctrl-C reaches the gateway, which stops it last.
//!
//! Needs no async runtime: a thread waits for the server. Linux only (it reads /proc).

mod guard;
mod place;
mod process;
mod programs;
mod restored;
mod server;

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use place::{POINTER, Place};
pub use restored::{from_base_backup, program};
use server::{Phase, Supervisor};

/// Name of the only role, and of its database.
pub const NAME: &str = "postern";

/// What [`Cluster::start`] needs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The home; made when it is missing. See [`Place`] for the case that the server's user cannot get there.
    pub home: PathBuf,
    /// Most connections the server takes, from everybody.
    pub max_connections: u32,
    /// For tests: nothing is flushed to disk, and the server ends with this process, whose home is then
    /// removed.
    pub ephemeral: bool,
}

/// Why there is no private PostgreSQL. The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Not installed, or too old.
    #[error("{0}")]
    Programs(String),
    /// Another process holds the lock.
    #[error("the private PostgreSQL in {} is run by another process (pid {holder})", home.display())]
    Busy {
        /// Which one.
        home: PathBuf,
        /// Its process id as it wrote it down, or a question mark.
        holder: String,
    },
    /// The home, or where it was moved to, cannot be used.
    #[error("{0}")]
    Place(String),
    /// A file or folder of ours.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `initdb` or `postgres` gave up.
    #[error("{program} failed: {said}")]
    Failed {
        /// Which program.
        program: &'static str,
        /// Its last words.
        said: String,
    },
}

impl ClusterError {
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}

/// A running private PostgreSQL; stopped when dropped.
pub struct Cluster {
    supervisor: Arc<Supervisor>,
    thread: Option<std::thread::JoinHandle<()>>,
    password: String,
    _guard: Option<guard::Guard>,
    /// Held until the server has stopped.
    _lock: std::fs::File,
}

impl Cluster {
    /// Makes the cluster if there is none, starts its server or adopts the one that still runs, and waits
    /// until it accepts connections. Blocks: from async code call it in `spawn_blocking`.
    ///
    /// # Errors
    /// [`ClusterError::Busy`] when another process runs it: then [`running`] has its address.
    pub fn start(options: &Options) -> Result<Self, ClusterError> {
        let place = Place::prepare(&options.home)?;
        let lock = lock(&place)?;
        let programs = programs::Programs::find(place.major()?)?;
        let password = server::initialise(&place, &programs)?;
        let supervisor = Arc::new(Supervisor::new(place, programs, options));
        let server = supervisor.bring_up()?;
        let guard = if options.ephemeral { Some(guard::Guard::watch(supervisor.place())?) } else { None };
        let thread = std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn({
                let supervisor = supervisor.clone();
                move || supervisor.watch(server)
            })
            .map_err(ClusterError::io(&options.home))?;
        Ok(Self { supervisor, thread: Some(thread), password, _guard: guard, _lock: lock })
    }

    /// The address of one of its databases, as `psql`, `pg_dump` and `sqlx` take it. Holds the password.
    pub fn url(&self, database: &str) -> String {
        url(&self.password, &self.supervisor.socket_dir(), database)
    }

    /// A client program that reaches one of its databases; the password is in its environment alone.
    pub fn client(&self, program: &Path, database: &str) -> std::process::Command {
        client(program, &self.supervisor.socket_dir(), &self.password, database)
    }

    /// How often the server died and was started again.
    pub fn restarts(&self) -> u64 {
        self.supervisor.restarts()
    }

    /// Where the database files are.
    pub fn data_dir(&self) -> PathBuf {
        self.supervisor.place().data()
    }

    /// Stops the server: open connections are cut off, everything is flushed. Blocks.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.supervisor.stop();
            if thread.join().is_err() {
                tracing::error!("the thread that watches PostgreSQL panicked");
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end();
    }
}

/// The address of the database of a home that another process runs; `None` when no server accepts
/// connections there now.
///
/// # Errors
/// [`ClusterError`] when the home cannot be read.
pub fn running(home: &Path) -> Result<Option<String>, ClusterError> {
    let Some(place) = Place::existing(home)? else { return Ok(None) };
    match server::phase(&place)? {
        Phase::Ready { socket_dir, .. } => {
            let password = server::read_password(&place)?;
            Ok(Some(url(&password, &socket_dir, NAME)))
        }
        _ => Ok(None),
    }
}

/// As [`Cluster::client`], for a home that another process runs.
///
/// # Errors
/// As [`running`].
pub fn running_client(home: &Path, program: &Path) -> Result<Option<std::process::Command>, ClusterError> {
    let Some(place) = Place::existing(home)? else { return Ok(None) };
    match server::phase(&place)? {
        Phase::Ready { socket_dir, .. } => {
            Ok(Some(client(program, &socket_dir, &server::read_password(&place)?, NAME)))
        }
        _ => Ok(None),
    }
}

fn client(program: &Path, socket_dir: &Path, password: &str, database: &str) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    command
        .env("PGHOST", socket_dir)
        .env("PGUSER", NAME)
        .env("PGPASSWORD", password)
        .env("PGDATABASE", database)
        .env("LC_ALL", "C")
        .stdin(std::process::Stdio::null());
    command
}

/// The password is made of letters and digits, so only the folder needs escaping.
fn url(password: &str, socket_dir: &Path, database: &str) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let mut host = String::new();
    for byte in socket_dir.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_' {
            host.push(char::from(*byte));
        } else {
            let _ = write!(host, "%{byte:02X}");
        }
    }
    format!("postgres://{NAME}:{password}@{host}/{database}")
}

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from(b"0123456789abcdef"[usize::from(n)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Takes the home's lock; the kernel gives it back when this process ends, in whatever way.
fn lock(place: &Place) -> Result<std::fs::File, ClusterError> {
    let path = place.home().join("lock");
    let mut file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits())
        .open(&path)
        .map_err(ClusterError::io(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let holder = std::io::read_to_string(&file).unwrap_or_default();
            let holder = holder.trim();
            let holder = if holder.is_empty() { "?" } else { holder };
            return Err(ClusterError::Busy { home: place.home().to_owned(), holder: holder.to_owned() });
        }
        Err(std::fs::TryLockError::Error(source)) => return Err(ClusterError::Io { path, source }),
    }
    let write = |file: &mut std::fs::File| {
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut file).map_err(ClusterError::io(&path))?;
    Ok(file)
}

#[cfg(test)]
mod tests;
