//! Drives one connection: reads commands, has them carried out one after the other, tells what changed,
//! idles, and says goodbye.
//!
//! Invariants
//! * Commands are answered in the order they came; the next one is looked at when the last is answered.
//! * Everything that was answered is flushed before the connection waits for the client.
//! * A command runs in a box of its own, so that an idle connection is a small task without buffers.
//! * The session ends within moments when the account is locked or the app password revoked (R4, R29),
//!   also in the middle of a long answer; on a drain it ends between two commands, with BYE.
//! * No database connection and no lock is held while something is written to the client.

mod failure;
mod idle;
mod tell;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::{Instant, sleep_until};

use crate::imap::cmd::notify::{Notified, Scope, Wakes};
use crate::imap::codec::{Refusal, RefusalStatus, Utf8Mode};
use crate::imap::command::{By, Command, CommandBody};
use crate::imap::reply::{Code, Reply, Status};
use crate::imap::selected::Selected;
use crate::imap::session::{Channel, Offer, Session};
use crate::imap::view::Expunges;
use crate::imap::wire::{Bytes, Incoming, Wire};
use crate::imap::{Imap, Settings};
use crate::net::{AccountPermit, Admission, Connection, Origin, ReadBuffer, Security, Shutdown, Trace};
use crate::service::authenticate::{Identity, SessionWatch};
use crate::service::mailbox::{AccountMail, Present};

pub use failure::{Answer, Failure};

/// How a conversation ended.
enum End<S> {
    /// The client shakes hands now.
    StartTls(S),
    /// It is over.
    Over,
}

/// What is to be done once the tagged reply is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) enum Then {
    /// The next command.
    GoOn,
    /// TLS.
    StartTls,
    /// COMPRESS.
    Deflate,
    /// Goodbye.
    Close,
}

/// Where a client comes from and what its connection may use.
pub(in crate::imap) struct Peer {
    pub ip: IpAddr,
    pub origin: Origin,
    pub admission: Admission,
    pub trace: Trace,
    pub shutdown: Shutdown,
}

/// Somebody who signed in.
pub(in crate::imap) struct SignedIn {
    pub identity: Identity,
    pub mail: AccountMail,
    /// R23
    pub _present: Present,
    /// Given back at the end.
    pub _permit: AccountPermit,
}

/// A place among the compressed connections.
pub(in crate::imap) struct DeflatePermit(Arc<Imap>);

impl DeflatePermit {
    pub(in crate::imap) fn take(imap: &Arc<Imap>, most: usize) -> Option<Self> {
        let took =
            imap.deflated.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| (n < most).then_some(n + 1));
        took.ok().map(|_| Self(Arc::clone(imap)))
    }
}

impl Drop for DeflatePermit {
    fn drop(&mut self) {
        self.0.deflated.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One connection. The commands are its methods, in `cmd`.
pub(in crate::imap) struct Client<S> {
    pub imap: Arc<Imap>,
    pub settings: Arc<Settings>,
    pub wire: Wire<S>,
    pub session: Session,
    pub peer: Peer,
    pub account: Option<Box<SignedIn>>,
    /// Made at sign-in, then taken by the loop.
    pub watch: Option<SessionWatch>,
    pub selected: Option<Box<Selected>>,
    /// From the first NOTIFY on.
    pub notified: Option<Box<Notified>>,
    pub deflate: Option<DeflatePermit>,
    pub then: Then,
    /// Bad commands in a row.
    bad: u32,
    /// Refused sign-ins.
    pub refused: u32,
    /// Name and version that the client gave of itself.
    pub says_it_is: String,
}

impl Imap {
    /// Speaks IMAP with a client until one of the two has enough.
    pub async fn serve(self: Arc<Self>, connection: Connection) {
        let Connection { stream, peer, origin, tls, handshake, security, admission, trace, shutdown, permit } =
            connection;
        let peer = Peer { ip: peer.ip(), origin, admission, trace, shutdown };
        let again = Peer {
            ip: peer.ip,
            origin,
            admission: peer.admission.clone(),
            trace: peer.trace.clone(),
            shutdown: peer.shutdown.clone(),
        };
        let stream = match security {
            Security::Implicit => stream,
            Security::StartTls => {
                let End::StartTls(plain) = self.clone().talk(stream, Channel::Plain, peer).await else {
                    return;
                };
                match plain.start_tls(&mut ReadBuffer::new(), &tls, handshake).await {
                    Ok(stream) => {
                        self.talk_on(stream, again).await;
                        drop(permit);
                        return;
                    }
                    Err(_) => return again.trace.closed("no TLS"),
                }
            }
        };
        self.talk(stream, Channel::Tls, peer).await;
        drop(permit);
    }

    /// After STARTTLS there is no second greeting (RFC 9051 §6.2.1).
    async fn talk_on<S: Bytes>(self: Arc<Self>, stream: S, peer: Peer) {
        Client::new(self, stream, Channel::Tls, peer).run().await;
    }

    async fn talk<S: Bytes>(self: Arc<Self>, stream: S, channel: Channel, peer: Peer) -> End<S> {
        let mut client = Client::new(self, stream, channel, peer);
        let greeting = Reply::ok("postern is ready").with(Code::Capability(client.session.capabilities()));
        greeting.write("*", &mut client.wire.out);
        client.run().await
    }
}

/// Why the wait for the client ended.
enum Woken {
    /// There is more to decode.
    Input,
    /// The client closed its side, or the connection broke.
    Gone,
    /// The sentence to part with.
    Bye(&'static str),
}

const LOCKED: &str = "This account was locked, or the app password of this device was revoked";
const DRAINING: &str = "The server restarts, please connect again in a moment";
const AUTOLOGOUT: &str = "You were signed out after a long time without activity";

/// Pends until the account may no longer be signed in; for ever before sign-in.
async fn ended(watch: &mut Option<SessionWatch>) {
    match watch {
        Some(watch) => watch.ended().await,
        None => std::future::pending().await,
    }
}

impl<S: Bytes> Client<S> {
    fn new(imap: Arc<Imap>, stream: S, channel: Channel, peer: Peer) -> Self {
        let settings = imap.settings.load_full();
        let offer = Offer { append_limit: settings.append_limit(None), compress: settings.compress };
        Self {
            wire: Wire::new(stream, settings.write_timeout),
            session: Session::new(channel, offer),
            peer,
            account: None,
            watch: None,
            selected: None,
            notified: None,
            deflate: None,
            then: Then::GoOn,
            bad: 0,
            refused: 0,
            says_it_is: String::new(),
            imap,
            settings,
        }
    }

    /// Until the end.
    async fn run(mut self) -> End<S> {
        let mut watch = None;
        let mut shutdown = self.peer.shutdown.clone();
        let mut opened = Instant::now();
        let mut heard = opened;
        loop {
            if shutdown.is_draining() && self.wire.is_at_command() {
                return self.bye(DRAINING).await;
            }
            let Some(incoming) = self.wire.take() else {
                let deadline = if self.session.is_authenticated() {
                    heard + self.settings.autologout
                } else {
                    opened + self.settings.sign_in_timeout
                };
                match self.wait(&mut watch, &mut shutdown, deadline).await {
                    Woken::Input => continue,
                    Woken::Gone => return self.gone("the client is gone"),
                    Woken::Bye(why) => return self.bye(why).await,
                }
            };
            if let Incoming::Command(Command { tag, body: CommandBody::Idle }) = incoming {
                match self.idle(tag.as_str(), &mut watch, &mut shutdown).await {
                    Woken::Input => {}
                    Woken::Gone => return self.gone("the client is gone"),
                    Woken::Bye(why) => return self.bye(why).await,
                }
            } else {
                let carried_out = {
                    let mut carry_out = Box::pin(self.carry_out(incoming));
                    tokio::select! {
                        biased;
                        done = &mut carry_out => Some(done),
                        () = ended(&mut watch) => None,
                        () = shutdown.closing() => None,
                    }
                };
                match carried_out {
                    Some(Ok(())) => {}
                    Some(Err(_)) => return self.gone("the connection broke"),
                    None if shutdown.phase() == crate::net::Phase::Closing => return self.gone("closing"),
                    None => return self.bye(LOCKED).await,
                }
            }
            heard = Instant::now();
            if let Some(new) = self.watch.take() {
                watch = Some(new);
            } else if watch.is_some() && !self.session.is_authenticated() && self.then != Then::Close {
                // UNAUTHENTICATE
                watch = None;
                opened = heard;
            }
            match std::mem::replace(&mut self.then, Then::GoOn) {
                Then::GoOn => {}
                Then::Deflate => {
                    if self.wire.flush().await.is_err() {
                        return self.gone("the connection broke");
                    }
                    self.wire.start_deflate();
                }
                Then::StartTls => {
                    return match self.wire.flush().await {
                        Ok(()) => End::StartTls(self.wire.into_stream()),
                        Err(_) => self.gone("the connection broke"),
                    };
                }
                Then::Close => {
                    if self.wire.flush().await.is_ok() {
                        self.wire.close().await;
                    }
                    return self.gone("closed");
                }
            }
        }
    }

    /// Waits for the client to say something, with nothing held.
    async fn wait(
        &mut self,
        watch: &mut Option<SessionWatch>,
        shutdown: &mut Shutdown,
        deadline: Instant,
    ) -> Woken {
        let at_command = self.wire.is_at_command();
        let mut wakes = Wakes::default();
        if at_command && self.notified.is_some() {
            wakes = self.wakes();
            match Box::pin(self.tell_between_commands()).await {
                Ok(()) => {}
                Err(Failure::Broken(_)) => return Woken::Gone,
                Err(failure) => drop(self.reply_to("NOTIFY", failure)),
            }
        }
        if self.wire.flush().await.is_err() {
            return Woken::Gone;
        }
        let mut closing = shutdown.clone();
        let slow = Instant::now() + self.settings.command_timeout;
        let deadline = if at_command { deadline } else { deadline.min(slow) };
        tokio::select! {
            read = self.wire.fill() => if matches!(read, Ok(true)) { Woken::Input } else { Woken::Gone },
            () = ended(watch) => Woken::Bye(LOCKED),
            () = shutdown.draining(), if at_command => Woken::Bye(DRAINING),
            () = closing.closing() => Woken::Gone,
            changed = wakes.changed() => if changed.is_ok() { Woken::Input } else { Woken::Bye(DRAINING) },
            () = sleep_until(deadline) => Woken::Bye(AUTOLOGOUT),
        }
    }

    /// One command, from its first byte to its tagged reply.
    async fn carry_out(&mut self, incoming: Incoming) -> io::Result<()> {
        match incoming {
            Incoming::Command(Command { tag, body }) => {
                self.peer.trace.command(body.name(), self.wire.take_used());
                let name = body.name();
                let expunges = Session::expunges(&body);
                let answer = match self.session.permit(&body) {
                    Ok(()) => self.perform(tag.as_str(), body).await,
                    Err(reply) => Err(reply.into()),
                };
                self.conclude(tag.as_str(), name, expunges, answer).await
            }
            Incoming::Append(append) => {
                let name = append.name();
                self.peer.trace.command(name, self.wire.take_used());
                let tag = append.tag.clone();
                let answer = self.append(append).await;
                self.conclude(tag.as_str(), name, Expunges::Told, answer).await
            }
            Incoming::Refused(refusal) => {
                self.peer.trace.unparsed(self.wire.take_used());
                self.refuse(&refusal);
                Ok(())
            }
            Incoming::Close(why) => {
                self.peer.trace.unparsed(self.wire.take_used());
                self.part(why);
                Ok(())
            }
            // What belongs to a command that was refused or is over.
            Incoming::AppendData(_)
            | Incoming::AppendSteps(_)
            | Incoming::Sasl(_)
            | Incoming::Done
            | Incoming::NotDone => Ok(()),
        }
    }

    /// Tells what changed, then the tagged reply.
    async fn conclude(
        &mut self,
        tag: &str,
        name: &'static str,
        expunges: Expunges,
        answer: Answer,
    ) -> io::Result<()> {
        let mut reply = match answer {
            Ok(reply) => reply,
            Err(Failure::Broken(error)) => return Err(error),
            Err(failure) => self.reply_to(name, failure),
        };
        if self.then != Then::Close {
            let scope = if is_answered_by_changes(name) { Scope::All } else { Scope::AsNotified };
            // RFC 9051 §6.4.9: a UID command is answered with UIDs, whatever caused the answer.
            let by = if name.starts_with("UID ") { By::Uid } else { By::Sequence };
            let mut told = self.tell_changes(expunges, scope, by).await;
            if told.is_ok() && self.notified.is_some() {
                told = Box::pin(self.tell_others()).await;
            }
            match told {
                Ok(()) => {}
                Err(Failure::Broken(error)) => return Err(error),
                // The command itself was done; what could not be told comes with the next one.
                Err(failure) => drop(self.reply_to(name, failure)),
            }
        }
        if reply.status == Status::Ok
            && reply.code.is_none()
            && expunges == Expunges::Withheld
            && self.selected.as_ref().is_some_and(|s| s.view.owes_expunges())
        {
            reply = reply.with(Code::ExpungeIssued);
        }
        self.tell_resumable(expunges);
        self.answer(tag, &reply);
        metrics::counter!("postern_imap_commands_total", "command" => name, "result" => reply.status.as_str())
            .increment(1);
        self.wire.relieve().await
    }

    /// Appends the tagged reply; too many BADs in a row end the connection.
    fn answer(&mut self, tag: &str, reply: &Reply) {
        reply.write(tag, &mut self.wire.out);
        self.peer.trace.reply(reply.status.as_str());
        self.count(reply.status == Status::Bad);
    }

    fn refuse(&mut self, refusal: &Refusal) {
        if let (true, Some(selected)) = (refusal.forgets_saved, &mut self.selected) {
            selected.saved.clear();
        }
        refusal.write(&mut self.wire.out);
        self.count(refusal.status == RefusalStatus::Bad);
    }

    fn count(&mut self, bad: bool) {
        self.bad = if bad { self.bad + 1 } else { 0 };
        if self.bad >= self.settings.bad_commands {
            self.part("Too many bad commands");
        }
    }

    /// Says BYE and closes once that is out.
    pub fn part(&mut self, why: &'static str) {
        bye_line(why, &mut self.wire.out);
        self.session.logged_out();
        self.then = Then::Close;
    }

    /// The mail of whoever signed in.
    ///
    /// # Errors
    /// Before sign-in, which `session` refused already.
    pub fn mail(&self) -> Result<&AccountMail, Failure> {
        match &self.account {
            Some(account) => Ok(&account.mail),
            None => Err(Reply::bad("sign in first").into()),
        }
    }

    /// The selected mailbox.
    ///
    /// # Errors
    /// When there is none, which `session` refused already.
    pub fn selected(&mut self) -> Result<&mut Selected, Failure> {
        match &mut self.selected {
            Some(selected) => Ok(selected),
            None => Err(Reply::bad("no mailbox is selected").into()),
        }
    }

    /// How names are written to this client.
    pub fn utf8(&self) -> Utf8Mode {
        let enabled = self.session.enabled();
        if enabled.utf8 {
            Utf8Mode::Accept
        } else if enabled.rev2 {
            Utf8Mode::Rev2
        } else {
            Utf8Mode::Off
        }
    }

    async fn bye(mut self, why: &'static str) -> End<S> {
        if self.wire.is_clean() {
            bye_line(why, &mut self.wire.out);
            if self.wire.flush().await.is_ok() {
                self.wire.close().await;
            }
        }
        self.gone(why)
    }

    fn gone(self, why: &'static str) -> End<S> {
        self.peer.trace.closed(why);
        End::Over
    }
}

/// Whether a command's own answer is what changed in the selected mailbox.
fn is_answered_by_changes(name: &str) -> bool {
    matches!(name, "EXPUNGE" | "UID EXPUNGE" | "MOVE" | "UID MOVE" | "REPLACE" | "UID REPLACE")
}

fn bye_line(why: &'static str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"* BYE ");
    out.extend_from_slice(why.as_bytes());
    out.extend_from_slice(b"\r\n");
}
