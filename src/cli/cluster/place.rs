//! Where a private PostgreSQL lies and as whom it runs.
//!
//! PostgreSQL refuses to run as root. Started by root it runs as another user, who may be unable to reach
//! the home (a clone under root's own home). Then the real home is `/var/lib/postern/<hash of the home's
//! path>`, and the home holds a file, [`POINTER`], that says so; it is obeyed from then on, and a pointer
//! to nowhere is an error, never a new empty database.

use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use nix::unistd::{Gid, Uid, User};

use super::ClusterError;

/// The file in a home that names the folder which is used instead.
pub const POINTER: &str = "moved-to";
/// Homes of clusters whose own folder the server's user cannot reach.
const ELSEWHERE: &str = "/var/lib/postern";
/// PostgreSQL's own names.
const SOCKET_FILE: &str = ".s.PGSQL.5432";
pub(super) const SOCKET_LOCK: &str = ".s.PGSQL.5432.lock";
/// Sockets' folders are made here: a socket's path may have 107 bytes at most, a home's may be longer.
const SOCKETS: &str = "/tmp";
/// What the names of these folders begin with; 16 letters follow, and a number where one was passed by.
const SOCKET_PREFIX: &str = "postern-";
/// A socket's folder in which nothing has happened for so long and nothing listens is a killed server's.
const FORSAKEN: Duration = Duration::from_mins(10);

/// The user a server runs as, when it is not the one that started the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RunAs {
    uid: Uid,
    gid: Gid,
}

/// The home that is really used, and the user it belongs to.
#[derive(Clone, Debug)]
pub struct Place {
    home: PathBuf,
    run_as: Option<RunAs>,
}

impl Place {
    /// Makes the home, here or elsewhere, and settles who runs the server.
    ///
    /// # Errors
    /// [`ClusterError::Place`] or [`ClusterError::Io`], with the path.
    pub fn prepare(home: &Path) -> Result<Self, ClusterError> {
        Self::prepare_or(home, Path::new(ELSEWHERE))
    }

    fn prepare_or(home: &Path, elsewhere: &Path) -> Result<Self, ClusterError> {
        make_dir(home, 0o700)?;
        let home = home.canonicalize().map_err(ClusterError::io(home))?;
        if let Some(place) = Self::pointed(&home)? {
            return Ok(place);
        }
        let Some(user) = RunAs::needed(&home.join("data"))? else {
            return Ok(Self { home, run_as: None });
        };
        user.own(&home)?;
        if user.reaches(&home)? {
            return Ok(Self { home, run_as: Some(user) });
        }
        make_dir(elsewhere, 0o755)?;
        let real = elsewhere.join(short_hash(&home));
        make_dir(&real, 0o700)?;
        user.own(&real)?;
        if !user.reaches(&real)? {
            return Err(ClusterError::Place(format!(
                "PostgreSQL must not run as root, and its user can enter neither {} nor {}",
                home.display(),
                real.display()
            )));
        }
        let text = format!("{}\n", real.display());
        super::server::write_file(&home.join(POINTER), text.as_bytes(), 0o644)?;
        Ok(Self { home: real, run_as: Some(user) })
    }

    /// The place of a home that has been prepared before, by whomever; `None` when there is none.
    ///
    /// # Errors
    /// As [`Place::prepare`].
    pub fn existing(home: &Path) -> Result<Option<Self>, ClusterError> {
        let home = match home.canonicalize() {
            Ok(home) => home,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(ClusterError::io(home)(e)),
        };
        let place = match Self::pointed(&home)? {
            Some(place) => place,
            None => Self { home, run_as: None },
        };
        Ok(place.data().exists().then_some(place))
    }

    fn pointed(home: &Path) -> Result<Option<Self>, ClusterError> {
        let pointer = home.join(POINTER);
        let real = match std::fs::read_to_string(&pointer) {
            Ok(text) => PathBuf::from(text.trim_end()),
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(ClusterError::io(&pointer)(e)),
        };
        if !real.is_dir() {
            return Err(ClusterError::Place(format!(
                "{} says that the database is in {}, and it is not there: bring it back, or, to begin anew \
                 without its data, remove {0}",
                pointer.display(),
                real.display()
            )));
        }
        let real = real.canonicalize().map_err(ClusterError::io(&real))?;
        let run_as = RunAs::needed(&real.join("data"))?;
        Ok(Some(Self { home: real, run_as }))
    }

    /// The folder with `data`, `password`, `lock`.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The database files.
    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// The major version that made the data, if there is any.
    pub(super) fn major(&self) -> Result<Option<u32>, ClusterError> {
        let path = self.data().join("PG_VERSION");
        match std::fs::read_to_string(&path) {
            Ok(text) => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| ClusterError::Place(format!("{} is damaged", path.display()))),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(ClusterError::io(&path)(e)),
        }
    }

    /// A program that will run as the server's user, in a clean environment and its own process group.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null());
        if let Some(user) = self.run_as {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// Gives a file or folder to the server's user.
    pub(super) fn own(&self, path: &Path) -> Result<(), ClusterError> {
        self.run_as.map_or(Ok(()), |user| user.own(path))
    }

    /// A folder for the socket, which nobody but the server's user (and root) may enter.
    pub(super) fn socket_dir(&self) -> Result<PathBuf, ClusterError> {
        let own = self.run_as.map_or_else(Uid::effective, |user| user.uid);
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let base = runtime
            .filter(|dir| self.run_as.is_none() && dir.is_absolute() && dir.is_dir())
            .filter(|dir| dir.as_os_str().len() <= 48)
            .unwrap_or_else(|| SOCKETS.into());
        sweep(&base, own);
        let name = format!("{SOCKET_PREFIX}{}", short_hash(&self.home));
        // Anybody can make folders in /tmp: one of that name that is not ours is passed by.
        for n in 0..100 {
            let path = base.join(if n == 0 { name.clone() } else { format!("{name}-{n}") });
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => self.own(&path)?,
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(ClusterError::io(&path)(e)),
            }
            let meta = path.symlink_metadata().map_err(ClusterError::io(&path))?;
            if meta.is_dir() && meta.uid() == own.as_raw() && meta.mode().trailing_zeros() >= 6 {
                // From now on it is in use, also in the eyes of another gateway's sweep.
                let touched = std::fs::File::open(&path).and_then(|d| d.set_modified(SystemTime::now()));
                touched.map_err(ClusterError::io(&path))?;
                return Ok(path);
            }
        }
        Err(ClusterError::Place(format!("no folder for the socket can be made in {}", base.display())))
    }
}

impl RunAs {
    /// Nobody else unless started by root; then the user who owns the data already, else `postgres`,
    /// else `nobody`.
    fn needed(data: &Path) -> Result<Option<Self>, ClusterError> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        if let Ok(meta) = data.symlink_metadata()
            && meta.uid() != 0
        {
            return Ok(Some(Self { uid: Uid::from_raw(meta.uid()), gid: Gid::from_raw(meta.gid()) }));
        }
        for name in ["postgres", "nobody"] {
            if let Ok(Some(user)) = User::from_name(name) {
                return Ok(Some(Self { uid: user.uid, gid: user.gid }));
            }
        }
        let fault = "PostgreSQL must not run as root, and there is neither a user postgres nor nobody";
        Err(ClusterError::Place(fault.to_owned()))
    }

    fn own(self, path: &Path) -> Result<(), ClusterError> {
        std::os::unix::fs::lchown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
            .map_err(ClusterError::io(path))
    }

    /// Whether the user may enter the folder and write there: asked of the kernel, by trying.
    fn reaches(self, folder: &Path) -> Result<bool, ClusterError> {
        let status = Command::new("/bin/sh")
            .args(["-c", "cd -- \"$1\" && test -w .", "sh"])
            .arg(folder)
            .uid(self.uid.as_raw())
            .gid(self.gid.as_raw())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(ClusterError::io(Path::new("/bin/sh")))?;
        Ok(status.success())
    }
}

/// Makes a folder, and those above it, with this mode; one that exists keeps its own unless it is ours
/// to close.
fn make_dir(path: &Path, mode: u32) -> Result<(), ClusterError> {
    if !path.is_dir() {
        std::fs::create_dir_all(path).map_err(ClusterError::io(path))?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
            .map_err(ClusterError::io(path))?;
    }
    Ok(())
}

/// Removes the sockets' folders that killed servers of this user left behind: those whose home is gone, or
/// is started again elsewhere, would stay for ever. Best effort: what cannot be read or removed stays.
///
/// A folder is removed only when nothing answers on its socket and nothing has changed in it for a while,
/// so that a server which is just starting keeps its own.
fn sweep(base: &Path, own: Uid) {
    let Ok(entries) = std::fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if is_socket_folder(&entry.file_name()) && is_forsaken(&path, own) {
            for file in [SOCKET_FILE, SOCKET_LOCK] {
                let _ = std::fs::remove_file(path.join(file));
            }
            // Only if nothing else is in it.
            let _ = std::fs::remove_dir(&path);
        }
    }
}

fn is_socket_folder(name: &std::ffi::OsStr) -> bool {
    let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(SOCKET_PREFIX)) else { return false };
    let (hash, number) = rest.split_once('-').unwrap_or((rest, "0"));
    hash.len() == 16
        && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        && number.bytes().all(|b| b.is_ascii_digit())
}

fn is_forsaken(folder: &Path, own: Uid) -> bool {
    let Ok(meta) = folder.symlink_metadata() else { return false };
    let old = meta.modified().ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age > FORSAKEN);
    let ours = meta.is_dir() && meta.uid() == own.as_raw();
    ours && old && std::os::unix::net::UnixStream::connect(folder.join(SOCKET_FILE)).is_err()
}

/// 16 letters that stand for a path.
fn short_hash(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let hash = digest::digest(&digest::SHA256, path.as_os_str().as_bytes());
    super::hex(&hash.as_ref()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A clone under root's own home: the data lies elsewhere and is found again.
    #[test]
    fn out_of_reach_is_elsewhere() {
        let closed =
            tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o700)).tempdir().unwrap();
        let open = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
        let (home, elsewhere) = (closed.path().join("db"), open.path().join("postern"));
        let place = Place::prepare_or(&home, &elsewhere).unwrap();
        if !Uid::effective().is_root() {
            assert_eq!(place.home(), home.canonicalize().unwrap());
            return;
        }
        assert_eq!(place.home().parent(), Some(&*elsewhere));
        assert!(place.run_as.unwrap().reaches(place.home()).unwrap());
        assert_eq!(Place::prepare_or(&home, Path::new("/nowhere")).unwrap().home(), place.home());
        assert!(Place::existing(&home).unwrap().is_none());
        std::fs::create_dir(place.data()).unwrap();
        assert_eq!(Place::existing(&home).unwrap().unwrap().home(), place.home());
        assert_eq!(place.home().metadata().unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_killed_servers_left_is_swept() {
        let base = tempfile::tempdir().unwrap();
        let long_ago = std::time::SystemTime::now() - FORSAKEN * 2;
        let folder = |name: &str| {
            let path = base.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let age = |path: &Path| std::fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
        let running = folder("postern-0123456789abcdef");
        let _socket = std::os::unix::net::UnixListener::bind(running.join(SOCKET_FILE)).unwrap();
        let (killed, empty) = (folder("postern-cccccccccccccccc"), folder("postern-0123456789abcdef-1"));
        for file in [SOCKET_FILE, SOCKET_LOCK] {
            std::fs::write(killed.join(file), "1").unwrap();
        }
        let (fresh, strange) = (folder("postern-aaaaaaaaaaaaaaaa"), folder("postern-test-x"));
        let used = folder("postern-bbbbbbbbbbbbbbbb");
        std::fs::write(used.join("something else"), "").unwrap();
        for path in [&running, &killed, &empty, &strange, &used] {
            age(path);
        }
        sweep(base.path(), Uid::from_raw(Uid::effective().as_raw() + 1));
        assert!(killed.exists() && empty.exists(), "another user's");
        sweep(base.path(), Uid::effective());
        assert!(running.join(SOCKET_FILE).exists(), "somebody listens");
        assert!(!killed.exists() && !empty.exists());
        assert!(fresh.exists() && strange.exists() && used.join("something else").exists());
    }

    #[test]
    fn a_strangers_socket_folder_is_passed_by() {
        let open = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
        let place = Place::prepare(&open.path().join("db")).unwrap();
        let first = place.socket_dir().unwrap();
        assert_eq!(place.socket_dir().unwrap(), first);
        std::fs::set_permissions(&first, PermissionsExt::from_mode(0o755)).unwrap();
        let second = place.socket_dir().unwrap();
        assert_ne!(first, second);
        assert!(second.as_os_str().len() < 80);
        std::fs::remove_dir(first).unwrap();
        std::fs::remove_dir(second).unwrap();
    }
}
