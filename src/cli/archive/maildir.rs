//! Maildir++, as Dovecot, mutt and mbsync read it: a file for each message, flags in its name.
//!
//! A file is `DATE.VvalidityUuid.postern,S=bytes:2,FLAGS`, its time of change the INTERNALDATE; one whose lines
//! are kept as they are has `postern-exact` there. It comes into `cur` by a rename, complete, so a run that was
//! killed leaves only what lies in `tmp`. Keywords are letters named by `dovecot-keywords`; beyond 26 of them
//! they stand in `postern-keywords`.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::lines::ToLf;
use super::{Folder, Lines, Message, WriteError, private_file, private_folder, write_whole};
use crate::types::{Flags, SystemFlag, UidValidity};

/// The letters of system flags, as they are sorted in a name.
const LETTERS: [(SystemFlag, char); 5] = [
    (SystemFlag::Draft, 'D'),
    (SystemFlag::Flagged, 'F'),
    (SystemFlag::Answered, 'R'),
    (SystemFlag::Seen, 'S'),
    (SystemFlag::Deleted, 'T'),
];
/// Keywords that have a letter.
const LETTERED: usize = 26;
/// Names letters, a line each: `0 Urgent`.
pub const KEYWORDS: &str = "dovecot-keywords";
/// Names keywords of messages that have no letter, a line each: `12 Urgent Later`.
pub const MORE_KEYWORDS: &str = "postern-keywords";
/// Says in a name that it is ours, and whether the bytes are kept as they are.
pub const OURS: &str = ".postern";
/// As [`OURS`].
pub const OURS_EXACT: &str = ".postern-exact";

/// One folder that is being written.
pub struct Writer {
    folder: PathBuf,
    validity: UidValidity,
    /// By UID: the file in `cur`.
    there: HashMap<u32, String>,
    keywords: Vec<String>,
    more: BTreeMap<u32, Vec<String>>,
    open: Option<Open>,
    scratch: Vec<u8>,
}

struct Open {
    message: Message,
    file: BufWriter<File>,
    path: PathBuf,
    lines: Lines,
    to_lf: ToLf,
    size: u64,
}

impl Writer {
    /// Makes the folder, or goes on with one; `name` is empty for INBOX.
    ///
    /// # Errors
    /// The file system.
    pub fn open(root: &Path, name: &str, validity: UidValidity) -> io::Result<Self> {
        let folder = if name.is_empty() { root.to_owned() } else { root.join(name) };
        private_folder(&folder)?;
        for part in ["tmp", "new", "cur"] {
            private_folder(&folder.join(part))?;
        }
        if !name.is_empty() {
            private_file(&folder.join("maildirfolder"))?;
        }
        for left in std::fs::read_dir(folder.join("tmp"))? {
            std::fs::remove_file(left?.path())?;
        }
        let mut there = HashMap::new();
        for entry in std::fs::read_dir(folder.join("cur"))? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let Some((of, uid)) = identity(&name) else { continue };
            // A file that lost bytes when the machine went down is written again.
            if of == validity.0.get() && size_in(&name) == Some(entry.metadata()?.len()) {
                there.insert(uid, name);
            }
        }
        let keywords = read_keywords(&folder)?.into_iter().collect();
        let (more, open, scratch) = (BTreeMap::new(), None, Vec::new());
        Ok(Self { folder, validity, there, keywords, more, open, scratch })
    }

    /// Flags as the end of a name; keywords that have no letter are noted.
    fn letters(&mut self, message: &Message) -> io::Result<String> {
        let mut letters: String =
            LETTERS.iter().filter(|(flag, _)| message.flags.has(*flag)).map(|(_, letter)| *letter).collect();
        let mut small = Vec::new();
        for keyword in &message.keywords {
            let known = self.keywords.iter().position(|k| k.eq_ignore_ascii_case(keyword));
            let at = match known {
                Some(at) => at,
                None if self.keywords.len() < LETTERED => {
                    self.keywords.push(keyword.clone());
                    // Before any name has its letter.
                    let lines = self.keywords.iter().enumerate().map(|(n, k)| format!("{n} {k}\n"));
                    write_whole(&self.folder.join(KEYWORDS), lines.collect::<String>().as_bytes())?;
                    self.keywords.len() - 1
                }
                None => {
                    self.more.entry(message.uid).or_default().push(keyword.clone());
                    continue;
                }
            };
            small.push(char::from(b'a' + at as u8));
        }
        small.sort_unstable();
        letters.extend(small);
        Ok(letters)
    }
}

impl Folder for Writer {
    fn has(&mut self, message: &Message) -> io::Result<bool> {
        let Some(name) = self.there.get(&message.uid).cloned() else { return Ok(false) };
        let letters = self.letters(message)?;
        let base = name.split(":2,").next().unwrap_or(&name);
        let now = format!("{base}:2,{letters}");
        if now != name {
            let cur = self.folder.join("cur");
            std::fs::rename(cur.join(&name), cur.join(&now))?;
            self.there.insert(message.uid, now);
        }
        Ok(true)
    }

    fn begin(&mut self, message: &Message, lines: Lines) -> io::Result<()> {
        if let Some(open) = self.open.take() {
            std::fs::remove_file(open.path)?;
        }
        let path = self.folder.join("tmp").join(format!("{}.{}", self.validity.0, message.uid));
        let file = BufWriter::with_capacity(128 * 1024, private_file(&path)?);
        let message = message.clone();
        self.open = Some(Open { message, file, path, lines, to_lf: ToLf::default(), size: 0 });
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        match open.lines {
            Lines::Exact => {
                open.file.write_all(bytes)?;
                open.size += bytes.len() as u64;
            }
            Lines::Lf => {
                self.scratch.clear();
                open.to_lf.push(bytes, &mut self.scratch)?;
                open.file.write_all(&self.scratch)?;
                open.size += self.scratch.len() as u64;
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), WriteError> {
        let Some(open) = &self.open else { return Ok(()) };
        open.to_lf.end()?;
        let Some(open) = self.open.take() else { return Ok(()) };
        let Open { message, file, path, lines, size, .. } = open;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.set_modified(at(message.internal_date))?;
        drop(file);
        let mark = if lines == Lines::Exact { OURS_EXACT } else { OURS };
        let letters = self.letters(&message)?;
        let Message { uid, internal_date, .. } = message;
        let name = format!("{internal_date}.V{}U{uid}{mark},S={size}:2,{letters}", self.validity.0);
        std::fs::rename(&path, self.folder.join("cur").join(&name))?;
        self.there.insert(message.uid, name);
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        let more = self.folder.join(MORE_KEYWORDS);
        if self.more.is_empty() {
            match std::fs::remove_file(&more) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        } else {
            let lines = self.more.iter().map(|(uid, words)| format!("{uid} {}\n", words.join(" ")));
            write_whole(&more, lines.collect::<String>().as_bytes())?;
        }
        let folder = File::open(&self.folder)?;
        nix::unistd::syncfs(&folder).map_err(io::Error::from)
    }
}

/// A moment as a file's time of change; before 1970, too.
fn at(seconds: i64) -> SystemTime {
    let away = Duration::from_secs(seconds.unsigned_abs());
    let at = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(away)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(away)
    };
    at.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// UIDVALIDITY and UID of a file of ours.
pub fn identity(name: &str) -> Option<(u32, u32)> {
    let base = name.split(',').next()?;
    let base = base.strip_suffix(OURS_EXACT).or_else(|| base.strip_suffix(OURS))?;
    let (validity, uid) = base.rsplit_once(".V")?.1.split_once('U')?;
    Some((validity.parse().ok()?, uid.parse().ok()?))
}

/// INTERNALDATE of a file of ours.
pub fn date_of(name: &str) -> Option<i64> {
    identity(name)?;
    name.split(".V").next()?.parse().ok()
}

/// Whether a file of ours keeps its bytes as they are.
pub fn is_exact(name: &str) -> bool {
    name.split(',').next().is_some_and(|base| base.ends_with(OURS_EXACT))
}

fn size_in(name: &str) -> Option<u64> {
    name.split(',').find_map(|part| part.strip_prefix("S="))?.split(':').next()?.parse().ok()
}

/// The keywords of a folder's letters, `a` first.
///
/// # Errors
/// The file system.
pub fn read_keywords(folder: &Path) -> io::Result<Vec<String>> {
    let text = match std::fs::read_to_string(folder.join(KEYWORDS)) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut all = Vec::new();
    for line in text.lines() {
        let Some((n, keyword)) = line.split_once(' ') else { continue };
        let Some(n) = n.parse::<usize>().ok().filter(|n| *n < LETTERED) else { continue };
        if all.len() <= n {
            all.resize(n + 1, String::new());
        }
        keyword.clone_into(&mut all[n]);
    }
    Ok(all)
}

/// The keywords that have no letter, by UID.
///
/// # Errors
/// The file system.
pub fn read_more_keywords(folder: &Path) -> io::Result<HashMap<u32, Vec<String>>> {
    let text = match std::fs::read_to_string(folder.join(MORE_KEYWORDS)) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(e) => return Err(e),
    };
    let line = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.parse().ok()?, words.map(str::to_owned).collect()))
    };
    Ok(text.lines().filter_map(line).collect())
}

/// The flags that a name's end tells, and the letters of its keywords. `P` (passed on) is a keyword in IMAP.
pub fn flags(name: &str) -> (Flags, Vec<char>) {
    let letters = [":2,", "!2,", ";2,"].iter().find_map(|mark| name.split(mark).nth(1)).unwrap_or_default();
    let mut flags = Flags::NONE;
    let mut keywords = Vec::new();
    for letter in letters.chars().take_while(|c| *c != ',') {
        match LETTERS.iter().find(|(_, l)| *l == letter) {
            Some((flag, _)) => flags = flags.union(Flags::of(*flag)),
            None if letter.is_ascii_lowercase() || letter == 'P' => keywords.push(letter),
            None => {}
        }
    }
    (flags, keywords)
}
