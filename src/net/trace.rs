//! What may be seen of a connection: that it exists, its parsed commands' names, codes and lengths.
//!
//! There is no way here to trace a line: a malformed AUTH would show its password. Only names that the
//! program itself holds (`&'static str`) and numbers can be passed.

use std::fmt;
use std::net::SocketAddr;

use tracing::{Span, debug, trace};

/// Names one connection in logs and, where something of ours failed, in the reply to its user.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(u64);

impl TraceId {
    /// Letters and digits that are not mistaken for each other when read out on the telephone.
    const LETTERS: &'static [u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

    /// A fresh one: 40 random bits.
    pub fn random() -> Self {
        let (_, random) = uuid::Uuid::now_v7().as_u64_pair();
        Self(random & 0xff_ffff_ffff)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..8).rev().try_for_each(|i| {
            let letter = Self::LETTERS[(self.0 >> (5 * i)) as usize & 31];
            fmt::Write::write_char(f, letter.into())
        })
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One connection's events. Cheap to clone.
#[derive(Clone)]
pub struct Trace {
    id: TraceId,
    span: Span,
}

impl Trace {
    /// For a connection to the door of that name.
    pub fn new(door: &'static str, peer: SocketAddr) -> Self {
        let id = TraceId::random();
        Self { id, span: tracing::info_span!("connection", door, trace = %id, peer = %peer.ip()) }
    }

    /// What to tell a user whom we failed, so that Support finds the log's lines.
    pub fn id(&self) -> TraceId {
        self.id
    }

    /// The span that everything done for this connection runs in.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// A command was parsed: its name, and how many bytes it had.
    pub fn command(&self, name: &'static str, bytes: usize) {
        trace!(parent: &self.span, name, bytes, "command");
    }

    /// Bytes that are no command, by their number.
    pub fn unparsed(&self, bytes: usize) {
        trace!(parent: &self.span, bytes, "unparsed");
    }

    /// A reply's code (`250`, `NO`).
    pub fn reply(&self, code: impl fmt::Display) {
        trace!(parent: &self.span, %code, "reply");
    }

    /// The connection ended; why, in words of the program.
    pub fn closed(&self, why: &'static str) {
        debug!(parent: &self.span, why, "closed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_eight_letters() {
        assert_eq!(TraceId(0).to_string(), "00000000");
        assert_eq!(TraceId(0xff_ffff_ffff).to_string(), "zzzzzzzz");
        assert_ne!(TraceId::random(), TraceId::random());
    }
}
