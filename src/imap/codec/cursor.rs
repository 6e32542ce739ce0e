//! The words of the grammar: atoms, strings, literals, numbers, sets, dates (RFC 9051 §9).
//!
//! A cursor reads one command from a contiguous buffer: its lines, and the literals between them,
//! as they came. Clients that write more spaces than the grammar asks for are understood.

use std::borrow::Cow;

use jiff::civil::{Date, Time};

use super::{Limits, RefusalCode, Utf8Mode};
use crate::imap::command::{MessageSet, SequenceSet};
use crate::imap::utf7;
use crate::types::MailboxName;

/// Why parsing ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The grammar was broken: BAD.
    Bad(&'static str),
    /// Understood, but cannot be: NO.
    No(RefusalCode, &'static str),
    /// As `No`, of a search that was to be saved (RFC 5182 §2.1).
    NotSaved(RefusalCode, &'static str),
    /// The buffer ends with the head of a literal that is still to be read.
    Literal,
}

pub(super) type Parsed<T> = Result<T, Stop>;

/// The head of a literal, `{310}`, `{310+}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Saturates: a number too long to write is too big anyway.
    pub size: u64,
    pub synchronising: bool,
}

pub(super) struct Cursor<'a> {
    input: &'a [u8],
    pos: usize,
    /// The buffer ends behind a literal's head.
    prefix: bool,
    pub limits: &'a Limits,
    pub utf8: Utf8Mode,
}

/// `ATOM-CHAR = <any CHAR except "(" / ")" / "{" / SP / CTL / "%" / "*" / DQUOTE / "\" / "]">`
pub(super) fn is_atom_char(b: u8) -> bool {
    b.is_ascii_graphic() && !matches!(b, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// `ASTRING-CHAR = ATOM-CHAR / resp-specials`
pub(super) fn is_astring_char(b: u8) -> bool {
    is_atom_char(b) || b == b']'
}

/// `list-char = ATOM-CHAR / list-wildcards / resp-specials`
fn is_list_char(b: u8) -> bool {
    is_astring_char(b) || matches!(b, b'%' | b'*')
}

impl<'a> Cursor<'a> {
    /// Over one command, without its last line end unless `prefix`.
    pub fn new(input: &'a [u8], prefix: bool, limits: &'a Limits, utf8: Utf8Mode) -> Self {
        Self { input, pos: 0, prefix, limits, utf8 }
    }

    pub fn peek(&self) -> Option<u8> {
        self.input.get(self.pos).copied()
    }

    fn rest(&self) -> &'a [u8] {
        &self.input[self.pos..]
    }

    /// Whether the buffer is used up; a literal that is still to come counts as more.
    pub fn at_end(&self) -> bool {
        self.pos == self.input.len()
    }

    /// One byte, if it is next.
    pub fn eat(&mut self, b: u8) -> bool {
        let there = self.peek() == Some(b);
        self.pos += usize::from(there);
        there
    }

    /// Whether a list is next whose first member is a word, not a name with a slash or a string.
    pub fn is_word_list(&self) -> bool {
        let behind = self.rest().strip_prefix(b"(").unwrap_or_default().trim_ascii_start();
        behind.first().is_some_and(u8::is_ascii_alphabetic)
    }

    /// These bytes, if they are next.
    pub fn eat_ahead(&mut self, bytes: &[u8]) -> bool {
        let there = self.rest().starts_with(bytes);
        self.pos += if there { bytes.len() } else { 0 };
        there
    }

    pub fn expect(&mut self, b: u8, otherwise: &'static str) -> Parsed<()> {
        if self.eat(b) { Ok(()) } else { Err(Stop::Bad(otherwise)) }
    }

    pub fn skip_spaces(&mut self) {
        while self.eat(b' ') {}
    }

    /// `SP`, or several.
    pub fn space(&mut self) -> Parsed<()> {
        self.expect(b' ', "A space was expected")?;
        self.skip_spaces();
        Ok(())
    }

    /// Spaces with something behind them.
    pub fn space_and_more(&mut self) -> bool {
        let start = self.pos;
        self.skip_spaces();
        if self.pos > start && !self.at_end() {
            return true;
        }
        self.pos = start;
        false
    }

    /// Back before a space that was skipped.
    pub fn unread_space(&mut self) {
        self.pos -= 1;
    }

    /// Spaces and this word, in any case, if they are next.
    pub fn eat_ahead_word(&mut self, word: &[u8]) -> bool {
        let start = self.pos;
        self.skip_spaces();
        if self.pos > start && self.eat_word(word) {
            return true;
        }
        self.pos = start;
        false
    }

    /// The end of the command; trailing spaces are forgiven.
    pub fn end(&mut self) -> Parsed<()> {
        self.skip_spaces();
        if self.at_end() { Ok(()) } else { Err(Stop::Bad("Too many arguments")) }
    }

    fn take_while(&mut self, is: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let n = rest.iter().position(|&b| !is(b)).unwrap_or(rest.len());
        self.pos += n;
        &rest[..n]
    }

    /// `atom = 1*ATOM-CHAR`
    pub fn atom(&mut self) -> Parsed<&'a str> {
        let bytes = self.take_while(is_atom_char);
        match std::str::from_utf8(bytes) {
            Ok(atom) if !atom.is_empty() => Ok(atom),
            _ => Err(Stop::Bad("A word was expected")),
        }
    }

    /// A word of letters, digits, dots and hyphens, as items and keys are: stops at `[`, `<`.
    pub fn word(&mut self) -> &'a [u8] {
        self.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
    }

    /// The word `word` in any case, if it is next and ends there.
    pub fn eat_word(&mut self, word: &[u8]) -> bool {
        let start = self.pos;
        if self.word().eq_ignore_ascii_case(word) {
            return true;
        }
        self.pos = start;
        false
    }

    /// ```abnf
    /// quoted         = DQUOTE *QUOTED-CHAR DQUOTE
    /// QUOTED-CHAR    = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials / UTF8-2 / UTF8-3 / UTF8-4
    /// ```
    /// Before ENABLE 8-bit bytes are let through here; who makes text of them checks them. After it what is quoted
    /// is UTF-8, or BAD (RFC 6855 §3).
    fn quoted(&mut self) -> Parsed<Cow<'a, [u8]>> {
        self.expect(b'"', "A quoted string was expected")?;
        let rest = self.rest();
        let mut unescaped: Option<Vec<u8>> = None;
        let mut from = 0;
        let mut i = 0;
        loop {
            match rest.get(i) {
                Some(b'"') => break,
                Some(b'\\') => {
                    if !matches!(rest.get(i + 1), Some(b'"' | b'\\')) {
                        return Err(Stop::Bad("In a quoted string only \\ and \" follow a backslash"));
                    }
                    unescaped.get_or_insert_default().extend_from_slice(&rest[from..i]);
                    from = i + 1;
                    i += 2;
                }
                Some(b'\r' | b'\n' | 0) | None => return Err(Stop::Bad("A quoted string does not end")),
                Some(_) => i += 1,
            }
        }
        self.pos += i + 1;
        if self.utf8 != Utf8Mode::Off && std::str::from_utf8(&rest[..i]).is_err() {
            return Err(Stop::Bad("A quoted string is not UTF-8"));
        }
        Ok(match unescaped {
            None => Cow::Borrowed(&rest[..i]),
            Some(mut text) => {
                text.extend_from_slice(&rest[from..i]);
                Cow::Owned(text)
            }
        })
    }

    /// ```abnf
    /// literal        = "{" number64 ["+"] "}" CRLF *CHAR8
    /// ```
    fn literal(&mut self) -> Parsed<&'a [u8]> {
        let bytes = self.literal_octets()?;
        if memchr::memchr(0, bytes).is_some() {
            return Err(Stop::Bad("A literal may not hold NUL here"));
        }
        Ok(bytes)
    }

    /// `literal8 = "~{" number64 ["+"] "}" CRLF *OCTET`
    pub fn literal8(&mut self) -> Parsed<&'a [u8]> {
        self.expect(b'~', "A binary literal was expected")?;
        self.literal_octets()
    }

    fn literal_octets(&mut self) -> Parsed<&'a [u8]> {
        let head = self.literal_head()?;
        let rest = self.rest();
        let bytes = usize::try_from(head.size)
            .ok()
            .and_then(|n| rest.get(..n))
            .ok_or(Stop::Bad("A literal is incomplete"))?;
        self.pos += bytes.len();
        Ok(bytes)
    }

    fn literal_head(&mut self) -> Parsed<Head> {
        let head = self.literal_head_at_end()?;
        match head {
            Some(_) => Err(Stop::Literal),
            None => self.read_literal_head(),
        }
    }

    /// The head that ends the buffer, if that is what comes next.
    pub fn literal_head_at_end(&mut self) -> Parsed<Option<Head>> {
        let start = self.pos;
        let head = self.read_literal_head()?;
        if self.prefix && self.at_end() {
            return Ok(Some(head));
        }
        self.pos = start;
        Ok(None)
    }

    fn read_literal_head(&mut self) -> Parsed<Head> {
        const BROKEN: Stop = Stop::Bad("The head of a literal is broken");
        if !self.eat(b'{') {
            return Err(BROKEN);
        }
        let digits = self.take_while(|b| b.is_ascii_digit());
        let synchronising = !(self.eat(b'+') || self.eat(b'-'));
        if digits.is_empty() || !self.eat(b'}') {
            return Err(BROKEN);
        }
        self.eat(b'\r');
        if self.eat(b'\n') { Ok(Head { size: saturating(digits), synchronising }) } else { Err(BROKEN) }
    }

    /// `string = quoted / literal`
    pub fn string(&mut self) -> Parsed<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => self.literal().map(Cow::Borrowed),
            _ => Err(Stop::Bad("A string was expected")),
        }
    }

    /// `astring = 1*ASTRING-CHAR / string`
    pub fn astring(&mut self) -> Parsed<Cow<'a, [u8]>> {
        self.string_or(is_astring_char)
    }

    fn string_or(&mut self, is: impl Fn(u8) -> bool) -> Parsed<Cow<'a, [u8]>> {
        if matches!(self.peek(), Some(b'"' | b'{')) {
            return self.string();
        }
        match self.take_while(is) {
            [] => Err(Stop::Bad("A word or a string was expected")),
            bytes => Ok(Cow::Borrowed(bytes)),
        }
    }

    /// An `astring` that has to be text.
    pub fn text(&mut self) -> Parsed<String> {
        self.astring().and_then(utf8)
    }

    /// `nstring = string / nil`, and atoms for those who forget the quotes.
    pub fn nstring(&mut self) -> Parsed<Option<String>> {
        if self.eat_word(b"NIL") { Ok(None) } else { self.text().map(Some) }
    }

    /// `mailbox = "INBOX" / astring`
    pub fn mailbox(&mut self) -> Parsed<MailboxName> {
        self.mailbox_as_supplied().map(|(name, _)| name)
    }

    /// A mailbox, and how the client spelled it where that is in UTF-8 and another spelling of the name.
    pub fn mailbox_as_supplied(&mut self) -> Parsed<(MailboxName, Option<String>)> {
        let bytes = self.astring()?;
        let text = self.name_text(&bytes)?;
        let name = MailboxName::new(&text).map_err(|_| {
            Stop::No(
                RefusalCode::Cannot,
                "No mailbox can have this name: it is empty, too long or holds odd characters",
            )
        })?;
        let supplied = std::str::from_utf8(&bytes).ok().filter(|_| self.utf8 != Utf8Mode::Off);
        // A delimiter at the end is no spelling: it says that there will be names below (RFC 9051 §6.3.4).
        let supplied = supplied.map(|text| text.strip_suffix('/').unwrap_or(text));
        let supplied = supplied.filter(|text| *text != name.as_str()).map(str::to_owned);
        Ok((name, supplied))
    }

    /// A mailbox, or the empty string, which means something else.
    pub fn mailbox_or_empty(&mut self) -> Parsed<Option<MailboxName>> {
        let start = self.pos;
        if self.astring()?.is_empty() {
            return Ok(None);
        }
        self.pos = start;
        self.mailbox().map(Some)
    }

    /// The reference of LIST: like a name, but anything goes.
    pub fn reference(&mut self) -> Parsed<String> {
        let bytes = self.astring()?;
        self.name_text(&bytes)
    }

    /// `list-mailbox = 1*list-char / string`
    pub fn pattern(&mut self) -> Parsed<String> {
        let bytes = self.string_or(is_list_char)?;
        self.name_text(&bytes)
    }

    fn name_text(&self, bytes: &[u8]) -> Parsed<String> {
        use unicode_normalization::UnicodeNormalization;
        match self.utf8 {
            Utf8Mode::Off => utf7::decode(bytes)
                .map_err(|_| Stop::No(RefusalCode::Cannot, "The mailbox name is not valid modified UTF-7")),
            Utf8Mode::Rev2 | Utf8Mode::Accept => std::str::from_utf8(bytes)
                .map(str::to_owned)
                .map_err(|_| Stop::No(RefusalCode::Cannot, "The mailbox name is not valid UTF-8")),
        }
        .map(|name| if name.is_ascii() { name } else { name.nfc().collect() })
    }

    /// `number64 = 1*DIGIT`, below 2^63
    pub fn number64(&mut self) -> Parsed<u64> {
        const WRONG: Stop = Stop::Bad("A number was expected, or it is too large");
        match self.take_while(|b| b.is_ascii_digit()) {
            [] => Err(WRONG),
            digits => Some(saturating(digits)).filter(|&n| i64::try_from(n).is_ok()).ok_or(WRONG),
        }
    }

    /// `nz-number = digit-nz *DIGIT`, below 2^32
    pub fn nz_number(&mut self) -> Parsed<u32> {
        let n = self.number64()?;
        u32::try_from(n).ok().filter(|&n| n > 0).ok_or(Stop::Bad("The number is out of range"))
    }

    /// `"(" [x *(SP x)] ")"`, with spaces anywhere.
    pub fn list(&mut self, member: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<()> {
        self.expect(b'(', "A list in parentheses was expected")?;
        self.list_rest(member)
    }

    /// A list whose parenthesis was eaten.
    pub fn list_rest(&mut self, mut member: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<()> {
        let mut count = 0;
        loop {
            self.skip_spaces();
            if self.eat(b')') {
                return Ok(());
            }
            count += 1;
            if count > self.limits.list {
                return Err(Stop::Bad("The list is too long"));
            }
            member(self)?;
            if !matches!(self.peek(), Some(b' ' | b')')) {
                return Err(Stop::Bad("The list in parentheses does not end"));
            }
        }
    }

    /// ```abnf
    /// sequence-set   = (seq-number / seq-range) ["," sequence-set] / seq-last-command
    /// seq-range      = seq-number ":" seq-number
    /// seq-number     = nz-number / "*"
    /// ```
    pub fn message_set(&mut self) -> Parsed<MessageSet> {
        if self.eat(b'$') {
            return Ok(MessageSet::Saved);
        }
        let mut set = SequenceSet::default();
        loop {
            let from = self.seq_number()?;
            let to = if self.eat(b':') { self.seq_number()? } else { from };
            if set.len() == self.limits.ranges {
                return Err(Stop::Bad("The sequence set is too long"));
            }
            set.push(from, to);
            if !self.eat(b',') {
                return Ok(MessageSet::Numbers(set));
            }
        }
    }

    /// `seq-number = nz-number / "*"`; `None` is `*`.
    pub fn seq_number(&mut self) -> Parsed<Option<u32>> {
        if self.eat(b'*') { Ok(None) } else { self.nz_number().map(Some) }
    }

    /// ```abnf
    /// date           = date-text / DQUOTE date-text DQUOTE
    /// date-text      = date-day "-" date-month "-" date-year
    /// ```
    pub fn date(&mut self) -> Parsed<Date> {
        let quoted = self.eat(b'"');
        let date = self.date_text()?;
        if quoted {
            self.expect(b'"', "The date does not end")?;
        }
        Ok(date)
    }

    fn date_text(&mut self) -> Parsed<Date> {
        const WRONG: Stop = Stop::Bad("A date has the form 1-Feb-2026");
        let day = self.digits(1..=2)?;
        self.expect(b'-', "A date has the form 1-Feb-2026")?;
        let name = self.take_while(|b| b.is_ascii_alphabetic());
        let month = 1 + MONTHS.iter().position(|m| m.as_bytes().eq_ignore_ascii_case(name)).ok_or(WRONG)?;
        self.expect(b'-', "A date has the form 1-Feb-2026")?;
        let year = self.digits(4..=4)?;
        Date::new(year, month as i8, day as i8).map_err(|_| WRONG)
    }

    /// ```abnf
    /// date-time      = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
    /// date-day-fixed = (SP DIGIT) / 2DIGIT
    /// zone           = ("+" / "-") 4DIGIT
    /// ```
    /// As Unix seconds.
    pub fn date_time(&mut self) -> Parsed<i64> {
        const WRONG: Stop = Stop::Bad("A date and time has the form \"01-Feb-2026 08:30:00 +0100\"");
        self.expect(b'"', "A date and time was expected")?;
        self.skip_spaces();
        let date = self.date_text()?;
        self.space()?;
        let hour = self.digits(2..=2)?;
        let minute = if self.eat(b':') { self.digits(2..=2)? } else { return Err(WRONG) };
        let second = if self.eat(b':') { self.digits(2..=2)? } else { return Err(WRONG) };
        self.space()?;
        let east = match self.peek() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(WRONG),
        };
        self.pos += 1;
        let zone = i64::from(self.digits(4..=4)?);
        if !self.eat(b'"') || zone % 100 > 59 {
            return Err(WRONG);
        }
        // A leap second has no number of its own in Unix time.
        let second = if second == 60 { 59 } else { second };
        let time = Time::new(hour as i8, minute as i8, second as i8, 0).map_err(|_| WRONG)?;
        let utc = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| WRONG)?;
        Ok(utc.timestamp().as_second() - east * (zone / 100 * 3600 + zone % 100 * 60))
    }

    fn digits(&mut self, count: std::ops::RangeInclusive<usize>) -> Parsed<i16> {
        let digits = self.take_while(|b| b.is_ascii_digit());
        if !count.contains(&digits.len()) {
            return Err(Stop::Bad("A date or time is broken"));
        }
        Ok(digits.iter().fold(0, |n, d| n * 10 + i16::from(d - b'0')))
    }
}

/// As dates on the wire name them.
pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Text, which has to be UTF-8.
pub(super) fn utf8(bytes: Cow<'_, [u8]>) -> Parsed<String> {
    String::from_utf8(bytes.into_owned()).map_err(|_| Stop::Bad("A text is not valid UTF-8"))
}

fn saturating(digits: &[u8]) -> u64 {
    digits.iter().fold(0u64, |n, d| n.saturating_mul(10).saturating_add(u64::from(d - b'0')))
}

/// The literal head that ends this line (its CRLF included), if one does.
///
/// A quoted string cannot reach over the end of a line and no atom holds `{`, so in a command that
/// keeps the grammar nothing else ends so; in one that does not, the client still means a literal.
pub(super) fn trailing_head(line: &[u8]) -> Option<Head> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line).strip_suffix(b"}")?;
    let (synchronising, line) = match line {
        [rest @ .., b'+' | b'-'] => (false, rest),
        _ => (true, line),
    };
    let start = line.iter().rposition(|b| !b.is_ascii_digit())?;
    if line[start] == b'{' && start + 1 < line.len() {
        Some(Head { size: saturating(&line[start + 1..]), synchronising })
    } else {
        None
    }
}
