//! Submissions: both copies of a message, its delivery record and its retry record, in one commit.
//!
//! Invariants: when [`Store::submit`] says delivered, the commit is on disk; when it says
//! [`MailError::OutcomeUnknown`], nobody knows, and the client's retry is recognised (R17). They are committed
//! together with whatever else is waiting (`store/group_commit.rs`); this file has the statement for those that
//! are not plain: a Message-ID that was used before, a mailbox that is not where it was, an invitation.

use sqlx::PgConnection;
use zeroize::Zeroizing;

use super::group_commit::{Member, Verdict};
use super::ingest::{Ingested, SealedBody, Staged};
use super::invitation_links::{LIFE, NewLink};
use super::mail_error::{MailError, ended};
use super::{InvitationText, InvitedRecipient, Store, StoreError};
use crate::types::{AccountId, MailboxId, MailboxName, SpecialUse};

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
pub(super) struct Delivery {
    pub(super) body: SealedBody,
    /// Kept here, so that they live as long as somebody may still claim them.
    pub(super) staged: Option<Staged>,
    pub(super) date: i64,
    pub(super) sender: AccountId,
    pub(super) recipient: AccountId,
    pub(super) inbox_key: [u8; 32],
    pub(super) sender_msgid: [u8; 32],
    pub(super) recipient_msgid: [u8; 32],
    pub(super) fingerprint: [u8; 32],
    /// What ties the recipient's entry to the message, and the sender's (`store/ties.rs`).
    pub(super) inbox_tie: Zeroizing<[u8; 32]>,
    pub(super) sent_tie: Zeroizing<[u8; 32]>,
    /// The sender's peer address, for the audit log.
    pub(super) from: Option<String>,
    /// Seal key and the data key it wraps; one or two.
    pub(super) keys: Vec<(i64, Vec<u8>)>,
    /// R15: a link for the recipient, used if one is due.
    pub(super) link: Option<NewLink>,
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
        let invited = link.is_some();
        let id = new.ingested.shape().id.0;
        let delivery = Delivery {
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
        let mut member = Member::Delivery(Box::new(delivery));
        let mut mended = false;
        loop {
            let (back, verdict) = self.commit_with_others(member).await?;
            member = back;
            match verdict? {
                Verdict::Submitted(outcome) => return Ok(outcome),
                Verdict::NoInbox if invited => return Err(MailError::Joined),
                Verdict::NoInbox | Verdict::Appended(_) => return Err(StoreError::Corrupt("mailbox").into()),
                Verdict::NoSent if mended => return Err(StoreError::Corrupt("mailbox.special_use").into()),
                Verdict::NoSent => {
                    self.mend_sent(sender).await?;
                    mended = true;
                }
            }
        }
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

    /// One statement for those that are not plain; what it says of each, in order.
    pub(super) async fn deliver(
        &self,
        conn: &mut PgConnection,
        batch: &[&Delivery],
    ) -> Result<Vec<Verdict>, MailError> {
        let now = super::seconds_of(self.0.clock.now());
        let mut col = Columns::default();
        for delivery in batch {
            col.add(delivery);
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
        let complete = rows.len() == batch.len();
        let mut woken = Vec::with_capacity(rows.len() * 2);
        let mut verdicts = Vec::with_capacity(rows.len());
        let mut notice_due = false;
        for (row, delivery) in rows.into_iter().zip(batch) {
            notice_due |= row.notice_due;
            verdicts.push(match row.outcome.as_str() {
                "delivered" => {
                    let (inbox, sent) = (row.inbox_id.map(MailboxId), row.sent_id.map(MailboxId));
                    self.0.queue.note_homes(delivery, inbox, sent);
                    woken.extend(inbox.into_iter().chain(sent));
                    Verdict::Submitted(SubmitOutcome::Delivered)
                }
                "repeated" => Verdict::Submitted(SubmitOutcome::Repeated),
                "conflict" => Verdict::Submitted(SubmitOutcome::Conflict),
                "no_sent" => Verdict::NoSent,
                _ => Verdict::NoInbox,
            });
        }
        self.stored(woken, notice_due);
        if !complete {
            return Err(MailError::OutcomeUnknown);
        }
        Ok(verdicts)
    }

    /// After a commit of submissions: whoever has these mailboxes open is woken, and who sends notices and writes
    /// the audit log.
    pub(super) fn stored(&self, mailboxes: Vec<MailboxId>, notice_due: bool) {
        self.wake_mailboxes(mailboxes);
        if notice_due {
            self.wake_own_worker();
        }
        self.0.audit.written.notify_one();
    }
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
    fn add(&mut self, member: &'a Delivery) {
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
