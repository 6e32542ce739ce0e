//! The master key, in all the versions that are still needed, and where it comes from.
//!
//! A key file has a line for each version: `postern-master-key-v1`, 32 bytes in base64, and the version,
//! which may be left out where it is 1. Invariants: a key is never overwritten and never taken from an
//! argument; a file that others may open is refused; a changed file replaces the former at once (rename).

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::keys::KeyError;
use super::seal::KEY_LEN;

const FILE_MARK: &str = "postern-master-key-v1";
/// Longest file, or output of a command, in bytes.
const FILE_MAX: u64 = 8192;

/// The key above all others, in its versions. Whoever has it and the database reads everything.
pub struct MasterKey {
    /// Ascending, at least one.
    versions: Vec<(i32, Zeroizing<[u8; KEY_LEN]>)>,
    pub(super) source: Source,
}

/// Where the key can be read again, when the database has got a newer version.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Nowhere: it was made in memory.
    Memory,
    File(PathBuf),
    /// Program and arguments; it prints what a key file holds.
    Command(Vec<String>),
}

impl Source {
    /// Reads it again; `None`: there is nothing to read.
    pub(super) fn read(&self) -> Result<Option<MasterKey>, KeyError> {
        match self {
            Self::Memory => Ok(None),
            Self::File(path) => MasterKey::load(path).map(Some),
            Self::Command(words) => MasterKey::from_command(words).map(Some),
        }
    }
}

fn fresh() -> Result<Zeroizing<[u8; KEY_LEN]>, KeyError> {
    let mut bytes = Zeroizing::new([0; KEY_LEN]);
    rand::fill(bytes.as_mut()).map_err(|_| KeyError::Random)?;
    Ok(bytes)
}

impl MasterKey {
    /// A new key, in memory only.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn random() -> Result<Self, KeyError> {
        Ok(Self { versions: vec![(1, fresh()?)], source: Source::Memory })
    }

    /// Makes a new key and its file, readable by its owner alone; the file is on disk before this returns.
    ///
    /// # Errors
    /// [`KeyError::Exists`] rather than overwrite one.
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        let key = Self { source: Source::File(path.to_owned()), ..Self::random()? };
        key.write(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_owned()),
            _ => KeyError::Io(path.to_owned(), e),
        })?;
        Ok(key)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// One [`KeyError`] for each thing that can be wrong with it.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        use std::os::unix::fs::PermissionsExt;
        let io = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
            _ => KeyError::Io(path.to_owned(), e),
        };
        let form = || KeyError::Form(path.to_owned());
        let file = std::fs::File::open(path).map_err(io)?;
        if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
            return Err(KeyError::Permissions(path.to_owned()));
        }
        let mut text = Zeroizing::new(String::new());
        file.take(FILE_MAX).read_to_string(&mut text).map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidData => form(),
            _ => KeyError::Io(path.to_owned(), e),
        })?;
        let versions = parse(&text).ok_or_else(form)?;
        Ok(Self { versions, source: Source::File(path.to_owned()) })
    }

    /// Asks a program (of a key service, of an HSM) that prints what a key file holds. Waits for it.
    ///
    /// # Errors
    /// [`KeyError::Command`]; its standard error goes to ours.
    pub fn from_command(words: &[String]) -> Result<Self, KeyError> {
        let (program, arguments) = words.split_first().ok_or(KeyError::Command("no program".to_owned()))?;
        let failed = |what: String| KeyError::Command(format!("{program}: {what}"));
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| failed(e.to_string()))?;
        let mut text = Zeroizing::new(String::new());
        let read = match child.stdout.take() {
            Some(out) => out.take(FILE_MAX).read_to_string(&mut text),
            None => Ok(0),
        };
        let status = child.wait().map_err(|e| failed(e.to_string()))?;
        if !status.success() {
            return Err(failed(format!("ended with {status}")));
        }
        read.map_err(|e| failed(e.to_string()))?;
        let versions =
            parse(&text).ok_or_else(|| failed("it printed no master key of postern".to_owned()))?;
        Ok(Self { versions, source: Source::Command(words.to_vec()) })
    }

    /// Adds a version to a key file: the next one after the newest. Its number.
    ///
    /// # Errors
    /// As [`MasterKey::load`].
    pub fn add_version(path: &Path) -> Result<i32, KeyError> {
        let mut key = Self::load(path)?;
        let version = key.newest() + 1;
        key.versions.push((version, fresh()?));
        key.replace(path)?;
        Ok(version)
    }

    /// Takes all versions below `keep` out of a key file. The numbers of those taken out.
    ///
    /// # Errors
    /// As [`MasterKey::load`]; [`KeyError::Version`] when the file has no version `keep`.
    pub fn retire(path: &Path, keep: i32) -> Result<Vec<i32>, KeyError> {
        let mut key = Self::load(path)?;
        if key.version(keep).is_none() {
            return Err(KeyError::Version(keep));
        }
        let gone = key.versions().filter(|v| *v < keep).collect();
        key.versions.retain(|(version, _)| *version >= keep);
        key.replace(path)?;
        Ok(gone)
    }

    /// The numbers of its versions, ascending.
    pub fn versions(&self) -> impl Iterator<Item = i32> {
        self.versions.iter().map(|(version, _)| *version)
    }

    /// The highest of them.
    pub fn newest(&self) -> i32 {
        self.versions.last().map_or(0, |(version, _)| *version)
    }

    pub(super) fn version(&self, version: i32) -> Option<&[u8; KEY_LEN]> {
        self.versions.iter().find(|(v, _)| *v == version).map(|(_, key)| &**key)
    }

    /// Writes a file that is not there yet.
    fn write(&self, path: &Path) -> std::io::Result<()> {
        use std::os::unix::fs::OpenOptionsExt;
        let mut text = Zeroizing::new(String::with_capacity(128 * self.versions.len()));
        for (version, key) in &self.versions {
            text.push_str(FILE_MARK);
            text.push(' ');
            STANDARD.encode_string(key.as_ref(), &mut text);
            if *version != 1 {
                text.push(' ');
                text.push_str(&version.to_string());
            }
            text.push('\n');
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
        std::fs::File::open(folder_of(path)).and_then(|d| d.sync_all())
    }

    /// Puts a new file into the place of the old one, owned by who owned that.
    fn replace(&self, path: &Path) -> Result<(), KeyError> {
        use std::os::unix::fs::MetadataExt;
        let io = |e| KeyError::Io(path.to_owned(), e);
        let mut next = path.as_os_str().to_owned();
        next.push(".new");
        let next = PathBuf::from(next);
        match std::fs::remove_file(&next) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(io(e)),
            _ => {}
        }
        let old = std::fs::metadata(path).map_err(io)?;
        self.write(&next).map_err(io)?;
        let new = std::fs::metadata(&next).map_err(io)?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            std::os::unix::fs::chown(&next, Some(old.uid()), Some(old.gid())).map_err(io)?;
        }
        std::fs::rename(&next, path).map_err(io)?;
        std::fs::File::open(folder_of(path)).and_then(|d| d.sync_all()).map_err(io)
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    }
}

fn parse(text: &str) -> Option<Vec<(i32, Zeroizing<[u8; KEY_LEN]>)>> {
    let mut versions: Vec<(i32, Zeroizing<[u8; KEY_LEN]>)> = Vec::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        let mut words = line.strip_prefix(FILE_MARK)?.split_ascii_whitespace();
        let bytes = Zeroizing::new(STANDARD.decode(words.next()?).ok()?);
        let bytes: &[u8; KEY_LEN] = bytes.as_slice().try_into().ok()?;
        let version = words.next().map_or(Some(1), |n| n.parse().ok())?;
        if words.next().is_some() || version < 1 || versions.last().is_some_and(|(last, _)| *last >= version)
        {
            return None;
        }
        versions.push((version, Zeroizing::new(*bytes)));
    }
    (!versions.is_empty()).then_some(versions)
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}
