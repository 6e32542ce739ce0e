//! Word, Excel and PowerPoint documents (OOXML): a ZIP whose `[Content_Types].xml` names the
//! fitting main part, and no macros (R19; ECMA-376 part 2 §10.1).

use std::io::Read;

use super::archive::{self, ContainerLimits};
use super::content::ReadSeek;
use super::fault::{CheckError, Fault};
use super::inflated::{Budget, Inflated, Window};
use super::kinds::{Kind, Never};
use super::name::{self, Ending};

/// Longest `[Content_Types].xml` that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Looks at the package's directory, its names and its content types.
///
/// # Errors
/// The fault found, or [`CheckError::Read`].
pub fn check(
    kind: Kind,
    content: &mut dyn ReadSeek,
    len: u64,
    limits: &ContainerLimits,
    budget: &mut Budget,
) -> Result<(), CheckError> {
    let members = archive::read_directory(content, len, limits)?;
    for member in &members {
        part_fault(&member.name)?;
    }
    let types = members.iter().find(|m| m.name.eq_ignore_ascii_case("[Content_Types].xml"));
    let Some(types) = types.filter(|m| m.len <= LONGEST) else { return Err(Fault::Differs(kind).into()) };
    let mut xml = String::new();
    let read = if types.deflated {
        Inflated::new(content, types.data, types.packed, types.len, budget).read_to_string(&mut xml)
    } else {
        Window::new(content, types.data, types.len).read_to_string(&mut xml)
    };
    match read {
        Ok(_) => {}
        // Not UTF-8: Office writes nothing else.
        Err(e) if e.kind() == std::io::ErrorKind::InvalidData => return Err(Fault::Differs(kind).into()),
        Err(e) => return Err(e.into()),
    }
    let mut crc = flate2::Crc::new();
    crc.update(xml.as_bytes());
    if xml.len() as u64 != types.len || crc.sum() != types.crc {
        return Err(Fault::Damaged.into());
    }
    content_types(kind, &xml)?;
    Ok(())
}

/// What a part's name gives away. Only what is a danger in itself: a document holds parts of many types.
fn part_fault(part: &str) -> Result<(), Fault> {
    let file = name::file_name(part).to_ascii_lowercase();
    if file.starts_with("vbaproject") || file.starts_with("vbadata") {
        return Err(Fault::Macros);
    }
    let Ending::Some(ending) = name::ending(part) else { return Ok(()) };
    match Never::of_ending(&ending) {
        Some(Never::Macros) => Err(Fault::Macros),
        // Office itself writes .bin parts: printer settings, embedded objects, fonts.
        Some(Never::Program) if ending != "bin" => {
            Err(Fault::Member(part.to_owned(), Box::new(Fault::Never(Never::Program))))
        }
        _ => Ok(()),
    }
}

/// Reads the `ContentType` attributes; comments do not count, and what a simple reading could take
/// otherwise than Office does (a document type, references in a type's name) is refused.
fn content_types(kind: Kind, xml: &str) -> Result<(), Fault> {
    let main = match kind {
        Kind::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        Kind::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        _ => "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    };
    let mut named = false;
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            let end = comment.find("-->").ok_or(Fault::Damaged)?;
            rest = &comment[end + 3..];
            continue;
        }
        if rest.starts_with('!') {
            return Err(Fault::Differs(kind));
        }
        let end = tag_end(rest).ok_or(Fault::Damaged)?;
        let tag = &rest[..end];
        rest = &rest[end..];
        if let Some(value) = attribute(tag, "ContentType") {
            let value = value.trim().to_ascii_lowercase();
            if value.contains('&') {
                return Err(Fault::Differs(kind));
            }
            if value.contains("macroenabled") || value.contains("vbaproject") {
                return Err(Fault::Macros);
            }
            named |= value == main;
        }
    }
    if named { Ok(()) } else { Err(Fault::Differs(kind)) }
}

/// Where a tag ends: the first `>` outside of quotation marks.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.bytes().position(|b| match (quote, b) {
        (None, b'>') => true,
        (None, b'"' | b'\'') => {
            quote = Some(b);
            false
        }
        (Some(q), b) if q == b => {
            quote = None;
            false
        }
        _ => false,
    })
}

/// The value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = tag.trim_start_matches(|c: char| !c.is_whitespace());
    loop {
        rest = rest.trim_start();
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, next) = after[1..].split_once(quote)?;
        if name.trim() == wanted {
            return Some(value);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";

    #[test]
    fn content_types_are_read_as_office_reads_them() {
        let ok = |inner: &str| {
            content_types(Kind::Docx, &format!("<?xml version=\"1.0\"?><Types>{inner}</Types>"))
        };
        assert_eq!(
            ok(&format!("<Override PartName=\"/word/document.xml\" ContentType=\"{WORD}\"/>")),
            Ok(())
        );
        assert_eq!(ok(&format!("<Default ContentType='{WORD}'\n Extension = 'xml' />")), Ok(()));
        let differs = Err(Fault::Differs(Kind::Docx));
        assert_eq!(ok(""), differs);
        assert_eq!(ok(&format!("<!-- <Override ContentType=\"{WORD}\"/> -->")), differs);
        assert_eq!(ok(&format!("<Override PartName=\"ContentType='{WORD}'\"/>")), differs);
        assert_eq!(ok(&format!("<![CDATA[<Override ContentType=\"{WORD}\"/>]]>")), differs);
        assert_eq!(
            content_types(Kind::Xlsx, &format!("<a ContentType=\"{WORD}\"/>")),
            Err(Fault::Differs(Kind::Xlsx))
        );
        let both = format!(
            "<a ContentType=\"{WORD}\"/><b ContentType=\"application/vnd.ms-word.document.macroEnabled.main+xml\"/>"
        );
        assert_eq!(ok(&both), Err(Fault::Macros));
        for broken in ["<", "<a", "<a b", "<a b=", "<a b=\"", "<!--", "<a =\"\">"] {
            let _ = ok(broken);
            let _ = content_types(Kind::Docx, broken);
        }
    }
}
