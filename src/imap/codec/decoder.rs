//! Finds lines and literals in what arrives, and hands commands to the parser.

use super::Limits;
use super::event::{Event, Utf8Mode};

/// One connection's reading side.
#[derive(Debug, Default)]
pub struct Decoder {
    limits: Limits,
    utf8: Utf8Mode,
}

impl Decoder {
    /// For a connection that just opened.
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

    /// Takes the next event from `input`, which is advanced past what was used. `None`: all of it
    /// was used, and more is needed. Call again with the rest after each event.
    pub fn decode<'i>(&mut self, input: &mut &'i [u8]) -> Option<Event<'i>> {
        *input = &[];
        None
    }

    /// Before the next `decode`: the next line answers a SASL challenge.
    pub fn expect_sasl(&mut self) {}

    /// Before the next `decode`: the next line is DONE.
    pub fn expect_done(&mut self) {}

    /// The message that [`Event::Append`] announced may come.
    pub fn accept_append(&mut self) {}

    /// It may not, or no more of it is wanted: the driver answers NO, and what the client sends of
    /// it all the same is thrown away.
    pub fn refuse_append(&mut self) {}

    /// Nothing begun, nothing held: the driver need keep no buffer.
    pub fn is_idle(&self) -> bool {
        true
    }
}
