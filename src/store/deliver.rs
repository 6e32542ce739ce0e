//! Submissions: both copies of a message, its delivery record and its retry record, in one commit.
//!
//! Invariants: when [`Store::submit`] says delivered, the commit is on disk; when it says
//! [`MailError::OutcomeUnknown`], nobody knows, and the client's retry is recognised (R17). A batch is
//! whatever queued while the last one ran, never what a timer collected: one statement, one
//! transaction, one round trip. A second batch runs beside the first when many wait or when the first
//! is slow (it may wait for a mailbox): two small ones at the same time cost more than one of both. When a batch fails its members are run alone, so that nobody fails for
//! a neighbour's sake. Within a batch no two members have the same sender and Message-ID.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::ingest::{Ingested, SealedBody, Staged};
use super::invitation_links::{LIFE, NewLink};
use super::mail_error::{MailError, ended};
use super::{InvitationText, InvitedRecipient, Store, StoreError};
use crate::types::{AccountId, MailboxId, MailboxName, SpecialUse};

/// Batches that run at the same time.
const COMMITTERS: usize = 2;
/// So many waiting are worth a batch of their own.
const CROWD: usize = 64;
/// A batch that runs longer than this holds nobody up.
const SLOW: Duration = Duration::from_millis(20);
/// Most submissions of one batch, and most bytes of message data that go with its statement.
const BATCH_MEMBERS: usize = 256;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A message that policy has accepted.
pub struct NewSubmission {
    /// Who sends it; gets the copy in the mailbox marked `\Sent` (R28).
    pub sender: AccountId,
    /// Who receives it, in INBOX.
    pub recipient: AccountId,
    /// The message.
    pub ingested: Ingested,
    /// Its Message-ID, without the angle brackets.
    pub message_id: String,
    /// [`super::Lookup::fingerprint`] of the sender and the content (R17, R28).
    pub fingerprint: [u8; 32],
    /// R15: the recipient has not registered: with the first message, and where else a new link is due, the
    /// invitation goes out in the same transaction.
    pub invitation: Option<(InvitedRecipient, InvitationText)>,
}

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// Delivered and on disk.
    Delivered,
    /// R17: a retry of what was delivered before; nothing was stored.
    Repeated,
    /// R17: the Message-ID was used for another message; nothing was stored.
    Conflict,
}

/// One submission, ready for the statement.
struct Member {
    body: SealedBody,
    /// Kept here, so that they live as long as somebody may still claim them.
    staged: Option<Staged>,
    date: i64,
    sender: AccountId,
    recipient: AccountId,
    inbox_key: [u8; 32],
    sender_msgid: [u8; 32],
    recipient_msgid: [u8; 32],
    fingerprint: [u8; 32],
    /// What ties the recipient's entry to the message, and the sender's (`store/ties.rs`).
    inbox_tie: Zeroizing<[u8; 32]>,
    sent_tie: Zeroizing<[u8; 32]>,
    /// The sender's peer address, for the audit log.
    from: Option<String>,
    /// Seal key and the data key it wraps; one or two.
    keys: Vec<(i64, Vec<u8>)>,
    /// R15: a link for the recipient, used if one is due.
    link: Option<NewLink>,
}

/// What the statement said of one member.
enum Verdict {
    Done(SubmitOutcome),
    /// The sender has no mailbox marked `\Sent`.
    NoSent,
    /// The recipient has no INBOX, which cannot be.
    NoInbox,
}

struct Waiting {
    member: Member,
    answer: oneshot::Sender<(Member, Result<Verdict, MailError>)>,
}

/// What waits to be committed.
#[derive(Default)]
pub(super) struct Queue(Mutex<Line>);

#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    running: usize,
}

impl Queue {
    /// Adds a member; `true`: the caller starts a committer.
    fn push(&self, waiting: Waiting) -> bool {
        let mut line = self.0.lock();
        line.waiting.push_back(waiting);
        let start = line.running == 0 || (line.running < COMMITTERS && line.waiting.len() >= CROWD);
        line.running += usize::from(start);
        start
    }

    /// Somebody has waited for [`SLOW`]; `true`: the caller starts a committer.
    fn is_held_up(&self) -> bool {
        let mut line = self.0.lock();
        let start = !line.waiting.is_empty() && line.running < COMMITTERS;
        line.running += usize::from(start);
        start
    }

    /// The next batch; `None` ends the committer that asked.
    fn take(&self) -> Option<Vec<Waiting>> {
        let mut line = self.0.lock();
        let mut seen = HashSet::new();
        let mut bytes = 0;
        let count = line
            .waiting
            .iter()
            .take(BATCH_MEMBERS)
            .take_while(|w| {
                bytes += w.member.weight();
                (bytes <= BATCH_BYTES || seen.is_empty())
                    && seen.insert((w.member.sender, w.member.sender_msgid))
            })
            .count();
        if count == 0 {
            line.running -= 1;
            return None;
        }
        Some(line.waiting.drain(..count).collect())
    }
}

impl Member {
    fn weight(&self) -> usize {
        let data = self.body.data.iter().flatten().map(Vec::len).sum::<usize>();
        self.body.facts.len() + data
    }
}

impl Store {
    /// Delivers a message, with its notice (R23) and its audit entry: 1 round trip and 1 commit, all shared with whatever is submitted meanwhile.
    /// Runs to its end even if the caller goes away.
    ///
    /// # Errors
    /// [`MailError::StagedGone`]; [`MailError::OutcomeUnknown`] when the database went away before it
    /// answered; otherwise nothing was stored.
    pub async fn submit(&self, mut new: NewSubmission) -> Result<SubmitOutcome, MailError> {
        let (sender, recipient) = (new.sender, new.recipient);
        let mut keys: Vec<(i64, Vec<u8>)> = Vec::with_capacity(2);
        for account in [sender, recipient] {
            let seal = self.seal_key(account).await?;
            if keys.iter().all(|(id, _)| *id != seal.id.0) {
                let wrapped = seal.wrap(new.ingested.key(), new.ingested.shape());
                keys.push((seal.id.0, wrapped.map_err(StoreError::from)?));
            }
        }
        let lookup = self.lookup();
        let link = match new.invitation.take() {
            None => None,
            Some((to, text)) => Some(self.invitation_link(to.account, &to.email, to.name, &text).await?),
        };
        let id = new.ingested.shape().id.0;
        let mut member = Member {
            body: new.ingested.seal()?,
            staged: new.ingested.take_staged(),
            date: self.unix_now(),
            sender,
            recipient,
            inbox_key: lookup.mailbox_name(recipient, &MailboxName::inbox()),
            sender_msgid: lookup.msgid(sender, &new.message_id),
            recipient_msgid: lookup.msgid(recipient, &new.message_id),
            fingerprint: new.fingerprint,
            inbox_tie: lookup.ties(recipient).message(id),
            sent_tie: lookup.ties(sender).message(id),
            from: self.origin().address.map(|a| a.to_canonical().to_string()),
            keys,
            link,
        };
        drop(new);
        let mut mended = false;
        loop {
            let (back, verdict) = self.enqueue(member).await?;
            member = back;
            match verdict? {
                Verdict::Done(outcome) => return Ok(outcome),
                Verdict::NoInbox if member.link.is_some() => return Err(MailError::Joined),
                Verdict::NoInbox => return Err(StoreError::Corrupt("mailbox").into()),
                Verdict::NoSent if mended => return Err(StoreError::Corrupt("mailbox.special_use").into()),
                Verdict::NoSent => {
                    self.mend_sent(sender).await?;
                    mended = true;
                }
            }
        }
    }

    async fn enqueue(&self, member: Member) -> Result<(Member, Result<Verdict, MailError>), MailError> {
        let (answer, mut answered) = oneshot::channel();
        if self.0.queue.push(Waiting { member, answer }) {
            tokio::spawn(commit(self.clone()));
        } else if let Ok(done) = tokio::time::timeout(SLOW, &mut answered).await {
            return done.map_err(|_| MailError::OutcomeUnknown);
        } else if self.0.queue.is_held_up() {
            tokio::spawn(commit(self.clone()));
        }
        // A committer that ended without an answer may have committed.
        answered.await.map_err(|_| MailError::OutcomeUnknown)
    }

    /// Seconds since 1970.
    pub(crate) fn unix_now(&self) -> i64 {
        super::seconds_of(self.0.clock.now()) as i64
    }

    /// R28: the sender threw the mailbox marked `\Sent` away; there must be one.
    async fn mend_sent(&self, account: AccountId) -> Result<(), MailError> {
        let name = MailboxName::new("Sent")?;
        let key = self.lookup().mailbox_name(account, &name);
        let marked = sqlx::query!(
            "update mailbox set special_use = 'sent'
              where account_id = $1 and name_key = $2 and selectable and special_use is null",
            account.0,
            key.as_slice()
        )
        .execute(&self.0.pool)
        .await
        .map_err(ended);
        match marked {
            Ok(done) if done.rows_affected() > 0 => return Ok(()),
            Ok(_) | Err(MailError::UseTaken) => {}
            Err(e) => return Err(e),
        }
        match self.create_mailbox(account, &name, Some(SpecialUse::Sent)).await {
            // Somebody else was faster.
            Ok(_) | Err(MailError::Exists | MailError::UseTaken) => {}
            Err(e) => return Err(e),
        }
        self.subscribe(account, &name).await
    }

    /// R14: who delivered a message with one of these Message-IDs to the account; 1 statement, on the
    /// delivery record, which outlives the messages.
    pub async fn delivered_by(
        &self,
        account: AccountId,
        message_ids: &[String],
    ) -> Result<Vec<AccountId>, StoreError> {
        let keys: Vec<_> = message_ids.iter().map(|m| self.lookup().msgid(account, m).to_vec()).collect();
        let senders = sqlx::query_scalar!(
            "select distinct sender_id from delivery where account_id = $1 and msgid_key = any($2)",
            account.0,
            &keys
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(senders.into_iter().map(AccountId).collect())
    }

    /// One statement for the batch; what it says of each member, in order.
    async fn run_batch(
        &self,
        conn: &mut sqlx::PgConnection,
        batch: &[Waiting],
    ) -> Result<Vec<Verdict>, MailError> {
        let now = super::seconds_of(self.0.clock.now());
        let mut col = Columns::default();
        for Waiting { member, .. } in batch {
            col.add(member);
        }
        let rows = sqlx::query!(
            r#"select outcome as "outcome!", inbox_id, sent_id, notice_due as "notice_due!"
                 from submit_and_invite($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
                                   $15, $16, $17, $18, $19, $20, $21, $22,
                                   $23, $24, $25, $26, $27, $28, $29, $30, $30)
                order by member"#,
            &col.id,
            &col.size,
            &col.chunk_size,
            &col.chunks,
            &col.seal_version,
            &col.facts as _,
            &col.staged,
            &col.date,
            &col.sender,
            &col.recipient,
            &col.inbox_key as _,
            &col.sender_msgid as _,
            &col.recipient_msgid as _,
            &col.fingerprint as _,
            &col.key_message,
            &col.key_seal,
            &col.key_wrapped as _,
            &col.chunk_message,
            &col.chunk_idx,
            &col.chunk_data as _,
            &col.from as &[Option<String>],
            &*self.0.gateway,
            &col.inbox_tie as _,
            &col.sent_tie as _,
            &col.link_account,
            &col.link_token as _,
            &col.link_notice,
            &col.link_payload as _,
            now,
            now + LIFE.as_secs_f64()
        )
        .fetch_all(conn)
        .await
        .map_err(ended)?;
        let mut woken = Vec::with_capacity(rows.len() * 2);
        let mut verdicts = Vec::with_capacity(rows.len());
        let mut notice_due = false;
        for row in rows {
            notice_due |= row.notice_due;
            verdicts.push(match row.outcome.as_str() {
                "delivered" => {
                    woken.extend(row.inbox_id.into_iter().chain(row.sent_id).map(MailboxId));
                    Verdict::Done(SubmitOutcome::Delivered)
                }
                "repeated" => Verdict::Done(SubmitOutcome::Repeated),
                "conflict" => Verdict::Done(SubmitOutcome::Conflict),
                "no_sent" => Verdict::NoSent,
                _ => Verdict::NoInbox,
            });
        }
        self.wake_mailboxes(woken);
        if notice_due {
            self.wake_own_worker();
        }
        self.0.audit.written.notify_one();
        if verdicts.len() != batch.len() {
            return Err(MailError::OutcomeUnknown);
        }
        Ok(verdicts)
    }
}

/// Commits batches until nothing waits.
async fn commit(store: Store) {
    let mut conn = None;
    while let Some(batch) = store.0.queue.take() {
        run(&store, &mut conn, batch).await;
    }
}

type Held = Option<sqlx::pool::PoolConnection<sqlx::Postgres>>;

async fn run(store: &Store, held: &mut Held, mut batch: Vec<Waiting>) {
    let mut conn = match held.take() {
        Some(conn) => conn,
        None => match store.0.pool.acquire().await {
            Ok(conn) => conn,
            Err(error) => {
                // Nothing was sent.
                tracing::warn!(%error, waiting = batch.len(), "no connection for submissions");
                for one in batch {
                    let none = StoreError::Database(sqlx::Error::PoolTimedOut);
                    answer(one, Err(none.into()));
                }
                return;
            }
        },
    };
    match store.run_batch(&mut conn, &batch).await {
        Ok(verdicts) => {
            for (one, verdict) in batch.into_iter().zip(verdicts) {
                answer(one, Ok(verdict));
            }
            *held = Some(conn);
        }
        // The connection is not used again.
        Err(MailError::OutcomeUnknown) => {
            for one in batch {
                answer(one, Err(MailError::OutcomeUnknown));
            }
        }
        Err(error) if batch.len() == 1 => {
            *held = Some(conn);
            if let Some(one) = batch.pop() {
                answer(one, Err(error));
            }
        }
        Err(error) => {
            tracing::warn!(%error, members = batch.len(), "a batch of submissions failed; its members run alone");
            *held = Some(conn);
            for one in batch {
                Box::pin(run(store, held, vec![one])).await;
            }
        }
    }
}

fn answer(Waiting { mut member, answer }: Waiting, verdict: Result<Verdict, MailError>) {
    if let (Ok(Verdict::Done(SubmitOutcome::Delivered)), Some(staged)) = (&verdict, &mut member.staged) {
        staged.claimed();
    }
    // Nobody waits any more when the client has gone; what is committed stays.
    let _gone = answer.send((member, verdict));
}

/// The members as the statement's arrays.
#[derive(Default)]
struct Columns<'a> {
    id: Vec<uuid::Uuid>,
    size: Vec<i64>,
    chunk_size: Vec<i32>,
    chunks: Vec<i32>,
    seal_version: Vec<i16>,
    facts: Vec<&'a [u8]>,
    staged: Vec<bool>,
    date: Vec<i64>,
    sender: Vec<i64>,
    recipient: Vec<i64>,
    inbox_key: Vec<&'a [u8]>,
    sender_msgid: Vec<&'a [u8]>,
    recipient_msgid: Vec<&'a [u8]>,
    fingerprint: Vec<&'a [u8]>,
    inbox_tie: Vec<&'a [u8]>,
    sent_tie: Vec<&'a [u8]>,
    from: Vec<Option<String>>,
    key_message: Vec<uuid::Uuid>,
    key_seal: Vec<i64>,
    key_wrapped: Vec<&'a [u8]>,
    chunk_message: Vec<uuid::Uuid>,
    chunk_idx: Vec<i32>,
    chunk_data: Vec<&'a [u8]>,
    link_account: Vec<i64>,
    link_token: Vec<&'a [u8]>,
    link_notice: Vec<uuid::Uuid>,
    link_payload: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn add(&mut self, member: &'a Member) {
        let body = &member.body;
        let id = body.shape.id.0;
        self.id.push(id);
        self.size.push(body.shape.size.cast_signed());
        self.chunk_size.push(body.shape.chunk_size.cast_signed());
        self.chunks.push(body.chunks.cast_signed());
        self.seal_version.push(body.seal_version);
        self.facts.push(&body.facts);
        self.staged.push(body.data.is_none());
        self.date.push(member.date);
        self.sender.push(member.sender.0);
        self.recipient.push(member.recipient.0);
        self.inbox_key.push(&member.inbox_key);
        self.sender_msgid.push(&member.sender_msgid);
        self.recipient_msgid.push(&member.recipient_msgid);
        self.fingerprint.push(&member.fingerprint);
        self.inbox_tie.push(member.inbox_tie.as_slice());
        self.sent_tie.push(member.sent_tie.as_slice());
        self.from.push(member.from.clone());
        if let Some(link) = &member.link {
            self.link_account.push(link.account.0);
            self.link_token.push(&link.token);
            self.link_notice.push(link.notice);
            self.link_payload.push(&link.payload);
        }
        for (seal, wrapped) in &member.keys {
            self.key_message.push(id);
            self.key_seal.push(*seal);
            self.key_wrapped.push(wrapped);
        }
        for (idx, data) in (0..).zip(body.data.iter().flatten()) {
            self.chunk_message.push(id);
            self.chunk_idx.push(idx);
            self.chunk_data.push(data);
        }
    }
}
