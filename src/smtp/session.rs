//! The session machine: bytes in, replies and wishes out; no input, output or waiting of its own.
//!
//! States, and what leads on:
//!
//! ```text
//! plain --STARTTLS--> TLS --EHLO--> greeted --AUTH--> signed in --MAIL--> transaction
//! transaction --RCPT (one, R13)--> addressed --DATA, BDAT LAST--> verdict --> signed in
//! ```
//!
//! Invariants
//! * One command at a time: after a wish ([`Step`] other than `Read`, `Write`, `Close`, `Abandon`) nothing is
//!   read until [`Session::answer`]. So pipelined commands (RFC 2920) are answered in order.
//! * Where the input is split changes nothing.
//! * A recipient that was not accepted, for whatever reason, spoils the transaction until RSET: a program
//!   that pipelines past the refusal must not deliver to fewer people than it meant to.
//! * Octets of a chunk or of DATA are never read as commands, also when they are refused.

use std::sync::Arc;

pub use self::wish::{Answer, Awaiting, Step};
use super::Settings;
use super::command::{self, Command, Verb};
use super::data::{ChunkReceiver, DataReceiver};
use super::reply::{Reply, Utf8};
use super::sign_in::{self, Exchange, Progress};
use crate::net::{LineStep, ReadBuffer, Security, Trace};
use crate::policy;

/// One client's dialogue.
pub struct Session {
    settings: Arc<Settings>,
    trace: Option<Trace>,
    tls: bool,
    greeted: Greeted,
    signed_in: bool,
    max_size: u64,
    transaction: Option<Transaction>,
    input: Input,
    waiting: Option<Waiting>,
    errors: u32,
    failed_sign_ins: u32,
    abandon: bool,
    closing: bool,
    out: Vec<u8>,
    content: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Greeted {
    No,
    Helo,
    Ehlo,
}

struct Transaction {
    utf8: Utf8,
    recipient: bool,
    spoilt: bool,
    /// BDAT has begun.
    chunks: Option<Box<ChunkReceiver>>,
    received: u64,
}

enum Input {
    Command,
    /// A line that was refused before its end; how much of it was swallowed.
    Skip(usize),
    SignIn(Exchange),
    Data {
        receiver: Box<DataReceiver>,
        swallow: Swallow,
    },
    Chunk {
        size: u64,
        last: bool,
        left: u64,
        swallow: Swallow,
    },
    /// All content is in.
    Ended,
}

/// `Some`: the content is refused, in these words at its end; until then it is swallowed.
type Swallow = Option<Box<Reply>>;

#[derive(Clone, Copy)]
enum Waiting {
    SignIn,
    Mail(Utf8),
    Recipient,
    Content,
    Finish,
}

impl Session {
    /// Replies that are held back for pipelining, in octets.
    const HELD_BACK: usize = 8 * 1024;

    /// A fresh connection; the greeting is in the output already.
    ///
    /// `max_size` is what `SIZE` announces: octets of a message on the wire (R18).
    pub fn new(settings: Arc<Settings>, max_size: u64, security: Security, trace: Option<Trace>) -> Self {
        let greeting = Reply::plain(220, format!("{} ESMTP postern", settings.hostname));
        let mut session = Self {
            max_size,
            settings,
            trace,
            tls: security == Security::Implicit,
            greeted: Greeted::No,
            signed_in: false,
            transaction: None,
            input: Input::Command,
            waiting: None,
            errors: 0,
            failed_sign_ins: 0,
            abandon: false,
            closing: false,
            out: Vec::new(),
            content: Vec::new(),
        };
        session.say(&greeting);
        session
    }

    /// Goes on with what was read.
    pub fn advance(&mut self, input: &mut ReadBuffer) -> Step {
        loop {
            if self.waiting.is_some() {
                debug_assert!(false, "a wish has not been answered");
                return Step::Close;
            }
            if std::mem::take(&mut self.abandon) {
                return Step::Abandon;
            }
            if self.closing {
                return Step::Close;
            }
            if !self.content.is_empty() {
                self.waiting = Some(Waiting::Content);
                return Step::Content;
            }
            if self.out.len() > Self::HELD_BACK {
                return Step::Write;
            }
            let step = match self.input {
                Input::Command | Input::SignIn(_) => self.line(input),
                Input::Skip(_) => self.skip(input),
                Input::Data { .. } => self.data(input),
                Input::Chunk { .. } => self.chunk(input),
                Input::Ended => {
                    self.input = Input::Command;
                    self.content = Vec::new();
                    self.waiting = Some(Waiting::Finish);
                    Some(Step::Finish)
                }
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// Answers the last wish.
    pub fn answer(&mut self, answer: Answer) {
        let Some(waiting) = self.waiting.take() else {
            debug_assert!(false, "nothing was asked");
            return;
        };
        if let Waiting::Content = waiting {
            self.content.clear();
        }
        match (waiting, answer) {
            (_, Answer::Close(reply)) => self.end(&reply),
            (Waiting::SignIn, Answer::SignedIn { max_size }) => {
                self.max_size = max_size;
                self.signed_in = true;
                self.say(&Reply::new(235, "2.7.0", "Signed in"));
            }
            (Waiting::SignIn, Answer::Refuse(reply)) => self.sign_in_failed(&reply),
            (Waiting::SignIn, _) => self.sign_in_failed(&sign_in::refused()),
            (Waiting::Mail(utf8), Answer::Refuse(reply)) => self.refuse_as(&reply, utf8),
            (Waiting::Mail(utf8), _) => {
                self.transaction =
                    Some(Transaction { utf8, recipient: false, spoilt: false, chunks: None, received: 0 });
                self.say(&Reply::new(250, "2.1.0", "Sender accepted"));
            }
            (Waiting::Recipient, Answer::Refuse(reply)) => self.refuse_recipient(&reply),
            (Waiting::Recipient, _) if self.transaction.as_ref().is_some_and(|t| t.recipient) => {
                self.refuse_recipient(&policy::recipient::second_recipient().into());
            }
            (Waiting::Recipient, _) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.recipient = true;
                }
                self.say(&Reply::new(250, "2.1.5", "Recipient accepted"));
            }
            (Waiting::Content, Answer::Refuse(reply)) => self.refuse_content(reply),
            (Waiting::Content, _) => {}
            (Waiting::Finish, answer) => {
                let (reply, done) = match answer {
                    Answer::AcceptWith(reply) => (reply, true),
                    Answer::Refuse(reply) => (reply, false),
                    _ => (Reply::new(250, "2.0.0", "Accepted"), true),
                };
                if done {
                    self.errors = 0;
                    self.say(&reply);
                } else {
                    self.refuse(&reply);
                }
                self.transaction = None;
            }
        }
    }

    /// TLS is on: all that was said before is forgotten (RFC 3207 §4.2).
    pub fn tls_started(&mut self) {
        self.tls = true;
        self.greeted = Greeted::No;
        self.transaction = None;
        self.input = Input::Command;
    }

    /// Ends the session with a last reply: time is up, the server goes, the sign-in was withdrawn.
    pub fn end(&mut self, reply: &Reply) {
        self.say(reply);
        self.waiting = None;
        self.closing = true;
    }

    /// What there is to write.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The piece of message that [`Step::Content`] offers: unstuffed, CRLF lines.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Whether nothing is under way, so that the session may be ended between two commands.
    pub fn at_rest(&self) -> bool {
        matches!(self.input, Input::Command | Input::SignIn(_) | Input::Skip(_)) && self.waiting.is_none()
    }

    /// What the client is about to send.
    pub fn awaiting(&self) -> Awaiting {
        match self.input {
            Input::Data { .. } | Input::Chunk { .. } | Input::Ended => Awaiting::Content,
            _ if self.signed_in => Awaiting::Command,
            _ => Awaiting::StrangersCommand,
        }
    }

    fn line(&mut self, input: &mut ReadBuffer) -> Option<Step> {
        let signing_in = matches!(self.input, Input::SignIn(_));
        // An initial response makes the AUTH command itself long (RFC 4954 §4).
        let long = signing_in || Verb::of(input.bytes()) == Verb::Auth;
        let limit = if long { Settings::MAX_SIGN_IN_LINE } else { Settings::MAX_LINE };
        let (skip, reply) = match input.line(limit) {
            LineStep::More => return Some(Step::Read),
            LineStep::Line(n) => {
                let step = self.whole_line(&input.bytes()[..n]);
                input.consume(n + 2);
                return step;
            }
            LineStep::TooLong if signing_in => {
                (0, Reply::new(500, "5.5.6", "The line of the sign-in is too long"))
            }
            LineStep::TooLong => (0, Reply::new(500, "5.5.2", "The command is too long")),
            LineStep::Bare(at) => (
                at + 1,
                Reply::new(500, "5.5.2", "A line has to end with CR LF, and may hold neither elsewhere"),
            ),
        };
        self.unparsed(input.bytes().len());
        let recipient = !signing_in && Verb::of(input.bytes()) == Verb::Rcpt;
        input.consume(skip);
        self.input = Input::Skip(0);
        if recipient {
            self.refuse_recipient(&reply);
        } else {
            self.refuse(&reply);
        }
        None
    }

    fn whole_line(&mut self, line: &[u8]) -> Option<Step> {
        if let Input::SignIn(_) = self.input {
            let Input::SignIn(exchange) = std::mem::replace(&mut self.input, Input::Command) else {
                return None;
            };
            self.unparsed(line.len());
            return self.sign_in(exchange.respond(line));
        }
        let verb = Verb::of(line);
        if let Some(trace) = &self.trace {
            trace.command(verb.name(), line.len());
        }
        let parsed = match self.permit(verb) {
            Ok(()) => Command::parse(line),
            // A chunk's size is needed even where the chunk is refused.
            Err(reply) if verb == Verb::Bdat => match Command::parse(line) {
                Ok(Command::Bdat { size, .. }) => return self.swallow_chunk(size, reply),
                _ => Err(reply),
            },
            Err(reply) => Err(reply),
        };
        match parsed {
            Ok(command) => self.command(command),
            // The octets that follow cannot be told from commands any more.
            Err(reply) if verb == Verb::Bdat => {
                self.end(&reply);
                None
            }
            Err(reply) if verb == Verb::Rcpt => {
                self.refuse_recipient(&reply);
                None
            }
            Err(reply) => {
                self.refuse(&reply);
                None
            }
        }
    }

    /// Swallows the rest of a line that was refused.
    fn skip(&mut self, input: &mut ReadBuffer) -> Option<Step> {
        let Input::Skip(swallowed) = &mut self.input else { return None };
        let bytes = input.bytes();
        if let Some(at) = memchr::memmem::find(bytes, b"\r\n") {
            input.consume(at + 2);
            self.input = Input::Command;
            return None;
        }
        let n = bytes.len() - usize::from(bytes.ends_with(b"\r"));
        *swallowed += n;
        let too_much = *swallowed > Settings::MAX_SWALLOWED_LINE;
        input.consume(n);
        if too_much {
            self.end(&Reply::new(421, "4.7.0", "The line does not end, closing"));
            return None;
        }
        Some(Step::Read)
    }

    fn command(&mut self, command: Command) -> Option<Step> {
        match command {
            Command::Ehlo => self.greet(Greeted::Ehlo),
            Command::Helo => self.greet(Greeted::Helo),
            Command::Mail(mail) => {
                let utf8 = if mail.smtputf8 { Utf8::Yes } else { Utf8::No };
                self.waiting = Some(Waiting::Mail(utf8));
                return Some(Step::Mail(mail));
            }
            Command::Rcpt(path) => return self.recipient(path),
            Command::Data => {
                self.say(&Reply::plain(354, "Go ahead, end with a dot on a line of its own"));
                self.input = Input::Data { receiver: Box::default(), swallow: None };
            }
            Command::Bdat { size, last } => self.begin_chunk(size, last),
            Command::Rset => {
                self.reset();
                self.say(&Reply::new(250, "2.0.0", "Forgotten"));
            }
            // R27, RFC 5321 §7.3: the same words whatever was asked.
            Command::Vrfy => {
                self.say(&Reply::new(252, "2.0.0", "Addresses are not verified, send a message"));
            }
            Command::Help => self.say(&Reply::new(
                214,
                "2.0.0",
                "This server takes secure mail from mail programs that have signed in\n\
                 EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT",
            )),
            Command::Noop => self.say(&Reply::new(250, "2.0.0", "OK")),
            Command::Quit => {
                self.reset();
                self.end(&Reply::new(221, "2.0.0", "Goodbye"));
            }
            Command::StartTls => {
                self.reset();
                self.say(&Reply::new(220, "2.0.0", "Begin TLS now"));
                return Some(Step::StartTls);
            }
            Command::Auth { mechanism, initial } => {
                return self.sign_in(Exchange::begin(&mechanism, initial.as_ref()));
            }
            Command::NotOffered => self.refuse(&Reply::new(502, "5.5.1", "This command is not offered here")),
        }
        None
    }

    fn greet(&mut self, how: Greeted) {
        self.reset();
        self.greeted = how;
        let mut text = self.settings.hostname.clone();
        if how == Greeted::Ehlo {
            text +=
                "\nPIPELINING\n8BITMIME\nSMTPUTF8\nENHANCEDSTATUSCODES\nCHUNKING\nLIMITS RCPTMAX=1\nSIZE ";
            text += &self.max_size.to_string();
            text += if self.tls { "\nREQUIRETLS\nAUTH PLAIN LOGIN" } else { "\nSTARTTLS" };
        }
        self.say(&Reply::plain(250, text));
    }

    fn recipient(&mut self, path: String) -> Option<Step> {
        let utf8 = self.transaction.as_ref().map_or(Utf8::No, |t| t.utf8);
        if !path.is_ascii() && utf8 == Utf8::No {
            self.refuse_recipient(&command::needs_smtputf8());
            return None;
        }
        self.waiting = Some(Waiting::Recipient);
        Some(Step::Recipient(path))
    }

    fn sign_in(&mut self, progress: Progress) -> Option<Step> {
        match progress {
            Progress::Challenge(exchange, reply) => {
                self.say(&reply);
                self.input = Input::SignIn(exchange);
                None
            }
            Progress::Complete(credentials) => {
                self.waiting = Some(Waiting::SignIn);
                Some(Step::SignIn(credentials))
            }
            Progress::Failed(reply) if reply == sign_in::refused() => {
                self.sign_in_failed(&reply);
                None
            }
            Progress::Failed(reply) => {
                self.refuse(&reply);
                None
            }
        }
    }

    fn sign_in_failed(&mut self, reply: &Reply) {
        self.failed_sign_ins += 1;
        if self.failed_sign_ins >= self.settings.max_failed_sign_ins {
            self.end(&Reply::new(421, "4.7.0", "Too many sign-ins failed, closing"));
        } else {
            self.say(reply);
        }
    }

    fn reset(&mut self) {
        if self.transaction.take().is_some() {
            self.abandon = true;
        }
    }

    fn refuse_recipient(&mut self, reply: &Reply) {
        if let Some(transaction) = &mut self.transaction {
            transaction.spoilt = true;
        }
        self.refuse(reply);
    }

    fn refuse(&mut self, reply: &Reply) {
        self.refuse_as(reply, self.utf8());
    }

    fn refuse_as(&mut self, reply: &Reply, utf8: Utf8) {
        self.errors += 1;
        if self.errors >= self.settings.max_errors {
            self.end(&Reply::new(421, "4.7.0", "Too many errors, closing"));
        } else {
            self.say_as(reply, utf8);
        }
    }

    fn say(&mut self, reply: &Reply) {
        self.say_as(reply, self.utf8());
    }

    fn say_as(&mut self, reply: &Reply, utf8: Utf8) {
        reply.write(&mut self.out, utf8);
        if let Some(trace) = &self.trace {
            trace.reply(reply.code);
        }
    }

    fn utf8(&self) -> Utf8 {
        self.transaction.as_ref().map_or(Utf8::No, |t| t.utf8)
    }

    fn unparsed(&self, bytes: usize) {
        if let Some(trace) = &self.trace {
            trace.unparsed(bytes);
        }
    }
}

mod content;
mod order;
#[cfg(test)]
mod tests;
mod wish;
