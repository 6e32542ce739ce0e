//! Mail in files, outside of the database: Maildir++ and mbox, written and read.
//!
//! Invariants: messages stream through, a chunk in memory at a time; lines end in LF in the files, as other
//! programs want it, and come back as CRLF, unless a message has line ends of its own: then its bytes are
//! kept as they are, and marked so. What is written is for its owner's eyes alone (folders 0700, files 0600).

pub mod lines;
pub mod maildir;
pub mod manifest;
pub mod mbox;
pub mod names;
pub mod source;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::types::Flags;

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// CRLF becomes LF; any other CR or LF is an error.
    Lf,
    /// As it is.
    Exact,
}

/// A message that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its UID.
    pub uid: u32,
    /// INTERNALDATE in Unix seconds.
    pub internal_date: i64,
    /// RFC822.SIZE in bytes.
    pub size: u64,
    /// System flags.
    pub flags: Flags,
    /// Keywords.
    pub keywords: Vec<String>,
}

/// Why a message was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It has a CR or LF by itself: begin again with [`Lines::Exact`].
    #[error("a line end that is not CRLF")]
    BareLineEnd,
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where the messages of one mailbox are written, in the order of their UIDs. What was begun and not finished
/// leaves nothing that is taken for a message.
pub trait Folder {
    /// Whether a former run wrote this message; its flags are brought up to date where that is possible.
    fn has(&mut self, message: &Message) -> io::Result<bool>;
    /// Begins a message; one that was begun before and not committed is dropped.
    fn begin(&mut self, message: &Message, lines: Lines) -> io::Result<()>;
    /// Its next bytes.
    fn push(&mut self, bytes: &[u8]) -> Result<(), WriteError>;
    /// It is complete.
    fn commit(&mut self) -> Result<(), WriteError>;
    /// All are; on disk when this returns.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Makes a folder that its owner alone may enter, unless it is there.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        done => done,
    }
}

/// Makes a file that its owner alone may open, new or emptied.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW.bits();
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).custom_flags(flags).open(path)
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let mut next = path.as_os_str().to_owned();
    next.push(".new");
    let next = std::path::PathBuf::from(next);
    let mut file = private_file(&next)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&next, path)
}

#[cfg(test)]
mod tests;
