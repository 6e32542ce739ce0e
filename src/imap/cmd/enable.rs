//! ENABLE (RFC 5161) and COMPRESS (RFC 4978): what a connection can turn on and never off.

use crate::imap::command::Enable;
use crate::imap::conn::{Answer, Client, DeflatePermit, Then};
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::Bytes;

impl<S: Bytes> Client<S> {
    /// RFC 9051 §6.3.1
    pub(super) fn enable(&mut self, what: &[Enable]) -> Reply {
        let had_condstore = self.session.enabled().condstore;
        let new = self.session.enable(what);
        self.wire.out.extend_from_slice(b"* ENABLED");
        for name in &new {
            self.wire.out.push(b' ');
            self.wire.out.extend_from_slice(name.as_bytes());
        }
        self.wire.out.extend_from_slice(b"\r\n");
        let mode = self.utf8();
        self.wire.set_utf8(mode);
        if !had_condstore && self.session.enabled().condstore {
            self.tell_highest_modseq();
        }
        Reply::ok("ENABLE done")
    }

    /// Turns CONDSTORE on because a command asked for mod-sequences (RFC 7162 §3.1).
    pub(super) fn use_condstore(&mut self) {
        if self.session.enable_condstore() {
            self.tell_highest_modseq();
        }
    }

    /// RFC 7162 §3.1.2: owed when CONDSTORE comes on with a mailbox selected.
    fn tell_highest_modseq(&mut self) {
        if let Some(selected) = &self.selected {
            let modseq = selected.view.modseq();
            Reply::ok("mod-sequences are on")
                .with(Code::HighestModSeq(modseq))
                .write("*", &mut self.wire.out);
        }
    }

    /// RFC 4978 §3
    pub(super) fn compress(&mut self, algorithm: &str) -> Answer {
        if algorithm != "DEFLATE" {
            return Err(Reply::bad("only DEFLATE").into());
        }
        match DeflatePermit::take(&self.imap, self.settings.compress_connections) {
            Some(permit) => {
                self.deflate = Some(permit);
                self.session.compression_started();
                self.then = Then::Deflate;
                Ok(Reply::ok("compression begins"))
            }
            None => {
                Err(Reply::no("too many connections are compressed at the moment").with(Code::Limit).into())
            }
        }
    }
}
