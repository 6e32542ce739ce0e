//! Open invitations: who is stuck and why, correcting, revoking (R8, R15). Their links: `invitation_links`.
//!
//! Invariants: an invitation has one link, the newest; a correction of address or phone, a newer link and a
//! revocation void it together with whatever was begun by it, in one transaction. The phone is sealed with the
//! invited account's key.

use std::time::{Duration, SystemTime};

use sqlx::PgConnection;

use super::{Role, Store, StoreError, seconds_of, time_of};
use crate::types::{
    AccountId, Address, AuditAction, AuditNote, InvitationId, NoticeKind, Phone, PracticeId, Secret,
};

/// R27: another address or phone for one invitation in an hour.
const CORRECTIONS_PER_HOUR: u32 = 5;
/// Those that registered are listed for so long.
const LISTED: Duration = Duration::from_hours(90 * 24);

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InvitationState {
    /// Not registered yet.
    Open,
    /// R16
    Registered,
    /// Support withdrew it.
    Revoked,
    /// The person had an account; what waited is being moved there, or has been.
    Joined,
}

impl InvitationState {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "open" => Self::Open,
            "registered" => Self::Registered,
            "revoked" => Self::Revoked,
            "joining" | "joined" => Self::Joined,
            _ => return None,
        })
    }
}

/// What went wrong last with a registration that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// A code was sent and not answered.
    CodeNotAnswered,
    /// Wrong codes.
    CodeWrong,
    /// The code's time was over.
    CodeExpired,
    /// The person says that the number is not theirs.
    PhoneWrong,
}

impl Stuck {
    fn as_str(self) -> &'static str {
        match self {
            Self::CodeNotAnswered => "code_not_answered",
            Self::CodeWrong => "code_wrong",
            Self::CodeExpired => "code_expired",
            Self::PhoneWrong => "phone_wrong",
        }
    }
}

/// An invitation with what its practice may see of it.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// The invited account.
    pub account: AccountId,
    /// The inviter's practice.
    pub practice: Option<PracticeId>,
    /// Its name.
    pub practice_name: Option<String>,
    /// First and last name of who invited.
    pub inviter: String,
    /// First name as invited.
    pub first_name: String,
    /// Last name as invited.
    pub last_name: String,
    /// What the person does.
    pub role: Role,
    /// Where the link goes.
    pub email: Address,
    /// Where the code goes.
    pub phone: Phone,
    /// Where it stands.
    pub state: InvitationState,
    /// When the newest link was made.
    pub link_made_at: Option<SystemTime>,
    /// Until when it is good.
    pub link_expires_at: Option<SystemTime>,
    /// When it was first opened.
    pub opened_at: Option<SystemTime>,
    /// The next message sends a link.
    pub needs_link: bool,
    /// A link is out.
    pub has_link: bool,
    /// What went wrong last.
    pub stuck: Option<Stuck>,
    /// When the person was invited.
    pub created_at: SystemTime,
    /// Messages that wait.
    pub waiting: u64,
}

/// Which invitations are asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Which<'a> {
    id: Option<i64>,
    practice: Option<i64>,
    token: Option<&'a [u8]>,
    open_only: bool,
}

/// What is to be different; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct InvitationChange {
    /// What the person does.
    pub role: Option<Role>,
    /// Where links go from now on.
    pub email: Option<Address>,
    /// Where codes go from now on.
    pub phone: Option<Phone>,
}

/// What became of a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Corrected {
    /// It holds; links that were out are void if address or phone changed.
    Done,
    /// The new address has an account: what waited goes there.
    Joined(AccountId),
    /// There is no such open invitation.
    NotOpen,
    /// The practice has another open invitation to the new address.
    Already,
    /// The new address was an account's once.
    Retired,
    /// Another address or phone too many in the last hour: who corrects could have links sent to anybody (R27).
    TooOften,
}

impl Store {
    /// One by its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
        Ok(self.invitations_where(Which { id: Some(id.0), ..Which::default() }).await?.pop())
    }

    /// The open one that the newest link belongs to, expired or not. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation_by_link(&self, token: &Secret) -> Result<Option<Invitation>, StoreError> {
        let token = self.lookup().token("invitation", token);
        Ok(self
            .invitations_where(Which { token: Some(&token), open_only: true, ..Which::default() })
            .await?
            .pop())
    }

    /// Those of a practice, or all: the open ones first, newest first; then those closed in the last 90 days.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitations(&self, practice: Option<PracticeId>) -> Result<Vec<Invitation>, StoreError> {
        self.invitations_where(Which { practice: practice.map(|p| p.0), ..Which::default() }).await
    }

    async fn invitations_where(&self, which: Which<'_>) -> Result<Vec<Invitation>, StoreError> {
        const WHERE: StoreError = StoreError::Corrupt("invitation");
        let rows = sqlx::query!(
            r#"select i.id, i.account_id, i.practice_id, p.name as "practice_name?", i.email, i.phone, i.state,
                      i.needs_link, i.token_key is not null as "has_link!", i.stuck, a.first_name, a.last_name, a.role,
                      v.first_name || ' ' || v.last_name as "inviter!",
                      (extract(epoch from i.link_made_at) * 1000000)::bigint as link_made_at,
                      (extract(epoch from i.link_expires_at) * 1000000)::bigint as link_expires_at,
                      (extract(epoch from i.opened_at) * 1000000)::bigint as opened_at,
                      (extract(epoch from i.created_at) * 1000000)::bigint as "created_at!",
                      coalesce(w.messages, 0) as "waiting!"
                 from invitation i
                 join account a on a.id = i.account_id
                 join account v on v.id = i.inviter_id
                 left join practice p on p.id = i.practice_id
                 left join lateral (select sum(m.messages)::bigint as messages from mailbox m
                                     where m.account_id = i.account_id and i.state <> 'registered') w on true
                where ($1::bigint is null or i.id = $1) and ($2::bigint is null or i.practice_id = $2)
                  and ($3::bytea is null or i.token_key = $3) and (not $4 or i.state = 'open')
                  and ($1::bigint is not null or i.state = 'open' or i.closed_at > to_timestamp($5))
                order by i.state <> 'open', i.created_at desc, i.id desc"#,
            which.id,
            which.practice,
            which.token,
            which.open_only,
            seconds_of(self.0.clock.now()) - LISTED.as_secs_f64()
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut out = Vec::with_capacity(rows.len());
        for row in rows {
            let account = AccountId(row.account_id);
            let phone = self.open_phone(account, Some(&row.phone)).await?.ok_or(WHERE)?;
            out.push(Invitation {
                id: InvitationId(row.id),
                account,
                practice: row.practice_id.map(PracticeId),
                practice_name: row.practice_name,
                inviter: row.inviter.trim().to_owned(),
                first_name: row.first_name,
                last_name: row.last_name,
                role: row.role.parse().map_err(|_| WHERE)?,
                email: Address::parse(&row.email).map_err(|_| WHERE)?,
                phone,
                state: InvitationState::parse(&row.state).ok_or(WHERE)?,
                link_made_at: row.link_made_at.map(time_of),
                link_expires_at: row.link_expires_at.map(time_of),
                opened_at: row.opened_at.map(time_of),
                needs_link: row.needs_link,
                has_link: row.has_link,
                stuck: match row.stuck.as_deref() {
                    None => None,
                    Some("code_not_answered") => Some(Stuck::CodeNotAnswered),
                    Some("code_wrong") => Some(Stuck::CodeWrong),
                    Some("code_expired") => Some(Stuck::CodeExpired),
                    Some("phone_wrong") => Some(Stuck::PhoneWrong),
                    Some(_) => return Err(WHERE),
                },
                created_at: time_of(row.created_at),
                waiting: row.waiting.cast_unsigned(),
            });
        }
        Ok(out)
    }

    /// Notes what went wrong, inside the caller's transaction.
    pub(super) async fn invitation_stuck(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        stuck: Stuck,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update invitation set stuck = $2 where account_id = $1 and state = 'open'",
            account.0,
            stuck.as_str()
        )
        .execute(tx)
        .await?;
        Ok(())
    }

    /// Voids the link and all that was begun by it, inside the caller's transaction; the next message sends another.
    pub(super) async fn invitation_void_link(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update invitation
                set token_key = null, needs_link = true, opened_at = null, pending_password = null,
                    pending_long = null, pending_first_name = null, pending_last_name = null
              where account_id = $1 and state in ('open', 'revoked')",
            account.0
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("delete from phone_code where account_id = $1", account.0).execute(&mut *tx).await?;
        sqlx::query!("delete from web_session where account_id = $1", account.0).execute(&mut *tx).await?;
        self.cancel_notices(tx, account, &[NoticeKind::Invitation, NoticeKind::PhoneCode]).await
    }

    /// "This is not my number" (R8): noted, and the link with all that was begun by it is void.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: the sign-in has ended.
    pub async fn invitation_phone_wrong(&self, session: &super::WebSession) -> Result<bool, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(false);
        }
        self.invitation_void_link(&mut tx, account).await?;
        self.invitation_stuck(&mut tx, account, Stuck::PhoneWrong).await?;
        let note = AuditNote::refused(AuditAction::Register).account(account).detail("because=phone-wrong");
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// R8: corrects an open invitation, of `practice` if that is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation_correct(
        &self,
        id: InvitationId,
        practice: Option<PracticeId>,
        change: &InvitationChange,
    ) -> Result<Corrected, StoreError> {
        let Some(before) = self.invitation(id).await? else { return Ok(Corrected::NotOpen) };
        if practice.is_some() && before.practice != practice {
            return Ok(Corrected::NotOpen);
        }
        let account = before.account;
        let mut tx = self.0.pool.begin().await?;
        // The account first, as everybody does; a registration that was faster has made it active.
        let invited = sqlx::query_scalar!(
            "select id from account where id = $1 and state = 'invited' for no key update",
            account.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let open = sqlx::query_scalar!(
            "select id from invitation where id = $1 and state = 'open' for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if invited.is_none() || open.is_none() {
            return Ok(Corrected::NotOpen);
        }
        let mut fields = Vec::new();
        if let Some(role) = change.role.filter(|r| *r != before.role) {
            sqlx::query!("update account set role = $2 where id = $1", account.0, role.as_str())
                .execute(&mut *tx)
                .await?;
            fields.push("role");
        }
        let email = change.email.as_ref().filter(|e| **e != before.email);
        let phone = change.phone.as_ref().filter(|p| **p != before.phone);
        if (email.is_some() || phone.is_some())
            && !self.note_sent(&mut tx, account, "correction", CORRECTIONS_PER_HOUR).await?
        {
            return Ok(Corrected::TooOften);
        }
        if let Some(phone) = phone {
            let sealed = self.seal_phone(&mut tx, account, phone).await?;
            sqlx::query!("update invitation set phone = $2 where id = $1", id.0, sealed)
                .execute(&mut *tx)
                .await?;
            fields.push("phone");
        }
        let mut joined = None;
        if let Some(email) = email {
            fields.push("email");
            let taken = sqlx::query!(
                r#"select d.account_id, d.retired_at is not null or a.state = 'closed' as "retired!"
                     from address d join account a on a.id = d.account_id where d.address = $1"#,
                email.as_str()
            )
            .fetch_optional(&mut *tx)
            .await?;
            match taken {
                Some(row) if row.retired => return Ok(Corrected::Retired),
                Some(row) => joined = Some(AccountId(row.account_id)),
                None => {}
            }
            let done = sqlx::query!("update invitation set email = $2 where id = $1", id.0, email.as_str())
                .execute(&mut *tx)
                .await
                .map_err(StoreError::from);
            match done {
                Ok(_) => {}
                Err(e) if e.constraint().is_some_and(|c| c.starts_with("invitation_open_of_")) => {
                    return Ok(Corrected::Already);
                }
                Err(e) => return Err(e),
            }
        }
        if email.is_some() || phone.is_some() {
            self.invitation_void_link(&mut tx, account).await?;
            sqlx::query!("update invitation set stuck = null where id = $1", id.0).execute(&mut *tx).await?;
        }
        if let Some(to) = joined {
            sqlx::query!(
                "update invitation set state = 'joining', joined_account = $2, closed_at = to_timestamp($3) where id = $1",
                id.0,
                to.0,
                seconds_of(self.0.clock.now())
            )
            .execute(&mut *tx)
            .await?;
        }
        if !fields.is_empty() {
            let note = AuditNote::done(AuditAction::InvitationChange)
                .object("invitation", id)
                .detail(format!("fields={}", fields.join(",")));
            self.audit(&mut tx, note).await?;
        }
        tx.commit().await?;
        match joined {
            None => Ok(Corrected::Done),
            Some(to) => {
                self.join_due(to).await;
                Ok(Corrected::Joined(to))
            }
        }
    }

    /// Support withdraws an open invitation: messages are no longer accepted for it; what waited stays, and is found
    /// again should the same practice invite the same address anew.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: there is no such open invitation.
    pub async fn invitation_revoke(&self, id: InvitationId) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let account = sqlx::query_scalar!(
            "select a.id from account a
              where a.id = (select account_id from invitation where id = $1) and a.state = 'invited'
                for no key update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(account) = account.map(AccountId) else { return Ok(false) };
        let done = sqlx::query!(
            "update invitation set state = 'revoked', closed_at = to_timestamp($2) where id = $1 and state = 'open'",
            id.0,
            seconds_of(self.0.clock.now())
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        self.invitation_void_link(&mut tx, account).await?;
        self.audit(&mut tx, AuditNote::done(AuditAction::InvitationRevoke).object("invitation", id)).await?;
        tx.commit().await?;
        Ok(true)
    }
}
