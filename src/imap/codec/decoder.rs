//! Finds lines and literals in what arrives, and hands commands to the parser.
//!
//! A command that arrived whole is parsed where it lies. Only a command that comes in pieces, or
//! with literals, is held here, and let go of when it is complete.

use std::ops::Deref;

use zeroize::Zeroizing;

use super::Limits;
use super::cursor::{Head, Stop, trailing_head};
use super::event::{Event, Refusal, RefusalCode, RefusalStatus, SaslResponse, Utf8Mode};
use super::parse::append::{Inside, Messages};
use super::parse::{self, Parse};
use crate::imap::command::{AppendStep, Literal, Tag};

/// One connection's reading side.
#[derive(Default)]
pub struct Decoder {
    limits: Limits,
    utf8: Utf8Mode,
    state: State,
    /// Lines and literals of the command that is coming; while a line is thrown away, its end.
    held: Held,
    /// Where in `held` the present line starts.
    line_start: usize,
    /// Literals of the present command so far.
    literals: usize,
    /// Bytes thrown away since the last refusal.
    discarded: u64,
    /// Some clients send an empty line after DONE, or after an appended message.
    forgive_blank: bool,
}

#[derive(Default)]
enum State {
    /// A line of a command.
    #[default]
    Line,
    /// Bytes of a literal that is held.
    Literal { left: usize },
    /// The driver has to say whether it wants the message.
    AppendAsked(Appending),
    /// It does, and the client must be told.
    AppendAccepted(Appending),
    /// Bytes of the message.
    AppendBody(Appending),
    /// What follows the literal.
    AppendTail(Appending),
    /// Bytes of a literal in it that is held: a URL.
    TailLiteral { left: usize, appending: Appending },
    /// Bytes of a literal nobody wants, then the rest of its command.
    DiscardLiteral { left: u64 },
    /// The rest of a line nobody wants.
    DiscardLine,
    /// An answer to a challenge.
    Sasl,
    /// DONE.
    Idle,
    /// To be cut off.
    Closing(&'static str),
    /// Cut off.
    Closed,
}

struct Appending {
    tag: Tag,
    inside: Inside,
    messages: Messages,
    synchronising: bool,
    left: u64,
}

/// The end of a discarded line that is kept, to see whether a literal follows.
const TAIL: usize = 32;
/// Longest tag and the space behind it.
const TAG_ROOM: usize = 256;
const LONG_LINE: &str = "The line is too long";
const TOO_MUCH: &str = "More was sent than this server takes";

impl Decoder {
    /// For a connection that just opened, or that just became a TLS one.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// After sign-in, and when settings change.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// After ENABLE.
    pub fn set_utf8(&mut self, mode: Utf8Mode) {
        self.utf8 = mode;
    }

    /// Before the next `decode`: the next line answers a SASL challenge.
    pub fn expect_sasl(&mut self) {
        self.state = State::Sasl;
    }

    /// Before the next `decode`: the next line is DONE.
    pub fn expect_done(&mut self) {
        self.state = State::Idle;
    }

    /// The message that [`Event::Append`] announced may come.
    pub fn accept_append(&mut self) {
        self.state = match std::mem::take(&mut self.state) {
            State::AppendAsked(a) if a.synchronising => State::AppendAccepted(a),
            State::AppendAsked(a) => State::AppendBody(a),
            other => other,
        };
    }

    /// It may not, or no more of it is wanted: the driver answers NO, and what the client sends of
    /// it all the same is thrown away. No further event tells of this APPEND.
    pub fn refuse_append(&mut self) {
        match std::mem::take(&mut self.state) {
            State::AppendAsked(a) | State::AppendAccepted(a) if a.synchronising => self.reset(),
            State::AppendAsked(a) | State::AppendAccepted(a) | State::AppendBody(a) => {
                self.discard_literal(a.left);
            }
            State::AppendTail(_) => self.discard_long_line(self.held.len() - self.line_start),
            State::TailLiteral { left, .. } => self.discard_literal(left as u64),
            other => self.state = other,
        }
    }

    /// Nothing begun, nothing held: the driver need keep no buffer.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Line | State::Idle) && self.held.is_empty()
    }

    /// Takes the next event from `input`, which is advanced past what was used. `None`: all of it
    /// was used, and more is needed. Call again with the rest after each event.
    pub fn decode<'i>(&mut self, input: &mut &'i [u8]) -> Option<Event<'i>> {
        loop {
            let event = match &mut self.state {
                State::Line => match self.line(input) {
                    Line::More => return None,
                    Line::TooLong { taken } => Some(self.refuse_long_line(taken)),
                    Line::Whole(text) => self.command(text),
                },
                State::Literal { left } => {
                    if input.is_empty() && *left > 0 {
                        return None;
                    }
                    let (bytes, rest) = input.split_at(input.len().min(*left));
                    *input = rest;
                    *left -= bytes.len();
                    self.held.extend(bytes);
                    if *left == 0 {
                        self.line_start = self.held.len();
                        self.state = State::Line;
                    }
                    None
                }
                State::TailLiteral { left, .. } => {
                    if input.is_empty() && *left > 0 {
                        return None;
                    }
                    let (bytes, rest) = input.split_at(input.len().min(*left));
                    *input = rest;
                    *left -= bytes.len();
                    self.held.extend(bytes);
                    if *left == 0 {
                        self.line_start = self.held.len();
                        if let State::TailLiteral { appending, .. } = std::mem::take(&mut self.state) {
                            self.state = State::AppendTail(appending);
                        }
                    }
                    None
                }
                State::AppendAsked(_) => {
                    self.refuse_append();
                    None
                }
                State::AppendAccepted(_) => {
                    if let State::AppendAccepted(a) = std::mem::take(&mut self.state) {
                        self.state = State::AppendBody(a);
                    }
                    Some(Event::Continue)
                }
                State::AppendBody(a) if a.left > 0 => {
                    if input.is_empty() {
                        return None;
                    }
                    let n = usize::try_from(a.left).unwrap_or(usize::MAX).min(input.len());
                    let (bytes, rest) = input.split_at(n);
                    *input = rest;
                    a.left -= n as u64;
                    Some(Event::AppendData(bytes))
                }
                State::AppendBody(_) => {
                    if let State::AppendBody(a) = std::mem::take(&mut self.state) {
                        self.state = State::AppendTail(a);
                    }
                    None
                }
                State::AppendTail(_) => match self.line(input) {
                    Line::More => return None,
                    Line::TooLong { taken } => Some(self.refuse_long_line(taken)),
                    Line::Whole(text) => self.append_tail(text),
                },
                State::DiscardLiteral { left } => {
                    if input.is_empty() && *left > 0 {
                        return None;
                    }
                    let n = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                    *input = &input[n..];
                    *left -= n as u64;
                    if *left == 0 {
                        self.state = State::DiscardLine;
                    }
                    None
                }
                State::DiscardLine => {
                    if input.is_empty() {
                        return None;
                    }
                    self.discard_from(input);
                    None
                }
                State::Sasl => match self.line(input) {
                    Line::More => return None,
                    Line::TooLong { taken } => {
                        self.discard_long_line(taken);
                        Some(Event::Sasl(SaslResponse::Malformed))
                    }
                    Line::Whole(text) => {
                        let response = match text.trim_ascii() {
                            b"*" => SaslResponse::Cancel,
                            base64 => parse::sasl(base64).map_or(SaslResponse::Malformed, SaslResponse::Data),
                        };
                        self.reset();
                        Some(Event::Sasl(response))
                    }
                },
                State::Idle => match self.line(input) {
                    Line::More => return None,
                    Line::TooLong { taken } => {
                        self.discard_long_line(taken);
                        Some(Event::NotDone)
                    }
                    Line::Whole(text) => {
                        let done = text.trim_ascii().eq_ignore_ascii_case(b"DONE");
                        self.reset();
                        self.forgive_blank = done;
                        Some(if done { Event::Done } else { Event::NotDone })
                    }
                },
                State::Closing(text) => {
                    let text = *text;
                    self.state = State::Closed;
                    return Some(Event::Close(text));
                }
                State::Closed => {
                    *input = &[];
                    return None;
                }
            };
            if event.is_some() {
                return event;
            }
        }
    }

    /// Ready for the next command.
    fn reset(&mut self) {
        self.state = State::Line;
        self.held = Held::default();
        self.line_start = 0;
        self.literals = 0;
        self.forgive_blank = false;
    }

    /// Takes a line, together with what is held of its command.
    fn line<'i>(&mut self, input: &mut &'i [u8]) -> Line<'i> {
        let end = memchr::memchr(b'\n', input).map(|i| i + 1);
        let n = end.unwrap_or(input.len());
        if self.held.len() - self.line_start + n > self.limits.line
            || self.held.len() + n > self.limits.command
        {
            // Enough of it to see the tag, and no more than had been held if it came byte by byte.
            let line_left = (self.limits.line + self.line_start).saturating_sub(self.held.len());
            let left = line_left.min(self.limits.command.saturating_sub(self.held.len())) + 1;
            let missing = TAG_ROOM.saturating_sub(self.held.len()).min(n).min(left);
            let taken = self.held.len() - self.line_start;
            self.held.extend(&input[..missing]);
            return Line::TooLong { taken };
        }
        let (bytes, rest) = input.split_at(n);
        *input = rest;
        match end {
            Some(_) if self.held.is_empty() => Line::Whole(Text::Input(bytes)),
            Some(_) => {
                self.held.extend(bytes);
                Line::Whole(Text::Held(std::mem::take(&mut self.held)))
            }
            None => {
                self.held.extend(bytes);
                Line::More
            }
        }
    }

    /// A line of a command has ended: is it the last?
    fn command<'i>(&mut self, text: Text<'i>) -> Option<Event<'i>> {
        let line = &text[self.line_start..];
        if self.line_start == 0 && line.trim_ascii().is_empty() && std::mem::take(&mut self.forgive_blank) {
            return None;
        }
        let Some(head) = trailing_head(line) else {
            let parsed = parse::command(chomp(&text), false, &self.limits, self.utf8);
            let event = match parsed {
                Ok(Parse::Command(command)) => Event::Command(command),
                // CATENATE of URLs alone.
                Ok(Parse::Append(append, _)) => Event::Append(append),
                Err(stop) => refused(&text, stop),
            };
            self.reset();
            return Some(event);
        };
        match parse::command(&text, true, &self.limits, self.utf8) {
            Ok(Parse::Append(append, inside)) => {
                let messages = if append.replaces.is_some() { Messages::One } else { Messages::Many };
                let tag = append.tag.clone();
                Some(match self.ask(tag, inside, messages, &append.steps) {
                    Some(refused) => refused,
                    None => Event::Append(append),
                })
            }
            Err(Stop::Literal) => self.inline_literal(text, head),
            Ok(Parse::Command(_)) => {
                Some(self.refuse_with_literal(&text, head, Stop::Bad("Too many arguments")))
            }
            Err(stop) => Some(self.refuse_with_literal(&text, head, stop)),
        }
    }

    fn inline_literal<'i>(&mut self, text: Text<'i>, head: Head) -> Option<Event<'i>> {
        self.literals += 1;
        let size = usize::try_from(head.size).unwrap_or(usize::MAX);
        let room = self.limits.command.saturating_sub(text.len());
        if size > self.limits.literal || size > room || self.literals > self.limits.literals {
            let mut event = self.refuse_with_literal(&text, head, Stop::Bad("The literal is too large here"));
            if let Event::Refused(refusal) = &mut event {
                refusal.code = Some(RefusalCode::TooBig);
            }
            return Some(event);
        }
        self.held = text.into_held();
        self.state = State::Literal { left: size };
        head.synchronising.then_some(Event::Continue)
    }

    /// Refuses a command whose literal is still to come, or will not be sent at all.
    fn refuse_with_literal<'i>(&mut self, text: &[u8], head: Head, stop: Stop) -> Event<'i> {
        self.reset();
        if !head.synchronising {
            self.discard_literal(head.size);
        }
        refused(text, stop)
    }

    fn refuse_long_line<'i>(&mut self, taken: usize) -> Event<'i> {
        let tag = match std::mem::take(&mut self.state) {
            State::AppendTail(a) => Some(a.tag),
            // Without a space behind it, it may not be all of the tag.
            _ => parse::tag(&self.held).filter(|tag| self.held.len() > tag.as_str().len()),
        };
        self.discard_long_line(taken);
        let status = RefusalStatus::Bad;
        Event::Refused(Refusal { tag, status, code: None, text: LONG_LINE, forgets_saved: false })
    }

    /// The driver is to say whether it wants the literal that the steps end with; an event instead when it
    /// is too large for anybody.
    fn ask(
        &mut self,
        tag: Tag,
        inside: Inside,
        messages: Messages,
        steps: &[AppendStep],
    ) -> Option<Event<'static>> {
        self.reset();
        let Some(AppendStep::Literal(Literal { size, synchronising, .. })) = steps.last() else {
            return None;
        };
        let (size, synchronising) = (*size, *synchronising);
        if self.limits.append > 0 && size > self.limits.append {
            if !synchronising {
                self.discard_literal(size);
            }
            return Some(Event::Refused(Refusal {
                tag: Some(tag),
                status: RefusalStatus::No,
                code: Some(RefusalCode::TooBig),
                text: "The message is larger than this server takes",
                forgets_saved: false,
            }));
        }
        self.state = State::AppendAsked(Appending { tag, inside, messages, synchronising, left: size });
        None
    }

    /// What follows a literal: more of the message, another message, or the end of the command.
    fn append_tail<'i>(&mut self, text: Text<'_>) -> Option<Event<'i>> {
        let State::AppendTail(a) = std::mem::take(&mut self.state) else {
            return None;
        };
        let head = trailing_head(&text[self.line_start..]);
        let line = if head.is_some() { &text[..] } else { chomp(&text) };
        match parse::tail(line, head.is_some(), &self.limits, self.utf8, a.inside, a.messages) {
            Ok((steps, inside)) => {
                if let Some(refused) = self.ask(a.tag, inside, a.messages, &steps) {
                    return Some(refused);
                }
                self.forgive_blank = steps.last() == Some(&AppendStep::End);
                Some(Event::AppendSteps(steps))
            }
            Err(stop) => {
                let stop = match (stop, head) {
                    (Stop::Literal, Some(head)) => {
                        self.literals += 1;
                        let size = usize::try_from(head.size).unwrap_or(usize::MAX);
                        let room = self.limits.command.saturating_sub(text.len());
                        if size <= self.limits.literal.min(room) && self.literals <= self.limits.literals {
                            self.held = text.into_held();
                            self.state = State::TailLiteral { left: size, appending: a };
                            return head.synchronising.then_some(Event::Continue);
                        }
                        Stop::No(RefusalCode::TooBig, "The literal is too large here")
                    }
                    (stop, _) => stop,
                };
                self.reset();
                if let Some(Head { size, synchronising: false }) = head {
                    self.discard_literal(size);
                }
                let Event::Refused(mut refusal) = refused(b"", stop) else { return None };
                refusal.tag = Some(a.tag);
                Some(Event::Refused(refusal))
            }
        }
    }

    /// Throws a literal away, and what follows it up to the end of the command.
    fn discard_literal(&mut self, size: u64) {
        self.reset();
        self.discarded = size;
        self.state = if size > self.limits.discard {
            State::Closing(TOO_MUCH)
        } else {
            State::DiscardLiteral { left: size }
        };
    }

    /// Throws away the line of which `taken` bytes are held. The end of these is looked at once more with
    /// what follows: the limit may lie inside the head of a literal.
    fn discard_long_line(&mut self, taken: usize) {
        let line = &self.held[self.line_start..][..taken];
        let mut tail = Held::default();
        tail.extend(&line[taken.saturating_sub(TAIL)..]);
        self.discard_line();
        self.discarded = taken as u64;
        self.held = tail;
    }

    fn discard_line(&mut self) {
        self.reset();
        self.discarded = 0;
        self.state = State::DiscardLine;
    }

    /// Throws bytes away up to the end of a line; a literal that does not wait for permission
    /// follows them.
    fn discard_from(&mut self, input: &mut &[u8]) {
        let end = memchr::memchr(b'\n', input).map(|i| i + 1);
        let (bytes, rest) = input.split_at(end.unwrap_or(input.len()));
        *input = rest;
        self.discarded = self.discarded.saturating_add(bytes.len() as u64);
        self.held.extend(&bytes[bytes.len().saturating_sub(TAIL)..]);
        self.held.keep_last(TAIL);
        if self.discarded > self.limits.discard {
            self.reset();
            self.state = State::Closing(TOO_MUCH);
        } else if end.is_some() {
            let follows = trailing_head(&self.held).filter(|head| !head.synchronising);
            self.reset();
            if let Some(Head { size, .. }) = follows {
                self.discarded = self.discarded.saturating_add(size);
                self.state = if self.discarded > self.limits.discard {
                    State::Closing(TOO_MUCH)
                } else {
                    State::DiscardLiteral { left: size }
                };
            }
        }
    }
}

/// Shows the state's name only: what is held may be a password.
impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("held", &self.held.len()).finish_non_exhaustive()
    }
}

fn refused<'i>(text: &[u8], stop: Stop) -> Event<'i> {
    let (status, code, why) = match stop {
        Stop::Bad(why) => (RefusalStatus::Bad, None, why),
        Stop::No(code, why) | Stop::NotSaved(code, why) => (RefusalStatus::No, Some(code), why),
        Stop::Literal => (RefusalStatus::Bad, None, "A literal is missing"),
    };
    let forgets_saved = matches!(stop, Stop::NotSaved(..));
    Event::Refused(Refusal { tag: parse::tag(text), status, code, text: why, forgets_saved })
}

/// Without the line end.
fn chomp(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

enum Line<'i> {
    More,
    /// So many bytes of it are held; what comes behind these in `held` is also still in the input.
    TooLong {
        taken: usize,
    },
    Whole(Text<'i>),
}

/// A whole command so far, where it lies.
enum Text<'i> {
    Input(&'i [u8]),
    Held(Held),
}

impl Text<'_> {
    fn into_held(self) -> Held {
        match self {
            Self::Input(bytes) => {
                let mut held = Held::default();
                held.extend(bytes);
                held
            }
            Self::Held(held) => held,
        }
    }
}

impl Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Input(bytes) => bytes,
            Self::Held(held) => held,
        }
    }
}

/// Bytes that are wiped when let go of, and when they move to a larger place.
#[derive(Default)]
struct Held(Zeroizing<Vec<u8>>);

impl Held {
    fn extend(&mut self, bytes: &[u8]) {
        let len = self.0.len() + bytes.len();
        if len > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(len.max(self.0.capacity() * 2).max(128)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    fn keep_last(&mut self, n: usize) {
        let cut = self.0.len().saturating_sub(n);
        self.0.drain(..cut);
    }
}

impl Deref for Held {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
