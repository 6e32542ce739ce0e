//! The signature itself: what a person typed, made fit for a message.

use std::fmt::Write as _;

/// Most lines of a signature; more are left away.
const LINES: usize = 40;
/// Most characters of a line; longer ones are broken, so that no line nears RFC 5322's 998 bytes.
const LINE: usize = 200;

/// A person's signature: lines of text, with neither controls nor blanks at their ends; never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(String);

impl Signature {
    /// Of what the person typed; `None`: there is nothing to append. A `-- ` line in front is taken
    /// away, since it is written anyway.
    pub fn new(typed: &str) -> Option<Self> {
        let mut lines: Vec<String> = Vec::new();
        for line in typed.lines() {
            let clean: String =
                line.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !c.is_control()).collect();
            let mut rest = clean.trim_end();
            while let Some((at, _)) = rest.char_indices().nth(LINE) {
                let end = rest[..at].rfind(' ').filter(|&end| end > 0).unwrap_or(at);
                lines.push(rest[..end].trim_end().to_owned());
                rest = rest[end..].trim_start();
            }
            lines.push(rest.to_owned());
        }
        let blank = |line: &String| line.is_empty();
        let first = lines.iter().position(|l| !blank(l))?;
        lines.drain(..first);
        if lines[0] == "--" {
            lines.remove(0);
            let first = lines.iter().position(|l| !blank(l))?;
            lines.drain(..first);
        }
        lines.truncate(LINES);
        let end = lines.iter().rposition(|l| !blank(l))?;
        lines.truncate(end + 1);
        Some(Self(lines.join("\n")))
    }

    /// Its lines.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.split('\n')
    }

    /// As lines of plain text, CRLF between them, none at the end. `flowed`: RFC 3676 §4.4, so that no
    /// line is taken for quoted text.
    pub(super) fn plain(&self, flowed: Flowed) -> String {
        let mut out = String::from("-- ");
        for line in self.lines() {
            out.push_str("\r\n");
            let stuffed = flowed == Flowed::Yes
                && (line.starts_with(' ') || line.starts_with('>') || line.starts_with("From "));
            // A line that begins with two hyphens could be the delimiter of a multipart.
            if stuffed || line.starts_with("--") {
                out.push(' ');
            }
            out.push_str(line);
        }
        out
    }

    /// As an HTML fragment on one line.
    pub(super) fn html(&self) -> String {
        let mut out = String::from("<div><br>-- ");
        for line in self.lines() {
            out.push_str("<br>\r\n");
            // Within the line, so that no line begins with a hyphen.
            let (indent, line) = line.split_at(line.len() - line.trim_start().len());
            out.extend(indent.chars().map(|_| "&nbsp;"));
            for (at, c) in line.char_indices() {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '-' if at == 0 => out.push_str("&#45;"),
                    c => out.push(c),
                }
            }
        }
        out.push_str("</div>");
        out
    }
}

/// Shows its size only: it names a person.
impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature({} bytes)", self.0.len())
    }
}

/// Whether a text is `format=flowed` (RFC 3676).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flowed {
    Yes,
    No,
}

/// Characters outside ASCII as numeric references, which every charset and encoding can carry.
pub(super) fn with_references(html: &str) -> String {
    html.chars().fold(String::with_capacity(html.len()), |mut out, c| {
        if c.is_ascii() {
            out.push(c);
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "&#{};", u32::from(c));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(typed: &str) -> Vec<String> {
        Signature::new(typed).map_or_else(Vec::new, |s| s.lines().map(str::to_owned).collect())
    }

    #[test]
    fn what_is_typed_becomes_lines() {
        assert_eq!(
            lines("\n\n-- \nDr. Anna Arnold  \r\n\n  Praxis\u{7}\n\n\n"),
            ["Dr. Anna Arnold", "", "  Praxis"]
        );
        for nothing in ["", " \n\t\n", "--", "-- \n\n"] {
            assert_eq!(Signature::new(nothing), None, "{nothing:?}");
        }
        assert_eq!(lines(&"x\n".repeat(100)).len(), LINES);
        let long = lines(&"word ".repeat(1000));
        assert!(long.iter().all(|l| l.chars().count() <= LINE && !l.ends_with(' ')), "{long:?}");
        assert_eq!(lines(&"x".repeat(450)).iter().map(String::len).collect::<Vec<_>>(), [200, 200, 50]);
    }

    #[test]
    fn no_line_is_taken_for_something_else() {
        let signature = Signature::new("Anna\n> x\n--b\n y\nFrom here").unwrap();
        assert_eq!(signature.plain(Flowed::No), "-- \r\nAnna\r\n> x\r\n --b\r\n y\r\nFrom here");
        assert_eq!(signature.plain(Flowed::Yes), "-- \r\nAnna\r\n > x\r\n --b\r\n  y\r\n From here");
        assert_eq!(
            Signature::new("<A> & \"B\"\n--b\n  c").unwrap().html(),
            "<div><br>-- <br>\r\n&lt;A&gt; &amp; &quot;B&quot;<br>\r\n&#45;-b<br>\r\n&nbsp;&nbsp;c</div>"
        );
        assert_eq!(with_references("ö😀"), "&#246;&#128512;");
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Signature::new("Anna").unwrap()), "Signature(4 bytes)");
    }
}
