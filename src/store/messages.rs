//! Messages in mailboxes: flags, keywords, copy, move, expunge, `\Recent`.
//!
//! Invariants: each of these is one statement and one transaction of its own (the functions of
//! `migrations/0002_mail_functions.sql`); concurrent ones wait for each other's mailbox rows and never
//! fail because of each other. Durable when they return. Who has the mailbox open is woken after COMMIT.

use std::borrow::Cow;

use super::known_flags::{Asked, Plan};
use super::live::{LiveMailbox, uidvalidity};
use super::mail_error::{MailError, ended};
use super::ties::{self, Entry};
use super::{Store, StoreError, TextDomain};
use crate::types::{
    AccountId, BodyId, FlagChange, Flags, Keyword, MailboxId, ModSeq, UidValidity, uid_ranges,
};

/// Most keywords of one mailbox: the bits 8 to 62.
pub const KEYWORDS_MAX: usize = 55;

/// What a STORE did, each list ascending by uid. Uids that are not there are in none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagsStored {
    /// Messages that have other flags now.
    pub changed: Vec<(u32, Flags, ModSeq)>,
    /// Messages that had these flags already; their modseq stays.
    pub same: Vec<(u32, Flags, ModSeq)>,
    /// Messages left alone because they changed after UNCHANGEDSINCE (RFC 7162 §3.1.3).
    pub modified: Vec<u32>,
}

/// What a COPY or MOVE did (`COPYUID`, RFC 4315).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Of the target.
    pub uidvalidity: UidValidity,
    /// Uid in the source and in the target, both ascending. Uids that are not there are left out.
    pub uids: Vec<(u32, u32)>,
}

/// Whether `store_flags_known` found other messages than the plan is about.
fn is_other_messages(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(e) if e.code().as_deref() == Some("PM022"))
}

/// The uids as ranges, in two columns.
fn columns(uids: &[u32]) -> (Vec<i64>, Vec<i64>) {
    let mut uids = uids.to_vec();
    uids.sort_unstable();
    uids.dedup();
    uid_ranges(uids).into_iter().map(|(lo, hi)| (i64::from(lo), i64::from(hi))).unzip()
}

impl Store {
    /// STORE: 1 statement, however many messages, when the mailbox is open here and nobody else changed it
    /// just now; 2, or 3 where it is open, else. Each message is changed from what it is at that moment, so
    /// that of two sessions' changes none is lost. Whoever has the mailbox open here sees the change when
    /// this returns.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`].
    pub async fn store_flags(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: &[u32],
        change: FlagChange,
        flags: Flags,
        unchanged_since: Option<ModSeq>,
    ) -> Result<FlagsStored, MailError> {
        let mut uids = Cow::Borrowed(uids);
        if !uids.is_sorted_by(|a, b| a < b) {
            uids.to_mut().sort_unstable();
            uids.to_mut().dedup();
        }
        let asked = Asked { change, flags, unchanged_since };
        let live = self.0.hub.registry.find(mailbox).filter(|live| live.account() == account);
        if let Some(live) = &live
            && let Some(stored) = self.store_known(live, &uids, asked).await?
        {
            return Ok(stored);
        }
        let stored = self.store_judged(account, mailbox, &uids, asked).await?;
        let Some(live) = live else {
            if !stored.changed.is_empty() {
                self.wake_mailboxes([mailbox]);
            }
            return Ok(stored);
        };
        if !stored.changed.is_empty() {
            self.wake_others(mailbox);
        }
        // It was done, whether or not it can be seen here now: the poll asks again.
        if let Err(error) = live.refresh().await {
            tracing::warn!(%error, %mailbox, "a mailbox could not be refreshed");
        }
        Ok(stored)
    }

    /// STORE planned here; `None`, and nothing is done, when the mailbox has gone on.
    async fn store_known(
        &self,
        live: &LiveMailbox,
        uids: &[u32],
        asked: Asked,
    ) -> Result<Option<FlagsStored>, MailError> {
        let Some(plan) = live.read(|state| Plan::of(state, uids, asked)) else { return Ok(None) };
        let set = if asked.change == FlagChange::Remove { Flags::NONE } else { asked.flags };
        let clear = match asked.change {
            FlagChange::Add => 0,
            FlagChange::Remove => asked.flags.0.cast_signed(),
            FlagChange::Replace => -1,
        };
        let done = sqlx::query_scalar!(
            r#"select store_flags_known($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as "done!""#,
            live.account().0,
            live.id().0,
            plan.known.0.cast_signed(),
            &plan.ranges,
            clear,
            set.0.cast_signed(),
            plan.stored.changed.len() as i64,
            plan.unseen,
            plan.deleted,
            plan.deleted_size
        )
        .fetch_one(&self.0.pool)
        .await;
        match done {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) if is_other_messages(&error) => {
                tracing::error!(mailbox = %live.id(), "a mailbox holds other messages than were read from it");
                return Ok(None);
            }
            Err(error) => return Err(ended(error)),
        }
        if !plan.stored.changed.is_empty() {
            live.flags_changed(self, plan.known, &plan.stored.changed);
            self.wake_others(live.id());
        }
        Ok(Some(plan.stored))
    }

    /// STORE judged by the database, message by message.
    async fn store_judged(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: &[u32],
        asked: Asked,
    ) -> Result<FlagsStored, MailError> {
        let how = match asked.change {
            FlagChange::Add => "add",
            FlagChange::Remove => "remove",
            FlagChange::Replace => "replace",
        };
        let (lo, hi) = columns(uids);
        let row = sqlx::query!(
            r#"select uids, flags, modseqs, outcomes from store_flags($1, $2, $3, $4, $5, $6, $7)"#,
            account.0,
            mailbox.0,
            &lo,
            &hi,
            how,
            asked.flags.0.cast_signed(),
            asked.unchanged_since.map(|m| m.0.cast_signed())
        )
        .fetch_one(&self.0.pool)
        .await
        .map_err(ended)?;
        let columns = (row.uids.unwrap_or_default().into_iter())
            .zip(row.flags.unwrap_or_default())
            .zip(row.modseqs.unwrap_or_default())
            .zip(row.outcomes.unwrap_or_default());
        let mut stored = FlagsStored::default();
        for (((uid, flags), modseq), outcome) in columns {
            let uid = uid as u32;
            let now = (uid, Flags(flags.cast_unsigned()), ModSeq(modseq.cast_unsigned()));
            match outcome {
                0 => stored.same.push(now),
                1 => stored.changed.push(now),
                _ => stored.modified.push(uid),
            }
        }
        Ok(stored)
    }

    /// The bits of keywords in a mailbox; with `create` those it does not have yet are added, without
    /// they are left out. No statement when somebody has the mailbox open and it knows them all, else 1.
    ///
    /// # Errors
    /// [`MailError::Full`], and then none is added.
    pub async fn keyword_bits(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        keywords: &[Keyword],
        create: bool,
    ) -> Result<Flags, MailError> {
        if keywords.is_empty() {
            return Ok(Flags::NONE);
        }
        if let Some(live) = self.0.hub.registry.find(mailbox).filter(|l| l.account() == account) {
            let known = live.read(|s| keywords.iter().map(|k| s.keyword_bit(k)).collect::<Vec<_>>());
            if known.iter().all(Option::is_some) {
                return Ok(known.into_iter().flatten().fold(Flags::NONE, |f, b| f.union(Flags::keyword(b))));
            }
        }
        let keys: Vec<_> = keywords.iter().map(|k| self.lookup().keyword(account, k).to_vec()).collect();
        let bits = if create {
            let seal = self.seal_key(account).await?;
            let names = keywords
                .iter()
                .map(|k| seal.seal_text(TextDomain::Keyword, account, k.as_str()))
                .collect::<Result<Vec<_>, _>>()
                .map_err(StoreError::from)?;
            sqlx::query_scalar!(
                r#"select create_keywords($1, $2, $3, $4) as "bits!""#,
                account.0,
                mailbox.0,
                &keys,
                &names
            )
            .fetch_one(&self.0.pool)
            .await
        } else {
            sqlx::query_scalar!(
                r#"select coalesce(bit_or(1::bigint << bit), 0) as "bits!" from mailbox_keyword
                    where account_id = $1 and mailbox_id = $2 and name_key = any($3)"#,
                account.0,
                mailbox.0,
                &keys
            )
            .fetch_one(&self.0.pool)
            .await
        };
        Ok(Flags(bits.map_err(ended)?.cast_unsigned()))
    }

    /// COPY within the account: 1 statement. Flags and keywords go with the message; a keyword for
    /// which the target has no room is left behind.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`], [`MailError::NotSelectable`], [`MailError::OverQuota`].
    pub async fn copy(
        &self,
        account: AccountId,
        from: MailboxId,
        uids: &[u32],
        to: MailboxId,
    ) -> Result<Copied, MailError> {
        let copied = self.copy_or_move(account, from, uids, to, false).await?;
        if !copied.uids.is_empty() {
            self.wake_mailboxes([to]);
        }
        Ok(copied)
    }

    /// MOVE (RFC 6851): as [`Store::copy`], and the messages leave the source in the same transaction.
    ///
    /// # Errors
    /// As [`Store::copy`], without the quota.
    pub async fn move_messages(
        &self,
        account: AccountId,
        from: MailboxId,
        uids: &[u32],
        to: MailboxId,
    ) -> Result<Copied, MailError> {
        let copied = self.copy_or_move(account, from, uids, to, true).await?;
        if !copied.uids.is_empty() {
            self.wake_mailboxes([to, from]);
        }
        Ok(copied)
    }

    async fn copy_or_move(
        &self,
        account: AccountId,
        from: MailboxId,
        uids: &[u32],
        to: MailboxId,
        moved: bool,
    ) -> Result<Copied, MailError> {
        let (lo, hi) = columns(uids);
        let ties = self.lookup().ties(account);
        let row = sqlx::query!(
            r#"select uidvalidity as "uidvalidity!", src as "src!", dst_first as "dst_first!"
                 from copy_messages($1, $2, $3, $4, $5, $6, $7)"#,
            account.0,
            from.0,
            to.0,
            &lo,
            &hi,
            moved,
            ties.bytes()
        )
        .fetch_one(&self.0.pool)
        .await
        .map_err(ended)?;
        let first = row.dst_first as u32;
        Ok(Copied {
            uidvalidity: uidvalidity(row.uidvalidity)?,
            uids: row.src.into_iter().map(|u| u as u32).zip(first..).collect(),
        })
    }

    /// EXPUNGE, or with `uids` UID EXPUNGE: messages with `\Deleted` go, and stay recoverable until
    /// retention ends. 1 statement. The uids that went, ascending.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`].
    pub async fn expunge(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: Option<&[u32]>,
    ) -> Result<Vec<u32>, MailError> {
        let (lo, hi) = uids.map_or_else(|| (vec![1], vec![i64::from(u32::MAX)]), columns);
        let gone = sqlx::query_scalar!(
            r#"select expunge_messages($1, $2, $3, $4) as "uids!""#,
            account.0,
            mailbox.0,
            &lo,
            &hi
        )
        .fetch_one(&self.0.pool)
        .await
        .map_err(ended)?;
        if !gone.is_empty() {
            self.wake_mailboxes([mailbox]);
        }
        Ok(gone.into_iter().map(|u| u as u32).collect())
    }

    /// The content of one message and its size in bytes; `None`: not there. 1 statement.
    ///
    /// # Errors
    /// [`StoreError::Seal`] when the entry was changed.
    pub async fn message_at(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uid: u32,
    ) -> Result<Option<(BodyId, u64)>, StoreError> {
        let row = sqlx::query!(
            r#"select message_id, size, internal_date, tie as "tie?" from mailbox_message
                where account_id = $1 and mailbox_id = $2 and uid = $3"#,
            account.0,
            mailbox.0,
            i64::from(uid)
        )
        .fetch_optional(&self.0.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let entry = Entry {
            mailbox: mailbox.0,
            uid: i64::from(uid),
            size: row.size,
            internal_date: row.internal_date,
            message: row.message_id,
        };
        let body = self.lookup().ties(account).body(entry, row.tie);
        ties::all_tied(&[body])?;
        Ok(Some((body, row.size.cast_unsigned())))
    }

    /// When the messages of these uids came into the mailbox (RFC 8514), those expunged lately too: uid and
    /// Unix seconds, ascending. 1 statement.
    pub async fn saved_at(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: std::ops::RangeInclusive<u32>,
    ) -> Result<Vec<(u32, i64)>, StoreError> {
        let rows = sqlx::query!(
            r#"select uid as "uid!", floor(extract(epoch from saved_at))::bigint as "saved_at!"
                 from (select uid, saved_at from mailbox_message
                        where account_id = $1 and mailbox_id = $2 and uid between $3 and $4
                       union all
                       select uid, saved_at from expunged
                        where account_id = $1 and mailbox_id = $2 and uid between $3 and $4) e
                order by uid"#,
            account.0,
            mailbox.0,
            i64::from(*uids.start()),
            i64::from(*uids.end())
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.uid as u32, row.saved_at)).collect())
    }

    /// What was expunged after `modseq`, as ascending, disjoint ranges of uids; `None` when the change log
    /// does not reach back that far. 1 statement.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`].
    pub async fn expunged_since(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        modseq: ModSeq,
    ) -> Result<Option<Vec<(u32, u32)>>, MailError> {
        let rows = sqlx::query!(
            r#"select m.changes_from, c.uids as "uids?"
                 from mailbox m
                 left join mailbox_change c on c.account_id = m.account_id and c.mailbox_id = m.id
                                           and c.kind = 'expunge' and c.modseq > $3
                where m.account_id = $1 and m.id = $2"#,
            account.0,
            mailbox.0,
            modseq.0.cast_signed()
        )
        .fetch_all(&self.0.pool)
        .await
        .map_err(ended)?;
        if rows.first().ok_or(MailError::NoMailbox)?.changes_from.cast_unsigned() > modseq.0 {
            return Ok(None);
        }
        let pairs = rows.iter().filter_map(|row| row.uids.as_deref()).flat_map(|uids| uids.chunks_exact(2));
        let mut gone: Vec<(u32, u32)> = pairs.map(|pair| (pair[0] as u32, pair[1] as u32)).collect();
        gone.sort_unstable();
        gone.dedup_by(|next, kept| {
            let joins = next.0 <= kept.1.saturating_add(1);
            if joins {
                kept.1 = kept.1.max(next.1);
            }
            joins
        });
        Ok(Some(gone))
    }

    /// `\Recent` (RFC 3501 §2.3.2): the caller owns the uids from the answer up to, not including,
    /// `uidnext`; no session after it gets them. No statement when this process knows that somebody owns them
    /// all, else 1; its commit is not waited for: after a crash a message may be `\Recent` twice.
    pub async fn claim_recent(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uidnext: u32,
    ) -> Result<u32, MailError> {
        let live = self.0.hub.registry.known(mailbox).filter(|live| live.account() == account);
        if live.as_ref().is_some_and(|live| live.is_recent_taken(uidnext)) {
            return Ok(uidnext);
        }
        // Looking is enough where nothing is to be taken: a lock would be one more commit.
        let from = sqlx::query_scalar!(
            r#"select coalesce(
                      (select r.recent_from from mailbox_recent r
                        where r.account_id = $1 and r.mailbox_id = $2 and r.recent_from >= $3),
                      (select claim_recent($1, $2, $3) from set_config('synchronous_commit', 'off', true))
                      ) as "from!""#,
            account.0,
            mailbox.0,
            i64::from(uidnext)
        )
        .fetch_one(&self.0.pool)
        .await
        .map_err(ended)?;
        if let Some(live) = live {
            live.recent_taken(uidnext);
        }
        Ok(from as u32)
    }

    /// Messages that are `\Recent` for nobody yet (STATUS RECENT, EXAMINE): the lowest such uid and how
    /// many. 1 statement.
    pub async fn unclaimed_recent(
        &self,
        account: AccountId,
        mailbox: MailboxId,
    ) -> Result<(u32, u32), StoreError> {
        let row = sqlx::query!(
            r#"select r.first as "first!",
                      case when r.first = 1 then m.messages
                           else (select count(*) from mailbox_message e
                                  where e.account_id = $1 and e.mailbox_id = $2 and e.uid >= r.first)
                      end as "count!"
                 from mailbox m,
                      lateral (select coalesce((select recent_from from mailbox_recent
                                                 where account_id = $1 and mailbox_id = $2), 1) as first) r
                where m.account_id = $1 and m.id = $2"#,
            account.0,
            mailbox.0
        )
        .fetch_optional(&self.0.pool)
        .await?;
        Ok(row.map_or((1, 0), |row| (row.first as u32, row.count as u32)))
    }
}
