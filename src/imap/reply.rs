//! Status responses: OK, NO, BAD, with their response codes (RFC 9051 §7.1, RFC 5530).
//!
//! Texts are for people: a mail program shows the text of a NO to its user.

use std::borrow::Cow;

use super::codec::encode::set;
use crate::types::{MailboxId, ModSeq, UidValidity};

/// What a command is answered with, the tag aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// OK, NO or BAD.
    pub status: Status,
    /// For the client's program.
    pub code: Option<Code>,
    /// For the person before it.
    pub text: Cow<'static, str>,
}

/// RFC 9051 §7.1.1 to §7.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// Understood and refused.
    No,
    /// Not understood, or not allowed now.
    Bad,
}

impl Status {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::No => "NO",
            Self::Bad => "BAD",
        }
    }
}

/// Response codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// RFC 5530 §3
    AlreadyExists,
    /// RFC 9051 §7.1: UIDVALIDITY and UIDs of what was appended, in the order it came (RFC 3502).
    AppendUid(UidValidity, Vec<u32>),
    /// RFC 5530 §3
    AuthenticationFailed,
    /// RFC 4469 §4.1: the first URL that led to nothing.
    BadUrl(String),
    /// RFC 5530 §3
    Cannot,
    /// RFC 9051 §7.1; without the word CAPABILITY.
    Capability(String),
    /// RFC 9051 §7.1
    Closed,
    /// RFC 4978 §3
    CompressionActive,
    /// RFC 9051 §7.1: UIDVALIDITY there, UIDs here, UIDs there, both ascending.
    CopyUid(UidValidity, Vec<u32>, Vec<u32>),
    /// RFC 5530 §3
    ExpungeIssued,
    /// RFC 9051 §7.1
    HasChildren,
    /// RFC 7162 §3.1.2.1
    HighestModSeq(ModSeq),
    /// RFC 5530 §3
    Limit,
    /// RFC 8474 §4
    MailboxId(MailboxId),
    /// RFC 5464 §4.2.1: the size of the largest value left out.
    MetadataLongEntries(usize),
    /// RFC 5464 §4.3: the largest value that is taken.
    MetadataMaxSize(usize),
    /// RFC 5464 §4.3
    MetadataTooMany,
    /// RFC 7162 §3.1.3: what an UNCHANGEDSINCE left out, as the command counted, ascending.
    Modified(Vec<u32>),
    /// RFC 5465 §3.1, §5.8
    NotificationOverflow,
    /// RFC 5267 §4.3.1: the tag of the search.
    NoUpdate(String),
    /// RFC 5530 §3
    NonExistent,
    /// RFC 5530 §3
    NoPerm,
    /// RFC 5530 §3
    OverQuota,
    /// RFC 5530 §3
    PrivacyRequired,
    /// RFC 9051 §7.1
    ReadOnly,
    /// RFC 9051 §7.1
    ReadWrite,
    /// RFC 5530 §3
    ServerBug,
    /// RFC 4469 §4.2, used as RFC 7889 asks
    TooBig,
    /// RFC 9051 §7.1
    TryCreate,
    /// RFC 5530 §3
    Unavailable,
    /// RFC 9586: the command names messages by sequence number.
    UidRequired,
    /// RFC 3516 §4.3
    UnknownCte,
    /// RFC 6154 §3
    UseAttr,
}

impl Code {
    /// Appends what stands between the brackets.
    fn write(&self, out: &mut Vec<u8>) {
        use std::io::Write;
        let word = match self {
            Self::AlreadyExists => "ALREADYEXISTS",
            Self::AuthenticationFailed => "AUTHENTICATIONFAILED",
            Self::Cannot => "CANNOT",
            Self::Closed => "CLOSED",
            Self::CompressionActive => "COMPRESSIONACTIVE",
            Self::ExpungeIssued => "EXPUNGEISSUED",
            Self::HasChildren => "HASCHILDREN",
            Self::Limit => "LIMIT",
            Self::MetadataTooMany => "METADATA TOOMANY",
            Self::NonExistent => "NONEXISTENT",
            Self::NoPerm => "NOPERM",
            Self::NotificationOverflow => "NOTIFICATIONOVERFLOW",
            Self::OverQuota => "OVERQUOTA",
            Self::PrivacyRequired => "PRIVACYREQUIRED",
            Self::ReadOnly => "READ-ONLY",
            Self::ReadWrite => "READ-WRITE",
            Self::ServerBug => "SERVERBUG",
            Self::TooBig => "TOOBIG",
            Self::TryCreate => "TRYCREATE",
            Self::Unavailable => "UNAVAILABLE",
            Self::UidRequired => "UIDREQUIRED",
            Self::UnknownCte => "UNKNOWN-CTE",
            Self::UseAttr => "USEATTR",
            Self::Capability(words) => {
                out.extend_from_slice(b"CAPABILITY ");
                words
            }
            Self::AppendUid(validity, uids) => {
                let _ = write!(out, "APPENDUID {validity} ");
                set(uids.iter().copied(), out);
                return;
            }
            Self::BadUrl(url) => {
                out.extend_from_slice(b"BADURL ");
                // What would end the code, or the line, stands for itself in URLs only when it is encoded.
                for byte in url.bytes() {
                    match byte {
                        b']' => out.extend_from_slice(b"%5D"),
                        b if b.is_ascii_graphic() => out.push(b),
                        b => write!(out, "%{b:02X}").unwrap_or_default(),
                    }
                }
                return;
            }
            Self::CopyUid(validity, from, to) => {
                let _ = write!(out, "COPYUID {validity} ");
                set(from.iter().copied(), out);
                out.push(b' ');
                set(to.iter().copied(), out);
                return;
            }
            Self::HighestModSeq(modseq) => {
                let _ = write!(out, "HIGHESTMODSEQ {modseq}");
                return;
            }
            Self::NoUpdate(tag) => {
                let _ = write!(out, "NOUPDATE \"{tag}\"");
                return;
            }
            Self::MetadataLongEntries(size) => {
                let _ = write!(out, "METADATA LONGENTRIES {size}");
                return;
            }
            Self::MetadataMaxSize(size) => {
                let _ = write!(out, "METADATA MAXSIZE {size}");
                return;
            }
            Self::MailboxId(id) => {
                let _ = write!(out, "MAILBOXID ({})", id.object_id());
                return;
            }
            Self::Modified(numbers) => {
                out.extend_from_slice(b"MODIFIED ");
                set(numbers.iter().copied(), out);
                return;
            }
        };
        out.extend_from_slice(word.as_bytes());
    }
}

impl Reply {
    /// Done; the text says what.
    pub fn ok(text: impl Into<Cow<'static, str>>) -> Self {
        Self { status: Status::Ok, code: None, text: text.into() }
    }

    /// Refused; the text is a sentence for the user.
    pub fn no(text: impl Into<Cow<'static, str>>) -> Self {
        Self { status: Status::No, code: None, text: text.into() }
    }

    /// Wrong here; the text is for whoever writes the client.
    pub fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self { status: Status::Bad, code: None, text: text.into() }
    }

    /// With a response code.
    #[must_use]
    pub fn with(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// Appends the response, tagged, or untagged with `*`.
    pub fn write(&self, tag: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(tag.as_bytes());
        out.push(b' ');
        out.extend_from_slice(self.status.as_str().as_bytes());
        out.push(b' ');
        if let Some(code) = &self.code {
            out.push(b'[');
            code.write(out);
            out.extend_from_slice(b"] ");
        }
        // A line end inside would be a second response (what stands here may quote a mailbox name).
        out.extend(self.text.bytes().map(|b| if b.is_ascii_control() { b' ' } else { b }));
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reply: &Reply) -> String {
        let mut out = Vec::new();
        reply.write("a", &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_line_always() {
        assert_eq!(line(&Reply::no("a\r\nb OK c").with(Code::Cannot)), "a NO [CANNOT] a  b OK c\r\n");
    }

    #[test]
    fn codes_with_numbers() {
        let validity = UidValidity::new(7).unwrap();
        let reply = Reply::ok("copied").with(Code::CopyUid(validity, vec![1, 2, 3, 9], vec![4, 5, 6, 7]));
        assert_eq!(line(&reply), "a OK [COPYUID 7 1:3,9 4:7] copied\r\n");
        assert_eq!(line(&Reply::ok("x").with(Code::Modified(vec![2]))), "a OK [MODIFIED 2] x\r\n");
    }
}
