//! `postern-export.json`: what an export is, so that it can go on and be imported again.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::write_whole;

/// The file's name, in the export's folder.
pub const FILE: &str = "postern-export.json";

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `maildir` or `mbox`
    pub format: String,
    /// Whose mail, by the account's secure address.
    pub account: String,
    /// By folder or file, relative to the export's; the INBOX of a Maildir is the empty name.
    pub mailboxes: BTreeMap<String, Described>,
}

/// A mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// Its name, levels separated by `/`.
    pub name: String,
    /// RFC 6154, as `\Sent`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub special_use: Option<String>,
}

impl Manifest {
    /// Reads it; `None`: there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).with_context(|| path.display().to_string()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e).with_context(|| path.display().to_string()),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// The file system.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(FILE);
        write_whole(&path, &serde_json::to_vec_pretty(self)?).with_context(|| path.display().to_string())
    }
}
