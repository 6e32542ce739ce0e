//! BODY and BODYSTRUCTURE (RFC 9051 §7.5.2, RFC 3501 §7.4.2) in wire form.
//!
//! Types and parameter names are in lower case, values as the sender wrote them. A multipart without
//! any part is shown as the text that it is: the grammar has no empty multipart. A nested message
//! that was not looked into (encoded, or past a limit) is shown with an empty envelope.

use super::SectionKind;
use super::entity::Entity;
use super::parameter::Parameters;
use super::wire::{nstring, number, string};

/// What the writer needs of a section.
pub(super) struct Shape<'a> {
    pub entity: &'a Entity,
    pub kind: SectionKind,
    pub envelope: &'a [u8],
    pub size: u64,
    pub lines: u64,
    /// Sections directly inside, in order.
    pub children: &'a [usize],
}

/// Writes the section `index`, with extension data for BODYSTRUCTURE.
pub(super) fn write<'a>(
    out: &mut Vec<u8>,
    shape: &impl Fn(usize) -> Shape<'a>,
    index: usize,
    extended: bool,
) {
    let own = shape(index);
    out.push(b'(');
    match own.kind {
        SectionKind::Multipart => {
            for &child in own.children {
                write(out, shape, child, extended);
            }
            let subtype = own.entity.media_type.split_once('/').map_or("mixed", |(_, s)| s);
            out.push(b' ');
            string(out, subtype.as_bytes());
            if extended {
                out.push(b' ');
                parameters(out, &own.entity.parameters, None);
                tail(out, own.entity);
            }
        }
        SectionKind::Message | SectionKind::Leaf => {
            fields(out, &own);
            if own.entity.is_message() {
                out.push(b' ');
                if let Some(&inner) = own.children.first().filter(|_| own.kind == SectionKind::Message) {
                    out.extend_from_slice(shape(inner).envelope);
                    out.push(b' ');
                    write(out, shape, inner, extended);
                } else {
                    out.extend_from_slice(b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ");
                    out.extend_from_slice(
                        b"(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)",
                    );
                }
            }
            if own.entity.is_message() || is_text(own.entity) {
                out.push(b' ');
                number(out, own.lines);
            }
            if extended {
                out.push(b' ');
                nstring(out, own.entity.md5.as_deref());
                tail(out, own.entity);
            }
        }
    }
    out.push(b')');
}

fn is_text(entity: &Entity) -> bool {
    entity.is_multipart() || entity.media_type.starts_with("text/")
}

/// Type, subtype, parameters, id, description, encoding, size.
fn fields(out: &mut Vec<u8>, own: &Shape<'_>) {
    let entity = own.entity;
    if entity.is_multipart() {
        out.extend_from_slice(b"\"text\" \"plain\" (\"charset\" \"us-ascii\")");
    } else {
        let (media, subtype) = entity.media_type.split_once('/').unwrap_or(("text", "plain"));
        string(out, media.as_bytes());
        out.push(b' ');
        string(out, subtype.as_bytes());
        out.push(b' ');
        parameters(out, &entity.parameters, default_charset(entity));
    }
    out.push(b' ');
    nstring(out, entity.id.as_deref());
    out.push(b' ');
    nstring(out, entity.description.as_deref());
    out.push(b' ');
    match &entity.encoding_word {
        Some(word) if !word.is_empty() && !entity.is_multipart() => string(out, &word.to_ascii_lowercase()),
        _ => string(out, b"7bit"),
    }
    out.push(b' ');
    number(out, own.size);
}

/// Disposition, languages, location.
fn tail(out: &mut Vec<u8>, entity: &Entity) {
    out.push(b' ');
    match &entity.disposition {
        Some((word, list)) => {
            out.push(b'(');
            string(out, word);
            out.push(b' ');
            parameters(out, list, None);
            out.push(b')');
        }
        None => out.extend_from_slice(b"NIL"),
    }
    out.push(b' ');
    if entity.languages.is_empty() {
        out.extend_from_slice(b"NIL");
    } else {
        let mut before = b'(';
        for language in &entity.languages {
            out.push(before);
            string(out, language);
            before = b' ';
        }
        out.push(b')');
    }
    out.push(b' ');
    nstring(out, entity.location.as_deref());
}

/// The charset of a text that names none (RFC 2045 §5.2, RFC 2046 §4.1.2), as other servers show it.
fn default_charset(entity: &Entity) -> Option<&'static str> {
    let named = entity.parameters.list.iter().any(|p| p.name.trim_end_matches('*') == "charset");
    (entity.media_type.starts_with("text/") && !named).then_some("us-ascii")
}

/// `("name" "value" …)`, then the charset if one is given; NIL for nothing.
fn parameters(out: &mut Vec<u8>, parameters: &Parameters, charset: Option<&str>) {
    let own = parameters.list.iter().map(|p| (p.name.as_str(), p.value.as_slice()));
    let mut before = b'(';
    for (name, value) in own.chain(charset.map(|charset| ("charset", charset.as_bytes()))) {
        out.push(before);
        string(out, name.as_bytes());
        out.push(b' ');
        string(out, value);
        before = b' ';
    }
    if before == b'(' { out.extend_from_slice(b"NIL") } else { out.push(b')') }
}
