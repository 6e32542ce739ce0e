//! The part of the machine that takes message content: DATA, BDAT chunks, and what is swallowed.

use super::{Input, Session, Step};
use crate::net::ReadBuffer;
use crate::smtp::Settings;
use crate::smtp::data::Lines;
use crate::smtp::reply::Reply;

impl Session {
    pub(super) fn data(&mut self, input: &mut ReadBuffer) -> Option<Step> {
        let Input::Data { receiver, swallow } = &mut self.input else { return None };
        if input.is_empty() {
            return Some(Step::Read);
        }
        let (used, ended) = receiver.push(input.bytes(), &mut self.content);
        input.consume(used);
        let spoilt = receiver.lines() == Lines::Spoilt;
        if swallow.is_some() {
            self.content.clear();
        }
        let refused = ended.then(|| swallow.take());
        if self.received(used as u64) {
            return None;
        }
        match refused {
            Some(Some(reply)) => self.content_ended(&reply),
            Some(None) if spoilt => {
                self.abandon_content();
                self.content_ended(&wrong_line_ends());
            }
            Some(None) => self.input = Input::Ended,
            None if spoilt => self.refuse_content_once(wrong_line_ends()),
            None => {}
        }
        None
    }

    pub(super) fn begin_chunk(&mut self, size: u64, last: bool) {
        let limit = self.max_size.saturating_add(Settings::OVERSHOOT);
        let Some(transaction) = &mut self.transaction else { return };
        if transaction.received.saturating_add(size) > limit {
            self.abandon = true;
            self.end(&too_large());
            return;
        }
        transaction.chunks.get_or_insert_default().begin(size);
        self.input = Input::Chunk { size, last, left: size, swallow: None };
    }

    /// Reads past a chunk that is refused; a stranger's only if it is small.
    pub(super) fn swallow_chunk(&mut self, size: u64, reply: Reply) -> Option<Step> {
        let limit = if self.signed_in {
            self.max_size.saturating_add(Settings::OVERSHOOT)
        } else {
            Settings::MAX_STRANGERS_CHUNK
        };
        if size > limit {
            self.end(&reply);
        } else {
            self.input = Input::Chunk { size, last: false, left: size, swallow: Some(Box::new(reply)) };
        }
        None
    }

    pub(super) fn chunk(&mut self, input: &mut ReadBuffer) -> Option<Step> {
        let Input::Chunk { size, last, left, swallow } = &mut self.input else { return None };
        let (size, last) = (*size, *last);
        if input.is_empty() && *left > 0 {
            return Some(Step::Read);
        }
        let most = usize::try_from(*left).unwrap_or(usize::MAX).min(input.bytes().len());
        *left -= most as u64;
        let complete = *left == 0;
        let refused = if complete { swallow.take() } else { None };
        let swallowing = swallow.is_some() || refused.is_some();
        let mut spoilt = false;
        if let (false, Some(chunks)) = (swallowing, self.transaction.as_mut().and_then(|t| t.chunks.as_mut()))
        {
            chunks.push(&input.bytes()[..most], &mut self.content);
            if complete && last {
                chunks.end(&mut self.content);
            }
            spoilt = chunks.lines() == Lines::Spoilt;
        }
        input.consume(most);
        if !swallowing && self.received(most as u64) {
            return None;
        }
        match refused {
            Some(reply) => self.chunk_refused(&reply),
            None if spoilt && complete => {
                self.abandon_content();
                self.chunk_refused(&wrong_line_ends());
            }
            None if spoilt => self.refuse_content_once(wrong_line_ends()),
            None if complete && last => self.input = Input::Ended,
            // The content first, then the reply: it may be refused yet.
            None if complete && !self.content.is_empty() => {}
            None if complete => {
                self.input = Input::Command;
                self.content = Vec::new();
                self.say(&Reply::new(250, "2.0.0", format!("{size} octets received")));
            }
            None => {}
        }
        None
    }

    /// Counts octets; past the wire limit (R18) the session ends, and this is true.
    fn received(&mut self, octets: u64) -> bool {
        let limit = self.max_size.saturating_add(Settings::OVERSHOOT);
        let Some(transaction) = &mut self.transaction else { return false };
        transaction.received = transaction.received.saturating_add(octets);
        if transaction.received <= limit {
            return false;
        }
        self.abandon_content();
        self.end(&too_large());
        true
    }

    /// Drops the submission and what it has not taken yet.
    fn abandon_content(&mut self) {
        self.content = Vec::new();
        self.abandon = true;
    }

    fn refuse_content_once(&mut self, reply: Reply) {
        if let Input::Data { swallow: Some(_), .. } | Input::Chunk { swallow: Some(_), .. } = self.input {
            return;
        }
        self.refuse_content(reply);
    }

    /// The rest is swallowed; the reply comes where the content ends.
    pub(super) fn refuse_content(&mut self, reply: Reply) {
        self.abandon_content();
        match &mut self.input {
            Input::Data { swallow, .. } | Input::Chunk { swallow, .. } => *swallow = Some(Box::new(reply)),
            // The refused piece was the last.
            _ => self.content_ended(&reply),
        }
    }

    fn content_ended(&mut self, reply: &Reply) {
        self.input = Input::Command;
        self.refuse(reply);
        self.transaction = None;
    }

    /// RFC 3030 §2: a refused chunk ends its message; what was pipelined behind it gets 503.
    fn chunk_refused(&mut self, reply: &Reply) {
        let begun = self.transaction.as_ref().is_some_and(|t| t.chunks.is_some());
        self.input = Input::Command;
        self.refuse(reply);
        if begun {
            self.transaction = None;
        }
    }
}

fn wrong_line_ends() -> Reply {
    Reply::new(
        554,
        "5.6.0",
        "The message has lines that do not end with CR LF; the mail program is at fault, please tell Support",
    )
}

fn too_large() -> Reply {
    Reply::new(552, "5.3.4", "The message is too large; please send fewer or smaller files")
}
