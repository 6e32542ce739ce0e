//! STARTTLS, AUTHENTICATE, LOGIN (RFC 9051 §6.2). App passwords alone open this door (R29); wrong ones
//! count under R4.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::imap::codec::SaslResponse;
use crate::imap::conn::{Answer, Client, SignedIn, Then};
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::{Bytes, Incoming};
use crate::net::AccountFull;
use crate::service::authenticate::{AuthError, Door};
use crate::types::Secret;

const REFUSED: &str = "The address or the app password is wrong, or the account is locked";

impl<S: Bytes> Client<S> {
    /// RFC 9051 §6.2.1: the handshake follows the reply.
    pub(super) fn start_tls(&mut self) -> Reply {
        self.then = Then::StartTls;
        Reply::ok("begin TLS now")
    }

    /// RFC 9051 §6.2.2 with PLAIN (RFC 4616) and LOGIN; an initial response is RFC 4959's.
    pub(super) async fn authenticate(&mut self, mechanism: &str, initial: Option<Secret>) -> Answer {
        match mechanism {
            "PLAIN" => {
                let response = match initial {
                    Some(response) => response,
                    None => self.challenge(b"").await?,
                };
                let mut words = response.expose().split(|b| *b == 0);
                let (Some(acts_for), Some(user), Some(password), None) =
                    (words.next(), words.next(), words.next(), words.next())
                else {
                    return Err(Reply::bad("not a PLAIN response").into());
                };
                // Nobody acts for somebody else.
                if !acts_for.is_empty() && acts_for != user {
                    return self.turn_down();
                }
                let user = String::from_utf8_lossy(user).into_owned();
                let password = Secret::new(password);
                self.sign_in(&user, &password).await
            }
            "LOGIN" => {
                let user = match initial {
                    Some(user) => user,
                    None => self.challenge(b"Username:").await?,
                };
                let password = self.challenge(b"Password:").await?;
                let user = String::from_utf8_lossy(user.expose()).into_owned();
                self.sign_in(&user, &password).await
            }
            _ => Err(Reply::no("this way of signing in is not offered").with(Code::Cannot).into()),
        }
    }

    /// Asks the client something and waits for the answer.
    async fn challenge(&mut self, question: &[u8]) -> Result<Secret, crate::imap::conn::Failure> {
        self.wire.decoder().expect_sasl();
        self.wire.out.extend_from_slice(b"+ ");
        self.wire.out.extend_from_slice(STANDARD.encode(question).as_bytes());
        self.wire.out.extend_from_slice(b"\r\n");
        match self.wire.next(self.settings.command_timeout).await? {
            Incoming::Sasl(SaslResponse::Data(response)) => Ok(response),
            Incoming::Sasl(SaslResponse::Cancel) => Err(Reply::bad("cancelled").into()),
            Incoming::Close(why) => {
                self.part(why);
                Err(Reply::bad(why).into())
            }
            _ => Err(Reply::bad("the response is not base64").into()),
        }
    }

    /// RFC 9051 §6.2.3, and the end of AUTHENTICATE.
    pub(super) async fn sign_in(&mut self, user: &str, password: &Secret) -> Answer {
        if !self.imap.gate.may_try(self.peer.origin) {
            let text = "Too many sign-ins from your network, please wait a minute and try again";
            return Err(Reply::no(text).with(Code::Unavailable).into());
        }
        let identity = self.imap.authenticator.authenticate(Door::Imap, user, password, self.peer.ip).await;
        let identity = match identity {
            Ok(identity) => identity,
            Err(AuthError::Refused) => {
                self.imap.gate.failed(self.peer.origin);
                return self.turn_down();
            }
            Err(error @ AuthError::Ours(_)) => {
                let trace = self.peer.trace.id();
                tracing::error!(
                    command = "sign-in",
                    error = &error as &dyn std::error::Error,
                    "a sign-in failed"
                );
                let text =
                    format!("Sign-in does not work at the moment, please try again (reference {trace})");
                return Err(Reply::no(text).with(Code::Unavailable).into());
            }
        };
        let permit = match self.peer.admission.admit_account(identity.account, identity.app_password) {
            Ok(permit) => permit,
            Err(full) => return Err(too_many(full).into()),
        };
        self.watch = Some(self.imap.authenticator.watch(&identity));
        let mail = self.imap.mail.of(&identity);
        let present = mail.present();
        let off = identity.imap_off.clone();
        self.session.signed_in(self.settings.append_limit(identity.attachment_limit), off);
        self.account = Some(Box::new(SignedIn { identity, mail, _present: present, _permit: permit }));
        self.note_client();
        self.wire.signed_in(self.session.append_limit(), self.settings.append_limit(None));
        Ok(Reply::ok("You are signed in").with(Code::Capability(self.session.capabilities())))
    }

    /// RFC 8437: back to before sign-in, with nothing kept but TLS. What others did meanwhile is not told.
    pub(super) fn unauthenticate(&mut self) -> Reply {
        self.selected = None;
        self.account = None;
        self.notified = None;
        self.watch = None;
        self.session.unauthenticated();
        self.wire.signed_out();
        Reply::ok("you are signed out")
    }

    /// One answer for everything that is wrong (R4).
    fn turn_down(&mut self) -> Answer {
        self.refused += 1;
        if self.refused >= self.settings.sign_in_attempts {
            self.part("Too many refused sign-ins");
        }
        Err(Reply::no(REFUSED).with(Code::AuthenticationFailed).into())
    }
}

fn too_many(full: AccountFull) -> Reply {
    match full {
        AccountFull::Account => {
            Reply::no("Too many connections of this account are open, please close a mail program")
                .with(Code::Limit)
        }
        AccountFull::Device => {
            Reply::no("Too many connections of this device are open, please close its mail program")
                .with(Code::Limit)
        }
        AccountFull::TooOften => {
            Reply::no("This device signs in too often, please wait a minute").with(Code::Unavailable)
        }
    }
}
