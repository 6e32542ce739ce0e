//! The submission of one message: sender, recipient, data, verdict, one commit.
//!
//! A door drives it in this order, each step at most once:
//!
//! ```text
//! let submission = submitter.begin(&identity, &mail_from)?;           MAIL
//! let addressed = submission.recipient(path).await?;                  RCPT
//! let mut data = addressed.data();                                    DATA, BDAT
//! data.push(bytes).await?  …                                          unstuffed, CRLF lines, any split
//! let accepted = data.finish().await?                                 250 after this, never before
//! ```
//!
//! Invariants
//! * The header is held back (at most the MIME pass's limit) and rewritten; the body goes to the store
//!   as it comes, R22's signature behind its text, and [`Data::push`] returns when there is room for more.
//! * 3 round trips at most, 1 commit: the recipient, the delivery record where a rule asks for it, the
//!   transaction. Staging a large message and opening an attachment of one cost more.
//! * Dropping a step ends the submission without a trace that a client could see.
//! * Attachments are opened on blocking threads, at most [`Settings::openers`] at a time.

mod body;
pub mod header;
mod open;
pub mod verdict;

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;

use self::body::{Body, Received};
use self::header::{Collected, HeaderBuffer, Stamp};
use self::verdict::Parties;
use super::authenticate::Identity;
use super::people;
use crate::clock::Clock;
use crate::mime::signature::Signing;
use crate::mime::{AddressField, Limits};
use crate::policy::attachment::Unread;
use crate::policy::sender::{self, OwnAddresses};
use crate::policy::{Refusal, form, recipient, retry, size};
use crate::store::{
    Ingested, InvitationText, InvitedRecipient, MailError, NewSubmission, Recipient, Store, SubmitOutcome,
};
use crate::types::{AccountId, Address, AuditAction, AuditNote, Tier};

/// How submissions are judged and stamped.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The gateway's own name, in `Received`.
    pub hostname: String,
    /// The rules' settings.
    pub policy: crate::policy::Settings,
    /// Limits of the MIME pass.
    pub mime: Limits,
    /// How many messages may have attachments opened at the same time; read at start only.
    pub openers: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hostname: "localhost".to_owned(),
            policy: crate::policy::Settings::default(),
            mime: Limits::default(),
            openers: std::thread::available_parallelism().map_or(2, usize::from),
        }
    }
}

/// `MAIL FROM` as the door read it.
#[derive(Clone, Debug, Default)]
pub struct MailFrom {
    /// The reverse-path without brackets; empty for `<>`.
    pub path: String,
    /// `SIZE=` (RFC 1870).
    pub size: Option<u64>,
    /// `SMTPUTF8` (RFC 6531).
    pub smtputf8: bool,
}

/// What `250` may now be said for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Delivered and committed.
    Delivered,
    /// R17: the client's retry after a lost answer; it had been delivered before.
    Repeated,
}

/// Why a submission ended without `250`.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The sentence to answer with; the session goes on.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// R18: past the wire limit. Answer and close the connection: the rest is not read.
    #[error("past the wire limit: {0}")]
    Close(Refusal),
    /// Our fault, outcome unknown or nothing happened: `451` with the trace id.
    #[error("the message could not be stored")]
    Ours(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SubmitError {
    fn ours(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Ours(Box::new(error))
    }
}

/// The use case. Cheap to clone.
#[derive(Clone)]
pub struct Submitter(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    settings: ArcSwap<Settings>,
    openers: Arc<Semaphore>,
}

impl Submitter {
    /// Over a store.
    pub fn new(store: Store, clock: Clock, settings: Settings) -> Self {
        let openers = Arc::new(Semaphore::new(settings.openers.max(1)));
        Self(Arc::new(Inner { store, clock, settings: ArcSwap::from_pointee(settings), openers }))
    }

    /// New settings, for submissions that begin from now on.
    pub fn reload(&self, settings: Settings) {
        self.0.settings.store(Arc::new(settings));
    }

    /// R18: the wire size to announce to somebody who has not signed in.
    pub fn announced_size(&self) -> u64 {
        let policy = &self.0.settings.load().policy;
        size::announced_size(policy.attachment_limit, policy.text_room)
    }

    /// R18: the wire size that this person's practice may send.
    pub fn announced_size_for(&self, identity: &Identity) -> u64 {
        let policy = &self.0.settings.load().policy;
        size::announced_size(identity.attachment_limit.unwrap_or(policy.attachment_limit), policy.text_room)
    }

    /// MAIL: R12 for the envelope, R18 for an announced size. Asks nobody.
    ///
    /// # Errors
    /// [`SubmitError::Refused`].
    pub fn begin(&self, identity: &Identity, mail: &MailFrom) -> Result<Submission, SubmitError> {
        let settings = self.0.settings.load_full();
        let limit = identity.attachment_limit.unwrap_or(settings.policy.attachment_limit);
        let own = OwnAddresses { secure: &identity.secure_address, email: &identity.email };
        let judged = sender::check_mail_from(&mail.path, own).and_then(|()| match mail.size {
            Some(announced) => size::check_announced(announced, limit, settings.policy.text_room),
            None => Ok(()),
        });
        let submission = Submission {
            inner: Arc::clone(&self.0),
            store: self.0.store.acting_as(identity.origin()),
            settings,
            identity: identity.clone(),
            receipt: mail.path.is_empty(),
            smtputf8: mail.smtputf8,
            limit,
        };
        match judged {
            Ok(()) => Ok(submission),
            Err(refusal) => Err(submission.noted(refusal)),
        }
    }
}

/// A submission whose sender is accepted.
pub struct Submission {
    inner: Arc<Inner>,
    /// As its sender uses it.
    store: Store,
    settings: Arc<Settings>,
    identity: Identity,
    receipt: bool,
    smtputf8: bool,
    /// R18, decoded bytes.
    limit: u64,
}

impl Submission {
    /// RCPT: R11, R15. 1 round trip. `path` is the forward-path without brackets.
    ///
    /// # Errors
    /// [`SubmitError::Refused`], [`SubmitError::Ours`].
    pub async fn recipient(self, path: &str) -> Result<Addressed, SubmitError> {
        let (address, person) = self.person(path).await?;
        let mut invited = None;
        let recipient = person.map(|person| match person {
            Recipient::Account(a) => {
                let mut addresses = vec![address.clone(), a.secure_address, a.email];
                addresses.dedup();
                (a.id, addresses)
            }
            Recipient::Invited(to) => {
                let found = (to.account, vec![address.clone()]);
                invited = Some(to);
                found
            }
        });
        Ok(Addressed { submission: self, address, recipient, invited })
    }

    /// Who an address leads to, if this account may write there.
    async fn person(&self, path: &str) -> Result<(Address, Option<Recipient>), SubmitError> {
        let address = Address::parse(path).map_err(|_| self.noted(recipient::bad_address(path)))?;
        let identity = &self.identity;
        let person = self.store.recipient(&address, identity.account, identity.practice).await;
        let person = person.map_err(SubmitError::ours)?.filter(|person| match person {
            Recipient::Account(account) => account.state.receives(),
            // A free account has nothing to reply to there (R14).
            Recipient::Invited(_) => identity.tier == Tier::Paid,
        });
        let policy = &self.settings.policy;
        recipient::check_recipient(&address, person.is_some(), self.identity.tier, policy)
            .map_err(|refusal| self.noted(refusal))?;
        Ok((address, person))
    }

    /// The record of a refusal: rule and code. The sentence may name files and people, so it is not in it.
    fn noted(&self, refusal: Refusal) -> SubmitError {
        tracing::info!(event = "submission-refused", rule = refusal.rule, code = refusal.code);
        metrics::counter!("postern_submissions_refused_total", "rule" => refusal.rule).increment(1);
        let note = AuditNote::refused(AuditAction::Send).account(self.identity.account);
        self.store.audit_note(note.detail(format!("rule={} code={}", refusal.rule, refusal.code)));
        SubmitError::Refused(refusal)
    }
}

/// A submission with its one recipient (R13).
pub struct Addressed {
    submission: Submission,
    address: Address,
    /// `None`: a free account named an address that leads to nobody, and hears R14 at the end (R27).
    recipient: Option<(AccountId, Vec<Address>)>,
    /// R15: that account's person has not registered.
    invited: Option<InvitedRecipient>,
}

impl Addressed {
    /// R13: what else is wrong with a second recipient, so that the person hears it at once; `None`:
    /// only that it is one too many.
    ///
    /// # Errors
    /// [`SubmitError::Ours`].
    pub async fn second_recipient(&self, path: &str) -> Result<Option<Refusal>, SubmitError> {
        match self.submission.person(path).await {
            Ok(_) => Ok(None),
            Err(SubmitError::Refused(refusal)) => Ok(Some(refusal)),
            Err(error) => Err(error),
        }
    }

    /// DATA or the first BDAT.
    pub fn data(self) -> Data {
        let settings = &self.submission.settings;
        let general = settings.policy.attachment_limit.max(self.submission.limit);
        // Room for what this gateway adds, so that a full header stays within the MIME pass's limit.
        let header = settings.mime.header_bytes.saturating_sub(STAMP_ROOM);
        Data {
            wire_limit: size::announced_size(self.submission.limit, settings.policy.text_room),
            close_at: size::announced_size(general, settings.policy.text_room),
            received: 0,
            state: State::Header(HeaderBuffer::new(header)),
            addressed: self,
        }
    }
}

/// Most bytes of the fields that [`header::rewrite`] adds: names and addresses are at most 320 bytes each.
const STAMP_ROOM: usize = 2048;

/// The message on its way in.
pub struct Data {
    addressed: Addressed,
    state: State,
    received: u64,
    /// Past this, what comes is thrown away and refused at the end; past `close_at` it is not read.
    wire_limit: u64,
    close_at: u64,
}

enum State {
    Header(HeaderBuffer),
    Body(Box<Body>),
    /// Refused already; the client hears it at the end.
    Discard(Refusal),
    /// Nothing more is taken.
    Failed,
}

impl Data {
    /// Takes the next bytes of the message; returns when there is room for more.
    ///
    /// # Errors
    /// [`SubmitError::Close`] past the wire limit; [`SubmitError::Ours`] when the store fails. After
    /// either nothing more is taken.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), SubmitError> {
        self.received += bytes.len() as u64;
        if self.received > self.close_at {
            self.state = State::Failed;
            return Err(SubmitError::Close(self.over_wire_limit()));
        }
        if self.received > self.wire_limit && !matches!(self.state, State::Discard(_) | State::Failed) {
            self.state = State::Discard(self.over_wire_limit());
        }
        match &mut self.state {
            State::Discard(_) => Ok(()),
            State::Failed => Err(failed()),
            State::Body(body) => {
                let pushed = body.push(bytes).await;
                pushed.map_err(|e| self.fail(e))
            }
            State::Header(buffer) => match buffer.push(bytes) {
                Collected::More => Ok(()),
                Collected::TooLong => {
                    self.state = State::Discard(form::header_too_long());
                    Ok(())
                }
                Collected::Complete(body_at) => self.header_complete(&bytes[body_at..]).await,
            },
        }
    }

    /// The end of the data: verdict, and the transaction. `Ok` is returned after the commit only.
    ///
    /// # Errors
    /// As [`SubmitError`] says.
    pub async fn finish(mut self) -> Result<Accepted, SubmitError> {
        if matches!(self.state, State::Header(_)) {
            self.header_complete(&[]).await?;
        }
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Body(body) => self.addressed.conclude(*body).await,
            State::Discard(refusal) => Err(self.addressed.submission.noted(refusal)),
            State::Header(_) | State::Failed => Err(failed()),
        }
    }

    async fn header_complete(&mut self, body: &[u8]) -> Result<(), SubmitError> {
        let State::Header(buffer) = std::mem::replace(&mut self.state, State::Failed) else {
            return Err(failed());
        };
        let Addressed { submission, address, .. } = &self.addressed;
        let secure = &submission.identity.secure_address;
        let now = submission.inner.clock.now();
        let since = now.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
        let moment = uuid::Timestamp::from_unix(uuid::NoContext, since.as_secs(), since.subsec_nanos());
        let stamp = Stamp {
            hostname: &submission.settings.hostname,
            domain: &submission.settings.policy.secure_domain,
            id: uuid::Uuid::new_v7(moment),
            now,
            return_path: if submission.receipt { "" } else { secure.as_str() },
            recipient: address.as_str(),
            smtputf8: submission.smtputf8,
        };
        match header::rewrite(&buffer.finish(), &stamp) {
            Err(refusal) => self.state = State::Discard(refusal),
            Ok(rewritten) => {
                let ingest = submission.inner.store.ingest(submission.settings.mime);
                let ingest = ingest.map_err(SubmitError::ours)?;
                // R22; a receipt is written by a machine.
                let signature = submission.identity.signature.clone().filter(|_| !submission.receipt);
                let signing = signature.map(|s| Signing::new(s, submission.settings.mime));
                let mut coming = Box::new(Body::new(ingest, signing, rewritten.bcc));
                coming.push(&rewritten.bytes).await.map_err(SubmitError::ours)?;
                coming.push(body).await.map_err(SubmitError::ours)?;
                self.state = State::Body(coming);
            }
        }
        Ok(())
    }

    fn over_wire_limit(&self) -> Refusal {
        size::too_large(self.addressed.submission.limit)
    }

    fn fail(&mut self, error: MailError) -> SubmitError {
        self.state = State::Failed;
        SubmitError::ours(error)
    }
}

impl Addressed {
    async fn conclude(self, body: Body) -> Result<Accepted, SubmitError> {
        let Received { ingested, bcc, unsigned } = body.finish().await.map_err(SubmitError::ours)?;
        let judged = self.judge(&ingested, &bcc).await;
        let mut ingested = match judged {
            Ok(unread) if unread.is_empty() => ingested,
            Ok(unread) => {
                let (ingested, verdict) = self.open(ingested, unread).await?;
                match verdict {
                    Ok(Ok(())) => ingested,
                    Ok(Err(refusal)) => {
                        let refused = self.submission.noted(refusal);
                        return Err(self.discard(ingested, refused).await);
                    }
                    Err(error) => return Err(self.discard(ingested, SubmitError::ours(error)).await),
                }
            }
            Err(error) => return Err(self.discard(ingested, error).await),
        };
        body::as_the_client_sent(&mut ingested, &unsigned);
        self.store(ingested).await
    }

    fn parties(&self) -> Parties<'_> {
        let identity = &self.submission.identity;
        Parties {
            own: OwnAddresses { secure: &identity.secure_address, email: &identity.email },
            tier: identity.tier,
            receipt: self.submission.receipt,
            address: &self.address,
            recipient: self.recipient.as_ref().map(|(id, addresses)| (*id, &addresses[..])),
        }
    }

    async fn judge(&self, ingested: &Ingested, bcc: &AddressField) -> Result<Vec<Unread>, SubmitError> {
        let Submission { store, settings, identity, limit, .. } = &self.submission;
        let noted = |refusal| self.submission.noted(refusal);
        let message = &ingested.scan.summary;
        let asked = verdict::before_record(message, self.parties()).map_err(noted)?;
        let delivered_by = if asked.is_empty() {
            Vec::new()
        } else {
            store.delivered_by(identity.account, &asked).await.map_err(SubmitError::ours)?
        };
        verdict::with_record(message, bcc, self.parties(), &delivered_by, *limit, &settings.policy)
            .map_err(noted)
    }

    async fn store(self, ingested: Ingested) -> Result<Accepted, SubmitError> {
        let Submission { store, identity, .. } = &self.submission;
        let summary = &ingested.scan.summary;
        // Both are there: the verdict asked for the recipient, the header has a Message-ID by now.
        let (Some((recipient, _)), Some(message_id)) = (&self.recipient, summary.message_id.clone()) else {
            return Err(self.discard(ingested, failed()).await);
        };
        let fingerprint = store.lookup().fingerprint(identity.account, &retry::fingerprint(summary));
        let (sender, size) = (identity.account, ingested.size);
        let invitation = self.invited.clone().map(|to| {
            let text = InvitationText {
                page: people::invitation_link(&self.submission.settings.policy.portal_url),
                inviter: identity.display_name.clone(),
                practice: identity.practice_name.clone(),
            };
            (to, text)
        });
        let new =
            NewSubmission { sender, recipient: *recipient, ingested, message_id, fingerprint, invitation };
        let outcome = store.submit(new).await.map_err(SubmitError::ours)?;
        let (accepted, word) = match outcome {
            SubmitOutcome::Delivered => (Accepted::Delivered, "delivered"),
            SubmitOutcome::Repeated => (Accepted::Repeated, "repeated"),
            SubmitOutcome::Conflict => return Err(self.submission.noted(retry::other_content())),
        };
        tracing::info!(event = "submitted", outcome = word, sender = sender.0, recipient = recipient.0, size);
        metrics::counter!("postern_submissions_total", "outcome" => word).increment(1);
        Ok(accepted)
    }

    /// Throws staged bytes away; should that fail, the sweeper does it later.
    async fn discard(&self, ingested: Ingested, because: SubmitError) -> SubmitError {
        if let Err(error) = ingested.discard().await {
            tracing::warn!(%error, "a refused message stays staged until it is swept");
        }
        because
    }
}

fn failed() -> SubmitError {
    SubmitError::Ours("the submission had failed before".into())
}
