//! What the server says: code, enhanced status code, text; one line or several.
//!
//! Invariants: a written reply holds no CR or LF but its own line ends, no line is longer than 512
//! octets (RFC 5321 §4.5.3.1.5), and it is ASCII unless the client asked for SMTPUTF8 (RFC 6531 §3.7.4.1).

use crate::policy::Refusal;

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// RFC 5321 §4.2.
    pub code: u16,
    /// RFC 3463; without one: greeting, EHLO, and all of class 3 (RFC 2034 §4).
    pub enhanced: Option<&'static str>,
    /// Lines parted by `\n`. A sentence for the user has no full stop at the end.
    text: String,
    /// The same for a client without SMTPUTF8, where it differs.
    ascii: Option<String>,
}

impl Reply {
    /// Longest line, CRLF counted.
    const LINE: usize = 512;

    /// With an enhanced status code.
    pub fn new(code: u16, enhanced: &'static str, text: impl Into<String>) -> Self {
        Self { code, enhanced: Some(enhanced), text: text.into(), ascii: None }
    }

    /// Without one.
    pub fn plain(code: u16, text: impl Into<String>) -> Self {
        Self { code, enhanced: None, text: text.into(), ascii: None }
    }

    /// The text, for tests and traces of our own words.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether something was turned down, for now or for good.
    pub fn is_negative(&self) -> bool {
        self.code >= 400
    }

    /// Writes it as it goes over the wire.
    pub fn write(&self, out: &mut Vec<u8>, utf8: Utf8) {
        let text = match (&self.ascii, utf8) {
            (Some(ascii), Utf8::No) => ascii,
            _ => &self.text,
        };
        let prefix = 4 + self.enhanced.map_or(0, |e| e.len() + 1);
        let mut lines = Vec::new();
        for line in text.split('\n') {
            wrap(line, Self::LINE - 2 - prefix, &mut lines);
        }
        for (i, line) in lines.iter().enumerate() {
            let more = if i + 1 < lines.len() { '-' } else { ' ' };
            out.extend_from_slice(format!("{}{more}", self.code).as_bytes());
            if let Some(enhanced) = self.enhanced {
                out.extend_from_slice(enhanced.as_bytes());
                out.push(b' ');
            }
            for c in line.chars() {
                match (c, utf8) {
                    (c, _) if c.is_control() => out.push(b' '),
                    (c, Utf8::No) if !c.is_ascii() => out.push(b'?'),
                    (c, _) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                }
            }
            out.extend_from_slice(b"\r\n");
        }
    }
}

impl Reply {
    /// This reply with the other's text as further lines; the codes stay this one's.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        let plain = |reply: &Self| reply.ascii.clone().unwrap_or_else(|| reply.text.clone());
        let ascii = (self.ascii.is_some() || other.ascii.is_some())
            .then(|| format!("{}\n{}", plain(&self), plain(other)));
        Self { text: format!("{}\n{}", self.text, other.text), ascii, ..self }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let ascii = (!refusal.text.is_ascii()).then(|| refusal.ascii_text());
        Self { code: refusal.code, enhanced: Some(refusal.enhanced), text: refusal.text, ascii }
    }
}

/// Whether the client of a transaction takes UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Utf8 {
    /// It said SMTPUTF8.
    Yes,
    /// ASCII only.
    No,
}

/// Cuts one line into pieces of at most `room` bytes, at spaces where there are any.
fn wrap<'a>(mut line: &'a str, room: usize, into: &mut Vec<&'a str>) {
    while line.len() > room {
        let most = line.floor_char_boundary(room);
        let at = line[..most].rfind(' ').filter(|at| *at > 0).unwrap_or(most);
        into.push(&line[..at]);
        line = line[at..].trim_start_matches(' ');
    }
    into.push(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(reply: &Reply, utf8: Utf8) -> String {
        let mut out = Vec::new();
        reply.write(&mut out, utf8);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_line_and_several() {
        assert_eq!(wire(&Reply::new(250, "2.0.0", "OK"), Utf8::No), "250 2.0.0 OK\r\n");
        assert_eq!(wire(&Reply::plain(250, "a\nb\nc"), Utf8::No), "250-a\r\n250-b\r\n250 c\r\n");
        assert_eq!(wire(&Reply::new(550, "5.1.1", "x\ny"), Utf8::No), "550-5.1.1 x\r\n550 5.1.1 y\r\n");
        assert_eq!(wire(&Reply::plain(334, ""), Utf8::No), "334 \r\n");
    }

    #[test]
    fn no_line_is_longer_than_512() {
        for text in ["word ".repeat(300), "x".repeat(2_000), "ü".repeat(700)] {
            let wire = wire(&Reply::new(550, "5.7.1", text.clone()), Utf8::Yes);
            assert!(wire.split_inclusive("\r\n").all(|l| l.len() <= 512), "{wire}");
            let words = |s: &str| s.replace("\r\n", "").replace("550-5.7.1 ", "").replace("550 5.7.1 ", "");
            assert_eq!(words(&wire).replace(' ', ""), text.replace(' ', ""));
        }
    }

    #[test]
    fn nobody_forges_a_line_and_ascii_stays_ascii() {
        assert_eq!(wire(&Reply::new(550, "5.1.1", "a\r250 b\u{85}"), Utf8::No), "550 5.1.1 a 250 b \r\n");
        let refusal = Refusal::new("R12", 553, "5.7.1", "use weiß@x");
        assert_eq!(wire(&refusal.clone().into(), Utf8::No), "553 5.7.1 use weiss@x\r\n");
        assert_eq!(wire(&refusal.into(), Utf8::Yes), "553 5.7.1 use weiß@x\r\n");
    }
}
