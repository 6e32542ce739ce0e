//! Which bytes `BODY[section]` means (RFC 9051 §6.4.5, RFC 3501 §6.4.5).
//!
//! Part numbers count the parts of a multipart. A message that is no multipart has one part, number
//! 1, which is its own body. Numbers behind a `message/rfc822` part count the parts of the message
//! inside it.

use super::facts::{Role, SectionKind, SectionRef};
use std::ops::Range;

/// What stands behind the part numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionPart {
    /// Nothing: the whole message (`BODY[]`), or a part's body (`BODY[1.2]`).
    Whole,
    /// `HEADER`, and the block that `HEADER.FIELDS` chooses from: of the message, or of the message
    /// inside a `message/rfc822` part.
    Header,
    /// `TEXT`: the body of the message, or of the message inside a `message/rfc822` part.
    Text,
    /// `MIME`: the header block of the part itself.
    Mime,
}

/// The section of a `BODY[…]` item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionSpec<'a> {
    /// Part numbers; none for the message itself.
    pub path: &'a [u32],
    /// What of it.
    pub part: SectionPart,
}

impl<'a> SectionSpec<'a> {
    /// A section from its two halves.
    pub fn new(path: &'a [u32], part: SectionPart) -> Self {
        Self { path, part }
    }
}

/// The section whose body `BODY[path]` is; `None` for an empty path.
pub(super) fn part<'s, 'a>(sections: &'s [SectionRef<'a>], path: &[u32]) -> Option<&'s SectionRef<'a>> {
    let mut context = (!sections.is_empty()).then_some(0);
    let mut found = None;
    for &number in path {
        let parent = context?;
        let index = if sections[parent].kind == SectionKind::Multipart {
            child(sections, parent, Role::Part(number))?
        } else if number == 1 && !matches!(sections[parent].role, Role::Part(_)) {
            parent
        } else {
            return None;
        };
        found = Some(index);
        context = match sections[index].kind {
            SectionKind::Multipart => Some(index),
            SectionKind::Message => child(sections, index, Role::Embedded),
            SectionKind::Leaf => None,
        };
    }
    found.map(|index| &sections[index])
}

/// The byte range of a section, inside `size` bytes of message.
pub(super) fn locate(sections: &[SectionRef<'_>], size: u64, spec: SectionSpec<'_>) -> Option<Range<u64>> {
    if spec.path.is_empty() {
        let top = sections.first()?;
        return match spec.part {
            SectionPart::Whole => Some(0..size),
            SectionPart::Header => Some(top.header.clone()),
            SectionPart::Text => Some(top.body.clone()),
            SectionPart::Mime => None,
        };
    }
    let part = part(sections, spec.path)?;
    match spec.part {
        SectionPart::Whole => Some(part.body.clone()),
        SectionPart::Mime => Some(part.header.clone()),
        SectionPart::Header | SectionPart::Text => {
            if part.kind != SectionKind::Message {
                return None;
            }
            let inner = &sections[child(sections, part.index, Role::Embedded)?];
            Some(if spec.part == SectionPart::Header { inner.header.clone() } else { inner.body.clone() })
        }
    }
}

fn child(sections: &[SectionRef<'_>], parent: usize, role: Role) -> Option<usize> {
    sections.iter().skip(parent + 1).find(|s| s.parent == Some(parent) && s.role == role).map(|s| s.index)
}
