//! The outbox as its worker and Support see it: taking what is due, saying how it ended, trying again.

use std::time::{Duration, SystemTime};

use super::notices::{Connected, DueNotice, NoticeEnd, Payload, Wanted, Wishes};
use super::seal::TextDomain;
use super::{Store, StoreError, seconds_of, time_of};
use crate::types::{
    AccountId, Address, AuditAction, AuditNote, Channel, NoticeContent, NoticeId, NoticeKind,
};

/// What Support sees of a notice: never what it says or where it goes.
#[derive(Clone, Debug)]
pub struct NoticeRow {
    /// Also the idempotency key.
    pub id: NoticeId,
    /// Whose.
    pub account: AccountId,
    /// That account's secure address; an invited person has none.
    pub secure_address: Option<Address>,
    /// The word of its kind.
    pub kind: String,
    /// The word of its channel.
    pub channel: String,
    /// waiting, sent, dead, cancelled, expired, skipped
    pub state: String,
    /// When it was written.
    pub created_at: SystemTime,
    /// While it waits: when it is tried next.
    pub due_at: SystemTime,
    /// Not sent later.
    pub expires_at: SystemTime,
    /// So far.
    pub tries: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// When it ended.
    pub ended_at: Option<SystemTime>,
}

/// Which notices to list.
#[derive(Clone, Debug, Default)]
pub struct NoticeFilter {
    /// In this state.
    pub state: Option<String>,
    /// Of this account.
    pub account: Option<AccountId>,
}

/// Whether a notice can be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    /// It is tried at once.
    Yes,
    /// It did not fail.
    NotDead,
    /// What it says is no longer true.
    TooLate,
}

/// Most notices that are listed.
const LIST_MAX: i64 = 1000;

impl Store {
    /// After a commit whose notices this process' own worker sends; the others' poll stands behind it.
    pub(super) fn wake_own_worker(&self) {
        self.0.hub.outbox.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Changes when there may be something to send.
    pub fn outbox_events(&self) -> tokio::sync::watch::Receiver<u64> {
        self.0.hub.outbox.subscribe()
    }

    /// Takes notices that are due, for the length of `lease`: nobody else gets them before it ends. One
    /// statement; at most `limit`, in the order they are due.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_notices(
        &self,
        channels: &[Channel],
        limit: usize,
        lease: Duration,
    ) -> Result<Vec<DueNotice>, StoreError> {
        let now = self.0.clock.now();
        let rows = sqlx::query!(
            r#"with due as (
                   select n.account_id, n.id from notice n
                    where n.state = 'waiting' and n.due_at <= to_timestamp($1) and n.channel = any($2)
                    order by n.due_at limit $3 for update skip locked
               ), taken as (
                   update notice n set taken_by = $4, tries = n.tries + 1, due_at = to_timestamp($5)
                     from due where n.account_id = due.account_id and n.id = due.id
                   returning n.id, n.account_id, n.kind, n.channel, n.payload, n.tries, n.created_at, n.expires_at
               )
               select t.id, t.account_id, t.kind, t.channel, t.payload, t.tries,
                      (extract(epoch from t.created_at) * 1000000)::bigint as "created_at!",
                      (extract(epoch from t.expires_at) * 1000000)::bigint as "expires_at!",
                      a.first_name, a.last_name, a.phone, e.address as "email?",
                      a.state <> 'closed' as "receives!",
                      case t.channel when 'email' then a.notify in ('email', 'both')
                                     else a.notify in ('text', 'both') end as "wanted!",
                      a.notify_when = 'disconnected' and exists (
                          select from presence p join gateway g on g.id = p.gateway_id
                           where p.account_id = a.id and g.alive_until > to_timestamp($1)) as "enough!"
                 from taken t
                 join account a on a.id = t.account_id
                 left join address e on e.account_id = a.id and e.kind = 'email' and e.retired_at is null
                order by t.created_at"#,
            seconds_of(now),
            &channels.iter().map(|c| c.as_str().to_owned()).collect::<Vec<_>>(),
            i64::try_from(limit).unwrap_or(i64::MAX),
            self.0.run,
            seconds_of(now + lease)
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut taken = Vec::with_capacity(rows.len());
        for row in rows {
            let account = AccountId(row.account_id);
            let channel = Channel::parse(&row.channel).ok_or(StoreError::Corrupt("notice.channel"))?;
            let (content, to) = match self.open_payload(account, &row.kind, row.payload.as_deref()).await {
                Ok((content, to)) => (Some(content), to),
                // A row of the outbox that cannot be read must not keep the others.
                Err(error @ (StoreError::Seal(_) | StoreError::Corrupt(_))) => {
                    tracing::error!(%error, notice = %row.id, "a notice cannot be read");
                    (None, None)
                }
                Err(error) => return Err(error),
            };
            let to = match (to, channel) {
                (Some(to), _) => Some(to),
                (None, Channel::Email) => row.email,
                (None, Channel::Text | Channel::Voice) => match row.phone {
                    Some(sealed) => {
                        let key = self.seal_key(account).await?;
                        key.open_text(TextDomain::Phone, account, &sealed).ok()
                    }
                    None => None,
                },
            };
            taken.push(DueNotice {
                id: NoticeId(row.id),
                account,
                channel,
                content,
                to,
                name: format!("{} {}", row.first_name, row.last_name).trim().to_owned(),
                tries: row.tries.try_into().unwrap_or(1),
                created_at: time_of(row.created_at),
                expires_at: time_of(row.expires_at),
                wishes: Wishes {
                    channel: if row.wanted { Wanted::Yes } else { Wanted::No },
                    connected: if row.enough { Connected::Enough } else { Connected::No },
                    receives: row.receives,
                },
            });
        }
        Ok(taken)
    }

    async fn open_payload(
        &self,
        account: AccountId,
        kind: &str,
        sealed: Option<&[u8]>,
    ) -> Result<(NoticeContent, Option<String>), StoreError> {
        const WHERE: StoreError = StoreError::Corrupt("notice.payload");
        let kind = NoticeKind::parse(kind).ok_or(StoreError::Corrupt("notice.kind"))?;
        let payload = match sealed {
            None => Payload::default(),
            Some(sealed) => {
                let key = self.seal_key(account).await?;
                let text = zeroize::Zeroizing::new(key.open_text(TextDomain::Notice, account, sealed)?);
                serde_json::from_str(&text).map_err(|_| WHERE)?
            }
        };
        payload.read(kind).ok_or(WHERE)
    }

    /// Says how a try ended. One statement; nothing happens when the lease was lost meanwhile, except that a
    /// notice that was sent is sent.
    ///
    /// # Errors
    /// [`StoreError`]: then the notice is tried again when the lease ends.
    pub async fn notice_ended(&self, notice: &DueNotice, end: &NoticeEnd) -> Result<(), StoreError> {
        let now = seconds_of(self.0.clock.now());
        let (state, error) = match end {
            NoticeEnd::Again { at, because } => {
                // While another one of the kind waits, it speaks for this one too.
                sqlx::query!(
                    "update notice n
                        set taken_by = null, last_error = $4, due_at = to_timestamp($5),
                            state = case when o.id is null then n.state else 'cancelled' end,
                            ended_at = case when o.id is null then null else to_timestamp($6) end
                       from (select 1) one
                       left join lateral (
                            select w.id from notice w join notice own on own.account_id = $1 and own.id = $2
                             where w.account_id = $1 and w.kind = 'secure-message' and own.kind = w.kind
                               and w.channel = own.channel and w.state = 'waiting' and w.taken_by is null
                               and w.id <> $2 limit 1) o on true
                      where n.account_id = $1 and n.id = $2 and n.state = 'waiting' and n.tries = $3",
                    notice.account.0,
                    notice.id.0,
                    notice.tries.cast_signed(),
                    because,
                    seconds_of(*at),
                    now
                )
                .execute(&self.0.pool)
                .await?;
                return Ok(());
            }
            NoticeEnd::Sent => ("sent", None),
            NoticeEnd::Dead(because) => ("dead", Some(because.as_str())),
            NoticeEnd::Expired => ("expired", None),
            NoticeEnd::Skipped => ("skipped", None),
        };
        sqlx::query!(
            "with ended as (
                 update notice
                    set state = $4, taken_by = null, ended_at = to_timestamp($6), last_error = coalesce($5, last_error),
                        payload = case when $4 = 'dead' then payload end
                  where account_id = $1 and id = $2
                    and (state = 'waiting' and tries = $3 or $4 = 'sent' and state in ('waiting', 'cancelled', 'expired'))
                 returning kind, channel)
             update notice_pace p set last_at = greatest(p.last_at, to_timestamp($6))
               from ended e
              where $4 = 'sent' and e.kind = 'secure-message' and p.account_id = $1 and p.channel = e.channel",
            notice.account.0,
            notice.id.0,
            notice.tries.cast_signed(),
            state,
            error,
            now
        )
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    /// Notices, the newest first; at most a thousand.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices(&self, filter: &NoticeFilter) -> Result<Vec<NoticeRow>, StoreError> {
        self.notice_rows(filter, None).await
    }

    /// The notices whose id begins so, with or without hyphens; two or more mean that it was too short.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices_named(&self, prefix: &str) -> Result<Vec<NoticeRow>, StoreError> {
        let prefix: String = prefix.chars().filter(char::is_ascii_hexdigit).collect();
        if prefix.is_empty() {
            return Ok(Vec::new());
        }
        self.notice_rows(&NoticeFilter::default(), Some(prefix.to_lowercase())).await
    }

    async fn notice_rows(
        &self,
        filter: &NoticeFilter,
        prefix: Option<String>,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        let rows = sqlx::query!(
            r#"select n.id, n.account_id, s.address as "secure_address?", n.kind, n.channel, n.state, n.tries,
                      n.last_error,
                      (extract(epoch from n.created_at) * 1000000)::bigint as "created_at!",
                      (extract(epoch from n.due_at) * 1000000)::bigint as "due_at!",
                      (extract(epoch from n.expires_at) * 1000000)::bigint as "expires_at!",
                      (extract(epoch from n.ended_at) * 1000000)::bigint as ended_at
                 from notice n
                 left join address s on s.account_id = n.account_id and s.kind = 'secure' and s.retired_at is null
                where ($1::text is null or n.state = $1) and ($2::bigint is null or n.account_id = $2)
                  and ($3::text is null or starts_with(replace(n.id::text, '-', ''), $3))
                order by n.created_at desc, n.id limit $4"#,
            filter.state,
            filter.account.map(|a| a.0),
            prefix,
            LIST_MAX
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| NoticeRow {
                id: NoticeId(r.id),
                account: AccountId(r.account_id),
                secure_address: r.secure_address.and_then(|a| Address::parse(&a).ok()),
                kind: r.kind,
                channel: r.channel,
                state: r.state,
                created_at: time_of(r.created_at),
                due_at: time_of(r.due_at),
                expires_at: time_of(r.expires_at),
                tries: r.tries.try_into().unwrap_or(0),
                last_error: r.last_error,
                ended_at: r.ended_at.map(time_of),
            })
            .collect())
    }

    /// Support: a notice that could not be sent is tried again from the beginning.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notice_retry(&self, account: AccountId, id: NoticeId) -> Result<Retried, StoreError> {
        let now = seconds_of(self.0.clock.now());
        let mut tx = self.0.pool.begin().await?;
        let row = sqlx::query!(
            r#"select state, kind, expires_at > to_timestamp($3) as "alive!" from notice
                where account_id = $1 and id = $2 for update"#,
            account.0,
            id.0,
            now
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row.filter(|r| r.state == "dead") else {
            tx.rollback().await?;
            return Ok(Retried::NotDead);
        };
        if !row.alive {
            tx.rollback().await?;
            return Ok(Retried::TooLate);
        }
        sqlx::query!(
            "update notice set state = 'waiting', tries = 0, taken_by = null, ended_at = null,
                               due_at = to_timestamp($3)
              where account_id = $1 and id = $2",
            account.0,
            id.0,
            now
        )
        .execute(&mut *tx)
        .await?;
        let note = AuditNote::done(AuditAction::NoticeRetry).account(account).object("notice", id);
        self.audit(&mut tx, note.detail(format!("kind={}", row.kind))).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(Retried::Yes)
    }

    /// Ends what waits although it is too late, of channels that nobody serves, too; removes what ended
    /// before `keep`. How many rows were removed; a thousand at most, to be called again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tidy_outbox(&self, keep: Duration) -> Result<u64, StoreError> {
        let now = self.0.clock.now();
        sqlx::query!(
            "update notice set state = 'expired', payload = null, taken_by = null, ended_at = to_timestamp($1)
              where state = 'waiting' and expires_at <= to_timestamp($1) and due_at <= to_timestamp($1)",
            seconds_of(now)
        )
        .execute(&self.0.pool)
        .await?;
        sqlx::query!(
            "update notice set payload = null
              where state = 'dead' and payload is not null and expires_at <= to_timestamp($1)",
            seconds_of(now)
        )
        .execute(&self.0.pool)
        .await?;
        let done = sqlx::query!(
            "delete from notice n where n.ctid = any(array(
                 select o.ctid from notice o
                  where o.state <> 'waiting' and o.ended_at < to_timestamp($1) limit 1000 for update skip locked))",
            seconds_of(now.checked_sub(keep).unwrap_or(now))
        )
        .execute(&self.0.pool)
        .await?;
        Ok(done.rows_affected())
    }
}
