//! What there is to import: the mailboxes of a Maildir, of a folder of mbox files, or of one such file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use aws_lc_rs::digest;

use super::lines::ToCrlf;
use super::manifest::Manifest;
use super::{Lines, maildir, mbox, names};
use crate::types::{Flags, MailboxName, SpecialUse};

/// Bytes of a file that are read together.
const PIECE: usize = 128 * 1024;

/// A mailbox to be imported.
#[derive(Debug)]
pub struct Mailbox {
    /// Its name.
    pub name: MailboxName,
    /// RFC 6154, where an export tells it.
    pub special_use: Option<SpecialUse>,
    /// Folder of a Maildir, or mbox file.
    path: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Maildir,
    Mbox,
}

/// A message to be imported.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its file.
    path: PathBuf,
    /// Where in an mbox.
    found: Option<mbox::Found>,
    /// `Some`: it is known how its lines were written.
    lines: Option<Lines>,
    /// System flags.
    pub flags: Flags,
    /// Keywords, as they stand there.
    pub keywords: Vec<String>,
    /// INTERNALDATE in Unix seconds.
    pub internal_date: i64,
}

/// Finds mailboxes. `alone`: the name of what is one mailbox only.
///
/// # Errors
/// What cannot be read, and a place without mail.
pub fn mailboxes(path: &Path, alone: Option<&MailboxName>) -> anyhow::Result<Vec<Mailbox>> {
    let meta = std::fs::metadata(path).with_context(|| path.display().to_string())?;
    if meta.is_file() {
        if !mbox::is_mbox(path)? {
            anyhow::bail!("{} is no mbox: it does not begin with \"From \"", path.display());
        }
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let name = alone.cloned().or_else(|| names::of_mbox(stem));
        let name = name.with_context(|| format!("say where to import {}: --into MAILBOX", path.display()))?;
        return Ok(vec![Mailbox { name, special_use: None, path: path.to_owned(), form: Form::Mbox }]);
    }
    let manifest = Manifest::read(path)?;
    let mut all = Vec::new();
    walk(path, path, manifest.as_ref(), &mut all)?;
    if all.is_empty() {
        anyhow::bail!("{} holds neither a Maildir nor mbox files", path.display());
    }
    all.sort_by(|a, b| (!a.name.is_inbox(), &a.name).cmp(&(!b.name.is_inbox(), &b.name)));
    Ok(all)
}

fn walk(
    root: &Path,
    folder: &Path,
    manifest: Option<&Manifest>,
    all: &mut Vec<Mailbox>,
) -> anyhow::Result<()> {
    let told = |path: &Path| path.display().to_string();
    let relative = folder.strip_prefix(root).unwrap_or(folder);
    let levels: Vec<&str> = relative.iter().filter_map(|level| level.to_str()).collect();
    let mut add = |key: &str, guess: Option<MailboxName>, path: PathBuf, form: Form| -> anyhow::Result<()> {
        let known = manifest.and_then(|m| m.mailboxes.get(key));
        let name = known.and_then(|d| MailboxName::new(&d.name).ok()).or(guess);
        let name = name.with_context(|| format!("{} is no name of a mailbox", told(&path)))?;
        let special_use = known.and_then(|d| SpecialUse::parse(d.special_use.as_deref()?));
        all.push(Mailbox { name, special_use, path, form });
        Ok(())
    };
    if folder.join("cur").is_dir() {
        let guess = match &levels[..] {
            [] => Some(MailboxName::inbox()),
            [one] if one.starts_with('.') => names::of_maildir(one),
            more => names::of_path(more.iter().copied()),
        };
        add(levels.last().copied().unwrap_or_default(), guess, folder.to_owned(), Form::Maildir)?;
    }
    let mut below = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| told(folder))? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            anyhow::bail!("{} has a name that is not UTF-8; rename it", path.display());
        };
        // Links are not followed: an import reads what lies there.
        let kind = entry.file_type()?;
        if kind.is_dir() && !["cur", "new", "tmp"].contains(&name) {
            below.push(path);
        } else if kind.is_file() && name.ends_with(names::MBOX) {
            let stem = name.strip_suffix(names::MBOX).unwrap_or(name);
            let guess = match names::of_mbox(stem) {
                Some(own) if levels.is_empty() => Some(own),
                Some(own) => names::of_path(levels.iter().copied().chain([own.as_str()])),
                None => None,
            };
            add(name, guess, path, Form::Mbox)?;
        }
    }
    for folder in below {
        walk(root, &folder, manifest, all)?;
    }
    Ok(())
}

impl Mailbox {
    /// Its messages, in their order.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn items(&self) -> anyhow::Result<Vec<Item>> {
        let done = match self.form {
            Form::Maildir => maildir_items(&self.path),
            Form::Mbox => mbox::messages(&self.path).map(|all| {
                let item = |found: mbox::Found| Item {
                    path: self.path.clone(),
                    lines: found.lines,
                    flags: found.flags,
                    keywords: found.keywords.clone(),
                    internal_date: found.internal_date,
                    found: Some(found),
                };
                all.into_iter().map(item).collect()
            }),
        };
        done.with_context(|| self.path.display().to_string())
    }
}

fn maildir_items(folder: &Path) -> io::Result<Vec<Item>> {
    let letters = maildir::read_keywords(folder)?;
    let more: HashMap<u32, Vec<String>> = maildir::read_more_keywords(folder)?;
    let mut all = Vec::new();
    for part in ["cur", "new"] {
        let entries = match std::fs::read_dir(folder.join(part)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !entry.file_type()?.is_file() || name.starts_with('.') {
                continue;
            }
            let (flags, marks) = maildir::flags(&name);
            let mut keywords: Vec<String> = marks
                .into_iter()
                .filter_map(|letter| match letter {
                    'P' => Some("$Forwarded".to_owned()),
                    letter => {
                        letters.get(usize::from(letter as u8 - b'a')).filter(|k| !k.is_empty()).cloned()
                    }
                })
                .collect();
            let ours = maildir::identity(&name);
            keywords.extend(ours.and_then(|(_, uid)| more.get(&uid)).into_iter().flatten().cloned());
            let changed = || entry.metadata().and_then(|m| m.modified()).map(seconds);
            let internal_date = match maildir::date_of(&name) {
                Some(date) => date,
                None => changed()?,
            };
            let lines = ours.map(|_| if maildir::is_exact(&name) { Lines::Exact } else { Lines::Lf });
            let item = Item { path: entry.path(), found: None, lines, flags, keywords, internal_date };
            all.push((ours.map(|(_, uid)| uid), name, item));
        }
    }
    all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    Ok(all.into_iter().map(|(_, _, item)| item).collect())
}

fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs().cast_signed(),
        Err(before) => -before.duration().as_secs().cast_signed(),
    }
}

/// What a first reading tells of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looked {
    /// SHA-256 of its bytes as they will be stored.
    pub digest: [u8; 32],
    /// How its lines are to be read.
    lines: Lines,
    /// Whether there is anything.
    pub empty: bool,
}

enum Raw {
    File(File),
    Mbox(mbox::Reader),
}

impl Raw {
    fn open(item: &Item) -> io::Result<Self> {
        Ok(match &item.found {
            Some(found) => Self::Mbox(mbox::Reader::open(&item.path, found)?),
            None => Self::File(File::open(&item.path)?),
        })
    }

    /// `false`: there is no more.
    fn read(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        out.clear();
        match self {
            Self::File(file) => Ok(file.take(PIECE as u64).read_to_end(out)? > 0),
            Self::Mbox(reader) => reader.read(out),
        }
    }
}

/// The bytes of a message, as they are to be stored.
pub struct Bytes {
    raw: Raw,
    lines: Lines,
    to_crlf: ToCrlf,
    piece: Vec<u8>,
}

impl Bytes {
    /// The next ones, in place of what `out` holds; `false`: there are no more.
    ///
    /// # Errors
    /// The file system.
    pub fn read(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        if self.lines == Lines::Exact {
            return self.raw.read(out);
        }
        out.clear();
        let more = self.raw.read(&mut self.piece)?;
        self.to_crlf.push(&self.piece, out);
        Ok(more)
    }
}

impl Item {
    /// Where it is, for people.
    pub fn place(&self) -> std::path::Display<'_> {
        self.path.display()
    }

    /// Reads it through. What is not ours and has a CRLF anywhere is taken as it is; else its LF become CRLF.
    ///
    /// # Errors
    /// The file system.
    pub fn look(&self) -> io::Result<Looked> {
        let mut raw = Raw::open(self)?;
        let (mut piece, mut converted) = (Vec::new(), Vec::new());
        let (mut exact, mut crlf) =
            (digest::Context::new(&digest::SHA256), digest::Context::new(&digest::SHA256));
        let (mut saw_crlf, mut before, mut empty) = (false, 0, true);
        let mut to_crlf = ToCrlf::default();
        while raw.read(&mut piece)? {
            empty &= piece.is_empty();
            if self.lines != Some(Lines::Lf) {
                exact.update(&piece);
                for at in memchr::memchr_iter(b'\n', &piece) {
                    saw_crlf |= if at > 0 { piece[at - 1] } else { before } == b'\r';
                }
                before = piece.last().copied().unwrap_or(before);
            }
            if self.lines != Some(Lines::Exact) {
                converted.clear();
                to_crlf.push(&piece, &mut converted);
                crlf.update(&converted);
            }
        }
        let lines = self.lines.unwrap_or(if saw_crlf { Lines::Exact } else { Lines::Lf });
        let mut digest = [0; 32];
        let context = if lines == Lines::Exact { exact } else { crlf };
        digest.copy_from_slice(context.finish().as_ref());
        Ok(Looked { digest, lines, empty })
    }

    /// Its bytes, to be stored.
    ///
    /// # Errors
    /// The file system.
    pub fn bytes(&self, looked: &Looked) -> io::Result<Bytes> {
        Ok(Bytes {
            raw: Raw::open(self)?,
            lines: looked.lines,
            to_crlf: ToCrlf::default(),
            piece: Vec::new(),
        })
    }
}
