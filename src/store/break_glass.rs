//! Break-glass: a person of Support sees mail of an account, because another one agreed.
//!
//! Invariants: nothing is seen without a request, an approval by somebody else, and a window of time that is
//! open; who asks cannot approve, under whatever spelling of the name (the schema holds that, too); the first
//! look tells the owner, and each look is in the audit log with both names, in a transaction that commits
//! before anything is opened. Reasons are sealed: they may name a patient. ADR 62 says what a name is worth.

use std::time::{Duration, SystemTime};

use super::{NewNotice, Store, StoreError, TextDomain, seconds_of, time_of};
use crate::types::{AccountId, AuditAction, AuditNote, Channel, MailboxId, NoticeContent, SupportName};

/// A request that nobody approved lapses after so long.
const LAPSES: Duration = Duration::from_hours(24);
/// Once approved, so long may be looked.
const OPEN: Duration = Duration::from_hours(1);

/// The login uid that the kernel keeps for a process and its children, whoever they become; `None`: it keeps
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login(pub Option<u32>);

/// What is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessTo {
    /// Dates, senders and subjects of a mailbox's messages.
    List(MailboxId),
    /// One message.
    Message(MailboxId, u32),
    /// All of the account's mail, taken out. Needs no approval.
    Export,
}

impl AccessTo {
    fn kind(self) -> &'static str {
        match self {
            Self::List(_) => "list",
            Self::Message(..) => "message",
            Self::Export => "export",
        }
    }

    fn mailbox(self) -> Option<MailboxId> {
        match self {
            Self::List(mailbox) | Self::Message(mailbox, _) => Some(mailbox),
            Self::Export => None,
        }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct NewAccess<'a> {
    /// Whose mail.
    pub account: AccountId,
    /// What of it.
    pub to: AccessTo,
    /// Why; it may name whom it has to.
    pub reason: &'a str,
    /// Who asks.
    pub by: &'a SupportName,
    /// Where they signed in.
    pub login: Login,
}

/// A request, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Its number.
    pub id: i64,
    /// Whose mail.
    pub account: AccountId,
    /// What of it.
    pub to: AccessTo,
    /// Why; empty when it does not open any more (an erased practice).
    pub reason: String,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: SystemTime,
    /// Who approved.
    pub approved_by: Option<String>,
    /// Until when it may be looked.
    pub open_until: Option<SystemTime>,
    /// Not approved later.
    pub lapses_at: SystemTime,
    /// When it was refused or given up.
    pub ended_at: Option<SystemTime>,
    /// When it was looked at first.
    pub used_at: Option<SystemTime>,
}

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No request of that number.
    #[error("there is no request of that number; see: postern break-glass list")]
    None,
    /// Nobody approves what they asked for themselves.
    #[error("who asked cannot approve; a second person has to")]
    Own,
    /// Both came by one login of this machine.
    #[error(
        "the request came from the same login of this machine; a second person has to approve, signed in as themselves"
    )]
    SameLogin,
    /// It was not approved in time.
    #[error("the request was not approved within 24 hours; ask again")]
    Lapsed,
    /// It was approved already.
    #[error("the request is approved already")]
    Approved,
    /// It was refused or given up.
    #[error("the request was refused or given up; ask again")]
    Ended,
    /// Nobody approved it yet.
    #[error("nobody has approved the request yet; a second person has to: postern break-glass approve")]
    NotApproved,
    /// The window of time is over.
    #[error("the time to look is over; ask again")]
    Over,
    /// Another person asked.
    #[error("only who asked may look")]
    NotYours,
    /// The database, or what it holds.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AccessError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

struct Record {
    id: i64,
    account_id: i64,
    kind: String,
    mailbox_id: Option<i64>,
    uid: Option<i64>,
    reason: Vec<u8>,
    asked_by: String,
    asked_key: String,
    asked_login: Option<i64>,
    asked_at: Option<i64>,
    lapses_at: Option<i64>,
    approved_by: Option<String>,
    open_until: Option<i64>,
    ended_at: Option<i64>,
    used_at: Option<i64>,
}

impl Record {
    fn to(&self) -> Result<AccessTo, StoreError> {
        let uid = self.uid.map(u32::try_from);
        match (self.kind.as_str(), self.mailbox_id, uid) {
            ("list", Some(mailbox), None) => Ok(AccessTo::List(MailboxId(mailbox))),
            ("message", Some(mailbox), Some(Ok(uid))) => Ok(AccessTo::Message(MailboxId(mailbox), uid)),
            ("export", None, None) => Ok(AccessTo::Export),
            _ => Err(StoreError::Corrupt("support_access")),
        }
    }
}

impl Store {
    /// Asks; the number of the request. Entered in the audit log.
    ///
    /// # Errors
    /// [`StoreError`]; also when the account's practice was erased.
    pub async fn access_ask(&self, new: NewAccess<'_>) -> Result<i64, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let id = self.insert_access(&mut tx, &new).await?;
        let mut note = AuditNote::done(AuditAction::AccessAsk).account(new.account);
        if let Some(mailbox) = new.to.mailbox() {
            note = note.mailbox(mailbox);
        }
        self.audit(&mut tx, note.detail(format!("request={id} to={}{}", new.to.kind(), uid_of(new.to))))
            .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// An export begins: its reason, the audit entry and the notice to the owner commit before anything is
    /// taken out. An export that goes on where it was interrupted begins anew here, too.
    pub async fn export_begin(&self, new: NewAccess<'_>, format: &str) -> Result<i64, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let id = self.insert_access(&mut tx, &new).await?;
        let note = AuditNote::done(AuditAction::Export).account(new.account);
        self.audit(&mut tx, note.detail(format!("request={id} format={format}"))).await?;
        self.enqueue_notice(
            &mut tx,
            NewNotice::new(new.account, NoticeContent::MailExported, Channel::Email),
        )
        .await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(id)
    }

    /// A mailbox is going to be written out; durable when it returns.
    pub async fn export_mailbox(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        request: i64,
        uids: &[u32],
    ) -> Result<(), StoreError> {
        let notes = super::audit::uid_sets(uids.iter().copied()).into_iter().map(|set| {
            let note = AuditNote::done(AuditAction::Export).account(account).mailbox(mailbox);
            note.detail(format!("request={request} uids={set}"))
        });
        let mut tx = self.0.pool.begin().await?;
        self.audit_all(&mut tx, notes.collect::<Vec<_>>()).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn insert_access(
        &self,
        tx: &mut sqlx::PgConnection,
        new: &NewAccess<'_>,
    ) -> Result<i64, StoreError> {
        let seal = self.seal_key_in(tx, new.account).await?;
        let now = self.0.clock.now();
        Ok(sqlx::query_scalar!(
            "insert into support_access (account_id, kind, mailbox_id, uid, reason, asked_by, asked_key, asked_login,
                                         asked_at, lapses_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, to_timestamp($9), to_timestamp($10)) returning id",
            new.account.0,
            new.to.kind(),
            new.to.mailbox().map(|m| m.0),
            match new.to {
                AccessTo::Message(_, uid) => Some(i64::from(uid)),
                _ => None,
            },
            seal.seal_text(TextDomain::AccessReason, new.account, new.reason)?,
            new.by.as_str(),
            new.by.folded(),
            new.login.0.map(i64::from),
            seconds_of(now),
            seconds_of(now + LAPSES)
        )
        .fetch_one(tx)
        .await?)
    }

    /// Approves what another person asked for: from now on, for an hour, that one may look.
    ///
    /// # Errors
    /// [`AccessError`]; a try to approve one's own request is entered in the audit log as refused.
    pub async fn access_approve(
        &self,
        id: i64,
        by: &SupportName,
        login: Login,
    ) -> Result<Access, AccessError> {
        let now = self.0.clock.now();
        let mut tx = self.0.pool.begin().await?;
        let record = lock(&mut tx, id).await?;
        let note = AuditNote::done(AuditAction::AccessApprove)
            .account(AccountId(record.account_id))
            .detail(format!("request={id}"));
        if let Err(error) = may_approve(&record, by, login, now) {
            if matches!(error, AccessError::Own | AccessError::SameLogin) {
                let refused = AuditNote { result: crate::types::AuditResult::Refused, ..note };
                self.audit(&mut tx, refused).await?;
                tx.commit().await?;
            }
            return Err(error);
        }
        sqlx::query!(
            "update support_access
                set approved_by = $2, approved_key = $3, approved_login = $4, approved_at = to_timestamp($5),
                    open_until = to_timestamp($6)
              where id = $1",
            id,
            by.as_str(),
            by.folded(),
            login.0.map(i64::from),
            seconds_of(now),
            seconds_of(now + OPEN)
        )
        .execute(&mut *tx)
        .await?;
        self.audit(&mut tx, note).await?;
        let record = lock(&mut tx, id).await?;
        tx.commit().await?;
        Ok(self.access_of(record).await?)
    }

    /// Refuses a request, gives one up, or ends an approval before its time.
    ///
    /// # Errors
    /// [`AccessError::None`], [`AccessError::Ended`].
    pub async fn access_end(&self, id: i64, by: &SupportName) -> Result<(), AccessError> {
        let mut tx = self.0.pool.begin().await?;
        let record = lock(&mut tx, id).await?;
        if record.ended_at.is_some() {
            return Err(AccessError::Ended);
        }
        sqlx::query!(
            "update support_access set ended_by = $2, ended_at = to_timestamp($3) where id = $1",
            id,
            by.as_str(),
            seconds_of(self.0.clock.now())
        )
        .execute(&mut *tx)
        .await?;
        let note = AuditNote::done(AuditAction::AccessEnd).account(AccountId(record.account_id));
        self.audit(&mut tx, note.detail(format!("request={id}"))).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A look by who asked: entered in the audit log with both names; the first one tells the owner. What it
    /// answers may be opened now, and not without asking here again.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn access_use(&self, id: i64, by: &SupportName) -> Result<Access, AccessError> {
        let now = self.0.clock.now();
        let mut tx = self.0.pool.begin().await?;
        let record = lock(&mut tx, id).await?;
        if record.asked_key != by.folded() {
            return Err(AccessError::NotYours);
        } else if record.ended_at.is_some() {
            return Err(AccessError::Ended);
        }
        let (Some(approver), Some(until)) = (&record.approved_by, record.open_until) else {
            return Err(AccessError::NotApproved);
        };
        if time_of(until) <= now {
            return Err(AccessError::Over);
        }
        let account = AccountId(record.account_id);
        let to = record.to()?;
        let mut note = AuditNote::done(AuditAction::Read).account(account);
        if let Some(mailbox) = to.mailbox() {
            note = note.mailbox(mailbox);
        }
        let detail = format!("request={id} approved-by={approver} to={}{}", to.kind(), uid_of(to));
        self.audit(&mut tx, note.detail(detail)).await?;
        if record.used_at.is_none() {
            sqlx::query!(
                "update support_access set used_at = to_timestamp($2) where id = $1",
                id,
                seconds_of(now)
            )
            .execute(&mut *tx)
            .await?;
            self.enqueue_notice(&mut tx, NewNotice::new(account, NoticeContent::SupportRead, Channel::Email))
                .await?;
        }
        tx.commit().await?;
        self.wake_notices();
        Ok(self.access_of(record).await?)
    }

    /// Requests and exports of an account, or of all, the newest first; a thousand at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accesses(&self, account: Option<AccountId>) -> Result<Vec<Access>, StoreError> {
        let records = sqlx::query_as!(
            Record,
            "select id, account_id, kind, mailbox_id, uid, reason, asked_by, asked_key, asked_login,
                    (extract(epoch from asked_at) * 1000000)::bigint as asked_at,
                    (extract(epoch from lapses_at) * 1000000)::bigint as lapses_at,
                    approved_by, (extract(epoch from open_until) * 1000000)::bigint as open_until,
                    (extract(epoch from ended_at) * 1000000)::bigint as ended_at,
                    (extract(epoch from used_at) * 1000000)::bigint as used_at
               from support_access where $1::bigint is null or account_id = $1 order by id desc limit 1000",
            account.map(|a| a.0)
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut all = Vec::with_capacity(records.len());
        for record in records {
            all.push(self.access_of(record).await?);
        }
        Ok(all)
    }

    async fn access_of(&self, record: Record) -> Result<Access, StoreError> {
        let account = AccountId(record.account_id);
        let reason = match self.seal_key(account).await {
            Ok(seal) => seal.open_text(TextDomain::AccessReason, account, &record.reason)?,
            Err(StoreError::Corrupt(_)) => String::new(),
            Err(error) => return Err(error),
        };
        Ok(Access {
            id: record.id,
            account,
            to: record.to()?,
            reason,
            asked_by: record.asked_by,
            asked_at: time_of(record.asked_at.unwrap_or_default()),
            approved_by: record.approved_by,
            open_until: record.open_until.map(time_of),
            lapses_at: time_of(record.lapses_at.unwrap_or_default()),
            ended_at: record.ended_at.map(time_of),
            used_at: record.used_at.map(time_of),
        })
    }
}

fn uid_of(to: AccessTo) -> String {
    match to {
        AccessTo::Message(_, uid) => format!(" uid={uid}"),
        _ => String::new(),
    }
}

fn may_approve(record: &Record, by: &SupportName, login: Login, now: SystemTime) -> Result<(), AccessError> {
    if record.kind == "export" {
        return Err(AccessError::None);
    } else if record.asked_key == by.folded() {
        return Err(AccessError::Own);
    } else if record.ended_at.is_some() {
        return Err(AccessError::Ended);
    } else if record.approved_by.is_some() {
        return Err(AccessError::Approved);
    } else if time_of(record.lapses_at.unwrap_or_default()) <= now {
        return Err(AccessError::Lapsed);
    } else if login.0.is_some() && login.0.map(i64::from) == record.asked_login {
        return Err(AccessError::SameLogin);
    }
    Ok(())
}

async fn lock(tx: &mut sqlx::PgConnection, id: i64) -> Result<Record, AccessError> {
    let record = sqlx::query_as!(
        Record,
        "select id, account_id, kind, mailbox_id, uid, reason, asked_by, asked_key, asked_login,
                (extract(epoch from asked_at) * 1000000)::bigint as asked_at,
                (extract(epoch from lapses_at) * 1000000)::bigint as lapses_at,
                approved_by, (extract(epoch from open_until) * 1000000)::bigint as open_until,
                (extract(epoch from ended_at) * 1000000)::bigint as ended_at,
                (extract(epoch from used_at) * 1000000)::bigint as used_at
           from support_access where id = $1 for update",
        id
    )
    .fetch_optional(tx)
    .await?;
    record.ok_or(AccessError::None)
}
