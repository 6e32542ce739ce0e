//! Finding the installed server programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterError;

/// The oldest major version that the schema runs on.
const OLDEST: u32 = 15;

/// One installed PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) postgres: PathBuf,
    pub(super) initdb: PathBuf,
    pub(super) major: u32,
}

impl Programs {
    /// The installation whose major version made the data, or the newest when there is none yet.
    pub(super) fn find(made_by: Option<u32>) -> Result<Self, ClusterError> {
        choose(installed(), made_by)
    }
}

/// Which of the installed ones runs data of that version.
fn choose(mut found: Vec<Programs>, made_by: Option<u32>) -> Result<Programs, ClusterError> {
    found.sort_by_key(|p| std::cmp::Reverse(p.major));
    let have = || {
        let list: Vec<_> = found.iter().map(|p| p.major.to_string()).collect();
        if list.is_empty() { "none".to_owned() } else { list.join(", ") }
    };
    let fits = |p: &&Programs| made_by.map_or(p.major >= OLDEST, |major| p.major == major);
    found.iter().find(fits).cloned().ok_or_else(|| {
        ClusterError::Programs(match made_by {
            Some(major) => format!(
                "the database files were made by PostgreSQL {major}, installed is {}: install postgresql-{major}",
                have()
            ),
            None => format!(
                "PostgreSQL {OLDEST} or newer is needed on PATH or in /usr/lib/postgresql, installed is {}: \
                 apt install postgresql",
                have()
            ),
        })
    })
}

fn installed() -> Vec<Programs> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(entries) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(entries.flatten().map(|e| e.path().join("bin")));
    }
    let mut found: Vec<Programs> = Vec::new();
    for folder in folders {
        // The real place: next to it lie the server's libraries.
        let Ok(postgres) = folder.join("postgres").canonicalize() else { continue };
        let Ok(initdb) = folder.join("initdb").canonicalize() else { continue };
        if found.iter().any(|p| p.postgres == postgres) {
            continue;
        }
        if let Some(major) = major_of(&postgres) {
            found.push(Programs { postgres, initdb, major });
        }
    }
    found
}

fn major_of(postgres: &Path) -> Option<u32> {
    let out = Command::new(postgres).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&out.stdout))
}

/// `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`, `… 18beta1`
fn parse_version(text: &str) -> Option<u32> {
    let version = text.split("(PostgreSQL) ").nth(1)?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(major: u32) -> Programs {
        Programs { postgres: "p".into(), initdb: "i".into(), major }
    }

    #[test]
    fn versions() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_version("something else"), None);
    }

    #[test]
    fn the_right_one() {
        let have = || vec![made(15), made(17), made(14)];
        assert_eq!(choose(have(), None).unwrap().major, 17);
        assert_eq!(choose(have(), Some(15)).unwrap().major, 15);
        let said = choose(have(), Some(16)).unwrap_err().to_string();
        assert!(said.contains("PostgreSQL 16, installed is 17, 15, 14: install postgresql-16"), "{said}");
        assert!(choose(vec![made(14)], None).unwrap_err().to_string().contains("installed is 14"));
    }
}
