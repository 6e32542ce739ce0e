//! Mailboxes by name: listing, making, renaming, removing, subscriptions.
//!
//! Invariants: names are sealed, so whatever depends on the hierarchy is decided here, on the account's
//! opened list, under a lock on the account row that all changes of names take first. A mailbox id is
//! never used twice and its UIDVALIDITY never changes; a name that comes back gets a new id and a
//! UIDVALIDITY greater than any the account had. Removed mailboxes' messages go to `expunged`.
//!
//! Listing is one statement; changes are a transaction of four to seven, they are rare.

use sqlx::PgConnection;

use super::live::uidvalidity;
use super::mail_error::{MailError, ended};
use super::{Store, StoreError, TextDomain};
use crate::types::{AccountId, MailboxId, MailboxName, ModSeq, SpecialUse, UidValidity};

/// Most mailboxes, and most subscriptions, of one account.
pub const MAILBOXES_MAX: usize = 5_000;

/// A mailbox as LIST and STATUS see it. The counters are kept by whoever changes messages, never counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxInfo {
    /// Its identity.
    pub id: MailboxId,
    /// Its name.
    pub name: MailboxName,
    /// RFC 6154.
    pub special_use: Option<SpecialUse>,
    /// `false`: `\Noselect`, a name kept for its children.
    pub selectable: bool,
    /// UIDVALIDITY.
    pub uidvalidity: UidValidity,
    /// UIDNEXT.
    pub uidnext: u32,
    /// HIGHESTMODSEQ.
    pub highestmodseq: ModSeq,
    /// MESSAGES.
    pub messages: u32,
    /// UNSEEN: messages without `\Seen`.
    pub unseen: u32,
    /// DELETED: messages with `\Deleted` (RFC 9208).
    pub deleted: u32,
    /// SIZE in bytes (RFC 8438).
    pub size: u64,
    /// Bytes of the `\Deleted` messages (DELETED-STORAGE, RFC 9208).
    pub deleted_size: u64,
}

/// What an account stores (RFC 9208); a message in two mailboxes counts twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes in all mailboxes.
    pub size: u64,
    /// Messages in all mailboxes.
    pub messages: u64,
    /// Bytes that Support allows (R20); `None`: no cap.
    pub cap: Option<u64>,
}

struct Record {
    id: i64,
    name: Vec<u8>,
    special_use: Option<String>,
    uidvalidity: i64,
    uidnext: i64,
    highestmodseq: i64,
    messages: i64,
    unseen: i64,
    deleted: i64,
    size: i64,
    deleted_size: i64,
    selectable: bool,
}

/// A name in a transaction that changes names.
struct Entry {
    id: MailboxId,
    name: MailboxName,
    special_use: Option<SpecialUse>,
    selectable: bool,
}

impl Store {
    /// All mailboxes of the account, by name, INBOX first: 1 statement.
    pub async fn mailboxes(&self, account: AccountId) -> Result<Vec<MailboxInfo>, StoreError> {
        let records = sqlx::query_as!(
            Record,
            "select id, name, special_use, uidvalidity, uidnext, highestmodseq, messages, unseen, deleted,
                    size, deleted_size, selectable
               from mailbox where account_id = $1",
            account.0
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut all = Vec::with_capacity(records.len());
        for record in records {
            all.push(self.mailbox_info(account, record).await?);
        }
        self.0.hub.accounts.learn(account, all.iter().map(|info| info.id));
        all.sort_unstable_by(|a, b| (!a.name.is_inbox(), &a.name).cmp(&(!b.name.is_inbox(), &b.name)));
        Ok(all)
    }

    /// The mailbox of that name: 1 statement.
    pub async fn mailbox(
        &self,
        account: AccountId,
        name: &MailboxName,
    ) -> Result<Option<MailboxInfo>, StoreError> {
        let key = self.lookup().mailbox_name(account, name);
        let record = sqlx::query_as!(
            Record,
            "select id, name, special_use, uidvalidity, uidnext, highestmodseq, messages, unseen, deleted,
                    size, deleted_size, selectable
               from mailbox where account_id = $1 and name_key = $2",
            account.0,
            key.as_slice()
        )
        .fetch_optional(&self.0.pool)
        .await?;
        match record {
            Some(record) => Ok(Some(self.mailbox_info(account, record).await?)),
            None => Ok(None),
        }
    }

    async fn mailbox_info(&self, account: AccountId, record: Record) -> Result<MailboxInfo, StoreError> {
        let count = |n: i64| u32::try_from(n).map_err(|_| StoreError::Corrupt("mailbox counters"));
        let bytes = |n: i64| u64::try_from(n).map_err(|_| StoreError::Corrupt("mailbox sizes"));
        Ok(MailboxInfo {
            id: MailboxId(record.id),
            name: self.open_name(account, &record.name).await?,
            special_use: use_of(record.special_use.as_deref())?,
            selectable: record.selectable,
            uidvalidity: uidvalidity(record.uidvalidity)?,
            uidnext: count(record.uidnext)?,
            highestmodseq: ModSeq(bytes(record.highestmodseq)?),
            messages: count(record.messages)?,
            unseen: count(record.unseen)?,
            deleted: count(record.deleted)?,
            size: bytes(record.size)?,
            deleted_size: bytes(record.deleted_size)?,
        })
    }

    async fn open_name(&self, account: AccountId, sealed: &[u8]) -> Result<MailboxName, StoreError> {
        let seal = self.seal_key(account).await?;
        let name = seal.open_text(TextDomain::MailboxName, account, sealed)?;
        MailboxName::new(&name).map_err(|_| StoreError::Corrupt("mailbox.name"))
    }

    /// CREATE, and the names above it that are missing (RFC 9051 §6.3.4).
    ///
    /// # Errors
    /// [`MailError::Exists`], [`MailError::UseTaken`], [`MailError::TooMany`].
    pub async fn create_mailbox(
        &self,
        account: AccountId,
        name: &MailboxName,
        special_use: Option<SpecialUse>,
    ) -> Result<MailboxId, MailError> {
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        let names = self.lock_names(&mut tx, account).await?;
        let placeholder = match names.iter().find(|e| e.name == *name) {
            Some(entry) if entry.selectable => return Err(MailError::Exists),
            other => other.map(|e| e.id),
        };
        if let Some(id) = placeholder {
            remove_row(&mut tx, account, id).await?;
        }
        self.create_parents(&mut tx, account, &names, name).await?;
        let id = self.insert_mailbox(&mut tx, account, name, special_use, true).await?;
        tx.commit().await.map_err(ended)?;
        self.wake_names(account);
        Ok(id)
    }

    /// DELETE. Names below it keep it as `\Noselect` (RFC 9051 §6.3.5). Its messages stay recoverable.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`], [`MailError::Forbidden`] for INBOX, [`MailError::HasChildren`].
    pub async fn delete_mailbox(&self, account: AccountId, name: &MailboxName) -> Result<(), MailError> {
        if name.is_inbox() {
            return Err(MailError::Forbidden);
        }
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        let names = self.lock_names(&mut tx, account).await?;
        let entry = names.iter().find(|e| e.name == *name).ok_or(MailError::NoMailbox)?;
        let parent = names.iter().any(|e| e.name.is_below(name));
        if parent && !entry.selectable {
            return Err(MailError::HasChildren);
        }
        lock_rows(&mut tx, account, &[entry.id.0]).await?;
        sqlx::query!("select empty_mailbox($1, $2)", account.0, entry.id.0)
            .execute(&mut *tx)
            .await
            .map_err(ended)?;
        remove_row(&mut tx, account, entry.id).await?;
        if parent {
            self.insert_mailbox(&mut tx, account, name, None, false).await?;
        }
        tx.commit().await.map_err(ended)?;
        self.wake_mailboxes([entry.id]);
        self.wake_names(account);
        Ok(())
    }

    /// RENAME with all names below; INBOX stays and its messages move (RFC 9051 §6.3.6). A mailbox that
    /// goes below `\Trash` loses its special use: for Thunderbird that is how a folder is deleted.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`], [`MailError::Exists`], [`MailError::Forbidden`] below itself,
    /// [`MailError::Name`] when a name below grows too long.
    pub async fn rename_mailbox(
        &self,
        account: AccountId,
        from: &MailboxName,
        to: &MailboxName,
    ) -> Result<(), MailError> {
        if to.is_below(from) && !from.is_inbox() {
            return Err(MailError::Forbidden);
        }
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        let names = self.lock_names(&mut tx, account).await?;
        let entry = names.iter().find(|e| e.name == *from).ok_or(MailError::NoMailbox)?;
        if names.iter().any(|e| e.name == *to) {
            return Err(MailError::Exists);
        }
        self.create_parents(&mut tx, account, &names, to).await?;
        if from.is_inbox() {
            let target = self.insert_mailbox(&mut tx, account, to, None, true).await?;
            let ties = self.lookup().ties(account);
            sqlx::query!(
                "select from copy_messages($1, $2, $3, array[1::bigint], array[4294967295], true, $4)",
                account.0,
                entry.id.0,
                target.0,
                ties.bytes()
            )
            .execute(&mut *tx)
            .await
            .map_err(ended)?;
            // RFC 5464 §4.1: annotations go along, and stay.
            sqlx::query!(
                "insert into annotation (account_id, mailbox_id, name_key, sealed)
                 select account_id, $3, name_key, sealed from annotation
                  where account_id = $1 and mailbox_id = $2",
                account.0,
                entry.id.0,
                target.0
            )
            .execute(&mut *tx)
            .await
            .map_err(ended)?;
            tx.commit().await.map_err(ended)?;
            self.wake_mailboxes([entry.id]);
            self.wake_names(account);
            return Ok(());
        }
        let trash = names.iter().find(|e| e.special_use == Some(SpecialUse::Trash)).map(|e| &e.name);
        let discarded = trash.is_some_and(|t| to.is_below(t));
        let seal = self.seal_key(account).await?;
        let (mut ids, mut keys, mut sealed) = (Vec::new(), Vec::new(), Vec::new());
        for moved in names.iter().filter(|e| e.name == *from || e.name.is_below(from)) {
            let name = moved.name.moved(from, to)?;
            if names.iter().any(|e| e.name == name && !e.name.is_below(from)) {
                return Err(MailError::Exists);
            }
            ids.push(moved.id.0);
            keys.push(self.lookup().mailbox_name(account, &name).to_vec());
            sealed.push(
                seal.seal_text(TextDomain::MailboxName, account, name.as_str()).map_err(StoreError::from)?,
            );
        }
        lock_rows(&mut tx, account, &ids).await?;
        sqlx::query!(
            "update mailbox m set name_key = u.name_key, name = u.name,
                    special_use = case when $5 then null else m.special_use end
               from unnest($2::bigint[], $3::bytea[], $4::bytea[]) u(id, name_key, name)
              where m.account_id = $1 and m.id = u.id",
            account.0,
            &ids,
            &keys,
            &sealed,
            discarded
        )
        .execute(&mut *tx)
        .await
        .map_err(ended)?;
        tx.commit().await.map_err(ended)?;
        self.wake_names(account);
        Ok(())
    }

    /// SUBSCRIBE; the name need not exist. 1 statement.
    ///
    /// # Errors
    /// [`MailError::TooMany`].
    pub async fn subscribe(&self, account: AccountId, name: &MailboxName) -> Result<(), MailError> {
        let seal = self.seal_key(account).await?;
        let sealed =
            seal.seal_text(TextDomain::Subscription, account, name.as_str()).map_err(StoreError::from)?;
        let key = self.lookup().mailbox_name(account, name);
        let room = sqlx::query_scalar!(
            r#"with room as (select count(*) < $4 as room from subscription where account_id = $1),
                    added as (insert into subscription (account_id, name_key, name)
                              select $1, $2, $3 from room where room on conflict do nothing)
               select room as "room!" from room"#,
            account.0,
            key.as_slice(),
            sealed,
            MAILBOXES_MAX as i64
        )
        .fetch_one(&self.0.pool)
        .await
        .map_err(ended)?;
        if !room {
            return Err(MailError::TooMany);
        }
        self.wake_names(account);
        Ok(())
    }

    /// UNSUBSCRIBE; no error when it was not subscribed. 1 statement.
    pub async fn unsubscribe(&self, account: AccountId, name: &MailboxName) -> Result<(), MailError> {
        let key = self.lookup().mailbox_name(account, name);
        sqlx::query!(
            "delete from subscription where account_id = $1 and name_key = $2",
            account.0,
            key.as_slice()
        )
        .execute(&self.0.pool)
        .await
        .map_err(ended)?;
        self.wake_names(account);
        Ok(())
    }

    /// What the account is subscribed to, by name: 1 statement.
    pub async fn subscriptions(&self, account: AccountId) -> Result<Vec<MailboxName>, StoreError> {
        let seal = self.seal_key(account).await?;
        let rows = sqlx::query_scalar!("select name from subscription where account_id = $1", account.0)
            .fetch_all(&self.0.pool)
            .await?;
        let mut names = rows
            .iter()
            .map(|sealed| {
                let name = seal.open_text(TextDomain::Subscription, account, sealed)?;
                MailboxName::new(&name).map_err(|_| StoreError::Corrupt("subscription.name"))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        names.sort_unstable();
        Ok(names)
    }

    /// What the account stores, and may store: 1 statement.
    pub async fn usage(&self, account: AccountId) -> Result<Usage, StoreError> {
        let row = sqlx::query!(
            r#"select a.storage_cap, coalesce(sum(m.size), 0)::bigint as "size!",
                      coalesce(sum(m.messages), 0)::bigint as "messages!"
                 from account a left join mailbox m on m.account_id = a.id
                where a.id = $1 group by a.id"#,
            account.0
        )
        .fetch_one(&self.0.pool)
        .await?;
        Ok(Usage {
            size: row.size.cast_unsigned(),
            messages: row.messages.cast_unsigned(),
            cap: row.storage_cap.map(i64::cast_unsigned),
        })
    }

    /// Locks the account's names against other changes and opens them.
    async fn lock_names(&self, conn: &mut PgConnection, account: AccountId) -> Result<Vec<Entry>, MailError> {
        sqlx::query!("select from account where id = $1 for no key update", account.0)
            .execute(&mut *conn)
            .await
            .map_err(StoreError::from)?;
        let rows = sqlx::query!(
            "select id, name, special_use, selectable from mailbox where account_id = $1",
            account.0
        )
        .fetch_all(conn)
        .await
        .map_err(StoreError::from)?;
        let mut names = Vec::with_capacity(rows.len());
        for row in rows {
            names.push(Entry {
                id: MailboxId(row.id),
                name: self.open_name(account, &row.name).await?,
                special_use: use_of(row.special_use.as_deref())?,
                selectable: row.selectable,
            });
        }
        Ok(names)
    }

    async fn create_parents(
        &self,
        conn: &mut PgConnection,
        account: AccountId,
        names: &[Entry],
        name: &MailboxName,
    ) -> Result<(), MailError> {
        let missing: Vec<_> = std::iter::successors(name.parent(), MailboxName::parent)
            .filter(|above| !names.iter().any(|e| e.name == *above))
            .collect();
        if names.len() + missing.len() >= MAILBOXES_MAX {
            return Err(MailError::TooMany);
        }
        for above in missing.iter().rev() {
            self.insert_mailbox(conn, account, above, None, true).await?;
        }
        Ok(())
    }

    async fn insert_mailbox(
        &self,
        conn: &mut PgConnection,
        account: AccountId,
        name: &MailboxName,
        special_use: Option<SpecialUse>,
        selectable: bool,
    ) -> Result<MailboxId, MailError> {
        let seal = self.seal_key(account).await?;
        let sealed =
            seal.seal_text(TextDomain::MailboxName, account, name.as_str()).map_err(StoreError::from)?;
        let key = self.lookup().mailbox_name(account, name);
        let id = sqlx::query_scalar!(
            "with validity as (
                 update account
                    set uidvalidity_last = greatest(uidvalidity_last + 1, extract(epoch from now())::bigint)
                  where id = $1 returning uidvalidity_last)
             insert into mailbox (account_id, name_key, name, special_use, uidvalidity, selectable)
             select $1, $2, $3, $4, uidvalidity_last, $5 from validity
             returning id",
            account.0,
            key.as_slice(),
            sealed,
            special_use.map(use_word),
            selectable
        )
        .fetch_one(conn)
        .await
        .map_err(ended)?;
        Ok(MailboxId(id))
    }
}

/// Locks mailbox rows for what changes their names or removes them, in the order everybody keeps.
async fn lock_rows(conn: &mut PgConnection, account: AccountId, ids: &[i64]) -> Result<(), MailError> {
    sqlx::query!(
        "select from mailbox where account_id = $1 and id = any($2) order by account_id, id for update",
        account.0,
        ids
    )
    .execute(conn)
    .await
    .map_err(ended)?;
    Ok(())
}

async fn remove_row(conn: &mut PgConnection, account: AccountId, id: MailboxId) -> Result<(), MailError> {
    sqlx::query!("delete from mailbox where account_id = $1 and id = $2", account.0, id.0)
        .execute(conn)
        .await
        .map_err(ended)?;
    Ok(())
}

/// The word of `mailbox.special_use`.
pub(super) fn use_word(special_use: SpecialUse) -> String {
    special_use.as_str().trim_start_matches('\\').to_ascii_lowercase()
}

fn use_of(word: Option<&str>) -> Result<Option<SpecialUse>, StoreError> {
    word.map(|w| SpecialUse::parse(&format!("\\{w}")).ok_or(StoreError::Corrupt("mailbox.special_use")))
        .transpose()
}
