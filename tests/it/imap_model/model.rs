//! An account as simple as can be: two folders, their messages in lists, one command after the other.

use std::collections::BTreeSet;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub uid: u32,
    pub flags: BTreeSet<String>,
    /// What it says.
    pub text: String,
    /// Since the beginning.
    pub changed: bool,
}

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub uid_next: u32,
    pub messages: Vec<Message>,
}

/// What STORE does with flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Add,
    Remove,
    Replace,
}

impl Change {
    /// As in the command.
    pub fn item(self) -> &'static str {
        match self {
            Self::Add => "+FLAGS",
            Self::Remove => "-FLAGS",
            Self::Replace => "FLAGS",
        }
    }
}

/// The account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub folders: [Folder; 2],
}

impl Model {
    /// Two empty folders.
    pub fn new() -> Self {
        let empty = || Folder { uid_next: 1, messages: Vec::new() };
        Self { folders: [empty(), empty()] }
    }

    /// APPEND; the new UID.
    pub fn append(&mut self, folder: usize, flags: &BTreeSet<String>, text: &str) -> u32 {
        let folder = &mut self.folders[folder];
        let uid = folder.uid_next;
        folder.uid_next += 1;
        folder.messages.push(Message { uid, flags: flags.clone(), text: text.to_owned(), changed: false });
        uid
    }

    /// STORE.
    pub fn store(&mut self, folder: usize, uids: &[u32], change: Change, flags: &BTreeSet<String>) {
        for message in self.folders[folder].messages.iter_mut().filter(|m| uids.contains(&m.uid)) {
            match change {
                Change::Add => message.flags.extend(flags.iter().cloned()),
                Change::Remove => message.flags.retain(|flag| !flags.contains(flag)),
                Change::Replace => message.flags.clone_from(flags),
            }
            message.changed = true;
        }
    }

    /// COPY; old and new UIDs.
    pub fn copy(&mut self, from: usize, uids: &[u32], to: usize) -> Vec<(u32, u32)> {
        let all: Vec<Message> =
            self.folders[from].messages.iter().filter(|m| uids.contains(&m.uid)).cloned().collect();
        all.into_iter().map(|m| (m.uid, self.append(to, &m.flags, &m.text))).collect()
    }

    /// MOVE; old and new UIDs.
    pub fn r#move(&mut self, from: usize, uids: &[u32], to: usize) -> Vec<(u32, u32)> {
        let moved = self.copy(from, uids, to);
        self.folders[from].messages.retain(|m| !moved.iter().any(|(old, _)| *old == m.uid));
        moved
    }

    /// EXPUNGE of these that are marked; the UIDs that went.
    pub fn expunge(&mut self, folder: usize, uids: &[u32]) -> Vec<u32> {
        let goes = |m: &Message| uids.contains(&m.uid) && m.flags.contains("\\Deleted");
        let gone = self.folders[folder].messages.iter().filter(|m| goes(m)).map(|m| m.uid).collect();
        self.folders[folder].messages.retain(|m| !goes(m));
        gone
    }

    /// What STATUS (MESSAGES UIDNEXT UNSEEN DELETED) says.
    pub fn status(&self, folder: usize) -> [u32; 4] {
        let folder = &self.folders[folder];
        let count =
            |which: &dyn Fn(&Message) -> bool| folder.messages.iter().filter(|m| which(m)).count() as u32;
        [
            count(&|_| true),
            folder.uid_next,
            count(&|m| !m.flags.contains("\\Seen")),
            count(&|m| m.flags.contains("\\Deleted")),
        ]
    }
}
