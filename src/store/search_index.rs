//! The search index where it lies: segments of a mailbox, sealed block by block.
//!
//! Invariants: what a block holds is not known here; it is sealed with the segment's own data key, which
//! is bound to the mailbox, the UIDs and the number of blocks. Segments of one mailbox do not overlap; they
//! are replaced as wholes, in one transaction, by whoever holds the mailbox's advisory lock. Nobody needs
//! the index to read mail, so all of it may be dropped at any time.

use std::ops::Range;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use uuid::{NoContext, Timestamp, Uuid};

use super::seal::{INDEX_PARTS, IndexShape};
use super::ties::Entry;
use super::{DataKey, SealError, Store, StoreError};
use crate::types::{AccountId, BodyId, MailboxId};

/// Blocks sent with one statement.
const BLOCKS_AT_ONCE: usize = 16;

/// A run of a mailbox's messages whose words are indexed.
pub struct IndexSegment {
    shape: IndexShape,
    key: DataKey,
}

impl IndexSegment {
    /// First and last UID.
    pub fn uids(&self) -> (u32, u32) {
        self.shape.uids
    }

    /// Messages in it.
    pub fn docs(&self) -> u32 {
        self.shape.docs
    }

    /// Blocks of a part.
    pub fn blocks(&self, part: usize) -> u32 {
        self.shape.blocks[part]
    }

    /// Its identity, for what is said of it to the operator.
    pub fn id(&self) -> Uuid {
        self.shape.id
    }
}

/// A segment to be written.
pub struct NewIndexSegment {
    /// First and last UID.
    pub uids: (u32, u32),
    /// Messages in it.
    pub docs: u32,
    /// The blocks of each part, not sealed yet.
    pub parts: [Vec<Vec<u8>>; INDEX_PARTS],
}

/// What became of it.
pub enum IndexWritten {
    /// Somebody else has changed the mailbox's index, and nothing is done.
    Lost,
    /// No message was in it: nothing is in the place of the old.
    Empty,
    /// It is there.
    Segment(IndexSegment),
}

/// A mailbox that has grown past its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexBehind {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub mailbox: MailboxId,
    /// The first UID that is not indexed.
    pub from: u32,
    /// UIDNEXT as it was.
    pub uidnext: u32,
}

/// A message to index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexRow {
    /// Its UID.
    pub uid: u32,
    /// RFC822.SIZE in bytes.
    pub size: u64,
    /// Its content.
    pub body: BodyId,
}

impl Store {
    /// The segments of a mailbox, ascending by UID; 1 statement. One that does not open is left out and
    /// logged: then its messages are read.
    pub async fn index_segments(
        &self,
        account: AccountId,
        mailbox: MailboxId,
    ) -> Result<Vec<IndexSegment>, StoreError> {
        let mut segments = Vec::new();
        for segment in self.index_segments_checked(account, mailbox).await? {
            match segment {
                Ok(segment) => segments.push(segment),
                Err(((from, to), error)) => {
                    tracing::error!(%error, %mailbox, from, to, "a search index is damaged; reindex");
                }
            }
        }
        Ok(segments)
    }

    /// As [`index_segments`](Self::index_segments), with the UIDs of those that do not open, and why.
    pub async fn index_segments_checked(
        &self,
        account: AccountId,
        mailbox: MailboxId,
    ) -> Result<Vec<Result<IndexSegment, ((u32, u32), SealError)>>, StoreError> {
        let seal = self.seal_key(account).await?;
        let rows = sqlx::query!(
            r#"select s.id, s.uid_from, s.uid_to, s.docs, s.blocks, s.seal_key_id, s.wrapped
                 from search_segment s
                where s.account_id = $1 and s.mailbox_id = $2 order by s.uid_from"#,
            account.0,
            mailbox.0
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut segments = Vec::with_capacity(rows.len());
        for row in rows {
            let shape = IndexShape {
                id: row.id,
                account,
                mailbox,
                uids: (row.uid_from as u32, row.uid_to as u32),
                docs: row.docs.cast_unsigned(),
                blocks: std::array::from_fn(|n| row.blocks.get(n).map_or(0, |b| b.cast_unsigned())),
            };
            // Of another key: the account has joined a practice since. It is indexed anew.
            if row.seal_key_id != seal.id.0 {
                continue;
            }
            segments.push(match seal.unwrap_index(&row.wrapped, shape) {
                Ok(key) => Ok(IndexSegment { shape, key }),
                Err(error) => Err((shape.uids, error)),
            });
        }
        Ok(segments)
    }

    /// Blocks, by part and number, opened, in the order asked: 1 statement. `None`: the segment was replaced
    /// meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Seal`] when stored bytes were changed.
    pub async fn index_blocks(
        &self,
        segment: &IndexSegment,
        wanted: &[(usize, u32)],
    ) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let parts: Vec<i16> = wanted.iter().map(|(part, _)| *part as i16).collect();
        let idxs: Vec<i32> = wanted.iter().map(|(_, idx)| idx.cast_signed()).collect();
        let rows = sqlx::query_scalar!(
            "select b.data
               from unnest($3::smallint[], $4::integer[]) with ordinality w(part, idx, n)
               join search_block b
                 on b.account_id = $1 and b.segment_id = $2 and b.part = w.part and b.idx = w.idx
              order by w.n",
            segment.shape.account.0,
            segment.shape.id,
            &parts,
            &idxs
        )
        .fetch_all(&self.0.pool)
        .await?;
        if rows.len() != wanted.len() {
            return Ok(None);
        }
        // What opens is the block of that part and number: they are sealed with it.
        let open = |((part, idx), row): (&(usize, u32), Vec<u8>)| {
            segment.key.open_block(segment.shape.id, *part as u16, *idx, row)
        };
        Ok(Some(wanted.iter().zip(rows).map(open).collect::<Result<_, _>>()?))
    }

    /// Puts a segment in the place of some, or of none; then behind `after`, which must still stand.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is done either.
    pub async fn index_replace(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        old: &[IndexSegment],
        after: Option<&IndexSegment>,
        new: NewIndexSegment,
    ) -> Result<IndexWritten, StoreError> {
        let seal = self.seal_key(account).await?;
        let now = self.0.clock.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
        let id = Uuid::new_v7(Timestamp::from_unix(NoContext, now.as_secs(), now.subsec_nanos()));
        let blocks = std::array::from_fn(|part| new.parts[part].len() as u32);
        let shape = IndexShape { id, account, mailbox, uids: new.uids, docs: new.docs, blocks };
        let key = DataKey::random()?;
        let wrapped = seal.wrap_index(&key, shape)?;
        let mut tx = self.0.pool.begin().await?;
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended('search index', $1))", mailbox.0)
            .execute(&mut *tx)
            .await?;
        // Before the segments, as who deletes the mailbox takes them: or the two would wait for each other.
        sqlx::query!(
            "select from mailbox where account_id = $1 and id = $2 for key share",
            account.0,
            mailbox.0
        )
        .execute(&mut *tx)
        .await?;
        // Who dropped the index began it anew: behind that nothing is written any more, or a hole would stay.
        if let Some(after) = after {
            let stands = sqlx::query!(
                "select from search_segment where account_id = $1 and mailbox_id = $2 and id = $3",
                account.0,
                mailbox.0,
                after.shape.id
            )
            .fetch_optional(&mut *tx)
            .await?;
            if stands.is_none() {
                return Ok(IndexWritten::Lost);
            }
        }
        if !old.is_empty() {
            let gone: Vec<Uuid> = old.iter().map(|s| s.shape.id).collect();
            let deleted = sqlx::query!(
                "delete from search_segment where account_id = $1 and mailbox_id = $2 and id = any($3)",
                account.0,
                mailbox.0,
                &gone
            )
            .execute(&mut *tx)
            .await?;
            if deleted.rows_affected() != gone.len() as u64 {
                return Ok(IndexWritten::Lost);
            }
        }
        if new.docs == 0 {
            tx.commit().await?;
            return Ok(IndexWritten::Empty);
        }
        if !index_place(&mut tx, shape, seal.id.0, &wrapped).await? {
            // What another key sealed is of no use to anybody.
            sqlx::query!(
                "delete from search_segment
                  where account_id = $1 and mailbox_id = $2 and uid_from <= $4 and uid_to >= $3
                    and seal_key_id <> $5",
                account.0,
                mailbox.0,
                i64::from(new.uids.0),
                i64::from(new.uids.1),
                seal.id.0
            )
            .execute(&mut *tx)
            .await?;
            if !index_place(&mut tx, shape, seal.id.0, &wrapped).await? {
                return Ok(IndexWritten::Lost);
            }
        }
        index_insert(&mut tx, shape, &key, new.parts).await?;
        tx.commit().await?;
        Ok(IndexWritten::Segment(IndexSegment { shape, key }))
    }

    /// Mailboxes with at least `least` UIDs that are not indexed, the most behind first; 1 statement.
    pub async fn index_behind(&self, least: u32, limit: u32) -> Result<Vec<IndexBehind>, StoreError> {
        let rows = sqlx::query!(
            r#"select account_id as "account_id!", mailbox_id as "mailbox_id!", uid_from as "uid_from!",
                      uidnext as "uidnext!"
                 from search_behind($1, $2)"#,
            i64::from(least),
            limit.cast_signed()
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| IndexBehind {
                account: AccountId(row.account_id),
                mailbox: MailboxId(row.mailbox_id),
                from: row.uid_from as u32,
                uidnext: row.uidnext as u32,
            })
            .collect())
    }

    /// Messages of a mailbox from a UID on, ascending; 1 statement.
    pub async fn index_rows(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: Range<u32>,
        limit: u32,
    ) -> Result<Vec<IndexRow>, StoreError> {
        let rows = sqlx::query!(
            r#"select e.uid, e.size, e.internal_date, e.message_id, e.tie as "tie?" from mailbox_message e
              where e.account_id = $1 and e.mailbox_id = $2 and e.uid >= $3 and e.uid < $4
              order by e.uid limit $5"#,
            account.0,
            mailbox.0,
            i64::from(uids.start),
            i64::from(uids.end),
            i64::from(limit)
        )
        .fetch_all(&self.0.pool)
        .await?;
        let ties = self.lookup().ties(account);
        Ok(rows
            .into_iter()
            .map(|row| {
                let entry = Entry {
                    mailbox: mailbox.0,
                    uid: row.uid,
                    size: row.size,
                    internal_date: row.internal_date,
                    message: row.message_id,
                };
                let body = ties.body(entry, row.tie);
                IndexRow { uid: row.uid as u32, size: row.size.cast_unsigned(), body }
            })
            .collect())
    }

    /// The UIDs of a mailbox within these, ascending; 1 statement.
    pub async fn index_uids(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: Range<u32>,
    ) -> Result<Vec<u32>, StoreError> {
        let found = sqlx::query_scalar!(
            "select e.uid from mailbox_message e
              where e.account_id = $1 and e.mailbox_id = $2 and e.uid >= $3 and e.uid < $4 order by e.uid",
            account.0,
            mailbox.0,
            i64::from(uids.start),
            i64::from(uids.end)
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(found.into_iter().map(|uid| uid as u32).collect())
    }

    /// Drops the index of a mailbox.
    pub async fn index_drop(&self, account: AccountId, mailbox: MailboxId) -> Result<(), StoreError> {
        let mut tx = self.0.pool.begin().await?;
        // Not between another's look at what stands and what it writes behind that.
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended('search index', $1))", mailbox.0)
            .execute(&mut *tx)
            .await?;
        sqlx::query!(
            "delete from search_segment where account_id = $1 and mailbox_id = $2",
            account.0,
            mailbox.0
        )
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Mailboxes that hold messages or an index, of an account or of everybody.
    pub async fn index_mailboxes(
        &self,
        account: Option<AccountId>,
    ) -> Result<Vec<(AccountId, MailboxId)>, StoreError> {
        let rows = sqlx::query!(
            "select m.account_id, m.id from mailbox m
              where ($1::bigint is null or m.account_id = $1)
                and (m.messages > 0 or exists (select from search_segment s
                                                where s.account_id = m.account_id and s.mailbox_id = m.id))
              order by m.account_id, m.id",
            account.map(|a| a.0)
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (AccountId(row.account_id), MailboxId(row.id))).collect())
    }

    /// Mailboxes whose index names many messages that are gone: a tenth and more; 1 statement.
    pub async fn index_worn(&self, limit: u32) -> Result<Vec<(AccountId, MailboxId)>, StoreError> {
        let rows = sqlx::query!(
            r#"select m.account_id, m.id
                 from mailbox m,
                      lateral (select sum(s.docs) as docs from search_segment s
                                where s.account_id = m.account_id and s.mailbox_id = m.id) s
                where s.docs > m.messages + m.messages / 10 + 16
                limit $1"#,
            i64::from(limit)
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (AccountId(row.account_id), MailboxId(row.id))).collect())
    }
}

/// Takes the place of a segment; `false`: there is one in it, or the mailbox is gone.
async fn index_place(
    tx: &mut sqlx::PgConnection,
    shape: IndexShape,
    seal_key: i64,
    wrapped: &[u8],
) -> Result<bool, StoreError> {
    let blocks: Vec<i32> = shape.blocks.iter().map(|n| n.cast_signed()).collect();
    let inserted = sqlx::query!(
        "insert into search_segment
                (account_id, mailbox_id, uid_from, uid_to, id, docs, blocks, seal_key_id, wrapped)
         select $1, m.id, $3, $4, $5, $6, $7, $8, $9
           from mailbox m
          where m.account_id = $1 and m.id = $2
            and not exists (select from search_segment s
                             where s.account_id = $1 and s.mailbox_id = $2
                               and s.uid_from <= $4 and s.uid_to >= $3)",
        shape.account.0,
        shape.mailbox.0,
        i64::from(shape.uids.0),
        i64::from(shape.uids.1),
        shape.id,
        shape.docs.cast_signed(),
        &blocks,
        seal_key,
        wrapped
    )
    .execute(tx)
    .await?;
    Ok(inserted.rows_affected() > 0)
}

async fn index_insert(
    tx: &mut sqlx::PgConnection,
    shape: IndexShape,
    key: &DataKey,
    parts: [Vec<Vec<u8>>; INDEX_PARTS],
) -> Result<(), StoreError> {
    let mut all = (0u16..)
        .zip(parts)
        .flat_map(|(part, blocks)| (0u32..).zip(blocks).map(move |(idx, block)| (part, idx, block)));
    loop {
        let (mut of, mut idxs, mut sealed) = (Vec::new(), Vec::new(), Vec::new());
        for (part, idx, block) in all.by_ref().take(BLOCKS_AT_ONCE) {
            of.push(part.cast_signed());
            idxs.push(idx.cast_signed());
            sealed.push(key.seal_block(shape.id, part, idx, &block)?);
        }
        if sealed.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "insert into search_block (account_id, segment_id, part, idx, data)
             select $1, $2, b.part, b.idx, b.data
               from unnest($3::smallint[], $4::integer[], $5::bytea[]) b(part, idx, data)",
            shape.account.0,
            shape.id,
            &of,
            &idxs,
            &sealed
        )
        .execute(&mut *tx)
        .await?;
    }
}

impl Store {
    /// How far the search index is behind, for `doctor`: mailboxes with at least `least` UIDs that are
    /// not indexed. A database without our schema answers with an error.
    pub async fn search_index_behind(database_url: &str, least: u32) -> Result<u64, StoreError> {
        let connect: PgConnectOptions = database_url.parse()?;
        let mut conn = connect.disable_statement_logging().connect().await?;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from search_behind($1, 1000000)"#,
            i64::from(least)
        )
        .fetch_one(&mut conn)
        .await?;
        conn.close().await?;
        Ok(count.cast_unsigned())
    }
}
