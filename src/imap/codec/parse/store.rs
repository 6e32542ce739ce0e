//! STORE, and the flags that STORE and APPEND carry.

use super::spaced;
use crate::imap::codec::RefusalCode;
use crate::imap::codec::cursor::{Cursor, Parsed, Stop};
use crate::imap::command::{By, FlagChange, FlagNames, Store};
use crate::types::{Flags, Keyword, ModSeq, SystemFlag};

/// ```abnf
/// store          = "STORE" SP sequence-set [store-modifiers] SP store-att-flags
/// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
/// ```
/// RFC 7162 §7: `store-modifiers = SP "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"`
pub(super) fn store(c: &mut Cursor<'_>, by: By) -> Parsed<Store> {
    let set = spaced(c, Cursor::message_set)?;
    c.space()?;
    let mut unchanged_since = None;
    if c.peek() == Some(b'(') {
        c.list(|c| {
            if !c.eat_word(b"UNCHANGEDSINCE") {
                return Err(Stop::Bad("Unknown STORE modifier"));
            }
            unchanged_since = Some(ModSeq(spaced(c, Cursor::number64)?));
            Ok(())
        })?;
        c.space()?;
    }
    let change = match c.peek() {
        Some(b'+') => FlagChange::Add,
        Some(b'-') => FlagChange::Remove,
        _ => FlagChange::Replace,
    };
    let _sign = c.eat(b'+') || c.eat(b'-');
    let silent = match c.word().to_ascii_uppercase().as_slice() {
        b"FLAGS" => false,
        b"FLAGS.SILENT" => true,
        _ => return Err(Stop::Bad("STORE knows FLAGS, +FLAGS and -FLAGS")),
    };
    c.space()?;
    let flags = if c.peek() == Some(b'(') { flag_list(c)? } else { bare_flags(c)? };
    Ok(Store { by, set, unchanged_since, change, silent, flags })
}

fn bare_flags(c: &mut Cursor<'_>) -> Parsed<FlagNames> {
    let mut flags = FlagNames::default();
    loop {
        flag(c, &mut flags)?;
        if !c.space_and_more() {
            return Ok(flags);
        }
    }
}

/// `flag-list = "(" [flag *(SP flag)] ")"`
pub(super) fn flag_list(c: &mut Cursor<'_>) -> Parsed<FlagNames> {
    let mut flags = FlagNames::default();
    c.list(|c| flag(c, &mut flags))?;
    Ok(flags)
}

/// ```abnf
/// flag           = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword
///                  ; does not include "\Recent"
/// ```
fn flag(c: &mut Cursor<'_>, flags: &mut FlagNames) -> Parsed<()> {
    if c.eat(b'\\') {
        let name = c.atom()?;
        let known = SystemFlag::ALL.into_iter().find(|f| f.as_str()[1..].eq_ignore_ascii_case(name));
        let known = known.ok_or(Stop::Bad("There is no such system flag"))?;
        flags.system = flags.system.union(Flags::of(known));
        return Ok(());
    }
    let keyword =
        Keyword::new(c.atom()?).map_err(|_| Stop::No(RefusalCode::Limit, "The keyword is too long"))?;
    if !flags.keywords.contains(&keyword) {
        // Nothing holds more than Flags::KEYWORD_BITS of them; this keeps the search above short.
        if flags.keywords.len() == 256 {
            return Err(Stop::No(RefusalCode::Limit, "There are too many keywords"));
        }
        flags.keywords.push(keyword);
    }
    Ok(())
}
