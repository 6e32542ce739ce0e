//! APPEND with MULTIAPPEND, CATENATE and UTF8, and REPLACE: what stands before, between and behind the
//! literals (RFC 9051 §6.3.12, RFC 3502, RFC 4469, RFC 6855 §4, RFC 8508).

use super::spaced;
use super::store::flag_list;
use crate::imap::codec::Utf8Mode;
use crate::imap::codec::cursor::{Cursor, Parsed, Stop};
use crate::imap::command::{
    Append, AppendMessage, AppendStep, By, FlagNames, Literal, LiteralForm, Replaced, Tag,
};

const NO_MESSAGE: Stop = Stop::Bad("APPEND needs a message, sent as a literal");

/// In what a literal stands that is being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap::codec) enum Inside {
    /// It is the message.
    Message,
    /// `UTF8 (` … `)`
    Utf8,
    /// `CATENATE (TEXT` … `)`
    Catenate,
    /// `CATENATE (UTF8 (` … `)` … `)` (RFC 6855 §4)
    CatenateUtf8,
}

/// How many messages a command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap::codec) enum Messages {
    /// REPLACE
    One,
    /// APPEND
    Many,
}

/// ```abnf
/// append         = "APPEND" SP mailbox 1*append-message
/// ```
/// up to the first literal.
pub(super) fn append(c: &mut Cursor<'_>, tag: Tag) -> Parsed<(Append, Inside)> {
    let mailbox = spaced(c, Cursor::mailbox)?;
    let mut steps = Vec::new();
    let inside = messages(c, Messages::Many, &mut steps)?;
    Ok((Append { tag, mailbox, replaces: None, steps }, inside))
}

/// RFC 8508 §5: `replace = "REPLACE" SP seq-number SP mailbox append-message`
pub(super) fn replace(c: &mut Cursor<'_>, tag: Tag, by: By) -> Parsed<(Append, Inside)> {
    let message = spaced(c, Cursor::seq_number)?;
    let mailbox = spaced(c, Cursor::mailbox)?;
    let mut steps = Vec::new();
    let inside = messages(c, Messages::One, &mut steps)?;
    Ok((Append { tag, mailbox, replaces: Some(Replaced { by, message }), steps }, inside))
}

/// What follows a literal, up to the next one or to the end of the command.
pub(in crate::imap::codec) fn tail(
    c: &mut Cursor<'_>,
    inside: Inside,
    many: Messages,
) -> Parsed<(Vec<AppendStep>, Inside)> {
    let mut steps = Vec::new();
    match inside {
        Inside::Message => {}
        Inside::Utf8 => utf8_end(c)?,
        Inside::Catenate | Inside::CatenateUtf8 => {
            if inside == Inside::CatenateUtf8 {
                utf8_end(c)?;
            }
            if let Some(inside) = parts(c, &mut steps)? {
                return Ok((steps, inside));
            }
        }
    }
    steps.push(AppendStep::MessageEnd);
    if many == Messages::Many && c.space_and_more() {
        c.unread_space();
        let inside = messages(c, many, &mut steps)?;
        return Ok((steps, inside));
    }
    c.skip_spaces();
    if !c.at_end() {
        return Err(Stop::Bad("After the message nothing more was expected"));
    }
    steps.push(AppendStep::End);
    Ok((steps, inside))
}

/// ```abnf
/// append-message = [SP flag-list] [SP date-time] SP append-data
/// append-data    = literal / literal8 / "CATENATE" SP "(" cat-part *(SP cat-part) ")"
/// literal8       = "~{" number64 ["+"] "}" CRLF *OCTET
/// ```
/// RFC 6855 §4: `append-data =/ "UTF8" SP "(" literal8 ")"`
fn messages(c: &mut Cursor<'_>, many: Messages, steps: &mut Vec<AppendStep>) -> Parsed<Inside> {
    loop {
        c.space()?;
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
        steps.push(AppendStep::Message(AppendMessage { flags, internal_date }));
        match c.peek() {
            Some(b'{') => return literal(c, LiteralForm::Plain, steps).map(|()| Inside::Message),
            Some(b'~') => return literal(c, LiteralForm::Binary, steps).map(|()| Inside::Message),
            _ => {}
        }
        if c.eat_word(b"UTF8") {
            return utf8_literal(c, steps).map(|()| Inside::Utf8);
        }
        if !c.eat_word(b"CATENATE") {
            return Err(NO_MESSAGE);
        }
        c.space()?;
        c.expect(b'(', "CATENATE takes a list in parentheses")?;
        if c.eat(b')') {
            return Err(Stop::Bad("CATENATE without anything to catenate"));
        }
        if let Some(inside) = parts(c, steps)? {
            return Ok(inside);
        }
        steps.push(AppendStep::MessageEnd);
        if many == Messages::One || !c.space_and_more() {
            c.end()?;
            steps.push(AppendStep::End);
            return Ok(Inside::Catenate);
        }
        c.unread_space();
    }
}

/// `*(SP cat-part) ")"`, or up to a literal: then in what that stands.
///
/// ```abnf
/// cat-part       = text-literal / url / utf8-literal
/// text-literal   = "TEXT" SP literal
/// url            = "URL" SP astring
/// ```
fn parts(c: &mut Cursor<'_>, steps: &mut Vec<AppendStep>) -> Parsed<Option<Inside>> {
    loop {
        c.skip_spaces();
        if c.eat(b')') {
            return Ok(None);
        }
        if steps.len() >= c.limits.list {
            return Err(Stop::Bad("The list is too long"));
        }
        if c.eat_word(b"URL") {
            steps.push(AppendStep::Url(spaced(c, Cursor::text)?));
        } else if c.eat_word(b"TEXT") {
            c.space()?;
            let form = if c.peek() == Some(b'~') { LiteralForm::Binary } else { LiteralForm::Plain };
            return literal(c, form, steps).map(|()| Some(Inside::Catenate));
        } else if c.eat_word(b"UTF8") {
            return utf8_literal(c, steps).map(|()| Some(Inside::CatenateUtf8));
        } else {
            return Err(Stop::Bad("CATENATE knows TEXT, UTF8 and URL"));
        }
    }
}

/// RFC 6855 §4: `utf8-literal = "UTF8" SP "(" literal8 ")"`, behind the word and up to the literal; only after
/// ENABLE UTF8=ACCEPT.
fn utf8_literal(c: &mut Cursor<'_>, steps: &mut Vec<AppendStep>) -> Parsed<()> {
    if c.utf8 != Utf8Mode::Accept {
        return Err(Stop::Bad("UTF8 needs ENABLE UTF8=ACCEPT first"));
    }
    c.space()?;
    c.expect(b'(', "UTF8 takes a literal in parentheses")?;
    c.skip_spaces();
    literal(c, LiteralForm::Utf8, steps)
}

fn utf8_end(c: &mut Cursor<'_>) -> Parsed<()> {
    c.skip_spaces();
    c.expect(b')', "UTF8 takes one literal in parentheses")
}

/// The head of a literal, which ends what has come.
fn literal(c: &mut Cursor<'_>, form: LiteralForm, steps: &mut Vec<AppendStep>) -> Parsed<()> {
    if form != LiteralForm::Plain {
        c.expect(b'~', "UTF8 takes a binary literal")?;
    }
    let head = c.literal_head_at_end()?.ok_or(NO_MESSAGE)?;
    steps.push(AppendStep::Literal(Literal { size: head.size, synchronising: head.synchronising, form }));
    Ok(())
}
