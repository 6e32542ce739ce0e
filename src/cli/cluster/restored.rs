//! A private PostgreSQL made of a base backup, to look at it.
//!
//! Invariants: the backup is copied and not changed; the copy keeps nothing of the settings that were in force
//! where it comes from, so that it sends no WAL into the archive that it was made from, and lets nobody in
//! who cannot enter its socket's folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::programs::Programs;
use super::{ClusterError, Place, server};

/// What a base backup leaves out, or must not bring along.
const LEFT_OUT: [&str; 5] =
    ["postmaster.pid", "postmaster.opts", "standby.signal", "recovery.signal", "backup_manifest"];

/// Puts a copy of a base backup where [`super::Cluster::start`] finds it. `wal`: an archive to go on from, to
/// its end.
///
/// # Errors
/// [`ClusterError`]
pub fn from_base_backup(home: &Path, backup: &Path, wal: Option<&Path>) -> Result<(), ClusterError> {
    let place = Place::prepare(home)?;
    let data = place.data();
    if data.exists() {
        return Err(ClusterError::Place(format!("{} holds a database already", home.display())));
    }
    copy(&place, backup, &data)?;
    let password = server::new_password()?;
    server::write_file(&place.home().join("password"), password.as_bytes(), 0o600)?;
    let mut settings = String::from("archive_mode = off\n");
    if let Some(wal) = wal {
        let wal = wal.canonicalize().map_err(ClusterError::io(wal))?;
        let Some(shown) = wal.to_str().filter(|path| !path.contains(['\'', '"', '%', '\\', '\n', '$', '`']))
        else {
            return Err(ClusterError::Place(format!("the path {} cannot be used here", wal.display())));
        };
        settings.push_str("recovery_target_timeline = 'latest'\n");
        let _ = writeln!(settings, "restore_command = 'cp \"{shown}/%f\" \"%p\"'");
    }
    let mut files = vec![
        ("postgresql.conf", String::new()),
        ("postgresql.auto.conf", settings),
        ("pg_hba.conf", "local all all trust\n".to_owned()),
        ("pg_ident.conf", String::new()),
    ];
    if wal.is_some() {
        files.push(("recovery.signal", String::new()));
    }
    for (name, text) in files {
        let path = data.join(name);
        server::write_file(&path, text.as_bytes(), 0o600)?;
        place.own(&path)?;
    }
    Ok(())
}

fn copy(place: &Place, from: &Path, to: &Path) -> Result<(), ClusterError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(to).map_err(ClusterError::io(to))?;
    place.own(to)?;
    for entry in std::fs::read_dir(from).map_err(ClusterError::io(from))? {
        let entry = entry.map_err(ClusterError::io(from))?;
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().map_err(ClusterError::io(&path))?;
        let target = to.join(&name);
        if kind.is_dir() {
            copy(place, &path, &target)?;
        } else if kind.is_file() {
            if name.to_str().is_some_and(|name| LEFT_OUT.contains(&name)) {
                continue;
            }
            std::fs::copy(&path, &target).map_err(ClusterError::io(&path))?;
            place.own(&target)?;
        } else {
            let fault =
                format!("{} is a link: a backup with tablespaces cannot be checked here", path.display());
            return Err(ClusterError::Place(fault));
        }
    }
    Ok(())
}

/// One of PostgreSQL's own programs, of the version that made the data (`None`: of the newest).
///
/// # Errors
/// [`ClusterError::Programs`]
pub fn program(name: &str, made_by: Option<u32>) -> Result<PathBuf, ClusterError> {
    let programs = Programs::find(made_by)?;
    let beside = programs.postgres.with_file_name(name);
    Ok(if beside.exists() { beside } else { PathBuf::from(name) })
}
