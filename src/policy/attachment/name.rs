//! The ending of a file name, read as the reader's machine will read it.

/// What a name says about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The letters after the last dot, lower case.
    Some(String),
    /// No dot, nothing after it, or nothing before it.
    None,
    /// Two machines would read two different endings: control characters, or a colon (Windows cuts
    /// a stream name off: `a.exe:b.pdf`).
    Ambiguous,
}

/// The last path segment, as a mail program offers it for saving.
pub fn file_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// The ending of a decoded name. Dots and blanks at the end are ignored, as Windows ignores them
/// (`a.exe .` is `a.exe`).
pub fn ending(name: &str) -> Ending {
    if name.chars().any(char::is_control) {
        return Ending::Ambiguous;
    }
    let name = file_name(name);
    if name.contains(':') {
        return Ending::Ambiguous;
    }
    let name = name.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => {
            let ending = ending.trim();
            if ending.is_empty() { Ending::None } else { Ending::Some(ending.to_lowercase()) }
        }
        _ => Ending::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_readers_machine_reads_it() {
        let some = |s: &str| Ending::Some(s.to_owned());
        assert_eq!(ending("Röntgen.PDF"), some("pdf"));
        assert_eq!(ending("scan.pdf.exe"), some("exe"));
        assert_eq!(ending("scan.exe. ."), some("exe"));
        assert_eq!(ending("a/b.c/scan"), Ending::None);
        assert_eq!(ending("C\\x.pdf"), some("pdf"));
        assert_eq!(ending(".htaccess"), Ending::None);
        assert_eq!(ending(""), Ending::None);
        assert_eq!(ending("scan.exe:x.pdf"), Ending::Ambiguous);
        assert_eq!(ending("scan.exe\0.pdf"), Ending::Ambiguous);
        assert_eq!(ending("x\u{202e}fdp.exe"), some("exe"));
    }
}
