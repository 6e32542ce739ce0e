//! FETCH and what can be fetched.

use super::search::partial_range;
use super::spaced;
use crate::imap::codec::cursor::{Cursor, Parsed, Stop};
use crate::imap::command::{By, Fetch, FetchItem, FetchModifiers, Partial, Section, SectionText};
use crate::types::ModSeq;

/// Part numbers in one section; deeper than any message that is taken apart.
const PARTS_MAX: usize = 100;

const UNKNOWN: Stop = Stop::Bad("Unknown FETCH item");

/// ```abnf
/// fetch          = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" /
///                  fetch-att / "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]
/// ```
/// RFC 4466 §6: `fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")"`
pub(super) fn fetch(c: &mut Cursor<'_>, by: By) -> Parsed<Fetch> {
    let set = spaced(c, Cursor::message_set)?;
    c.space()?;
    let mut items = Vec::new();
    if c.peek() == Some(b'(') {
        c.list(|c| item_of(c, &mut items))?;
    } else {
        items_of(c, &mut items)?;
    }
    if items.is_empty() {
        return Err(Stop::Bad("FETCH without items"));
    }
    let modifiers = if c.space_and_more() { modifiers(c, by)? } else { FetchModifiers::default() };
    Ok(Fetch { by, set, items, modifiers })
}

/// RFC 7162 §7
/// ```abnf
/// chgsince-fetch-mod = "CHANGEDSINCE" SP mod-sequence-value   ; 0 is understood too, clients send it
/// rexpunges-fetch-mod = "VANISHED"                            ; UID FETCH, with CHANGEDSINCE
/// ```
/// RFC 9394 §4: `fetch-modifier =/ modifier-partial`
fn modifiers(c: &mut Cursor<'_>, by: By) -> Parsed<FetchModifiers> {
    let mut modifiers = FetchModifiers::default();
    c.list(|c| {
        match c.word().to_ascii_uppercase().as_slice() {
            b"CHANGEDSINCE" => modifiers.changed_since = Some(ModSeq(spaced(c, Cursor::number64)?)),
            b"VANISHED" if by == By::Uid => modifiers.vanished = true,
            b"VANISHED" => return Err(Stop::Bad("VANISHED is for UID FETCH")),
            b"PARTIAL" if by == By::Uid => modifiers.partial = Some(spaced(c, partial_range)?),
            b"PARTIAL" => return Err(Stop::Bad("PARTIAL is for UID FETCH")),
            _ => return Err(Stop::Bad("Unknown FETCH modifier")),
        }
        Ok(())
    })?;
    if modifiers.vanished && modifiers.changed_since.is_none() {
        return Err(Stop::Bad("VANISHED needs CHANGEDSINCE"));
    }
    if modifiers == FetchModifiers::default() {
        return Err(Stop::Bad("FETCH modifiers were expected"));
    }
    Ok(modifiers)
}

/// One item, or the items a macro stands for, which stands alone (RFC 9051 §6.4.5).
fn items_of(c: &mut Cursor<'_>, items: &mut Vec<FetchItem>) -> Parsed<()> {
    let fast = [FetchItem::Flags, FetchItem::InternalDate, FetchItem::Rfc822Size];
    if c.eat_word(b"FAST") {
        items.extend(fast);
    } else if c.eat_word(b"ALL") {
        items.extend(fast.into_iter().chain([FetchItem::Envelope]));
    } else if c.eat_word(b"FULL") {
        items.extend(fast.into_iter().chain([FetchItem::Envelope, FetchItem::Body]));
    } else {
        item_of(c, items)?;
    }
    Ok(())
}

/// One item. What is asked twice is answered once.
pub(super) fn item_of(c: &mut Cursor<'_>, items: &mut Vec<FetchItem>) -> Parsed<()> {
    let word = c.word().to_ascii_uppercase();
    let item = item(c, &word)?;
    if !items.contains(&item) {
        items.push(item);
    }
    Ok(())
}

/// ```abnf
/// fetch-att      = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822.SIZE" /
///                  "BODY" ["STRUCTURE"] / "UID" /
///                  "BODY" section [partial] / "BODY.PEEK" section [partial] /
///                  "BINARY" [".PEEK"] section-binary [partial] / "BINARY.SIZE" section-binary
/// ```
/// and of RFC 3501 `"RFC822" [".HEADER" / ".TEXT"]`, of RFC 7162 `"MODSEQ"`.
fn item(c: &mut Cursor<'_>, word: &[u8]) -> Parsed<FetchItem> {
    Ok(match word {
        b"UID" => FetchItem::Uid,
        b"FLAGS" => FetchItem::Flags,
        b"INTERNALDATE" => FetchItem::InternalDate,
        b"RFC822.SIZE" => FetchItem::Rfc822Size,
        b"ENVELOPE" => FetchItem::Envelope,
        b"BODYSTRUCTURE" => FetchItem::BodyStructure,
        b"MODSEQ" => FetchItem::ModSeq,
        b"SAVEDATE" => FetchItem::SaveDate,
        b"PREVIEW" => preview(c)?,
        b"EMAILID" => FetchItem::EmailId,
        b"THREADID" => FetchItem::ThreadId,
        b"RFC822" => FetchItem::Rfc822,
        b"RFC822.HEADER" => FetchItem::Rfc822Header,
        b"RFC822.TEXT" => FetchItem::Rfc822Text,
        b"BODY" if c.peek() != Some(b'[') => FetchItem::Body,
        b"BODY" | b"BODY.PEEK" => {
            FetchItem::Section { section: section(c)?, partial: partial(c)?, peek: word == b"BODY.PEEK" }
        }
        b"BINARY" | b"BINARY.PEEK" => {
            FetchItem::Binary { part: binary_part(c)?, partial: partial(c)?, peek: word == b"BINARY.PEEK" }
        }
        b"BINARY.SIZE" => FetchItem::BinarySize { part: binary_part(c)? },
        _ => return Err(UNKNOWN),
    })
}

/// RFC 8970 §6: `"PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"]`, `preview-mod = "LAZY"`
fn preview(c: &mut Cursor<'_>) -> Parsed<FetchItem> {
    if c.eat_ahead(b" (") {
        c.list_rest(
            |c| if c.eat_word(b"LAZY") { Ok(()) } else { Err(Stop::Bad("Unknown PREVIEW modifier")) },
        )?;
    }
    Ok(FetchItem::Preview)
}

/// ```abnf
/// section        = "[" [section-spec] "]"
/// section-spec   = section-msgtext / (section-part ["." section-text])
/// section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
/// section-text   = section-msgtext / "MIME"
/// ```
pub(super) fn section(c: &mut Cursor<'_>) -> Parsed<Section> {
    c.expect(b'[', "A section in brackets was expected")?;
    c.skip_spaces();
    let (part, more) = part(c)?;
    let text = if part.is_empty() || more { section_text(c, &part)? } else { SectionText::Whole };
    c.skip_spaces();
    c.expect(b']', "The section does not end")?;
    Ok(Section { part, text })
}

fn section_text(c: &mut Cursor<'_>, part: &[u32]) -> Parsed<SectionText> {
    Ok(match c.word().to_ascii_uppercase().as_slice() {
        b"" if part.is_empty() => SectionText::Whole,
        b"HEADER" => SectionText::Header,
        b"HEADER.FIELDS" => SectionText::HeaderFields(header_list(c)?),
        b"HEADER.FIELDS.NOT" => SectionText::HeaderFieldsNot(header_list(c)?),
        b"TEXT" => SectionText::Text,
        b"MIME" if !part.is_empty() => SectionText::Mime,
        _ => return Err(Stop::Bad("Unknown section")),
    })
}

/// `section-part = nz-number *("." nz-number)`, and whether a dot follows.
fn part(c: &mut Cursor<'_>) -> Parsed<(Vec<u32>, bool)> {
    let mut part = Vec::new();
    while c.peek().is_some_and(|b| b.is_ascii_digit()) {
        if part.len() == PARTS_MAX {
            return Err(Stop::Bad("The part number is too deep"));
        }
        part.push(c.nz_number()?);
        if !c.eat(b'.') {
            return Ok((part, false));
        }
    }
    let more = !part.is_empty();
    Ok((part, more))
}

/// `section-binary = "[" [section-part] "]"`
fn binary_part(c: &mut Cursor<'_>) -> Parsed<Vec<u32>> {
    c.expect(b'[', "A section in brackets was expected")?;
    let (part, more) = part(c)?;
    if more {
        return Err(Stop::Bad("The part number does not end"));
    }
    c.expect(b']', "The section does not end")?;
    Ok(part)
}

/// ```abnf
/// header-list    = "(" header-fld-name *(SP header-fld-name) ")"
/// header-fld-name = astring
/// ```
fn header_list(c: &mut Cursor<'_>) -> Parsed<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    c.space()?;
    c.list(|c| {
        let name = c.text()?;
        if name.is_empty() || !name.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err(Stop::Bad("A header field name holds odd characters"));
        }
        names.push(name);
        Ok(())
    })?;
    if names.is_empty() { Err(Stop::Bad("A list of header fields without fields")) } else { Ok(names) }
}

/// `partial = "<" number64 "." nz-number64 ">"`
fn partial(c: &mut Cursor<'_>) -> Parsed<Option<Partial>> {
    if !c.eat(b'<') {
        return Ok(None);
    }
    let offset = c.number64()?;
    c.expect(b'.', "A part of a section is written <from.length>")?;
    let length = c.number64()?;
    c.expect(b'>', "A part of a section is written <from.length>")?;
    if length == 0 {
        return Err(Stop::Bad("A part of a section has at least one octet"));
    }
    Ok(Some(Partial { offset, length }))
}
