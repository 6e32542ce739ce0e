//! GETMETADATA and SETMETADATA (RFC 5464 §5).

use super::spaced;
use crate::imap::codec::cursor::{Cursor, Parsed, Stop};
use crate::imap::command::{CommandBody, GetMetadata};
use crate::types::AnnotationName;

/// ```abnf
/// getmetadata    = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries
/// ```
/// In the RFC's examples the options stand behind the mailbox, so there they are understood too.
pub(super) fn get(c: &mut Cursor<'_>) -> Parsed<GetMetadata> {
    let mut get = GetMetadata { mailbox: None, max_size: None, depth: Some(0), entries: Vec::new() };
    c.space()?;
    if c.peek() == Some(b'(') {
        options(c, &mut get)?;
        c.space()?;
    }
    // The empty name is the server's (§4.1).
    get.mailbox = c.mailbox_or_empty()?;
    c.space()?;
    if c.peek() == Some(b'(') && c.is_word_list() {
        options(c, &mut get)?;
        c.space()?;
    }
    entries(c, &mut get.entries)?;
    Ok(get)
}

/// ```abnf
/// getmetadata-options = "(" getmetadata-option *(SP getmetadata-option) ")"
/// maxsize-opt    = "MAXSIZE" SP number
/// scope-opt      = "DEPTH" SP ("0" / "1" / "infinity")
/// ```
fn options(c: &mut Cursor<'_>, get: &mut GetMetadata) -> Parsed<()> {
    c.list(|c| {
        match c.word().to_ascii_uppercase().as_slice() {
            b"MAXSIZE" => get.max_size = Some(spaced(c, Cursor::number64)?),
            b"DEPTH" => {
                c.space()?;
                get.depth = match c.word().to_ascii_lowercase().as_slice() {
                    b"0" => Some(0),
                    b"1" => Some(1),
                    b"infinity" => None,
                    _ => return Err(Stop::Bad("DEPTH is 0, 1 or infinity")),
                };
            }
            _ => return Err(Stop::Bad("Unknown GETMETADATA option")),
        }
        Ok(())
    })
}

/// `entries = entry / "(" entry *(SP entry) ")"`
pub(super) fn entries(c: &mut Cursor<'_>, entries: &mut Vec<AnnotationName>) -> Parsed<()> {
    let mut add = |c: &mut Cursor<'_>| {
        let name = entry(c)?;
        if !entries.contains(&name) {
            if entries.len() == 256 {
                return Err(Stop::Bad("The list is too long"));
            }
            entries.push(name);
        }
        Ok(())
    };
    if c.peek() == Some(b'(') {
        c.list(&mut add)?;
    } else {
        add(c)?;
    }
    if entries.is_empty() { Err(Stop::Bad("An entry was expected")) } else { Ok(()) }
}

/// `entry = astring`, "MUST NOT contain \"*\" or \"%\""
fn entry(c: &mut Cursor<'_>) -> Parsed<AnnotationName> {
    AnnotationName::new(&c.text()?)
        .map_err(|_| Stop::Bad("Entries are named /private/... or /shared/..., without * and %"))
}

/// ```abnf
/// setmetadata    = "SETMETADATA" SP mailbox SP entry-values
/// entry-values   = "(" entry-value *(SP entry-value) ")"
/// entry-value    = entry SP value
/// value          = nstring / literal8
/// ```
pub(super) fn set(c: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mailbox = spaced(c, Cursor::mailbox_or_empty)?;
    let mut changes: Vec<(AnnotationName, Option<Vec<u8>>)> = Vec::new();
    c.space()?;
    c.list(|c| {
        let name = entry(c)?;
        let value = spaced(c, value)?;
        // One that is there all the same can be taken away.
        if value.is_some() && !name.may_have_value() {
            return Err(Stop::Bad(
                "Below /private/vendor/... and /shared/vendor/... entries have four levels",
            ));
        }
        // What is said last counts.
        changes.retain(|change| change.0 != name);
        changes.push((name, value));
        Ok(())
    })?;
    if changes.is_empty() {
        return Err(Stop::Bad("SETMETADATA without an entry"));
    }
    Ok(CommandBody::SetMetadata { mailbox, changes })
}

fn value(c: &mut Cursor<'_>) -> Parsed<Option<Vec<u8>>> {
    match c.peek() {
        Some(b'"' | b'{') => c.string().map(|bytes| Some(bytes.into_owned())),
        Some(b'~') => c.literal8().map(|bytes| Some(bytes.to_vec())),
        _ if c.eat_word(b"NIL") => Ok(None),
        _ => Err(Stop::Bad("A value is a string, or NIL")),
    }
}
