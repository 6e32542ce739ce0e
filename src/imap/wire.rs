//! One connection's bytes: what came and was not used, what goes out and was not sent.
//!
//! Invariants: nothing is held while the connection idles; output goes out when it is waited for or when
//! [`HIGH_WATER`] is reached, so a slow client costs no more than that; a response that was begun and
//! not finished is known ([`Wire::is_clean`]), so that no BYE lands inside a literal.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::codec::{CONTINUE, Decoder, Event, Limits, Refusal, SaslResponse, Utf8Mode};
use super::command::{Append, AppendStep, Command};
use super::deflate::MaybeDeflated;
use crate::net::{self, ReadBuffer};

/// Output beyond this is sent before more is made.
pub const HIGH_WATER: usize = 16 * 1024;

/// How long a client may take to hear our goodbye, and how much it may still say meanwhile.
const GOODBYE: Duration = Duration::from_secs(3);
const DISCARD: usize = 256 * 1024;

/// What a stream must be for IMAP to be spoken over it.
pub trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

/// What the client did: an [`Event`] that borrows nothing.
#[derive(Debug)]
pub enum Incoming {
    /// A command other than APPEND.
    Command(Command),
    /// An APPEND up to its message.
    Append(Append),
    /// Bytes of that message.
    AppendData(Vec<u8>),
    /// What follows the literal.
    AppendSteps(Vec<AppendStep>),
    /// The answer to a SASL challenge.
    Sasl(SaslResponse),
    /// IDLE ended as it should.
    Done,
    /// IDLE ended as it should not.
    NotDone,
    /// Answered by the codec.
    Refused(Refusal),
    /// Cannot be followed any more.
    Close(&'static str),
}

/// See the module text.
pub struct Wire<S> {
    stream: MaybeDeflated<S>,
    input: ReadBuffer,
    decoder: Decoder,
    /// Responses on their way; whole ones, unless `inside` says otherwise.
    pub out: Vec<u8>,
    inside: bool,
    write_timeout: Duration,
    /// Bytes of the command that was last returned, for the trace.
    used: usize,
}

impl<S: Bytes> Wire<S> {
    /// Over a stream that just opened.
    pub fn new(stream: S, write_timeout: Duration) -> Self {
        Self {
            stream: MaybeDeflated::new(stream),
            input: ReadBuffer::new(),
            decoder: Decoder::new(Limits::before_sign_in()),
            out: Vec::new(),
            inside: false,
            write_timeout,
            used: 0,
        }
    }

    /// The stream back. Whatever was read and not used is lost: what a client sends behind STARTTLS in
    /// the clear is never obeyed (RFC 9051 §6.2.1).
    pub fn into_stream(self) -> S {
        self.stream.into_inner()
    }

    /// The decoder, to be told what comes next.
    pub fn decoder(&mut self) -> &mut Decoder {
        &mut self.decoder
    }

    /// After sign-in more is taken: messages up to `append` bytes, and up to the `usual` limit of the door
    /// what is refused is read and thrown away.
    pub fn signed_in(&mut self, append: u64, usual: u64) {
        let limits = Limits::signed_in(append);
        // A practice with less than usual: its programs may send the usual and hear why not.
        let discard = limits.discard.max(usual);
        self.decoder.set_limits(Limits { discard, ..limits });
    }

    /// After UNAUTHENTICATE (RFC 8437): as at the beginning.
    pub fn signed_out(&mut self) {
        self.decoder.set_limits(Limits::before_sign_in());
        self.decoder.set_utf8(Utf8Mode::Off);
    }

    /// After ENABLE.
    pub fn set_utf8(&mut self, mode: Utf8Mode) {
        self.decoder.set_utf8(mode);
    }

    /// Turns compression on; what was read already is compressed (RFC 4978 §3).
    pub fn start_deflate(&mut self) {
        self.stream.start(self.input.bytes());
        self.input.clear();
    }

    /// What the client did, as far as it has been read.
    pub fn take(&mut self) -> Option<Incoming> {
        loop {
            let mut rest = self.input.bytes();
            let before = rest.len();
            let event = self.decoder.decode(&mut rest);
            let incoming = match event {
                None => None,
                Some(Event::Continue) => {
                    self.out.extend_from_slice(CONTINUE);
                    let used = before - rest.len();
                    self.input.consume(used);
                    self.used += used;
                    continue;
                }
                Some(Event::Command(command)) => Some(Incoming::Command(command)),
                Some(Event::Append(append)) => Some(Incoming::Append(append)),
                Some(Event::AppendData(bytes)) => Some(Incoming::AppendData(bytes.to_vec())),
                Some(Event::AppendSteps(steps)) => Some(Incoming::AppendSteps(steps)),
                Some(Event::Sasl(response)) => Some(Incoming::Sasl(response)),
                Some(Event::Done) => Some(Incoming::Done),
                Some(Event::NotDone) => Some(Incoming::NotDone),
                Some(Event::Refused(refusal)) => Some(Incoming::Refused(refusal)),
                Some(Event::Close(why)) => Some(Incoming::Close(why)),
            };
            let used = before - rest.len();
            self.input.consume(used);
            self.used += used;
            return incoming;
        }
    }

    /// Bytes that the last command took.
    pub fn take_used(&mut self) -> usize {
        std::mem::take(&mut self.used)
    }

    /// Whether the client is between two commands, as far as was decoded.
    pub fn is_at_command(&self) -> bool {
        self.decoder.is_idle()
    }

    /// Reads more; `false` means that the client closed its side. Cancel-safe. Flush before.
    ///
    /// # Errors
    /// What the stream says.
    pub async fn fill(&mut self) -> io::Result<bool> {
        Ok(self.input.fill(&mut self.stream).await? > 0)
    }

    /// The next thing the client does, in the middle of a command: waits no longer than `limit` for
    /// each piece.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`], [`io::ErrorKind::UnexpectedEof`], or what the stream says.
    pub async fn next(&mut self, limit: Duration) -> io::Result<Incoming> {
        loop {
            if let Some(incoming) = self.take() {
                return Ok(incoming);
            }
            self.flush().await?;
            let more =
                tokio::time::timeout(limit, self.fill()).await.map_err(|_| io::ErrorKind::TimedOut)??;
            if !more {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Says that what is now in `out` breaks off in the middle of a response, or no longer.
    pub fn set_inside(&mut self, inside: bool) {
        self.inside = inside;
    }

    /// Whether a response may begin here: nothing half said has gone out.
    pub fn is_clean(&self) -> bool {
        !self.inside
    }

    /// Sends when there is much to send.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn relieve(&mut self) -> io::Result<()> {
        if self.out.len() >= HIGH_WATER { self.flush().await } else { Ok(()) }
    }

    /// Sends bytes of a message, without a copy when there are many.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.out.len() + bytes.len() < HIGH_WATER {
            self.out.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush().await?;
        let inside = std::mem::replace(&mut self.inside, true);
        net::write_all(&mut self.stream, bytes, self.write_timeout).await?;
        self.inside = inside;
        Ok(())
    }

    /// Sends everything and gives the memory back. If this is dropped half-way, the wire is not clean.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when the client stopped reading, or what the stream says.
    pub async fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let out = std::mem::take(&mut self.out);
        let inside = std::mem::replace(&mut self.inside, true);
        net::write_all(&mut self.stream, &out, self.write_timeout).await?;
        self.inside = inside;
        Ok(())
    }

    /// Parts from the client so that it can still read what was said last.
    pub async fn close(&mut self) {
        net::close(&mut self.stream, DISCARD, GOODBYE).await;
    }
}
