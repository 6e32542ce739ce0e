//! Mailbox names as names of folders (Maildir++) and files (mbox), and back.
//!
//! In Maildir++ the levels are in modified UTF-7, as Dovecot keeps them, with `.` between them; a `.` inside of
//! a level is written `%2e` (Dovecot's own escape, where its listescape plugin is on). No mailbox of ours has
//! a `%` in its name. A name that is too long for a file system is replaced by its mailbox's number; the
//! manifest has them all.

use crate::imap::utf7;
use crate::types::{MailboxId, MailboxName};

/// Longest name of a file that all file systems take, with room for endings.
const LONGEST: usize = 220;
/// Ending of mbox files.
pub const MBOX: &str = ".mbox";

/// The folder of a mailbox below the Maildir; empty for INBOX.
pub fn maildir(name: &MailboxName, id: MailboxId) -> String {
    if name.is_inbox() {
        return String::new();
    }
    let mut out = Vec::new();
    for level in name.as_str().split(MailboxName::DELIMITER) {
        out.push(b'.');
        let mut wire = Vec::new();
        utf7::encode(level, &mut wire);
        for byte in wire {
            match byte {
                b'.' => out.extend_from_slice(b"%2e"),
                other => out.push(other),
            }
        }
    }
    match String::from_utf8(out) {
        Ok(folder) if folder.len() <= LONGEST => folder,
        _ => format!(".postern-mailbox-{id}"),
    }
}

/// The file of a mailbox.
pub fn mbox(name: &MailboxName, id: MailboxId) -> String {
    // As it is, but that a level in ASCII is read as modified UTF-7, as other programs write it.
    let levels = name.as_str().split(MailboxName::DELIMITER);
    let levels =
        levels.map(|level| if level.is_ascii() { level.replace('&', "&-") } else { level.to_owned() });
    let mut file = levels.collect::<Vec<_>>().join("%2f");
    if file.starts_with('.') {
        file.replace_range(..1, "%2e");
    }
    if file.len() > LONGEST {
        file = format!("postern-mailbox-{id}");
    }
    file + MBOX
}

/// The mailbox of a Maildir++ folder; `None`: it cannot be one.
pub fn of_maildir(folder: &str) -> Option<MailboxName> {
    if folder.is_empty() {
        return Some(MailboxName::inbox());
    }
    let levels: Vec<String> = folder.strip_prefix('.')?.split('.').map(level).collect();
    MailboxName::new(&levels.join("/")).ok()
}

/// The mailbox of a file or a folder of another layout.
pub fn of_path<'a>(levels: impl Iterator<Item = &'a str>) -> Option<MailboxName> {
    let levels: Vec<String> = levels.map(level).collect();
    MailboxName::new(&levels.join("/")).ok()
}

/// The mailbox of an mbox file's name, without its ending.
pub fn of_mbox(stem: &str) -> Option<MailboxName> {
    let levels: Vec<String> = stem.split("%2f").map(level).collect();
    MailboxName::new(&levels.join("/")).ok()
}

fn level(text: &str) -> String {
    let text = text.replace("%2e", ".").replace("%2E", ".");
    let name = if text.is_ascii() { utf7::decode(text.as_bytes()).unwrap_or(text) } else { text };
    name.chars().map(|c| if c.is_control() || "/%*".contains(c) { '_' } else { c }).collect()
}
