//! The URL of a message, or of a piece of one, on this server (RFC 5092), as CATENATE takes it: without
//! scheme and server. Pure.

use std::ops::Range;

use super::codec;
use super::command::{Partial, Section};
use crate::types::MailboxName;

/// `/Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=1.MIME/;PARTIAL=0.100`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImapUrl {
    /// `None`: the selected one.
    pub mailbox: Option<MailboxName>,
    /// What it must be.
    pub uidvalidity: Option<u32>,
    /// Which message.
    pub uid: u32,
    /// Which piece of it; all if empty.
    pub section: Section,
    /// From which octet, how many; to the end if `None`.
    pub partial: Option<(u64, Option<u64>)>,
}

impl ImapUrl {
    /// `None`: not such a URL; also one that names a server, or asks for an authority (URLAUTH), which
    /// nobody gives here.
    pub fn parse(url: &str) -> Option<Self> {
        let path = url.strip_prefix('/').unwrap_or(url);
        if path.starts_with('/') || path.contains("://") {
            return None;
        }
        let (mailbox, rest) = split_ci(path, "/;UID=").or_else(|| {
            // Relative to the selected mailbox.
            let rest = strip_ci(path, ";UID=")?;
            Some(("", rest))
        })?;
        let (mailbox, uidvalidity) = match split_ci(mailbox, ";UIDVALIDITY=") {
            Some((name, n)) => (name, Some(nz_number(n)?)),
            None => (mailbox, None),
        };
        let mailbox = match decoded(mailbox)? {
            name if name.is_empty() => None,
            name => Some(MailboxName::new(&name).ok()?),
        };
        let (rest, partial) = match split_ci(rest, "/;PARTIAL=") {
            Some((rest, range)) => (rest, Some(partial(range)?)),
            None => (rest, None),
        };
        let (uid, section) = match split_ci(rest, "/;SECTION=") {
            Some((uid, section)) => (uid, codec::section_spec(&decoded(section)?)?),
            None => (rest, Section::default()),
        };
        // Some write the slash that RFC 5092 has no use for.
        let uid = nz_number(uid.strip_suffix('/').unwrap_or(uid))?;
        Some(Self { mailbox, uidvalidity, uid, section, partial })
    }

    /// What the partial leaves of a range.
    pub fn cut(&self, range: Range<u64>) -> Range<u64> {
        let Some((offset, length)) = self.partial else { return range };
        Partial { offset, length: length.unwrap_or(u64::MAX) }.cut(range)
    }
}

/// `;PARTIAL=n` or `;PARTIAL=n.m`
fn partial(text: &str) -> Option<(u64, Option<u64>)> {
    let number = |n: &str| n.bytes().all(|b| b.is_ascii_digit()).then(|| n.parse::<u64>().ok()).flatten();
    match text.split_once('.') {
        Some((offset, length)) => Some((number(offset)?, Some(number(length).filter(|n| *n > 0)?))),
        None => Some((number(text)?, None)),
    }
}

fn nz_number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten().filter(|n| *n > 0)
}

/// Percent-encoded UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = behind.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        out.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = &behind[2..];
    }
    String::from_utf8(out).ok()
}

/// Before and behind the first `word`, in any case.
fn split_ci<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let at = text.as_bytes().windows(word.len()).position(|w| w.eq_ignore_ascii_case(word.as_bytes()))?;
    Some((&text[..at], &text[at + word.len()..]))
}

fn strip_ci<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.as_bytes().get(..word.len())?;
    head.eq_ignore_ascii_case(word.as_bytes()).then(|| &text[word.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::command::SectionText;
    use proptest::prelude::*;

    #[test]
    fn urls_of_rfc_4469() {
        let url = ImapUrl::parse("/Drafts;UIDVALIDITY=385759045/;UID=20/;section=1.MIME").unwrap();
        assert_eq!(url.mailbox, Some(MailboxName::new("Drafts").unwrap()));
        assert_eq!((url.uidvalidity, url.uid), (Some(385_759_045), 20));
        assert_eq!(url.section, Section { part: vec![1], text: SectionText::Mime });
        let url = ImapUrl::parse("/INBOX/Z%C3%A4hne/;uid=3").unwrap();
        assert_eq!(url.mailbox.unwrap().as_str(), "INBOX/Zähne");
        let url = ImapUrl::parse(";UID=7/;SECTION=HEADER.FIELDS%20(FROM%20TO)/;PARTIAL=2.5").unwrap();
        assert_eq!((url.mailbox.as_ref(), url.uid), (None, 7));
        assert_eq!(url.section.text, SectionText::HeaderFields(vec!["FROM".into(), "TO".into()]));
        assert_eq!((url.cut(10..30), url.cut(10..14), url.cut(0..1)), (12..17, 12..14, 1..1));
        assert!(ImapUrl::parse("/Drafts/;UID=20/").is_some());
    }

    #[test]
    fn what_is_none() {
        for url in [
            "",
            "imap://other.example/INBOX/;UID=1",
            "//other.example/INBOX/;UID=1",
            "http://x/",
            "/INBOX",
            "/INBOX/;UID=0",
            "/INBOX/;UID=x",
            "/INBOX/;UID=1/;SECTION=NONSENSE",
            "/INBOX/;UID=1;URLAUTH=anonymous",
            "/INBOX/;UID=1/;PARTIAL=1.0",
            "/IN%zzBOX/;UID=1",
            "/%ff/;UID=1",
            "/INBOX;UIDVALIDITY=0/;UID=1",
        ] {
            assert_eq!(ImapUrl::parse(url), None, "{url}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(url in "(/|;UID=|;SECTION=|;PARTIAL=|%C3|%|[a-z0-9.ü]){0,12}") {
            ImapUrl::parse(&url);
        }
    }
}
