//! LIST with the options of RFC 5258, RFC 5819 and RFC 6154.

use super::metadata::entries;
use super::{spaced, status_items};
use crate::imap::codec::cursor::{Cursor, Parsed, Stop};
use crate::imap::command::{List, ListReturn, ListSelect};

/// ```abnf
/// list           = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
/// mbox-or-pat    = list-mailbox / patterns
/// patterns       = "(" list-mailbox *(SP list-mailbox) ")"
/// ```
pub(super) fn list(c: &mut Cursor<'_>) -> Parsed<List> {
    let mut list = List::default();
    c.space()?;
    if c.peek() == Some(b'(') {
        list.extended = true;
        list.select = select_options(c)?;
        c.space()?;
    }
    list.reference = c.reference()?;
    c.space()?;
    if c.peek() == Some(b'(') {
        list.extended = true;
        let mut any = false;
        c.list(|c| {
            any = true;
            pattern(c, &mut list.patterns)
        })?;
        if !any {
            return Err(Stop::Bad("LIST without a pattern"));
        }
    } else {
        pattern(c, &mut list.patterns)?;
    }
    if c.space_and_more() {
        list.extended = true;
        list.returns = return_options(c)?;
    }
    Ok(list)
}

/// RFC 9051 §6.3.9: a pattern that no name can match, such as one in broken modified UTF-7, is ignored.
fn pattern(c: &mut Cursor<'_>, patterns: &mut Vec<String>) -> Parsed<()> {
    match c.pattern() {
        Ok(pattern) => patterns.push(pattern),
        Err(Stop::No(..)) => {}
        Err(stop) => return Err(stop),
    }
    Ok(())
}

/// ```abnf
/// list-select-opts = "(" [(*(list-select-opt SP) list-select-base-opt *(SP list-select-opt))
///                    / (list-select-independent-opt *(SP list-select-independent-opt))] ")"
/// ```
fn select_options(c: &mut Cursor<'_>) -> Parsed<ListSelect> {
    let mut options = ListSelect::default();
    c.list(|c| {
        match c.word().to_ascii_uppercase().as_slice() {
            b"SUBSCRIBED" => options.subscribed = true,
            b"REMOTE" => options.remote = true,
            b"RECURSIVEMATCH" => options.recursive_match = true,
            b"SPECIAL-USE" => options.special_use = true,
            _ => return Err(Stop::Bad("Unknown LIST selection option")),
        }
        Ok(())
    })?;
    // RFC 5258 §3.1: it modifies SUBSCRIBED (RFC 6154 §2: or SPECIAL-USE), and means nothing alone.
    if options.recursive_match && !options.subscribed && !options.special_use {
        return Err(Stop::Bad("RECURSIVEMATCH needs another selection option"));
    }
    Ok(options)
}

/// ```abnf
/// list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
/// ```
/// RFC 8440 §5: `"MYRIGHTS"`, RFC 9590: `"METADATA" SP entries`,
/// RFC 5819 §3: `status-option = "STATUS" SP "(" status-att *(SP status-att) ")"`
fn return_options(c: &mut Cursor<'_>) -> Parsed<ListReturn> {
    let mut options = ListReturn::default();
    if !c.eat_word(b"RETURN") {
        return Err(Stop::Bad("After the pattern only RETURN follows"));
    }
    c.space()?;
    c.list(|c| {
        match c.word().to_ascii_uppercase().as_slice() {
            b"SUBSCRIBED" => options.subscribed = true,
            b"CHILDREN" => options.children = true,
            b"SPECIAL-USE" => options.special_use = true,
            b"STATUS" => options.status = spaced(c, status_items)?,
            b"MYRIGHTS" => options.my_rights = true,
            b"METADATA" => {
                c.space()?;
                entries(c, &mut options.metadata)?;
            }
            _ => return Err(Stop::Bad("Unknown LIST return option")),
        }
        Ok(())
    })?;
    Ok(options)
}
