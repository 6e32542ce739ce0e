//! What can be wrong with a file, and the sentence for it.

use super::accepted::AttachmentTypes;
use super::kinds::{Kind, Never};
use crate::policy::{Refusal, quoted};

/// What is wrong with one file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{self:?}")]
pub enum Fault {
    /// The ending is on no list.
    NotAccepted(String),
    /// Refused whatever the configuration.
    Never(Never),
    /// No ending, and no media type that says what it is.
    NoEnding,
    /// A name that two machines read differently.
    AmbiguousName,
    /// The content is not what the name says.
    Differs(Kind),
    /// 3Shape calls its own format `.dcm`.
    ThreeShape,
    /// Text in an unknown encoding, or with NUL bytes.
    NotUnicode,
    /// A signature that signs nothing.
    LooseSignature,
    /// Macros inside.
    Macros,
    /// Password or encryption.
    Encrypted,
    /// An archive in an archive.
    Nested,
    /// More members, or more unpacked, than a reader's machine should be asked to bear.
    TooMuchInside,
    /// An archive whose parts contradict each other, or that is cut off.
    Damaged,
    /// A compression that cannot be checked.
    Compression,
    /// A member that would be unpacked elsewhere than beside the archive.
    Escapes,
    /// A part that mail programs read differently, so that what was judged is not what one shows.
    AmbiguousPart,
    /// A file between the lines of the text (uuencode), which some programs show as an attachment.
    InText,
    /// Something is wrong with a member.
    Member(String, Box<Fault>),
}

impl Fault {
    /// The refusal for the file of that name; the name is as the sender's program wrote it, empty
    /// where it wrote none.
    pub fn refusal(&self, name: &str, types: &AttachmentTypes) -> Refusal {
        let subject = match self {
            Self::NotAccepted(ending) if name.is_empty() && ending == "ics" => "An appointment".to_owned(),
            _ if name.is_empty() => "A file without a name".to_owned(),
            _ => format!("The file {}", quoted(name)),
        };
        let text = match self {
            Self::Member(member, fault) => fault.sentence(
                &format!("{subject} cannot be sent: the file {} in it", quoted(member)),
                true,
                types,
            ),
            fault => fault.sentence(&subject, false, types),
        };
        Refusal::new("R19", 554, "5.6.1", text)
    }

    /// The subject with what is to be said of it. Of a member it has been said already that the
    /// whole "cannot be sent: the file … in it".
    fn sentence(&self, subject: &str, inside: bool, types: &AttachmentTypes) -> String {
        let so = if inside { "" } else { " cannot be sent: it" };
        let again = if inside { "pack the archive again" } else { "attach it again" };
        let said = match self {
            Self::NotAccepted(ending) => format!(
                "is of the type .{}, which is not accepted; accepted are {}",
                quoted(ending).trim_matches('"'),
                types.in_words()
            ),
            Self::Never(Never::Program) => "is a program or script, and those are never accepted".to_owned(),
            Self::Never(Never::WebPage) => {
                "is a web page or SVG drawing, and those are never accepted; please send it as PDF".to_owned()
            }
            Self::Never(Never::Macros) | Self::Macros => {
                "is an Office file with macros; please save it without macros or as PDF and send that".to_owned()
            }
            Self::Never(Never::Mail) => {
                "is a whole mail message, and forwarding is not possible here; please copy the text into your message".to_owned()
            }
            Self::Never(Never::Tnef) => {
                "is what Outlook packs attachments into; please set the message format to HTML or plain text and send again".to_owned()
            }
            Self::Never(Never::Encrypted) | Self::Encrypted => {
                "is encrypted or protected by a password and cannot be checked; please attach it without protection, it stays inside the portal".to_owned()
            }
            Self::NoEnding => format!(
                "has no ending in its name that says what it is, such as .pdf or .jpg; please rename the file and {again}"
            ),
            Self::AmbiguousName => {
                format!("has a colon or a hidden character in its name; please rename the file and {again}")
            }
            Self::Differs(kind) => {
                format!("is not {} although its name says so; please save it again in that format", kind.label())
            }
            Self::ThreeShape => {
                "is a 3Shape file, not a DICOM image; please export it as STL and attach that".to_owned()
            }
            Self::NotUnicode => {
                "is not plain text in UTF-8; please save it as text in UTF-8, or as PDF".to_owned()
            }
            Self::LooseSignature => {
                "is a signature or key, which is accepted only as the signature of a signed message".to_owned()
            }
            Self::Nested => {
                "is an archive inside an archive; please attach its files directly or in one ZIP".to_owned()
            }
            Self::TooMuchInside => {
                "has too much packed into it; please send its files in several messages".to_owned()
            }
            Self::Damaged => format!("is damaged or incomplete; please make it anew and {again}"),
            Self::Compression => {
                "is packed in a way that cannot be checked; please pack it as an ordinary ZIP".to_owned()
            }
            Self::Escapes => {
                "has a name that points outside of the archive; please pack the files again".to_owned()
            }
            Self::AmbiguousPart => {
                "is attached in a way that mail programs read differently; please attach it again in a new message".to_owned()
            }
            Self::InText => "holds another file between its lines".to_owned(),
            // One level only: an archive in an archive is refused as such.
            Self::Member(_, fault) => return fault.sentence(subject, inside, types),
        };
        format!("{subject}{so} {said}")
    }
}

/// A check could not say yes.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The file's fault.
    #[error("{0}")]
    Fault(Fault),
    /// Reading the stored bytes failed: ours, and no verdict.
    #[error("attachment content could not be read")]
    Read(#[source] std::io::Error),
}

impl From<Fault> for CheckError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Readers that unpack report a fault through [`std::io::Error`]; it comes out again here. An early
/// end is the file's fault too: it says that it is longer than it is.
impl From<std::io::Error> for CheckError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            return Self::Fault(Fault::Damaged);
        }
        match error.downcast::<Fault>() {
            Ok(fault) => Self::Fault(fault),
            Err(error) => Self::Read(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_the_file_and_end_without_a_full_stop() {
        let types = AttachmentTypes::default();
        let all = [
            Fault::NotAccepted("xyz".to_owned()),
            Fault::Never(Never::Program),
            Fault::Never(Never::WebPage),
            Fault::Never(Never::Macros),
            Fault::Never(Never::Mail),
            Fault::Never(Never::Tnef),
            Fault::Never(Never::Encrypted),
            Fault::NoEnding,
            Fault::AmbiguousName,
            Fault::Differs(Kind::Pdf),
            Fault::ThreeShape,
            Fault::NotUnicode,
            Fault::LooseSignature,
            Fault::Macros,
            Fault::Encrypted,
            Fault::Nested,
            Fault::TooMuchInside,
            Fault::Damaged,
            Fault::Compression,
            Fault::Escapes,
            Fault::AmbiguousPart,
        ];
        for fault in all {
            for fault in [fault.clone(), Fault::Member("inner.bin".to_owned(), Box::new(fault))] {
                let refusal = fault.refusal("Röntgen Müller.zip", &types);
                assert!(refusal.text.contains("\"Röntgen Müller.zip\""), "{}", refusal.text);
                assert!(refusal.text.len() < Refusal::MAX_TEXT - 100, "{}", refusal.text);
                assert!(refusal.text.contains("cannot be sent"));
                assert!(!refusal.text.ends_with('.'));
                assert!(!refusal.text.contains("  "));
            }
        }
        let refusal = Fault::Differs(Kind::Pdf).refusal("a.pdf", &types);
        assert_eq!(
            refusal.text,
            "The file \"a.pdf\" cannot be sent: it is not a PDF document although its name says so; please save it again in that format"
        );
    }
}
