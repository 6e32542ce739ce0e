//! Passwords that are known from breaches (ASVS 5.0, 6.2.12), looked up in a file on this machine: nothing is sent
//! anywhere.
//!
//! The file is what Have I Been Pwned's downloader writes as one file: lines of SHA-1 in upper-case hexadecimal, a
//! colon and a count, sorted. It is too large for memory (some 40 GB), and a look-up reads some forty lines of it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;

use super::Secret;

/// Hexadecimal digits of SHA-1.
const DIGITS: usize = 40;
/// More than a line ever has.
const LINE_MOST: usize = 64;

/// The file. Cheap to clone.
#[derive(Clone, Debug)]
pub struct BreachedPasswords(PathBuf);

impl BreachedPasswords {
    /// Looks at its first line.
    ///
    /// # Errors
    /// It cannot be read, or is no such file.
    pub fn at(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        match line_from(&file, 0, size)? {
            Some(line) if line.digits.iter().all(u8::is_ascii_hexdigit) => Ok(Self(path.to_owned())),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "no lines of SHA-1 and count")),
        }
    }

    /// Whether a password is in it. Reads the disk: not on a thread that serves.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn contains(&self, password: &Secret) -> io::Result<bool> {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.expose());
        let wanted: Vec<u8> = hash.as_ref().iter().flat_map(|b| format!("{b:02X}").into_bytes()).collect();
        let file = File::open(&self.0)?;
        let size = file.metadata()?.len();
        // Between `low` and `high` begins the line, if there is one.
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(line) = line_from(&file, middle, size)?.filter(|l| l.begins < high) else {
                high = middle;
                continue;
            };
            match line.digits[..].to_ascii_uppercase().as_slice().cmp(wanted.as_slice()) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => low = line.begins + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(false)
    }
}

struct Line {
    begins: u64,
    digits: [u8; DIGITS],
}

/// The first line that begins at or after a place; `None`: there is none.
fn line_from(mut file: &File, place: u64, size: u64) -> io::Result<Option<Line>> {
    // One byte earlier, to see whether a line ends there.
    let start = place.saturating_sub(1);
    let mut read = [0; LINE_MOST * 2];
    file.seek(SeekFrom::Start(start))?;
    let mut filled = 0;
    while filled < read.len() {
        match file.read(&mut read[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    let read = &read[..filled];
    let skip = if place == 0 { Some(0) } else { read.iter().position(|b| *b == b'\n').map(|at| at + 1) };
    let Some(skip) = skip else {
        // A longer line than any of such a file, unless it is the last one.
        let ends = start + filled as u64 >= size;
        return if ends {
            Ok(None)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "a line too long"))
        };
    };
    let digits = read.get(skip..skip + DIGITS).and_then(|d| d.try_into().ok());
    Ok(digits.map(|digits| Line { begins: start + skip as u64, digits }))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn hash(password: &str) -> String {
        use std::fmt::Write as _;

        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        hash.as_ref().iter().fold(String::new(), |mut text, b| {
            write!(text, "{b:02X}").unwrap();
            text
        })
    }

    fn file(lines: &[String], ending: &str) -> (tempfile::NamedTempFile, BreachedPasswords) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for line in lines {
            write!(file, "{line}{ending}").unwrap();
        }
        let opened = BreachedPasswords::at(file.path()).unwrap();
        (file, opened)
    }

    #[test]
    fn the_hash_of_the_publishers_example() {
        assert_eq!(hash("P@ssw0rd"), "21BD12DC183F740EE76F27B78EB39C8AD972A757");
    }

    /// Every line of files of many sizes is found, and nothing else, whatever ends a line.
    #[test]
    fn what_is_in_the_file_is_found() {
        for ending in ["\n", "\r\n"] {
            for count in [1, 2, 3, 7, 50, 333] {
                let mut lines: Vec<String> = (0..count)
                    .map(|n| format!("{}:{}", hash(&format!("breached {n}")), n * n * 37 + 1))
                    .collect();
                lines.sort();
                let (_file, breached) = file(&lines, ending);
                for n in 0..count {
                    assert!(
                        breached.contains(&Secret::new(format!("breached {n}"))).unwrap(),
                        "{n} of {count}"
                    );
                    assert!(
                        !breached.contains(&Secret::new(format!("my own {n}"))).unwrap(),
                        "{n} of {count}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_last_line_needs_no_end() {
        let mut lines: Vec<String> =
            (0..9).map(|n| format!("{}:1", hash(&format!("breached {n}")))).collect();
        lines.sort();
        let (_file, breached) = file(&[lines.join("\n")], "");
        for n in 0..9 {
            assert!(breached.contains(&Secret::new(format!("breached {n}"))).unwrap());
        }
    }

    #[test]
    fn another_file_is_refused() {
        for text in ["", "password\n123456\n", "21BD12"] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            assert!(BreachedPasswords::at(file.path()).is_err(), "{text:?}");
        }
        assert!(BreachedPasswords::at(Path::new("/nowhere/at/all")).is_err());
    }
}
