//! Joining: what waited for an invitation goes to the account that the person has (R8, R16).
//!
//! Two steps, so that a crash between them is harmless. First the invitation is marked `joining`, in the
//! transaction that shows why (a registration, a correction, an acceptance); from then on no message is accepted
//! for it. Then one transaction moves everything: data keys wrapped anew, INBOX entries with new UIDs, delivery
//! records (R14) and retry records (R17); the invited account's mailboxes go, so a delivery that had resolved the
//! invitation before finds no INBOX and is told to try again (4yz). Whatever stays `joining` is taken up again by
//! the sweeper of any gateway.

use sqlx::PgConnection;

use super::codes::{CodeAnswer, CodePurpose};
use super::seal::BodyShape;
use super::ties::{Entry, TieKey, all_tied};
use super::{Store, StoreError, WebSession, seconds_of};
use crate::mime::{FactsRef, Limits, Scanner};
use crate::types::{
    AccountId, Address, AuditAction, AuditNote, BodyId, InvitationId, MailboxId, MailboxName,
};

/// A waiting message on its way.
struct Moved {
    body: BodyId,
    uid: i64,
    sender: i64,
    wrapped: Vec<u8>,
    /// Keyed for the new recipient, and for its sender.
    recipient_msgid: Vec<u8>,
    sender_msgid: Vec<u8>,
}

/// What became of an acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepting {
    /// The waiting mail is in the account's INBOX, or will be in a moment.
    Joined,
    /// The inviter gave another phone than the account's: prove it.
    PhoneDiffers,
    /// The answer was not right.
    Not(CodeAnswer),
    /// There is no such open invitation to the account's address.
    NotOpen,
    /// The sign-in has ended.
    Ended,
}

impl Store {
    /// R8, R16: a signed-in person accepts an open invitation to the account's address: at once when its phone is the
    /// account's, else with the code sent to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation_accept(
        &self,
        session: &WebSession,
        id: InvitationId,
        digits: Option<&[u8; 6]>,
    ) -> Result<Accepting, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        sqlx::query_scalar!("select id from account where id = $1 for no key update", account.0)
            .fetch_one(&mut *tx)
            .await?;
        let open = sqlx::query!(
            "select i.account_id, i.phone from invitation i
              where i.id = $1 and i.state = 'open'
                and i.email = (select d.address from address d
                                where d.account_id = $2 and d.kind = 'email' and d.retired_at is null)
                for update of i",
            id.0,
            account.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(open) = open else { return Ok(Accepting::NotOpen) };
        if !self.session_hold(&mut tx, session).await? {
            return Ok(Accepting::Ended);
        }
        match digits {
            None => {
                let mine = self.phones_in(&mut tx, account).await?;
                let theirs =
                    self.open_phone_in(&mut tx, AccountId(open.account_id), Some(&open.phone)).await?;
                if !theirs.is_some_and(|theirs| mine.contains(&theirs)) {
                    return Ok(Accepting::PhoneDiffers);
                }
            }
            Some(digits) => {
                match self.code_answer(&mut tx, session, CodePurpose::Accept(id), digits).await? {
                    CodeAnswer::Right(_) => {}
                    wrong => {
                        tx.commit().await?;
                        return Ok(Accepting::Not(wrong));
                    }
                }
            }
        }
        self.join_begin(&mut tx, id, account).await?;
        tx.commit().await?;
        self.join_due(account).await;
        Ok(Accepting::Joined)
    }

    /// Marks the open invitations to an account's new address whose phone the account has proved. The caller's
    /// transaction holds the account; after the commit call [`Store::join_due`].
    pub(super) async fn join_mark(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        email: &Address,
    ) -> Result<(), StoreError> {
        let mine = self.phones_in(tx, account).await?;
        if mine.is_empty() {
            return Ok(());
        }
        let open = sqlx::query!(
            "select id, account_id, phone from invitation where email = $1 and state = 'open' order by id for update",
            email.as_str()
        )
        .fetch_all(&mut *tx)
        .await?;
        for row in open {
            let theirs = self.open_phone_in(tx, AccountId(row.account_id), Some(&row.phone)).await?;
            if theirs.is_some_and(|theirs| mine.contains(&theirs)) {
                self.join_begin(tx, InvitationId(row.id), account).await?;
            }
        }
        Ok(())
    }

    /// Marks one invitation.
    pub(super) async fn join_begin(
        &self,
        tx: &mut PgConnection,
        id: InvitationId,
        account: AccountId,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "update invitation
                set state = 'joining', joined_account = $2, token_key = null, closed_at = to_timestamp($3)
              where id = $1 and state = 'open'",
            id.0,
            account.0,
            seconds_of(self.0.clock.now())
        )
        .execute(tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn open_phone_in(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        sealed: Option<&[u8]>,
    ) -> Result<Option<crate::types::Phone>, StoreError> {
        self.seal_key_in(tx, account).await?;
        self.open_phone(account, sealed).await
    }

    /// Moves what waits for invitations that are `joining` this account. An error leaves them to the sweeper.
    pub(super) async fn join_due(&self, account: AccountId) {
        match self.joining(Some(account)).await {
            Ok(due) => {
                for id in due {
                    if let Err(error) = self.join(id).await {
                        tracing::warn!(%error, invitation = id.0, "joining is tried again later");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "joining is tried again later"),
        }
    }

    /// Takes up every joining that was begun and not finished; answers how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn join_all(&self) -> Result<u64, StoreError> {
        let mut done = 0;
        let mut failed = Ok(());
        for id in self.joining(None).await? {
            match self.join(id).await {
                Ok(()) => done += 1,
                // One that cannot be done must not keep the others.
                Err(error) => failed = Err(error),
            }
        }
        failed.map(|()| done)
    }

    async fn joining(&self, account: Option<AccountId>) -> Result<Vec<InvitationId>, StoreError> {
        let ids = sqlx::query_scalar!(
            "select id from invitation
              where state = 'joining' and ($1::bigint is null or joined_account = $1) order by id",
            account.map(|a| a.0)
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(ids.into_iter().map(InvitationId).collect())
    }

    /// Moves one, in one transaction.
    async fn join(&self, id: InvitationId) -> Result<(), StoreError> {
        let row = sqlx::query!(
            r#"select account_id, joined_account as "to!" from invitation
                where id = $1 and state = 'joining' and joined_account is not null"#,
            id.0
        )
        .fetch_optional(&self.0.pool)
        .await?;
        let Some(row) = row else { return Ok(()) };
        let (from, to) = (AccountId(row.account_id), AccountId(row.to));
        let inbox = MailboxName::inbox();
        let mut tx = self.0.pool.begin().await?;
        // The account first, as everybody who changes an invitation does.
        sqlx::query!("select id from account where id = $1 for no key update", from.0)
            .fetch_one(&mut *tx)
            .await?;
        let (from_seal, to_seal) =
            (self.seal_key_in(&mut tx, from).await?, self.seal_key_in(&mut tx, to).await?);
        // In the order of (account, id), as deliveries do. Whoever joins the same one waits here.
        let boxes = sqlx::query!(
            "select account_id, id from mailbox
              where (account_id = $1 and name_key = $2) or (account_id = $3 and name_key = $4)
              order by account_id, id for no key update",
            from.0,
            &self.lookup().mailbox_name(from, &inbox),
            to.0,
            &self.lookup().mailbox_name(to, &inbox)
        )
        .fetch_all(&mut *tx)
        .await?;
        let box_of = |a: AccountId| boxes.iter().find(|b| b.account_id == a.0).map(|b| b.id);
        let to_box = box_of(to).ok_or(StoreError::Corrupt("mailbox"))?;
        if let Some(from_box) = box_of(from) {
            let moved = self.waiting(&mut tx, from, from_box, to, &from_seal, &to_seal).await?;
            move_entries(&mut tx, from, from_box, to, to_box, &moved, &self.lookup().ties(to)).await?;
            move_records(&mut tx, from, to, from_seal.id.0, to_seal.id.0, &moved).await?;
            if !moved.is_empty() {
                let now = self.unix_now();
                sqlx::query!("select enqueue_secure_message_notices($1, $2)", &[to.0], &[now])
                    .fetch_one(&mut *tx)
                    .await?;
            }
        }
        sqlx::query!("delete from subscription where account_id = $1", from.0).execute(&mut *tx).await?;
        sqlx::query!("delete from mailbox where account_id = $1", from.0).execute(&mut *tx).await?;
        sqlx::query!("update invitation set state = 'joined' where id = $1 and state = 'joining'", id.0)
            .execute(&mut *tx)
            .await?;
        sqlx::query!("update account set state = 'closed' where id = $1 and state = 'invited'", from.0)
            .execute(&mut *tx)
            .await?;
        let note = AuditNote::done(AuditAction::InvitationChange)
            .account(to)
            .object("invitation", id)
            .detail("step=joined");
        self.audit(&mut tx, note).await?;
        contacts_join(&mut tx, from, to).await?;
        tx.commit().await?;
        self.wake_mailboxes([MailboxId(to_box)]);
        self.wake_notices();
        Ok(())
    }

    /// The waiting messages with their keys wrapped for the new owner, in the order of their uids.
    async fn waiting(
        &self,
        tx: &mut PgConnection,
        from: AccountId,
        from_box: i64,
        to: AccountId,
        from_seal: &super::SealKey,
        to_seal: &super::SealKey,
    ) -> Result<Vec<Moved>, StoreError> {
        let rows = sqlx::query!(
            r#"select e.uid, e.size as entry_size, e.internal_date, e.tie as "tie?", m.id, m.size, m.chunk_size, m.facts, k.wrapped, d.sender_id as "sender!"
                 from mailbox_message e
                 join message m on m.id = e.message_id
                 join message_key k on k.message_id = m.id and k.seal_key_id = $3
                 join delivery d on d.account_id = $1 and d.message_id = m.id
                where e.account_id = $1 and e.mailbox_id = $2
                order by e.uid"#,
            from.0,
            from_box,
            from_seal.id.0
        )
        .fetch_all(&mut *tx)
        .await?;
        let ties = self.lookup().ties(from);
        let mut moved = Vec::with_capacity(rows.len());
        for row in rows {
            let entry = Entry {
                mailbox: from_box,
                uid: row.uid,
                size: row.entry_size,
                internal_date: row.internal_date,
                message: row.id,
            };
            let body = ties.body(entry, row.tie);
            all_tied(&[body])?;
            let shape = BodyShape {
                id: body,
                size: u64::try_from(row.size).map_err(|_| StoreError::Corrupt("message.size"))?,
                chunk_size: u32::try_from(row.chunk_size)
                    .map_err(|_| StoreError::Corrupt("message.chunk_size"))?,
            };
            let key = from_seal.unwrap(&row.wrapped, shape)?;
            let facts = key.open_facts(body, row.facts)?;
            let msgid = message_id(&facts).ok_or(StoreError::Corrupt("message.facts"))?;
            moved.push(Moved {
                body,
                uid: row.uid,
                sender: row.sender,
                wrapped: to_seal.wrap(&key, shape)?,
                recipient_msgid: self.lookup().msgid(to, &msgid).to_vec(),
                sender_msgid: self.lookup().msgid(AccountId(row.sender), &msgid).to_vec(),
            });
        }
        Ok(moved)
    }
}

/// R21: whose book holds the invited account has written to `to`. Marking moved those contacts already (migration
/// 0005); here come those of deliveries that had resolved the invitation before. Books are locked last.
async fn contacts_join(tx: &mut PgConnection, from: AccountId, to: AccountId) -> Result<(), StoreError> {
    sqlx::query!(
        r#"select add_contact(late.account_id, $2) as "done?"
             from (select c.account_id from contact c
                    where c.contact_id = $1 and c.account_id <> $2 order by c.account_id) late"#,
        from.0,
        to.0
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query!("delete from contact where contact_id = $1", from.0).execute(tx).await?;
    Ok(())
}

/// The Message-ID, from the header block in the facts.
fn message_id(facts: &[u8]) -> Option<String> {
    let facts = FactsRef::parse(facts).ok()?;
    let mut scanner = Scanner::new(Limits::default());
    scanner.feed(facts.header);
    scanner.finish().summary.message_id
}

async fn move_entries(
    tx: &mut PgConnection,
    from: AccountId,
    from_box: i64,
    to: AccountId,
    to_box: i64,
    moved: &[Moved],
    ties: &TieKey,
) -> Result<(), StoreError> {
    if moved.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into mailbox_message (account_id, mailbox_id, uid, modseq, flags, size, internal_date, message_id,
                                      tie)
         select $3, $4, p.uid, p.modseq, 0, p.size, p.internal_date, p.message_id,
                entry_tie(message_tie_key($6, p.message_id), $4, p.uid, p.size, p.internal_date)
           from (select b.uidnext - 1 + row_number() over (order by e.uid) as uid, b.highestmodseq + 1 as modseq,
                        e.size, e.internal_date, e.message_id
                   from mailbox_message e, mailbox b
                  where e.account_id = $1 and e.mailbox_id = $2 and e.uid = any($5)
                    and b.account_id = $3 and b.id = $4) p",
        from.0,
        from_box,
        to.0,
        to_box,
        &moved.iter().map(|m| m.uid).collect::<Vec<_>>(),
        ties.bytes()
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update mailbox b
            set uidnext = b.uidnext + c.n, highestmodseq = b.highestmodseq + 1, messages = b.messages + c.n,
                unseen = b.unseen + c.n, size = b.size + c.size
           from (select count(*) as n, sum(e.size)::bigint as size from mailbox_message e
                  where e.account_id = $1 and e.mailbox_id = $2 and e.uid = any($5)) c
          where b.account_id = $3 and b.id = $4",
        from.0,
        from_box,
        to.0,
        to_box,
        &moved.iter().map(|m| m.uid).collect::<Vec<_>>()
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from mailbox_message where account_id = $1", from.0).execute(tx).await?;
    Ok(())
}

/// Keys, delivery records and retry records.
async fn move_records(
    tx: &mut PgConnection,
    from: AccountId,
    to: AccountId,
    from_key: i64,
    to_key: i64,
    moved: &[Moved],
) -> Result<(), StoreError> {
    let bodies: Vec<uuid::Uuid> = moved.iter().map(|m| m.body.0).collect();
    let senders: Vec<i64> = moved.iter().map(|m| m.sender).collect();
    sqlx::query!(
        "insert into message_key (message_id, seal_key_id, wrapped)
         select u.id, $1, u.wrapped from unnest($2::uuid[], $3::bytea[]) u(id, wrapped) on conflict do nothing",
        to_key,
        &bodies,
        &moved.iter().map(|m| m.wrapped.clone()).collect::<Vec<_>>()
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from message_key where seal_key_id = $1 and $1 <> $2 and message_id = any($3)",
        from_key,
        to_key,
        &bodies
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into delivery (account_id, msgid_key, sender_id, message_id, delivered_at)
         select $1, u.msgid, u.sender, u.id, coalesce(d.delivered_at, now())
           from unnest($3::uuid[], $4::bytea[], $5::bigint[]) u(id, msgid, sender)
           left join delivery d on d.account_id = $2 and d.message_id = u.id
             on conflict do nothing",
        to.0,
        from.0,
        &bodies,
        &moved.iter().map(|m| m.recipient_msgid.clone()).collect::<Vec<_>>(),
        &senders
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from delivery where account_id = $1", from.0).execute(&mut *tx).await?;
    sqlx::query!(
        "update submission s set recipient_id = $1
           from unnest($2::bigint[], $3::bytea[]) u(sender, msgid)
          where s.account_id = u.sender and s.msgid_key = u.msgid",
        to.0,
        &senders,
        &moved.iter().map(|m| m.sender_msgid.clone()).collect::<Vec<_>>()
    )
    .execute(tx)
    .await?;
    Ok(())
}
