//! The end of the audit log's chain, and the file outside the database that it is written to.

use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Begins each line of the head file.
const HEAD_MARK: &str = "postern-audit-head-v1";

/// The end of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Of the last entry; 0: there is none.
    pub seq: u64,
    /// Its mac.
    pub mac: Vec<u8>,
}

/// The file that holds the head outside the database.
#[derive(Debug)]
pub struct HeadFile {
    path: PathBuf,
    pub(super) lines: Vec<Head>,
}

impl HeadFile {
    /// Reads one; a file that is not there yet is empty. A last line that was cut off is passed over.
    ///
    /// # Errors
    /// What the system says; a line that is none.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(e),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let line = |line: &str| {
            let mut words = line.split(' ');
            (words.next() == Some(HEAD_MARK)).then_some(())?;
            let seq = words.next()?.parse().ok()?;
            Some(Head { seq, mac: unhex(words.next()?)? })
        };
        let lines = whole
            .lines()
            .map(|l| line(l).ok_or_else(|| std::io::Error::other("a line of the audit head file is damaged")))
            .collect::<Result<_, _>>()?;
        Ok(Self { path: path.to_owned(), lines })
    }

    /// Adds the head to the file, on disk before this returns. Its owner alone can read it.
    ///
    /// # Errors
    /// What the system says.
    pub fn append(path: &Path, head: &Head, at: SystemTime) -> std::io::Result<()> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let at = jiff::Timestamp::try_from(at).map_err(std::io::Error::other)?;
        let mut file =
            std::fs::OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        drop_half_a_line(&mut file)?;
        let line =
            format!("{HEAD_MARK} {} {} {}\n", head.seq, hex(&head.mac), at.strftime("%Y-%m-%dT%H:%M:%SZ"));
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }

    /// For messages.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// A crash left half a line, which nobody relied on: the next one must not be glued to it.
fn drop_half_a_line(file: &mut std::fs::File) -> std::io::Result<()> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(1024);
    let mut end = Vec::new();
    file.seek(std::io::SeekFrom::Start(from))?;
    file.read_to_end(&mut end)?;
    if end.last().is_none_or(|b| *b == b'\n') {
        return Ok(());
    }
    let whole = end.iter().rposition(|b| *b == b'\n').map_or(0, |at| at as u64 + 1);
    file.set_len(from + whole)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_files_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("head");
        assert!(HeadFile::read(&path).unwrap().lines.is_empty());
        let heads = [Head { seq: 1, mac: vec![0, 255] }, Head { seq: 9, mac: vec![17; 32] }];
        for head in &heads {
            HeadFile::append(&path, head, SystemTime::UNIX_EPOCH).unwrap();
        }
        assert_eq!(HeadFile::read(&path).unwrap().lines, heads);
        // Cut off by a crash: the rest still counts.
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}{HEAD_MARK} 10 ab")).unwrap();
        assert_eq!(HeadFile::read(&path).unwrap().lines, heads);
        HeadFile::append(&path, &heads[1], SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(HeadFile::read(&path).unwrap().lines.len(), 3);
        std::fs::write(&path, "something else\n").unwrap();
        assert!(HeadFile::read(&path).is_err());
    }
}
