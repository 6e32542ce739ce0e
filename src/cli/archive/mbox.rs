//! mbox, in the form called mboxrd: a file for each mailbox, messages one behind the other.
//!
//! Each begins with a `From ` line, whose date is the INTERNALDATE; a line of a message that would look like
//! one gets a `>`. Flags stand in `Status`, `X-Status` and `X-Keywords`, as Dovecot and mutt have them, in a
//! block of ours before the message's own header. A file is written under another name and gets its own when
//! it is complete; beside it lies how far it has come on disk, so that a run that was killed is gone on with.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::lines::ToLf;
use super::{Folder, Lines, Message, WriteError, private_file, write_whole};
use crate::types::{Flags, SystemFlag};

/// The first header line of ours.
const OURS: &str = "X-Postern: ";
/// How a message ends, in that line: with a line end, or without.
const ENDS: [&str; 2] = ["end=line", "end=open"];
/// After so many bytes what was written is on disk.
const SYNC: u64 = 64 * 1024 * 1024;
/// Bytes of a line that are looked at together.
const PIECE: u64 = 64 * 1024;
/// Longest header line that is read as a flag's.
const HEADER: usize = 16 * 1024;
/// What other programs keep in the header of a message, and is not part of it.
const FOREIGN: [&str; 8] =
    ["status:", "x-status:", "x-keywords:", "x-uid:", "x-imap:", "x-imapbase:", "content-length:", "lines:"];

/// One file that is being written.
pub struct Writer {
    path: PathBuf,
    part: PathBuf,
    at: PathBuf,
    file: BufWriter<File>,
    /// What a former run wrote, up to this UID.
    upto: u32,
    /// The end of the last message.
    end: u64,
    synced: u64,
    open: Option<Open>,
    scratch: Vec<u8>,
}

struct Open {
    uid: u32,
    lines: Lines,
    to_lf: ToLf,
    /// Where [`ENDS`] stands.
    end_at: u64,
    quoting: Quoting,
    written: u64,
    last: u8,
}

/// Where in a line we are: what came of it may be the beginning of `>>From `.
#[derive(Debug, Default)]
struct Quoting {
    /// `None`: further in.
    start: Option<Vec<u8>>,
}

impl Quoting {
    fn new() -> Self {
        Self { start: Some(Vec::new()) }
    }

    /// Appends the bytes to `out`, with a `>` before each line that looks like the beginning of a message.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(start) = &mut self.start else {
                let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                out.extend_from_slice(&rest[..end]);
                if rest[end - 1] == b'\n' {
                    self.start = Some(Vec::new());
                }
                rest = &rest[end..];
                continue;
            };
            start.push(rest[0]);
            rest = &rest[1..];
            let quotes = start.iter().take_while(|b| **b == b'>').count();
            let word = &start[quotes..];
            if word == b"From " {
                out.push(b'>');
            } else if b"From ".starts_with(word) && start.len() < PIECE as usize {
                continue;
            }
            out.extend_from_slice(start);
            self.start = start.ends_with(b"\n").then(Vec::new);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if let Some(start) = self.start.take() {
            out.extend_from_slice(&start);
        }
    }
}

impl Writer {
    /// Begins a file, or goes on with one; `None`: it is complete already.
    ///
    /// # Errors
    /// The file system.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        if path.exists() {
            return Ok(None);
        }
        let with = |ending: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        let (part, at) = (with(".part"), with(".part.at"));
        let (upto, end) = read_at(&at)?.unwrap_or((0, 0));
        let mut file =
            if end == 0 { private_file(&part)? } else { OpenOptions::new().write(true).open(&part)? };
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        Ok(Some(Self {
            path: path.to_owned(),
            part,
            at,
            file: BufWriter::with_capacity(256 * 1024, file),
            upto,
            end,
            synced: end,
            open: None,
            scratch: Vec::new(),
        }))
    }

    fn sync(&mut self, uid: u32) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_data()?;
        self.synced = self.end;
        write_whole(&self.at, format!("{uid} {}\n", self.end).as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        if let Some(open) = &mut self.open {
            open.written += bytes.len() as u64;
            open.last = bytes.last().copied().unwrap_or(open.last);
        }
        Ok(())
    }
}

fn read_at(path: &Path) -> io::Result<Option<(u32, u64)>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    Ok(text.trim().split_once(' ').and_then(|(uid, end)| Some((uid.parse().ok()?, end.parse().ok()?))))
}

impl Folder for Writer {
    fn has(&mut self, message: &Message) -> io::Result<bool> {
        Ok(message.uid <= self.upto)
    }

    fn begin(&mut self, message: &Message, lines: Lines) -> io::Result<()> {
        if self.open.take().is_some() {
            self.file.flush()?;
            self.file.get_ref().set_len(self.end)?;
            self.file.seek(SeekFrom::Start(self.end))?;
        }
        let date = jiff::Timestamp::from_second(message.internal_date).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let kept = if lines == Lines::Exact { "exact" } else { "lf" };
        let has = |flag| message.flags.has(flag);
        let mut marks = vec![if has(SystemFlag::Seen) { "Status: RO" } else { "Status: O" }.to_owned()];
        let letters = [
            (SystemFlag::Answered, 'A'),
            (SystemFlag::Flagged, 'F'),
            (SystemFlag::Draft, 'T'),
            (SystemFlag::Deleted, 'D'),
        ];
        let letters: String = letters.iter().filter(|(f, _)| has(*f)).map(|(_, l)| *l).collect();
        if !letters.is_empty() {
            marks.push(format!("X-Status: {letters}"));
        }
        if !message.keywords.is_empty() {
            marks.push(format!("X-Keywords: {}", message.keywords.join(" ")));
        }
        let mut head = format!(
            "From postern {}\n{OURS}uid={} date={} lines={kept} marks={} ",
            date.strftime("%a %b %e %H:%M:%S %Y"),
            message.uid,
            message.internal_date,
            marks.len()
        );
        let end_at = self.end + head.len() as u64;
        head.push_str(ENDS[0]);
        for mark in marks {
            head.push('\n');
            head.push_str(&mark);
        }
        head.push('\n');
        self.open = Some(Open {
            uid: message.uid,
            lines,
            to_lf: ToLf::default(),
            end_at,
            quoting: Quoting::new(),
            written: 0,
            last: b'\n',
        });
        self.write(head.as_bytes())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let mut out = std::mem::take(&mut self.scratch);
        out.clear();
        if let Some(open) = &mut self.open {
            match open.lines {
                Lines::Exact => open.quoting.push(bytes, &mut out),
                Lines::Lf => {
                    let mut lf = Vec::with_capacity(bytes.len());
                    open.to_lf.push(bytes, &mut lf)?;
                    open.quoting.push(&lf, &mut out);
                }
            }
        }
        self.write(&out)?;
        self.scratch = out;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), WriteError> {
        let mut out = Vec::new();
        let Some(open) = &mut self.open else { return Ok(()) };
        open.to_lf.end()?;
        open.quoting.end(&mut out);
        self.write(&out)?;
        let Some(open) = self.open.take() else { return Ok(()) };
        let mut end = self.end + open.written;
        if open.last == b'\n' {
            self.file.write_all(b"\n")?;
            end += 1;
        } else {
            self.file.write_all(b"\n\n")?;
            end += 2;
            self.file.seek(SeekFrom::Start(open.end_at))?;
            self.file.write_all(ENDS[1].as_bytes())?;
            self.file.seek(SeekFrom::Start(end))?;
        }
        self.end = end;
        if self.end - self.synced >= SYNC {
            self.sync(open.uid)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        std::fs::rename(&self.part, &self.path)?;
        match std::fs::remove_file(&self.at) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// One message in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where its bytes are, without the `From ` line and the empty line behind it; header lines of [`FOREIGN`]
    /// and of ours included.
    range: (u64, u64),
    /// What its flags are.
    pub flags: Flags,
    /// Its keywords.
    pub keywords: Vec<String>,
    /// INTERNALDATE in Unix seconds.
    pub internal_date: i64,
    /// `Some`: it is ours, and so were its lines.
    pub lines: Option<Lines>,
    /// A message without a line end at its end.
    open_end: bool,
    /// Ours: lines of [`OURS`]'s block behind it.
    marks: u32,
}

/// Whether this is the beginning of an mbox.
///
/// # Errors
/// The file system.
pub fn is_mbox(path: &Path) -> io::Result<bool> {
    let mut start = [0; 5];
    match File::open(path)?.read_exact(&mut start) {
        Ok(()) => Ok(start == *b"From "),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

/// Finds the messages of a file: reads it once, a piece of a line in memory at a time.
///
/// # Errors
/// The file system.
pub fn messages(path: &Path) -> io::Result<Vec<Found>> {
    let mut input = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let mut all: Vec<Found> = Vec::new();
    let mut piece = Vec::new();
    // At a line's beginning; and the line before was empty.
    let (mut begins, mut after_empty) = (true, true);
    let mut empty_len = 0;
    let (mut in_header, mut header_lines) = (false, 0);
    let mut at = 0;
    loop {
        piece.clear();
        let n = (&mut input).take(PIECE).read_until(b'\n', &mut piece)? as u64;
        if n == 0 {
            break;
        }
        if begins && after_empty && piece.starts_with(b"From ") {
            close(&mut all, at - empty_len);
            all.push(Found {
                range: (at + n, at + n),
                flags: Flags::NONE,
                keywords: Vec::new(),
                internal_date: date_of(&piece),
                lines: None,
                open_end: false,
                marks: 0,
            });
            header_lines = 0;
            in_header = true;
        } else if begins && in_header {
            in_header = !matches!(&piece[..], b"\n" | b"\r\n");
            if let Some(found) = all.last_mut()
                && piece.len() <= HEADER
            {
                found.header_line(header_lines, &String::from_utf8_lossy(&piece));
            }
        }
        header_lines += u32::from(begins && in_header && !piece.starts_with(b"From "));
        let empty = begins && matches!(&piece[..], b"\n" | b"\r\n");
        (after_empty, empty_len) = (empty, if empty { n } else { 0 });
        begins = piece.ends_with(b"\n");
        at += n;
    }
    close(&mut all, at - empty_len);
    Ok(all)
}

fn close(all: &mut [Found], end: u64) {
    let Some(found) = all.last_mut() else { return };
    found.range.1 = end.saturating_sub(u64::from(found.open_end)).max(found.range.0);
}

impl Found {
    /// The header's line of this number, from 0 on.
    fn header_line(&mut self, number: u32, line: &str) {
        let line = line.trim_end();
        let lower = line.to_ascii_lowercase();
        let value = |name: &str| lower.starts_with(name).then(|| line[name.len()..].trim());
        if self.lines.is_some() && number > self.marks {
            return;
        }
        if let Some(ours) = line.strip_prefix(OURS).filter(|_| number == 0) {
            let word = |name: &str| ours.split(' ').find_map(|w| w.strip_prefix(name));
            self.lines = Some(if word("lines=") == Some("exact") { Lines::Exact } else { Lines::Lf });
            self.marks = word("marks=").and_then(|n| n.parse().ok()).unwrap_or(0);
            self.open_end = word("end=") == Some("open");
            self.internal_date = word("date=").and_then(|d| d.parse().ok()).unwrap_or(self.internal_date);
        } else if let Some(letters) = value("status:").or_else(|| value("x-status:")) {
            for letter in letters.chars() {
                let flag = match letter {
                    'R' => SystemFlag::Seen,
                    'A' => SystemFlag::Answered,
                    'F' => SystemFlag::Flagged,
                    'T' => SystemFlag::Draft,
                    'D' => SystemFlag::Deleted,
                    _ => continue,
                };
                self.flags = self.flags.union(Flags::of(flag));
            }
        } else if let Some(words) = value("x-keywords:") {
            self.keywords.extend(words.split_whitespace().map(str::to_owned));
        }
    }
}

/// `From somebody@example.org Fri Nov 24 18:00:00 2026`, in UTC; what else is there is 1970.
fn date_of(line: &[u8]) -> i64 {
    let line = String::from_utf8_lossy(line);
    let words: Vec<&str> = line.split_whitespace().collect();
    let from = |words: &[&str]| {
        let text = words.join(" ");
        let format = "%a %b %d %H:%M:%S %Y";
        let date = jiff::civil::DateTime::strptime(format, &text).ok()?;
        Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
    };
    (1..words.len()).find_map(|at| from(words.get(at..at + 5)?)).unwrap_or(0)
}

/// The bytes of a message, as they were before they came into an mbox.
pub struct Reader {
    input: io::Take<BufReader<File>>,
    /// In the block of ours; in a header; behind it.
    place: Place,
    /// Lines of the block that come still.
    marks: u32,
    /// The header line before was left out: so are those that continue it.
    dropping: bool,
    begins: bool,
    piece: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Ours,
    Header,
    Body,
}

impl Reader {
    /// Opens a message.
    ///
    /// # Errors
    /// The file system.
    pub fn open(path: &Path, found: &Found) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(found.range.0))?;
        let input = BufReader::with_capacity(128 * 1024, file).take(found.range.1 - found.range.0);
        let place = if found.lines.is_some() { Place::Ours } else { Place::Header };
        let marks = found.marks + u32::from(found.lines.is_some());
        Ok(Self { input, place, marks, dropping: false, begins: true, piece: Vec::new() })
    }

    /// Appends the next bytes to `out`; `false`: there are no more.
    ///
    /// # Errors
    /// The file system.
    pub fn read(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        while out.len() < PIECE as usize {
            self.piece.clear();
            if (&mut self.input).take(PIECE).read_until(b'\n', &mut self.piece)? == 0 {
                return Ok(!out.is_empty());
            }
            let begins = std::mem::replace(&mut self.begins, self.piece.ends_with(b"\n"));
            if begins {
                self.line_begins();
            }
            if self.dropping {
                continue;
            }
            let quotes = self.piece.iter().take_while(|b| **b == b'>').count();
            let quoted = begins && quotes > 0 && self.piece[quotes..].starts_with(b"From ");
            out.extend_from_slice(&self.piece[usize::from(quoted)..]);
        }
        Ok(true)
    }

    fn line_begins(&mut self) {
        let start = self.piece[..self.piece.len().min(20)].to_ascii_lowercase();
        let is = |name: &str| start.starts_with(name.as_bytes());
        if self.place == Place::Ours {
            self.dropping = self.marks > 0;
            if self.dropping {
                self.marks -= 1;
                return;
            }
            self.place = Place::Body;
        }
        if self.place == Place::Header {
            if matches!(&self.piece[..], b"\n" | b"\r\n") {
                self.place = Place::Body;
            } else if self.dropping && matches!(self.piece.first(), Some(b' ' | b'\t')) {
                return;
            } else {
                self.dropping = FOREIGN.iter().any(|name| is(name));
                return;
            }
        }
        self.dropping = false;
    }
}
