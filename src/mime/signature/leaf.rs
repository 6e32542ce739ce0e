//! One text on its way through: what it was, what it says, and as much of its end as the signature needs.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use memchr::memrchr;

use super::compose::{self, Held, Place};
use super::present::Presence;
use super::text::Signature;
use super::{Form, HOLD, Unsigned};
use crate::mime::entity::Entity;
use crate::mime::{TextDecoder, TransferDecoder, TransferEncoding};

/// Of a text longer than [`HOLD`], at least so much is held, so that HTML's `</body>` is among it.
const TAIL: usize = 16 * 1024;
/// Decoded at a time.
const BLOCK: usize = 16 * 1024;

/// How a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// Before a delimiter, to which the last line end belongs.
    ToDelimiter,
    /// With the message.
    ToEnd,
}

/// What became of a text.
pub(super) enum Ended {
    /// By what it holds itself: nothing more of the message may be signed.
    Protected,
    /// The signature is in it already, or cannot be.
    Untouched,
    /// What it was before.
    Signed(Unsigned),
}

/// A text that may be signed.
pub(super) struct Leaf {
    header: Vec<u8>,
    entity: Entity,
    form: Form,
    path: Vec<u32>,
    place: Place,
    signature: Arc<Signature>,
    /// Encoded, what is not written yet; `read` bytes of it were decoded.
    held: Vec<u8>,
    read: usize,
    /// The header and the beginning are written.
    begun: bool,
    decoder: TransferDecoder,
    decoded: Vec<u8>,
    text_decoder: TextDecoder,
    text: String,
    digest: Context,
    decoded_size: u64,
    /// The last decoded byte.
    last: u8,
    presence: Presence,
    armor: Armor,
}

impl Leaf {
    pub fn new(
        header: Vec<u8>,
        entity: Entity,
        form: Form,
        parents: &[u32],
        signature: Arc<Signature>,
    ) -> Self {
        // The one part of a message that is no multipart has a number too.
        let (path, place) =
            if parents.is_empty() { (vec![1], Place::Message) } else { (parents.to_vec(), Place::Part) };
        let charset = entity.word("charset");
        Self {
            form,
            path,
            place,
            held: Vec::new(),
            read: 0,
            begun: false,
            decoder: TransferDecoder::new(entity.encoding),
            decoded: Vec::new(),
            text_decoder: TextDecoder::new(charset.as_deref()),
            text: String::new(),
            digest: Context::new(&SHA256),
            decoded_size: 0,
            last: 0,
            presence: Presence::new(&signature, form),
            armor: Armor::default(),
            header,
            entity,
            signature,
        }
    }

    pub fn form(&self) -> Form {
        self.form
    }

    /// Takes more of the body; `false`: this text cannot be signed, it and the rest go on as they came.
    #[must_use]
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> bool {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK));
            bytes = later;
            self.held.extend_from_slice(now);
            // The last line end may belong to a delimiter.
            let certain = self.held.len() - line_end(&self.held);
            self.look(certain);
            if self.armor.found || (self.held.len() > HOLD && !self.spill(out)) {
                self.held.extend_from_slice(bytes);
                return false;
            }
        }
        true
    }

    /// Writes what is held, as it came.
    pub fn untouched(mut self, out: &mut Vec<u8>) {
        if !self.begun {
            out.append(&mut self.header);
        }
        out.append(&mut self.held);
    }

    /// Ends the text and writes it.
    pub fn finish(mut self, filled: Filled, out: &mut Vec<u8>) -> Ended {
        let own = match filled {
            Filled::ToDelimiter => line_end(&self.held),
            Filled::ToEnd => 0,
        };
        let end = self.held.split_off(self.held.len() - own);
        self.look(self.held.len());
        self.decoded.clear();
        self.decoder.finish(&mut self.decoded);
        self.note();
        self.text.clear();
        self.text_decoder.finish(&mut self.text);
        self.presence.push(&self.text);
        if self.armor.found {
            self.held.extend_from_slice(&end);
            self.untouched(out);
            return Ended::Protected;
        }
        let presence = std::mem::replace(&mut self.presence, Presence::new(&self.signature, self.form));
        let charset = self.entity.word("charset");
        let composed = if presence.finish() {
            None
        } else {
            compose::compose(&Held {
                header: if self.begun { None } else { Some(&self.header) },
                entity: &self.entity,
                charset: charset.as_deref(),
                form: self.form,
                place: self.place,
                content: &self.held,
                empty: self.decoded_size == 0,
                ends_line: self.last == b'\n',
                signature: &self.signature,
            })
        };
        let Some(composed) = composed else {
            self.held.extend_from_slice(&end);
            self.untouched(out);
            return Ended::Untouched;
        };
        out.extend_from_slice(&composed);
        // An empty text may have no line end before its delimiter.
        out.extend_from_slice(if filled == Filled::ToDelimiter && end.is_empty() { b"\r\n" } else { &end });
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.digest.finish().as_ref());
        Ended::Signed(Unsigned { path: self.path, charset, decoded_size: self.decoded_size, sha256 })
    }

    /// Decodes what is held, up to `end`.
    fn look(&mut self, end: usize) {
        if end <= self.read {
            return;
        }
        self.decoded.clear();
        self.decoder.push(&self.held[self.read..end], &mut self.decoded);
        self.read = end;
        self.note();
    }

    fn note(&mut self) {
        self.digest.update(&self.decoded);
        self.decoded_size += self.decoded.len() as u64;
        self.last = self.decoded.last().copied().unwrap_or(self.last);
        self.text.clear();
        self.text_decoder.push(&self.decoded, &mut self.text);
        self.presence.push(&self.text);
        self.armor.push(&self.decoded);
    }

    /// Writes header and beginning of a long text; `false`: there is no place where its end could be cut off.
    fn spill(&mut self, out: &mut Vec<u8>) -> bool {
        let upto = self.held.len() - TAIL;
        let cut = match self.entity.encoding {
            TransferEncoding::Base64 => base64_cut(&self.held[..upto]),
            _ => memrchr(b'\n', &self.held[..upto]).map(|lf| lf + 1),
        };
        let Some(cut) = cut else { return false };
        if !self.begun {
            out.append(&mut self.header);
            self.begun = true;
        }
        out.extend(self.held.drain(..cut));
        self.read -= cut;
        true
    }
}

/// The last line start at which a group of base64 is complete.
fn base64_cut(held: &[u8]) -> Option<usize> {
    let mut cut = None;
    let mut group = 0;
    for (at, &byte) in held.iter().enumerate() {
        match byte {
            b'\n' if group == 0 => cut = Some(at + 1),
            b'=' => return cut,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => group = (group + 1) % 4,
            _ => {}
        }
    }
    cut
}

/// The length of the line end at the end, or of what may become one.
fn line_end(bytes: &[u8]) -> usize {
    match bytes {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n' | b'\r'] => 1,
        _ => 0,
    }
}

/// OpenPGP written into a text (RFC 9580 §7): a line that begins so.
#[derive(Default)]
struct Armor {
    found: bool,
    start: Vec<u8>,
    inside: bool,
}

const ARMOR: &[u8] = b"-----BEGIN PGP ";

impl Armor {
    fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.found {
            if !self.inside {
                let room = ARMOR.len() - self.start.len();
                let taken = bytes.len().min(room);
                self.start.extend_from_slice(&bytes[..taken]);
                if self.start.starts_with(ARMOR) {
                    self.found = true;
                    return;
                }
                if ARMOR.starts_with(&self.start) {
                    return;
                }
                // What was kept of the line before holds no line end; what was taken now may.
                self.start.clear();
                self.inside = true;
            }
            match memchr::memchr(b'\n', bytes) {
                None => return,
                Some(lf) => {
                    bytes = &bytes[lf + 1..];
                    self.inside = false;
                }
            }
        }
    }
}
