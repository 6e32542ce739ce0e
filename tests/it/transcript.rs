//! Runs the scripts of `tests/transcripts`: dialogues with a real gateway over real TLS.
//!
//! The notation is described in `tests/transcripts/README.md`.

use std::collections::HashMap;

/// What `$name` stood for, and the variables the world gives (`anna.secure` …).
#[derive(Default)]
pub struct Bindings(pub HashMap<String, String>);

impl Bindings {
    /// Replaces `${name}` always, `$name` where it is bound.
    pub fn fill(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let (name, length) = variable(rest);
            match self.0.get(name) {
                Some(value) => out.push_str(value),
                None => {
                    assert!(!rest.starts_with("${"), "no variable {name}");
                    out.push_str(&rest[..length.max(1)]);
                }
            }
            rest = &rest[length.max(1)..];
        }
        out + rest
    }

    /// Whether `line` fits `pattern`; `*` stands for any run, an unbound `$name` for one word.
    ///
    /// Binds only when the whole line fits.
    pub fn fits(&mut self, pattern: &str, line: &str) -> bool {
        let mut new = HashMap::new();
        let good = self.fit(pattern.as_bytes(), line.as_bytes(), &mut new);
        if good {
            self.0.extend(new);
        }
        good
    }

    fn fit(&self, pattern: &[u8], line: &[u8], new: &mut HashMap<String, String>) -> bool {
        let Some(&first) = pattern.first() else { return line.is_empty() };
        if first == b'\\' && pattern.get(1).is_some_and(|c| b"*$".contains(c)) {
            return line.first() == pattern.get(1) && self.fit(&pattern[2..], &line[1..], new);
        }
        if first == b'*' {
            // "* " at the start of a line is IMAP's untagged mark, not a wildcard: see `patterns`.
            return (0..=line.len()).any(|n| self.fit(&pattern[1..], &line[n..], new));
        }
        if first == b'$' {
            let text = std::str::from_utf8(pattern).unwrap_or("");
            let (name, length) = variable(text);
            if length > 0 && !name.starts_with("label") {
                if let Some(value) = self.0.get(name).or_else(|| new.get(name)).cloned() {
                    return line.starts_with(value.as_bytes())
                        && self.fit(&pattern[length..], &line[value.len()..], new);
                }
                let word = line.iter().take_while(|b| !b" \r\n()[]<>\"".contains(b)).count();
                return (1..=word).rev().any(|n| {
                    let value = String::from_utf8_lossy(&line[..n]).into_owned();
                    new.insert(name.to_owned(), value);
                    let good = self.fit(&pattern[length..], &line[n..], new);
                    if !good {
                        new.remove(name);
                    }
                    good
                });
            }
        }
        line.first() == Some(&first) && self.fit(&pattern[1..], &line[1..], new)
    }
}

/// The variable at the start of `text`: its name and how many bytes it takes; 0 for none.
fn variable(text: &str) -> (&str, usize) {
    if let Some(inner) = text.strip_prefix("${") {
        let end = inner.find('}').expect("${ without }");
        return (&inner[..end], end + 3);
    }
    let name = &text[1..];
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let end = name.find(|c| !fine(c)).unwrap_or(name.len());
    if end == 0 || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return ("", 0);
    }
    (&name[..end], end + 1)
}

/// `\r`, `\n`, `\0`, `\\`, `\"`, `\xHH` inside the quotes of a raw line.
pub fn unescape(quoted: &str) -> Vec<u8> {
    let inner =
        quoted.trim().strip_prefix('"').and_then(|s| s.strip_suffix('"')).expect("raw text in quotes");
    let mut out = Vec::new();
    let mut bytes = inner.bytes();
    while let Some(b) = bytes.next() {
        if b != b'\\' {
            out.push(b);
            continue;
        }
        match bytes.next().expect("something after a backslash") {
            b'r' => out.push(b'\r'),
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'0' => out.push(0),
            b'x' => {
                let hex: Vec<u8> = [bytes.next(), bytes.next()].into_iter().flatten().collect();
                out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            }
            other => out.push(other),
        }
    }
    out
}

/// Every script below a folder of `tests/transcripts`, by name.
pub fn scripts(folder: &str) -> Vec<(String, String)> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(folder);
    let mut all: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "t"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn patterns_bind_words_and_respect_them() {
    let mut b = Bindings::default();
    assert!(b.fits("250 2.0.0 * as $id", "250 2.0.0 Accepted as abc"));
    assert_eq!(b.0["id"], "abc");
    assert!(b.fits("x $id y", "x abc y"));
    assert!(!b.fits("x $id y", "x abd y"));
    assert!(b.fits("FLAGS ($label1 $MDNSent)", "FLAGS ($label1 $MDNSent)"));
    assert!(b.fits(r"\* 1 EXISTS", "* 1 EXISTS"));
    assert!(!b.fits(r"\* 1 EXISTS", "x 1 EXISTS"));
    assert_eq!(unescape(r#""a\r\n\x00""#), b"a\r\n\0");
}
