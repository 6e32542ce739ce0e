//! Drives the session machine over one connection: reads, writes, asks the use cases, keeps time.
//!
//! Invariants
//! * While it waits for a command a connection holds no buffer and no future of a use case.
//! * At the drain a session that is at rest gets 421; one that is in a line or a message finishes it
//!   first, so no accepted message goes unanswered and no command is cut.
//! * A lock, or the app password's revocation, ends the session (R4, R29) unless its commit is under way.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::{Instant, sleep_until};

use super::session::{Answer, Awaiting, Session, Step};
use super::{Credentials, Reply, Settings, sign_in};
use crate::net::{
    AccountFull, AccountPermit, Admission, Connection, Full, Origin, ReadBuffer, ServerTls, Shutdown,
    SignInGate, Stream, Trace, close, write_all,
};
use crate::service::authenticate::{AuthError, Authenticator, Door, Identity, SessionWatch};
use crate::service::submit::{Accepted, Addressed, Data, MailFrom, Submission, SubmitError, Submitter};

/// The submission server: what all its connections share. Cheap to clone.
#[derive(Clone)]
pub struct Server(Arc<Shared>);

struct Shared {
    settings: ArcSwap<Settings>,
    gate: Arc<SignInGate>,
    authenticator: Authenticator,
    submitter: Submitter,
}

impl Server {
    /// With what it asks.
    pub fn new(
        settings: Settings,
        gate: Arc<SignInGate>,
        authenticator: Authenticator,
        submitter: Submitter,
    ) -> Self {
        Self(Arc::new(Shared { settings: ArcSwap::from_pointee(settings), gate, authenticator, submitter }))
    }

    /// New settings, for connections that come from now on.
    pub fn reload(&self, settings: Settings) {
        self.0.settings.store(Arc::new(settings));
    }

    /// Serves one connection to its end; for [`crate::net::serve`].
    pub async fn serve(self, connection: Connection) {
        let Connection { stream, origin, peer, tls, handshake, security, admission, trace, shutdown, permit } =
            connection;
        let settings = self.0.settings.load_full();
        let size = self.0.submitter.announced_size();
        let client = Client {
            session: Session::new(settings.clone(), size, security, Some(trace.clone())),
            shared: self.0,
            settings,
            began: Instant::now(),
            origin,
            peer: peer.ip(),
            admission,
            trace: trace.clone(),
            shutdown,
            signed_in: None,
            draft: Draft::None,
            accepted: 0,
        };
        trace.closed(client.run(stream, tls, handshake).await);
        drop(permit);
    }
}

/// What a peer hears for whom there is no place.
pub fn when_full(full: Full) -> &'static [u8] {
    match full {
        Full::Total => {
            b"421 4.3.2 The server has its fill of connections, please try again in a few minutes\r\n"
        }
        Full::Address => {
            b"421 4.7.0 There are too many connections from your network, please close some mail programs\r\n"
        }
    }
}

/// One connection, its stream apart.
struct Client {
    shared: Arc<Shared>,
    settings: Arc<Settings>,
    session: Session,
    began: Instant,
    origin: Origin,
    peer: IpAddr,
    admission: Admission,
    trace: Trace,
    shutdown: Shutdown,
    signed_in: Option<SignedIn>,
    draft: Draft,
    /// Messages accepted in this session.
    accepted: u32,
}

struct SignedIn {
    identity: Identity,
    watch: SessionWatch,
    _permit: AccountPermit,
}

/// How far the submission is.
enum Draft {
    None,
    Begun(Box<Submission>, MailFrom),
    /// The recipient was refused; should the client name another, the submission begins anew.
    Refused(MailFrom),
    Addressed(Box<Addressed>),
    Content(Box<Data>),
}

impl Client {
    /// Octets that are read and dropped when we part, so that the last reply is not lost to a reset:
    /// a client in the middle of a message reads only after it has sent it.
    const PARTING: usize = 64 << 20;
    /// The same for somebody who has not signed in.
    const STRANGERS_PARTING: usize = 64 << 10;
    /// How long that may take.
    const PARTING_TIME: Duration = Duration::from_secs(5);

    /// Answers the word for why it ended.
    async fn run(mut self, mut stream: Stream, tls: ServerTls, handshake: Duration) -> &'static str {
        let mut buffer = ReadBuffer::new();
        loop {
            let result = match self.session.advance(&mut buffer) {
                Step::Read => self.read(&mut stream, &mut buffer).await,
                Step::Write => self.flush(&mut stream).await,
                Step::StartTls => {
                    if let Err(Gone(why)) = self.flush(&mut stream).await {
                        return why;
                    }
                    // What came in the clear behind STARTTLS is thrown away in there.
                    stream = match stream.start_tls(&mut buffer, &tls, handshake).await {
                        Ok(stream) => stream,
                        Err(_) => return "no TLS",
                    };
                    self.session.tls_started();
                    Ok(())
                }
                Step::Abandon => {
                    self.draft = Draft::None;
                    Ok(())
                }
                Step::Close => {
                    self.draft = Draft::None;
                    let flushed = self.flush(&mut stream).await;
                    let discard =
                        if self.signed_in.is_some() { Self::PARTING } else { Self::STRANGERS_PARTING };
                    close(&mut stream, discard, Self::PARTING_TIME).await;
                    flushed.and(Err(Gone("closed")))
                }
                // What use cases hold is large, and a connection at rest must not keep room for it.
                wish => Box::pin(self.fulfil(wish, &mut stream)).await,
            };
            if let Err(Gone(why)) = result {
                return why;
            }
        }
    }

    /// Writes what there is to say.
    async fn flush(&mut self, stream: &mut Stream) -> Result<(), Gone> {
        let out = self.session.take_output();
        if out.is_empty() {
            return Ok(());
        }
        write_all(stream, &out, self.settings.patience.write).await.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Gone("stopped reading"),
            _ => Gone("broken"),
        })
    }

    /// Writes, then waits for more to read, or for a reason to read no more.
    async fn read(&mut self, stream: &mut Stream, buffer: &mut ReadBuffer) -> Result<(), Gone> {
        self.flush(stream).await?;
        let until = self.deadline();
        let between_commands = self.session.at_rest() && buffer.is_empty();
        let Self { shutdown, signed_in, .. } = self;
        let withdrawn = async {
            match signed_in {
                Some(signed_in) => signed_in.watch.ended().await,
                None => std::future::pending().await,
            }
        };
        let goodbye = tokio::select! {
            biased;
            () = withdrawn => Reply::new(421, "4.7.0", "The app password of this mail program is no longer valid, closing"),
            () = shutdown.draining(), if between_commands => {
                Reply::new(421, "4.3.2", "The server is about to restart, please try again in a minute")
            }
            read = buffer.fill(stream) => match read {
                Ok(0) => return Err(Gone("closed by the client")),
                Ok(_) => return Ok(()),
                Err(_) => return Err(Gone("broken")),
            },
            () = sleep_until(until) => Reply::new(421, "4.4.2", "Nothing was heard for too long, closing"),
        };
        self.session.end(&goodbye);
        Ok(())
    }

    /// When the client must have said something more.
    fn deadline(&self) -> Instant {
        let patience = self.settings.patience;
        match self.session.awaiting() {
            Awaiting::Content => Instant::now() + patience.content,
            Awaiting::Command => Instant::now() + patience.command,
            Awaiting::StrangersCommand => self.began + patience.sign_in,
        }
    }

    /// Asks the use cases what the machine wants to know.
    async fn fulfil(&mut self, wish: Step, stream: &mut Stream) -> Result<(), Gone> {
        let answer = match wish {
            Step::SignIn(credentials) => self.sign_in(credentials).await,
            Step::Mail(mail) => {
                self.draft = Draft::None;
                self.begin(MailFrom { path: mail.path, size: mail.size, smtputf8: mail.smtputf8 })
            }
            Step::Recipient(path) => self.recipient(&path).await,
            Step::Content => self.content().await,
            Step::Finish => {
                // The client of a pipelined BDAT hears of its chunks before the verdict.
                self.flush(stream).await?;
                self.finish().await
            }
            Step::Read | Step::Write | Step::StartTls | Step::Abandon | Step::Close => return Ok(()),
        };
        self.session.answer(answer);
        Ok(())
    }

    async fn sign_in(&mut self, Credentials { login, secret }: Credentials) -> Answer {
        let shared = &self.shared;
        if !shared.gate.may_try(self.origin) {
            return Answer::Close(Reply::new(
                421,
                "4.7.0",
                "Too many sign-ins from your network, please wait a minute and try again",
            ));
        }
        match shared.authenticator.authenticate(Door::Smtp, &login, &secret, self.peer).await {
            Ok(identity) => {
                let permit = match self.admission.admit_account(identity.account, identity.app_password) {
                    Ok(permit) => permit,
                    Err(full) => return Answer::Close(too_many(full)),
                };
                let max_size = shared.submitter.announced_size_for(&identity);
                let watch = shared.authenticator.watch(&identity);
                self.signed_in = Some(SignedIn { identity, watch, _permit: permit });
                Answer::SignedIn { max_size }
            }
            Err(AuthError::Refused) => {
                shared.gate.failed(self.origin);
                Answer::Refuse(sign_in::refused())
            }
            Err(AuthError::Ours(error)) => {
                tracing::error!(%error, trace = %self.trace.id(), "sign-in failed");
                Answer::Refuse(self.our_fault(454, "4.7.0"))
            }
        }
    }

    fn begin(&mut self, mail: MailFrom) -> Answer {
        // The machine lets nobody begin who has not signed in.
        let Some(SignedIn { identity, .. }) = &self.signed_in else { return self.out_of_step() };
        match self.shared.submitter.begin(identity, &mail) {
            Ok(submission) => {
                self.draft = Draft::Begun(Box::new(submission), mail);
                Answer::Accept
            }
            Err(error) => self.refuse(error),
        }
    }

    async fn recipient(&mut self, path: &str) -> Answer {
        if let Draft::Refused(mail) = &self.draft {
            match self.begin(mail.clone()) {
                Answer::Accept => {}
                other => return other,
            }
        }
        if let Draft::Addressed(addressed) = &self.draft {
            // The session refuses it whatever the answer (R13); both reasons are worth hearing.
            return match addressed.second_recipient(path).await {
                Ok(None) => Answer::Accept,
                Ok(Some(more)) => {
                    let one_too_many = Reply::from(crate::policy::recipient::second_recipient());
                    Answer::Refuse(one_too_many.and(&more.into()))
                }
                Err(error) => self.refuse(error),
            };
        }
        let Draft::Begun(submission, mail) = std::mem::replace(&mut self.draft, Draft::None) else {
            return self.out_of_step();
        };
        match submission.recipient(path).await {
            Ok(addressed) => {
                self.draft = Draft::Addressed(Box::new(addressed));
                Answer::Accept
            }
            Err(error) => {
                self.draft = Draft::Refused(mail);
                self.refuse(error)
            }
        }
    }

    /// Takes the draft's content out; it begins with the first piece, or with the end of a message
    /// that has none.
    fn take_content(&mut self) -> Option<Box<Data>> {
        match std::mem::replace(&mut self.draft, Draft::None) {
            Draft::Addressed(addressed) => Some(Box::new(addressed.data())),
            Draft::Content(data) => Some(data),
            _ => None,
        }
    }

    /// Returns when the store has room for more: the client's back-pressure.
    async fn content(&mut self) -> Answer {
        let Some(mut data) = self.take_content() else { return self.out_of_step() };
        match data.push(self.session.content()).await {
            Ok(()) => {
                self.draft = Draft::Content(data);
                Answer::Accept
            }
            Err(error) => self.refuse(error),
        }
    }

    async fn finish(&mut self) -> Answer {
        let Some(data) = self.take_content() else { return self.out_of_step() };
        match data.finish().await {
            Ok(Accepted::Delivered | Accepted::Repeated) => {
                self.accepted += 1;
                let id = self.trace.id();
                Answer::AcceptWith(Reply::new(250, "2.0.0", format!("Accepted as {id}-{}", self.accepted)))
            }
            Err(error) => self.refuse(error),
        }
    }

    /// The answer to what was refused, or failed.
    fn refuse(&self, error: SubmitError) -> Answer {
        match error {
            SubmitError::Refused(refusal) => Answer::Refuse(refusal.into()),
            SubmitError::Close(refusal) => Answer::Close(refusal.into()),
            SubmitError::Ours(error) => {
                tracing::error!(%error, trace = %self.trace.id(), "submission failed");
                Answer::Refuse(self.our_fault(451, "4.3.0"))
            }
        }
    }

    /// What the user hears when it is we who failed.
    fn our_fault(&self, code: u16, enhanced: &'static str) -> Reply {
        let id = self.trace.id();
        let text =
            format!("Something went wrong on our side, please try again in a few minutes (reference {id})");
        Reply::new(code, enhanced, text)
    }

    /// Machine and driver disagree, which is a fault of ours.
    fn out_of_step(&self) -> Answer {
        tracing::error!(trace = %self.trace.id(), "the session asked for what was not begun");
        Answer::Close(self.our_fault(421, "4.3.0"))
    }
}

/// The connection is over; why, in a word for the trace.
struct Gone(&'static str);

fn too_many(full: AccountFull) -> Reply {
    let text = match full {
        AccountFull::Account => {
            "Too many mail programs are signed in to this account, please close some of them"
        }
        AccountFull::Device => "This device is signed in too many times, please close its mail program",
        AccountFull::TooOften => "This device signs in too often, please wait a minute",
    };
    Reply::new(421, "4.7.0", text)
}
