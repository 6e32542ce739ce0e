//! CAPABILITY, NOOP (and CHECK), LOGOUT, ID: allowed in every state (RFC 9051 §6.1, RFC 2971).

use crate::imap::conn::{Answer, Client, Then};
use crate::imap::reply::Reply;
use crate::imap::wire::Bytes;

impl<S: Bytes> Client<S> {
    /// RFC 9051 §6.1.1
    pub(super) fn capability(&mut self) -> Reply {
        let line = format!("* CAPABILITY {}\r\n", self.session.capabilities());
        self.wire.out.extend_from_slice(line.as_bytes());
        Reply::ok("CAPABILITY done")
    }

    /// RFC 9051 §6.1.2: a client that polls is told what is in the database now.
    pub(super) async fn noop(&mut self) -> Answer {
        self.refresh().await?;
        Ok(Reply::ok("done"))
    }

    /// RFC 9051 §6.1.3
    pub(super) fn logout(&mut self) -> Reply {
        self.wire.out.extend_from_slice(b"* BYE Goodbye\r\n");
        self.session.logged_out();
        self.then = Then::Close;
        Reply::ok("LOGOUT done")
    }

    /// RFC 2971. Name and version of the client are kept for the list of its owner's devices (R29), before
    /// and after sign-in; the rest is not looked at.
    pub(super) fn id(&mut self, fields: Option<&[(String, Option<String>)]>) -> Reply {
        let value = |key: &str| {
            let field = fields.unwrap_or_default().iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            field.and_then(|(_, value)| value.as_deref()).unwrap_or_default()
        };
        self.says_it_is = format!("{} {}", value("name"), value("version"));
        self.note_client();
        self.wire.out.extend_from_slice(
            concat!("* ID (\"name\" \"postern\" \"version\" \"", env!("CARGO_PKG_VERSION"), "\")\r\n")
                .as_bytes(),
        );
        Reply::ok("ID done")
    }

    /// Of somebody who has signed in.
    pub(super) fn note_client(&self) {
        if let Some(account) = &self.account {
            self.imap.authenticator.note_client(&account.identity, &self.says_it_is);
        }
    }
}
