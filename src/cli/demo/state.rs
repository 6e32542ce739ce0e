//! What the demo remembers between two starts: ports, and the passwords that the database holds only as
//! keyed hashes. A file that its owner alone can read.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::Ports;

/// One account, as the ready file shows it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) secure_address: String,
    pub(super) practice: Option<String>,
    pub(super) tier: String,
    pub(super) roles: Vec<String>,
    pub(super) portal_password: Option<String>,
    pub(super) app_password: String,
    /// Where codes go; the outbox takes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
    /// R3, in base32: whoever tries it out needs it for an app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) totp_secret: Option<String>,
}

/// The file `demo.json`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    pub(super) ports: Ports,
    pub(super) people: Vec<Person>,
    pub(super) load: Vec<Person>,
    pub(super) mail_sent: bool,
    pub(super) invited: bool,
}

impl State {
    pub(super) fn load(dir: &Path) -> anyhow::Result<Self> {
        let path = path(dir);
        match std::fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(e).with_context(|| path.display().to_string()),
        }
    }

    pub(super) fn save(&self, dir: &Path) -> anyhow::Result<()> {
        write_whole(&path(dir), &serde_json::to_vec_pretty(self)?)
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("demo.json")
}

/// Writes a file that only its owner can read; whoever looks finds the old one or the new one, whole.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = path.file_name().context("a file is wanted, not a folder")?.to_owned();
    name.push(format!(".{}", std::process::id()));
    let new = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file =
            std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    write().with_context(|| path.display().to_string())
}
