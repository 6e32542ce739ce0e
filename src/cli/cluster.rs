//! The private PostgreSQL: one cluster in a folder of postern's own, on a unix socket only.
//!
//! Invariants: started by root it runs as an unprivileged user (PostgreSQL refuses root); a cluster
//! still running from a killed gateway is adopted; one that dies is started again; the data folder is
//! complete or absent (initdb works beside it and renames). Its log holds no statement and no value.

use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the state of something that sends no event is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long a start may take, recovery after a crash included.
const START_LIMIT: Duration = Duration::from_mins(5);
/// The role that owns everything.
const ROLE: &str = "postern";
/// Names the socket file, nothing else: there is no TCP.
const PORT: u16 = 5432;

/// Settings of the server. Sealed data does not compress; the log must hold no value; plans of short
/// statements gain nothing from compiling or parallel workers.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "shared_buffers=256MB",
    "max_wal_size=4GB",
    "min_wal_size=256MB",
    "checkpoint_timeout=15min",
    "wal_compression=off",
    "synchronous_commit=on",
    "jit=off",
    "max_parallel_workers_per_gather=0",
    "random_page_cost=1.1",
    "autovacuum_vacuum_scale_factor=0.05",
    "autovacuum_naptime=15s",
    "log_min_messages=warning",
    "log_min_error_statement=panic",
    "log_parameter_max_length_on_error=0",
];

/// The running cluster. Stop it with [`Cluster::stop`]; dropped without, it goes on for the next start
/// to adopt.
pub struct Cluster {
    place: Arc<Place>,
    stop: watch::Sender<bool>,
    supervisor: JoinHandle<()>,
}

/// Where everything lies and who runs it.
struct Place {
    programs: PathBuf,
    /// Holds `data` and `log`; reachable for the user who runs the server.
    home: PathBuf,
    socket: PathBuf,
    password: String,
    /// Set when postern itself is root.
    user: Option<User>,
}

/// A server process: ours, or one that a killed gateway left.
enum Server {
    Own(Child),
    Adopted(Pid),
}

impl Cluster {
    /// Starts or adopts the cluster that belongs to `folder`, creating both where absent.
    ///
    /// # Errors
    /// In words for the operator: what is missing, or the end of the server's log.
    pub async fn start(folder: &Path) -> Result<Self> {
        let place = Arc::new(Place::find(folder)?);
        place.initialise().await?;
        let server = place.launch().await?;
        let (stop, stopped) = watch::channel(false);
        let supervisor = tokio::spawn(supervise(place.clone(), server, stopped));
        Ok(Self { place, stop, supervisor })
    }

    /// A URL for sqlx, psql and `pg_dump`; it holds the role's password.
    pub fn url(&self, database: &str) -> String {
        self.place.url(database)
    }

    /// The folder with the server's socket.
    pub fn socket_folder(&self) -> &Path {
        &self.place.socket
    }

    /// Creates a database unless it is there.
    pub async fn ensure_database(&self, name: &str) -> Result<()> {
        let create = self
            .place
            .client("createdb")
            .args(["--template", "template0", "--encoding", "UTF8", name])
            .output()
            .await
            .context("cannot run createdb")?;
        let said = String::from_utf8_lossy(&create.stderr);
        if !create.status.success() && !said.contains("already exists") {
            bail!("createdb: {}", said.trim());
        }
        Ok(())
    }

    /// A fast shutdown, waited for: running transactions are rolled back, everything acknowledged stays.
    pub async fn stop(self) {
        // An error means that the supervisor is gone, and then so is the server.
        let _ = self.stop.send(true);
        let _ = self.supervisor.await;
    }
}

async fn supervise(place: Arc<Place>, mut server: Server, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = server.ended() => {}
            () = asked_to_stop(&mut stop) => {
                if let Some(pid) = server.pid() {
                    // SIGINT is PostgreSQL's fast shutdown; an error means that it has already ended.
                    let _ = kill(pid, Signal::SIGINT);
                }
                server.ended().await;
                return;
            }
        }
        tracing::error!("the private PostgreSQL has ended by itself; starting it again");
        let mut pause = tokio::time::interval(Duration::from_secs(1));
        loop {
            if *stop.borrow() {
                return;
            }
            pause.tick().await;
            match place.launch().await {
                Ok(again) => {
                    server = again;
                    tracing::info!("the private PostgreSQL runs again");
                    break;
                }
                Err(error) => tracing::error!(error = format!("{error:#}"), "it does not start"),
            }
        }
    }
}

/// Resolves when the owner wants the end, or is gone without a word only with the whole process.
async fn asked_to_stop(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Server {
    fn pid(&self) -> Option<Pid> {
        match self {
            Self::Own(child) => child.id().map(|id| Pid::from_raw(id.cast_signed())),
            Self::Adopted(pid) => Some(*pid),
        }
    }

    async fn ended(&mut self) {
        match self {
            Self::Own(child) => {
                // An error means that the process is no longer ours to wait for: it has ended.
                let _ = child.wait().await;
            }
            Self::Adopted(pid) => {
                let mut look = tokio::time::interval(LOOK);
                while kill(*pid, None).is_ok() {
                    look.tick().await;
                }
            }
        }
    }
}

impl Place {
    fn find(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let folder = folder.canonicalize()?;
        let user = if Uid::effective().is_root() {
            let found = User::from_name("postgres")?.or(User::from_name("nobody")?);
            Some(found.context("PostgreSQL does not run as root, and there is no user postgres or nobody")?)
        } else {
            None
        };
        let digest = short_digest(&folder);
        let home = if let Ok(known) = std::fs::read_to_string(folder.join("location")) {
            PathBuf::from(known.trim())
        } else {
            let home = match &user {
                Some(user) if !reachable(&folder, user) => Path::new("/var/lib/postern").join(&digest),
                _ => folder.join("postgres"),
            };
            write_private(&folder.join("location"), &format!("{}\n", home.display()))?;
            home
        };
        let secret_file = folder.join("database-password");
        let password = match std::fs::read_to_string(&secret_file) {
            Ok(text) if text.trim().len() >= 32 => text.trim().to_owned(),
            _ => {
                let secret = random_hex()?;
                write_private(&secret_file, &format!("{secret}\n"))?;
                secret
            }
        };
        // The path of a unix socket has at most 107 bytes, the folder may be far longer.
        let sockets = match std::env::var_os("XDG_RUNTIME_DIR") {
            Some(dir) if user.is_none() && dir.len() < 60 && Path::new(&dir).is_dir() => PathBuf::from(dir),
            _ => PathBuf::from("/tmp"),
        };
        let socket = sockets.join(format!("postern-{digest}"));
        let place = Self { programs: programs()?, home, socket, password, user };
        place.own_folder(&place.home, 0o700)?;
        place.own_folder(&place.socket, 0o700)?;
        Ok(place)
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn url(&self, database: &str) -> String {
        let socket = self.socket.display();
        format!("postgresql://{ROLE}:{}@localhost/{database}?host={socket}&port={PORT}", self.password)
    }

    /// Creates a folder for the server's user, or checks that an old one is that user's.
    fn own_folder(&self, folder: &Path, mode: u32) -> Result<()> {
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        }
        match std::fs::DirBuilder::new().mode(mode).create(folder) {
            Ok(()) => {
                if let Some(user) = &self.user {
                    std::os::unix::fs::chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e).with_context(|| format!("cannot create {}", folder.display())),
        }
        let found = std::fs::symlink_metadata(folder)?;
        let owner = self.user.as_ref().map_or(Uid::effective(), |u| u.uid);
        if !found.is_dir() || found.uid() != owner.as_raw() || found.mode() & 0o077 != 0 {
            bail!(
                "{} is not a folder that only the user with id {owner} can enter: remove it",
                folder.display()
            );
        }
        Ok(())
    }

    /// A program of PostgreSQL, run as the server's user, with nothing of our environment.
    fn server_command(&self, program: &str) -> Command {
        let mut command = std::process::Command::new(self.programs.join(program));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir(&self.home);
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        // Its own process group: Ctrl-C on the terminal is for the gateway, which drains first.
        command.process_group(0);
        command.stdin(Stdio::null());
        Command::from(command)
    }

    /// A client program, connecting as the role.
    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.env("PGPASSWORD", &self.password).env("PGHOST", &self.socket).env("PGPORT", PORT.to_string());
        command.env("PGUSER", ROLE).stdin(Stdio::null());
        command
    }

    async fn initialise(&self) -> Result<()> {
        if self.data().join("PG_VERSION").exists() {
            return Ok(());
        }
        let fresh = self.home.join("data.new");
        if fresh.exists() {
            std::fs::remove_dir_all(&fresh)?;
        }
        let secret = self.home.join("initial-password");
        write_private(&secret, &self.password)?;
        if let Some(user) = &self.user {
            std::os::unix::fs::chown(&secret, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        let made = self
            .server_command("initdb")
            .arg("--pgdata")
            .arg(&fresh)
            .arg("--pwfile")
            .arg(&secret)
            .args(["--username", ROLE, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale"])
            .arg("--data-checksums")
            .output()
            .await
            .context("cannot run initdb")?;
        std::fs::remove_file(&secret)?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr).trim());
        }
        std::fs::rename(&fresh, self.data())?;
        Ok(())
    }

    /// Adopts the server that runs on our data, or starts one; returns when it takes connections.
    async fn launch(&self) -> Result<Server> {
        let deadline = tokio::time::Instant::now() + START_LIMIT;
        let mut look = tokio::time::interval(LOOK);
        let mut server = self.adopt_or_start()?;
        loop {
            look.tick().await;
            if let Server::Own(child) = &mut server
                && let Some(status) = child.try_wait()?
            {
                // Backends of a killed server hold its shared memory for a moment: they end by themselves.
                if !self.backends_remain() || tokio::time::Instant::now() > deadline {
                    bail!("PostgreSQL does not start ({status}): {}", self.end_of_log());
                }
                server = self.adopt_or_start()?;
                continue;
            }
            if let Server::Adopted(pid) = server
                && kill(pid, None).is_err()
            {
                server = self.adopt_or_start()?;
                continue;
            }
            if self.accepts().await {
                return Ok(server);
            }
            if tokio::time::Instant::now() > deadline {
                bail!("PostgreSQL takes no connections: {}", self.end_of_log());
            }
        }
    }

    fn adopt_or_start(&self) -> Result<Server> {
        let lock = self.data().join("postmaster.pid");
        let socket_lock = self.socket.join(format!(".s.PGSQL.{PORT}.lock"));
        if let Some(pid) = pid_in(&lock) {
            if self.is_our_postmaster(pid) {
                tracing::info!(pid = pid.as_raw(), "adopting the private PostgreSQL that is still running");
                return Ok(Server::Adopted(pid));
            }
            // The number may meanwhile be another program's, which PostgreSQL would take for a server.
            std::fs::remove_file(&lock)?;
        }
        if pid_in(&socket_lock).is_some_and(|pid| !self.is_our_postmaster(pid)) {
            std::fs::remove_file(&socket_lock)?;
        }
        let log = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.home.join("log"))
            .context("cannot open the server's log")?;
        let mut command = self.server_command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(&self.socket).arg("-p").arg(PORT.to_string());
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        command.stdout(log.try_clone()?).stderr(log);
        Ok(Server::Own(command.spawn().context("cannot start PostgreSQL")?))
    }

    async fn accepts(&self) -> bool {
        let mut ask = self.client("pg_isready");
        ask.args(["--quiet", "--dbname", "postgres"]).stdout(Stdio::null()).stderr(Stdio::null());
        ask.status().await.is_ok_and(|status| status.success())
    }

    /// A live PostgreSQL process whose working folder is our data.
    fn is_our_postmaster(&self, pid: Pid) -> bool {
        std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == self.data())
    }

    fn backends_remain(&self) -> bool {
        let Ok(processes) = std::fs::read_dir("/proc") else { return false };
        processes
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .any(|pid| self.is_our_postmaster(Pid::from_raw(pid)))
    }

    fn end_of_log(&self) -> String {
        let text = std::fs::read_to_string(self.home.join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("; ")
    }
}

fn pid_in(file: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().next()?.trim().parse().ok().map(Pid::from_raw)
}

/// Whether the user may enter every folder on the way; `folder` itself will be opened to all.
fn reachable(folder: &Path, user: &User) -> bool {
    folder.ancestors().all(|step| {
        std::fs::metadata(step).is_ok_and(|found| {
            let bit = if found.uid() == user.uid.as_raw() {
                0o100
            } else if found.gid() == user.gid.as_raw() {
                0o010
            } else {
                0o001
            };
            found.mode() & bit != 0
        })
    })
}

/// The folder of `initdb`, `postgres` and their clients.
fn programs() -> Result<PathBuf> {
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|p| std::env::split_paths(&p).collect::<Vec<_>>());
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|all| all.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    debian.sort_by_key(|path| {
        let version = path.parent().and_then(Path::file_name).and_then(|n| n.to_str()?.parse::<u32>().ok());
        std::cmp::Reverse(version)
    });
    // The link on PATH may lead to a folder that holds the rest.
    let all = on_path.filter_map(|dir| Some(dir.join("initdb").canonicalize().ok()?.parent()?.to_owned()));
    all.chain(debian)
        .find(|dir| ["initdb", "postgres", "pg_isready", "createdb"].iter().all(|p| dir.join(p).is_file()))
        .context(
            "no PostgreSQL server programs (initdb, postgres) on PATH or under /usr/lib/postgresql: \
             install the package postgresql (15 or newer), or set database.url to a server",
        )
}

fn write_private(file: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    out.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    Ok(())
}

fn random_hex() -> Result<String> {
    let mut bytes = [0_u8; 24];
    aws_lc_rs::rand::fill(&mut bytes).ok().context("the system gives no random numbers")?;
    Ok(hex(&bytes))
}

/// Names the folder in few letters.
fn short_digest(folder: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, folder.as_os_str().as_bytes());
    hex(&digest.as_ref()[..8])
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
