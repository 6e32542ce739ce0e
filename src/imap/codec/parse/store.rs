//! STORE and APPEND: the commands that carry flags.

use super::spaced;
use crate::imap::codec::cursor::{Cursor, Parsed, Stop};
use crate::imap::codec::{RefusalCode, Utf8Mode};
use crate::imap::command::{
    Append, AppendMessage, By, FlagChange, FlagNames, Literal, LiteralForm, Store, Tag,
};
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
fn flag_list(c: &mut Cursor<'_>) -> Parsed<FlagNames> {
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

/// ```abnf
/// append         = "APPEND" SP mailbox 1*append-message
/// ```
/// up to the head of the first message.
pub(super) fn append(c: &mut Cursor<'_>, tag: Tag) -> Parsed<Append> {
    let mailbox = spaced(c, Cursor::mailbox)?;
    c.space()?;
    Ok(Append { tag, mailbox, message: append_message(c)? })
}

/// ```abnf
/// append-message = append-opts SP append-data
/// append-opts    = [SP flag-list] [SP date-time]
/// append-data    = literal / literal8
/// literal8       = "~{" number64 ["+"] "}" CRLF *OCTET
/// ```
/// RFC 6855 §4: `append-data =/ "UTF8" SP "(" literal8 ")"`
fn append_message(c: &mut Cursor<'_>) -> Parsed<AppendMessage> {
    const NO_MESSAGE: Stop = Stop::Bad("APPEND needs a message, sent as a literal");
    let mut flags = FlagNames::default();
    if c.peek() == Some(b'(') {
        flags = flag_list(c)?;
        c.space()?;
    }
    let mut internal_date = None;
    if c.peek() == Some(b'"') {
        internal_date = Some(c.date_time()?);
        c.space()?;
    }
    let form = match c.peek() {
        Some(b'{') => LiteralForm::Plain,
        Some(b'~') => LiteralForm::Binary,
        Some(b'U' | b'u') => LiteralForm::Utf8,
        _ => return Err(NO_MESSAGE),
    };
    if form == LiteralForm::Utf8 {
        if !c.eat_word(b"UTF8") {
            return Err(NO_MESSAGE);
        }
        // RFC 6855 §4: only after ENABLE UTF8=ACCEPT.
        if c.utf8 != Utf8Mode::Accept {
            return Err(Stop::Bad("APPEND UTF8 needs ENABLE UTF8=ACCEPT first"));
        }
        c.space()?;
        c.expect(b'(', "UTF8 takes a literal in parentheses")?;
        c.skip_spaces();
    }
    if form != LiteralForm::Plain {
        c.expect(b'~', "UTF8 takes a binary literal")?;
    }
    let head = c.literal_head_at_end()?.ok_or(NO_MESSAGE)?;
    let literal = Literal { size: head.size, synchronising: head.synchronising, form };
    Ok(AppendMessage { flags, internal_date, literal })
}
