//! What ties an entry of a mailbox to its message.
//!
//! A seal says that bytes are a message's own; it does not say that this message stands under this UID of
//! this mailbox, and all messages of a practice open with one key. So each row of `mailbox_message` and
//! `expunged` carries 16 bytes of a keyed hash over account, message, mailbox, UID, size and INTERNALDATE.
//!
//! Invariants: the account's key is an HMAC that nobody without the master key can make; the UID is known only
//! in the database, under the mailbox's lock, so the statement that places an entry makes the tie there
//! (`entry_tie` of migration 0007) and is given the key for it: of one message where one is placed, of the
//! account where entries are copied. What is read is compared here; what is copied is compared there first.
//! Flags, keywords and mod-sequences change in the database and are not covered.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::verify::Fault;
use super::{SealError, Store, StoreError};
use crate::types::{AccountId, AuditAction, AuditNote, BodyId, MailboxId};

/// What is said of an entry that is not tied to its message.
const ENTRY: SealError = SealError::Open("a mailbox's entry");
/// Stands for the message of an entry that is not tied to it: nothing is read under it.
const UNTIED: Uuid = Uuid::nil();
/// Faults that are named, at most.
const FAULTS: usize = 1000;
/// Entries read together.
const PAGE: i64 = 5000;

/// What of an entry is covered, beside the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mailbox: i64,
    pub(super) uid: i64,
    pub(super) size: i64,
    pub(super) internal_date: i64,
    pub(super) message: Uuid,
}

/// The key of an account's ties.
pub(super) struct TieKey(Zeroizing<[u8; 32]>);

impl TieKey {
    pub(super) fn of(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// For a statement that copies entries.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// For a statement that places this message.
    pub(super) fn message(&self, message: Uuid) -> Zeroizing<[u8; 32]> {
        let mut covered = Zeroizing::new([0; 48]);
        covered[..32].copy_from_slice(self.0.as_slice());
        covered[32..].copy_from_slice(message.as_bytes());
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(digest(&SHA256, covered.as_slice()).as_ref());
        key
    }

    /// As `entry_tie` makes it.
    fn tie(&self, entry: Entry) -> Uuid {
        let mut covered = Zeroizing::new([0; 64]);
        covered[..32].copy_from_slice(self.message(entry.message).as_slice());
        let numbers = [entry.mailbox, entry.uid, entry.size, entry.internal_date];
        for (at, number) in (32..).step_by(8).zip(numbers) {
            covered[at..at + 8].copy_from_slice(&number.to_be_bytes());
        }
        let mut tie = [0; 16];
        let hash = digest(&SHA256, covered.as_slice());
        tie.copy_from_slice(&hash.as_ref()[..16]);
        Uuid::from_bytes(tie)
    }

    /// Whether the entry is as it was placed.
    pub(super) fn holds(&self, entry: Entry, tie: Option<Uuid>) -> bool {
        tie.is_some_and(|tie| verify_slices_are_equal(tie.as_bytes(), self.tie(entry).as_bytes()).is_ok())
    }

    /// The entry's message, or what no message is read under.
    pub(super) fn body(&self, entry: Entry, tie: Option<Uuid>) -> BodyId {
        BodyId(if self.holds(entry, tie) { entry.message } else { UNTIED })
    }
}

/// That none of them stands for an entry that is not tied to its message.
///
/// # Errors
/// [`SealError::Open`].
pub(super) fn all_tied(bodies: &[BodyId]) -> Result<(), SealError> {
    if bodies.iter().any(|body| !is_tied(*body)) { Err(ENTRY) } else { Ok(()) }
}

/// Whether a message can be read under this.
pub(super) fn is_tied(body: BodyId) -> bool {
    body.0 != UNTIED
}

/// What SQLSTATE `PM021` means.
pub(super) fn untied() -> StoreError {
    ENTRY.into()
}

impl Store {
    /// Ties what was there before ties were, once in a database's life; then the database takes no entry
    /// without. What stands there at that moment is taken to be right. 1 statement when there is nothing to do.
    pub(super) async fn tie_old_entries(&self) -> Result<(), StoreError> {
        if are_tied(&self.0.pool).await? {
            return Ok(());
        }
        let mut tx = self.0.pool.begin().await?;
        // One gateway; the others wait and find it done.
        sqlx::query!("select pg_advisory_xact_lock(7064005)").execute(&mut *tx).await?;
        if are_tied(&mut *tx).await? {
            return Ok(());
        }
        let accounts = sqlx::query_scalar!(
            r#"select distinct account_id as "id!" from (select account_id from mailbox_message where tie is null
                union all select account_id from expunged where tie is null) e order by 1"#
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut entries = 0;
        for account in accounts {
            let key = self.lookup().ties(AccountId(account));
            entries += sqlx::query_scalar!(r#"select tie_entries($1, $2) as "n!""#, account, key.bytes())
                .fetch_one(&mut *tx)
                .await?;
        }
        sqlx::query!("alter table mailbox_message alter column tie set not null").execute(&mut *tx).await?;
        sqlx::query!("alter table expunged alter column tie set not null").execute(&mut *tx).await?;
        let note = AuditNote::done(AuditAction::EntriesTie).detail(format!("entries={entries}"));
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        tracing::info!(entries, "entries of mailboxes of before are tied to their messages now");
        Ok(())
    }

    /// Entries, of an account or of all, that are not tied to their message: changed in UID, size or date, of
    /// another mailbox or account, or pointed at another message.
    pub(super) async fn verify_ties(&self, account: Option<AccountId>) -> Result<Vec<Fault>, StoreError> {
        let mut faults = Vec::new();
        for kept in [Kept::Here, Kept::Expunged] {
            let mut after = (i64::MIN, i64::MIN, i64::MIN);
            loop {
                let page = self.tied_entries(kept, account, after).await?;
                let Some((of, last, _)) = page.last() else { break };
                after = (*of, last.mailbox, last.uid);
                let mut key: Option<(i64, TieKey)> = None;
                for (of, entry, tie) in page {
                    if key.as_ref().is_none_or(|(known, _)| *known != of) {
                        key = Some((of, self.lookup().ties(AccountId(of))));
                    }
                    let holds = key.as_ref().is_some_and(|(_, key)| key.holds(entry, tie));
                    if !holds && faults.len() < FAULTS {
                        let what = "it was changed, or is the entry of another message, mailbox or account";
                        let mailbox = MailboxId(entry.mailbox);
                        faults.push(Fault {
                            place: format!("account {of}, mailbox {mailbox}, UID {}", entry.uid),
                            what: what.to_owned(),
                        });
                    }
                }
            }
        }
        Ok(faults)
    }

    /// The next entries, with whose they are and their ties.
    async fn tied_entries(
        &self,
        kept: Kept,
        account: Option<AccountId>,
        after: (i64, i64, i64),
    ) -> Result<Vec<(i64, Entry, Option<Uuid>)>, StoreError> {
        let rows = sqlx::query!(
            r#"select account_id as "account_id!", mailbox_id as "mailbox_id!", uid as "uid!", size as "size!",
                      internal_date as "internal_date!", message_id as "message_id!", tie as "tie?"
                 from (select * from (
                           select e.account_id, e.mailbox_id, e.uid, e.size, e.internal_date, e.message_id, e.tie
                             from mailbox_message e
                            where $6 and (e.account_id, e.mailbox_id, e.uid) > ($2, $3, $4)
                              and ($1::bigint is null or e.account_id = $1)
                            order by e.account_id, e.mailbox_id, e.uid limit $5) here
                        union all
                       select * from (
                           select e.account_id, e.mailbox_id, e.uid, e.size, e.internal_date, e.message_id, e.tie
                             from expunged e
                            where not $6 and (e.account_id, e.mailbox_id, e.uid) > ($2, $3, $4)
                              and ($1::bigint is null or e.account_id = $1)
                            order by e.account_id, e.mailbox_id, e.uid limit $5) gone) e
                order by 1, 2, 3"#,
            account.map(|a| a.0),
            after.0,
            after.1,
            after.2,
            PAGE,
            kept == Kept::Here
        )
        .fetch_all(&self.0.pool)
        .await?;
        let entries = rows.into_iter().map(|row| {
            let entry = Entry {
                mailbox: row.mailbox_id,
                uid: row.uid,
                size: row.size,
                internal_date: row.internal_date,
                message: row.message_id,
            };
            (row.account_id, entry, row.tie)
        });
        Ok(entries.collect())
    }
}

/// Where entries are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Here,
    Expunged,
}

/// Whether the database takes no entry without a tie.
async fn are_tied(executor: impl sqlx::PgExecutor<'_>) -> Result<bool, StoreError> {
    let done = sqlx::query_scalar!(
        r#"select not exists (select from pg_attribute
                               where attrelid in ('mailbox_message'::regclass, 'expunged'::regclass)
                                 and attname = 'tie' and not attnotnull) as "done!""#
    )
    .fetch_one(executor)
    .await?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Any other number, message, account or tie is noticed.
        #[test]
        fn any_change_is_noticed(numbers: [i64; 4], message: u128, which in 0usize..6, by in 1u64.., bit in 0u8..128) {
            let entry = |numbers: [i64; 4], message| {
                let [mailbox, uid, size, internal_date] = numbers;
                Entry { mailbox, uid, size, internal_date, message: Uuid::from_u128(message) }
            };
            let key = TieKey::of([7; 32]);
            let tie = key.tie(entry(numbers, message));
            prop_assert!(key.holds(entry(numbers, message), Some(tie)));
            prop_assert!(!key.holds(entry(numbers, message), None));
            let mut others = numbers;
            let mut other = message;
            match which {
                0..4 => others[which] = others[which].wrapping_add_unsigned(by),
                4 => other ^= 1 << bit,
                _ => {
                    let tie = Uuid::from_u128(tie.as_u128() ^ 1 << bit);
                    prop_assert!(!key.holds(entry(numbers, message), Some(tie)));
                    prop_assert!(!TieKey::of([8; 32]).holds(entry(numbers, message), Some(tie)));
                    return Ok(());
                }
            }
            prop_assert!(!key.holds(entry(others, other), Some(tie)));
            prop_assert!(!is_tied(key.body(entry(others, other), Some(tie))));
            prop_assert!(all_tied(&[BodyId(Uuid::from_u128(1)), key.body(entry(others, other), Some(tie))]).is_err());
        }
    }
}
