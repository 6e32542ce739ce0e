//! Reading a mailbox's rows for [`super::live`]: what changed since a mod-sequence, or all of it.
//!
//! Invariants: each answer is one statement, and so one moment of the database; an entry that is not tied to its
//! message comes without it ([`super::ties`]). All of a mailbox is read from its snapshot ([`super::snapshots`]) and
//! what changed since, where the change log reaches back that far; else from its rows. A snapshot that does not
//! open is told, dropped, and the rows are read.

use std::collections::VecDeque;

use sqlx::PgExecutor;
use uuid::Uuid;

use super::live::{MailboxState, Row, uidvalidity};
use super::mail_error::{MailError, ended};
use super::packed_rows;
use super::recent_changes::RecentChanges;
use super::seal::SnapshotShape;
use super::ties::{Entry, is_tied};
use super::{SealError, SealKey, Store, StoreError, TextDomain};
use crate::types::{AccountId, Flags, Keyword, MailboxId, ModSeq, UidValidity};

/// What went at which mod-sequence, in the order it went: ranges of uids, ascending.
type Gone = Vec<(ModSeq, Vec<(u32, u32)>)>;

/// What one statement brought.
pub(super) struct Delta {
    pub(super) uidvalidity: UidValidity,
    pub(super) uidnext: u32,
    pub(super) highestmodseq: ModSeq,
    /// It is everything, not what changed.
    pub(super) whole: bool,
    /// Ascending by uid.
    pub(super) rows: Vec<Row>,
    pub(super) expunged: Gone,
    pub(super) keywords: Vec<(u8, Keyword)>,
}

impl Delta {
    pub(super) fn into_state(self) -> MailboxState {
        MailboxState {
            uidvalidity: self.uidvalidity,
            uidnext: self.uidnext,
            highestmodseq: self.highestmodseq,
            rows: self.rows,
            expunged: VecDeque::new(),
            expunged_from: self.highestmodseq,
            recent: RecentChanges::after(self.highestmodseq),
            keywords: self.keywords,
            gone: false,
        }
    }

    /// How many rows it says something of.
    pub(super) fn len(&self) -> usize {
        let gone = self.expunged.iter().flat_map(|(_, ranges)| ranges);
        self.rows.len() + gone.map(|(lo, hi)| (hi - lo) as usize + 1).sum::<usize>()
    }
}

/// What a mailbox is looked up by.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    Id,
    /// Its name's keyed hash. It is another mailbox when the name went on to that.
    Name(&'a [u8]),
}

/// What somebody has of a mailbox already.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) account: AccountId,
    pub(super) mailbox: MailboxId,
    pub(super) modseq: ModSeq,
    /// All messages below.
    pub(super) uidnext: u32,
    /// All keywords up to here.
    pub(super) bit: u8,
}

/// What became of what somebody has.
pub(super) enum Since {
    /// The mailbox is gone, or no mailbox has this name.
    Gone,
    /// The name is that of another mailbox.
    Another,
    /// The name is kept for its children alone.
    NotSelectable,
    Nothing,
    Changed(Box<Delta>),
}

/// All of a mailbox.
pub(super) struct Whole {
    pub(super) state: MailboxState,
    /// Of these, rows that differ from the snapshot; `None`: there was none of use.
    pub(super) since_snapshot: Option<usize>,
}

/// The columns of rows, as `mailbox_delta` answers them.
#[derive(Default)]
struct Columns {
    uids: Option<Vec<i64>>,
    flags: Option<Vec<i64>>,
    modseqs: Option<Vec<i64>>,
    sizes: Option<Vec<i64>>,
    dates: Option<Vec<i64>>,
    bodies: Option<Vec<Uuid>>,
    ties: Option<Vec<Option<Uuid>>>,
    gone_modseqs: Option<Vec<i64>>,
    gone_lo: Option<Vec<i64>>,
    gone_hi: Option<Vec<i64>>,
}

/// A macro, since each statement's row is a type of its own.
macro_rules! columns {
    ($row:expr) => {
        Columns {
            uids: $row.uids,
            flags: $row.flags,
            modseqs: $row.modseqs,
            sizes: $row.sizes,
            dates: $row.dates,
            bodies: $row.bodies,
            ties: $row.ties,
            gone_modseqs: $row.gone_modseqs,
            gone_lo: $row.gone_lo,
            gone_hi: $row.gone_hi,
        }
    };
}

impl Store {
    /// What changed in a mailbox since; 1 statement, which looks at one row when nothing did.
    pub(super) async fn mailbox_since(&self, held: Held, by: By<'_>) -> Result<Since, MailError> {
        self.mailbox_since_in(&self.0.pool, held, by).await
    }

    /// As [`mailbox_since`](Self::mailbox_since), inside a transaction.
    pub(super) async fn mailbox_since_in(
        &self,
        executor: impl PgExecutor<'_>,
        held: Held,
        by: By<'_>,
    ) -> Result<Since, MailError> {
        let seal = self.seal_key(held.account).await?;
        let name = match by {
            By::Id => None,
            By::Name(key) => Some(key),
        };
        let Some(row) = sqlx::query!(
            r#"select m.id, m.selectable, m.uidvalidity, m.uidnext, m.highestmodseq, d.whole as "whole?",
                      d.uids, d.flags, d.modseqs, d.sizes, d.dates, d.bodies, d.ties as "ties: Vec<Option<Uuid>>",
                      d.gone_modseqs, d.gone_lo, d.gone_hi, d.keyword_bits, d.keyword_names
                 from mailbox m
                 left join lateral (select * from mailbox_delta(m.account_id, m.id, $4, $5, $6)
                                     where m.id = $2 and m.highestmodseq <> $4) d on true
                where m.account_id = $1
                  and m.id = case when $3::bytea is null then $2
                                  else (select n.id from mailbox n where n.account_id = $1 and n.name_key = $3)
                             end"#,
            held.account.0,
            held.mailbox.0,
            name,
            held.modseq.0.cast_signed(),
            i64::from(held.uidnext),
            i16::from(held.bit)
        )
        .fetch_optional(executor)
        .await
        .map_err(ended)?
        else {
            return Ok(Since::Gone);
        };
        if row.id != held.mailbox.0 {
            return Ok(Since::Another);
        }
        if name.is_some() && !row.selectable {
            return Ok(Since::NotSelectable);
        }
        let Some(whole) = row.whole else { return Ok(Since::Nothing) };
        let names =
            row.keyword_bits.unwrap_or_default().into_iter().zip(row.keyword_names.unwrap_or_default());
        let keywords = keywords(&seal, held.account, names)?;
        let (rows, expunged) = self.rows_of(held.account, held.mailbox, columns!(row));
        Ok(Since::Changed(Box::new(Delta {
            uidvalidity: uidvalidity(row.uidvalidity)?,
            uidnext: row.uidnext as u32,
            highestmodseq: ModSeq(row.highestmodseq.cast_unsigned()),
            whole,
            rows,
            expunged,
            keywords,
        })))
    }

    /// All of a mailbox, from its snapshot and what changed since or from its rows: 1 statement, 3 when the snapshot
    /// is damaged. `None`: no such mailbox.
    pub(super) async fn mailbox_whole(
        &self,
        account: AccountId,
        mailbox: MailboxId,
    ) -> Result<Option<Whole>, MailError> {
        let seal = self.seal_key(account).await?;
        let Some(row) = sqlx::query!(
            r#"select m.uidvalidity, m.uidnext, m.highestmodseq,
                      d.uids, d.flags, d.modseqs, d.sizes, d.dates, d.bodies, d.ties as "ties: Vec<Option<Uuid>>",
                      d.gone_modseqs, d.gone_lo, d.gone_hi, k.bits as "bits: Vec<i16>", k.names as "names: Vec<Vec<u8>>",
                      s.id as "snapshot?", s.modseq as "modseq?", s.uidnext as "snapshot_uidnext?", s.rows as "rows?",
                      s.wrapped as "wrapped?", s.data as "data?"
                 from mailbox m
                 left join mailbox_snapshot s
                   on s.account_id = m.account_id and s.mailbox_id = m.id and s.seal_key_id = $3
                      and s.uidvalidity = m.uidvalidity and s.uidnext <= m.uidnext
                      and s.modseq > 0 and s.modseq between m.changes_from and m.highestmodseq
                      and changes_after(m.account_id, m.id, s.modseq) <= m.messages
                cross join lateral mailbox_delta(m.account_id, m.id, coalesce(s.modseq, 0),
                                                 coalesce(s.uidnext, 1), 62::smallint) d
                cross join lateral (select array_agg(w.bit order by w.bit) as bits,
                                           array_agg(w.name order by w.bit) as names
                                      from mailbox_keyword w
                                     where w.account_id = m.account_id and w.mailbox_id = m.id) k
                where m.account_id = $1 and m.id = $2"#,
            account.0,
            mailbox.0,
            seal.id.0
        )
        .fetch_optional(&self.0.pool)
        .await
        .map_err(ended)?
        else {
            return Ok(None);
        };
        let uidvalidity = uidvalidity(row.uidvalidity)?;
        let names = row.bits.unwrap_or_default().into_iter().zip(row.names.unwrap_or_default());
        let keywords = keywords(&seal, account, names)?;
        let (rows, expunged) = self.rows_of(account, mailbox, columns!(row));
        let mut delta = Delta {
            uidvalidity,
            uidnext: row.uidnext as u32,
            highestmodseq: ModSeq(row.highestmodseq.cast_unsigned()),
            whole: true,
            rows,
            expunged,
            keywords,
        };
        let (Some(id), Some(wrapped), Some(data)) = (row.snapshot, row.wrapped, row.data) else {
            return Ok(Some(Whole { state: delta.into_state(), since_snapshot: None }));
        };
        let shape = SnapshotShape {
            id,
            account,
            mailbox,
            uidvalidity: uidvalidity.get(),
            modseq: row.modseq.unwrap_or_default().cast_unsigned(),
            uidnext: row.snapshot_uidnext.unwrap_or_default() as u32,
            rows: row.rows.unwrap_or_default().cast_unsigned(),
        };
        match open_snapshot(&seal, shape, &wrapped, data) {
            Ok(mut state) => {
                let changed = delta.len();
                delta.whole = false;
                state.apply(delta);
                Ok(Some(Whole { state, since_snapshot: Some(changed) }))
            }
            Err(error) => {
                tracing::error!(%error, %account, %mailbox, "a mailbox's snapshot is damaged; it is dropped, and the rows are read");
                self.drop_snapshot(shape).await?;
                self.mailbox_from_rows(account, mailbox).await
            }
        }
    }

    /// All of a mailbox, from its rows.
    async fn mailbox_from_rows(
        &self,
        account: AccountId,
        mailbox: MailboxId,
    ) -> Result<Option<Whole>, MailError> {
        let held = Held { account, mailbox, modseq: ModSeq(0), uidnext: 1, bit: 0 };
        Ok(match self.mailbox_since(held, By::Id).await? {
            Since::Changed(delta) => Some(Whole { state: delta.into_state(), since_snapshot: None }),
            _ => None,
        })
    }

    /// Rows and what went, of the columns of a statement.
    fn rows_of(&self, account: AccountId, mailbox: MailboxId, columns: Columns) -> (Vec<Row>, Gone) {
        let uids = columns.uids.unwrap_or_default();
        let others = (columns.flags.unwrap_or_default().into_iter())
            .zip(columns.modseqs.unwrap_or_default())
            .zip(columns.sizes.unwrap_or_default())
            .zip(columns.dates.unwrap_or_default())
            .zip(columns.bodies.unwrap_or_default())
            .zip(columns.ties.unwrap_or_default());
        let ties = self.lookup().ties(account);
        let mut rows = Vec::with_capacity(uids.len());
        rows.extend(uids.into_iter().zip(others).map(
            |(uid, (((((flags, modseq), size), internal_date), message), tie))| {
                let entry = Entry { mailbox: mailbox.0, uid, size, internal_date, message };
                Row {
                    uid: uid as u32,
                    flags: Flags(flags.cast_unsigned()),
                    modseq: ModSeq(modseq.cast_unsigned()),
                    size: size.cast_unsigned(),
                    internal_date,
                    body: ties.body(entry, tie),
                }
            },
        ));
        let untied = rows.iter().filter(|row| !is_tied(row.body)).count();
        if untied > 0 {
            tracing::error!(
                untied,
                %account,
                %mailbox,
                "entries of a mailbox were changed or belong elsewhere; they are not read: run postern verify"
            );
        }
        rows.sort_unstable_by_key(|r| r.uid);
        let mut expunged = Gone::new();
        let ranges = columns.gone_lo.unwrap_or_default().into_iter().zip(columns.gone_hi.unwrap_or_default());
        for (modseq, (lo, hi)) in columns.gone_modseqs.unwrap_or_default().into_iter().zip(ranges) {
            let (modseq, range) = (ModSeq(modseq.cast_unsigned()), (lo as u32, hi as u32));
            match expunged.last_mut() {
                Some((last, ranges)) if *last == modseq => ranges.push(range),
                _ => expunged.push((modseq, vec![range])),
            }
        }
        (rows, expunged)
    }
}

/// A snapshot's rows, at its moment, without keywords.
///
/// # Errors
/// [`SealError::Open`] unless they are this snapshot's, unchanged.
pub(super) fn open_snapshot(
    seal: &SealKey,
    shape: SnapshotShape,
    wrapped: &[u8],
    data: Vec<u8>,
) -> Result<MailboxState, SealError> {
    const WHAT: SealError = SealError::Open("a mailbox's snapshot");
    let packed = seal.unwrap_snapshot(wrapped, shape)?.open_snapshot(shape.id, data)?;
    let count = usize::try_from(shape.rows).map_err(|_| WHAT)?;
    let rows = packed_rows::unpack(&packed, count).ok_or(WHAT)?;
    if rows.last().is_some_and(|row| row.uid >= shape.uidnext) {
        return Err(WHAT);
    }
    let modseq = ModSeq(shape.modseq);
    Ok(MailboxState {
        uidvalidity: UidValidity::new(shape.uidvalidity).ok_or(WHAT)?,
        uidnext: shape.uidnext,
        highestmodseq: modseq,
        rows,
        expunged: VecDeque::new(),
        expunged_from: modseq,
        recent: RecentChanges::after(modseq),
        keywords: Vec::new(),
        gone: false,
    })
}

/// Keywords, opened, with their bits.
fn keywords(
    seal: &SealKey,
    account: AccountId,
    names: impl Iterator<Item = (i16, Vec<u8>)>,
) -> Result<Vec<(u8, Keyword)>, StoreError> {
    names
        .map(|(bit, name)| {
            let name = seal.open_text(TextDomain::Keyword, account, &name)?;
            let keyword = Keyword::new(&name).map_err(|_| StoreError::Corrupt("mailbox_keyword.name"))?;
            Ok((bit as u8, keyword))
        })
        .collect()
}
