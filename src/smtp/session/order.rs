//! Which command may be said when (RFC 5321 §4.1.4, RFC 3207 §4, RFC 4954 §4 and §6, RFC 3030 §2).

use super::{Greeted, Session};
use crate::smtp::command::Verb;
use crate::smtp::reply::Reply;

impl Session {
    /// What may be said now, whatever its arguments.
    pub(super) fn permit(&self, verb: Verb) -> Result<(), Reply> {
        let wrong_order = |text: &str| Err(Reply::new(503, "5.5.1", text));
        match verb {
            Verb::Auth if !self.tls => {
                Err(Reply::new(538, "5.7.11", "Signing in needs TLS: the mail program has to use STARTTLS"))
            }
            Verb::StartTls if self.tls => wrong_order("TLS is on already"),
            Verb::Unknown | Verb::NotOffered | Verb::Noop | Verb::Quit | Verb::Ehlo | Verb::StartTls => {
                Ok(())
            }
            // RFC 3207 §4.
            _ if !self.tls => Err(Reply::new(530, "5.7.0", "Say STARTTLS first")),
            Verb::Auth if self.greeted != Greeted::Ehlo => wrong_order("Say EHLO first"),
            Verb::Auth if self.signed_in => wrong_order("You are signed in already"),
            // RFC 4954 §6.
            Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Bdat | Verb::Vrfy if !self.signed_in => {
                Err(Reply::new(530, "5.7.0", "Sign in first, with your secure address and an app password"))
            }
            Verb::Mail if self.transaction.is_some() => wrong_order("A message is begun already"),
            Verb::Helo | Verb::Rset | Verb::Help | Verb::Auth | Verb::Mail | Verb::Vrfy => Ok(()),
            Verb::Rcpt | Verb::Data | Verb::Bdat => self.permit_in_transaction(verb),
        }
    }

    fn permit_in_transaction(&self, verb: Verb) -> Result<(), Reply> {
        let wrong_order = |text: &str| Err(Reply::new(503, "5.5.1", text));
        match &self.transaction {
            None => wrong_order("Say MAIL first"),
            Some(t) if t.chunks.is_some() && verb != Verb::Bdat => {
                wrong_order("The message is being sent in chunks; BDAT or RSET must follow")
            }
            Some(_) if verb == Verb::Rcpt => Ok(()),
            Some(t) if t.spoilt => {
                Err(Reply::new(554, "5.5.1", "A recipient was refused, so the message is not sent"))
            }
            Some(t) if !t.recipient => wrong_order("Say RCPT first"),
            Some(_) => Ok(()),
        }
    }
}
