//! Keeping the indexes of all mailboxes up with them.
//!
//! Invariants: whatever is not indexed is read by a search, so nothing here is ever in anybody's way; a
//! round reads what is new, makes a segment of it and writes it, joined with the segments before it where that is time
//! ([`super::joining`]), so that a message is written again only a few times in its life. Two gateways may do the
//! same work: the second to finish finds the place taken and drops its own.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::index::merge::merge;
use super::index::segment::{Builder, DOCS, PARTS, Segment, read_docs};
use super::index::words::Words;
use super::joining::{Size, joined};
use super::lately::{Lately, Whole};
use super::message::take_words;
use crate::mime::FactsRef;
use crate::service::mailbox::MailError;
use crate::store::{IndexBehind, IndexRow, IndexSegment, IndexWritten, NewIndexSegment};
use crate::store::{Store, StoreError};
use crate::types::{AccountId, BodyId, MailboxId};

/// Between two looks for mailboxes that are behind.
const EVERY: Duration = Duration::from_secs(3);
/// Between two looks for segments that name many messages that are gone, in the former looks.
const WORN_EVERY: u32 = 200;
/// Messages that a search reads rather than finding them indexed.
const LEAST: u32 = 128;
/// So many are indexed although more are coming: while they come in a stream it is better to wait, since many
/// at a time cost less than a few, again and again.
const RUSH: u32 = 1024;
/// Mailboxes of one look.
const AT_ONCE: u32 = 16;
/// Messages of a new segment at most.
const DOCS_NEW: u32 = 2048;
/// Bytes of messages after which a new segment is written.
const BYTES_NEW: u64 = 64 * 1024 * 1024;
/// Bytes of words after which it is.
const WORDS_NEW: usize = 32 * 1024 * 1024;
/// Messages that are read together, and the bytes of them that are counted.
const BATCH: usize = 256;
const BATCH_BYTES: u64 = 2 * 1024 * 1024;
/// Of each message so many are counted: its first chunk, and its header.
const BATCH_EACH: u64 = 384 * 1024;
/// Blocks read by one statement.
const BLOCKS: usize = 16;
/// Bytes of a block at most, but for those of a message whose words are very long.
const BLOCK: u64 = 128 * 1024;

/// What was done for one mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indexed {
    /// Messages whose words were taken.
    pub messages: u64,
    /// Segments written.
    pub segments: u64,
}

/// What is wrong with an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexFault {
    /// Whose.
    pub account: AccountId,
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// In words for the operator.
    pub what: String,
}

/// Keeps indexes up. Cheap to clone.
#[derive(Clone)]
pub struct Tender {
    store: Store,
}

impl Tender {
    /// Over a store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Looks now and then, for ever.
    pub async fn run(self) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Of the mailboxes that are behind, where they ended at the last look.
        let mut ends: HashMap<MailboxId, u32> = HashMap::new();
        for look in 1u32.. {
            tick.tick().await;
            if look.is_multiple_of(WORN_EVERY)
                && let Err(error) = self.mend_worn().await
            {
                tracing::warn!(%error, "words of messages that are gone stay in the search index a while longer");
            }
            let mut now = HashMap::new();
            let rests = |behind: &IndexBehind| {
                let before = ends.get(&behind.mailbox) == Some(&behind.uidnext);
                now.insert(behind.mailbox, behind.uidnext);
                before || behind.uidnext - behind.from >= RUSH
            };
            if let Err(error) = self.catch_up_where(LEAST, rests).await {
                tracing::warn!(%error, "the search index is not kept up; it is tried again");
            }
            ends = now;
        }
    }

    /// Indexes every mailbox that is behind by at least `least` UIDs.
    ///
    /// # Errors
    /// What the database says. Mailboxes whose messages do not open are passed over.
    pub async fn catch_up(&self, least: u32) -> Result<Indexed, MailError> {
        self.catch_up_where(least, |_| true).await
    }

    /// Of these, those that are wanted.
    async fn catch_up_where(
        &self,
        least: u32,
        mut wanted: impl FnMut(&IndexBehind) -> bool,
    ) -> Result<Indexed, MailError> {
        let mut sum = Indexed::default();
        let mut passed = BTreeSet::new();
        let mut look = Look::new();
        loop {
            let limit = AT_ONCE + passed.len() as u32;
            let behind = self.store.index_behind(least.max(1), limit).await?;
            let mut some = false;
            for box_ in behind {
                if passed.contains(&box_.mailbox) {
                    continue;
                }
                some = true;
                if !wanted(&box_) {
                    passed.insert(box_.mailbox);
                    continue;
                }
                match self.index(box_.account, box_.mailbox, &mut look).await {
                    Ok(done) => {
                        sum.messages += done.messages;
                        sum.segments += done.segments;
                        if done == Indexed::default() {
                            passed.insert(box_.mailbox);
                        }
                    }
                    Err(error) => {
                        passed.insert(box_.mailbox);
                        tracing::error!(%error, mailbox = %box_.mailbox, "a mailbox cannot be indexed");
                    }
                }
            }
            if !some {
                return Ok(sum);
            }
        }
    }

    /// Writes segments anew that name messages which are gone, where that is a tenth or more, so that the
    /// words of mail that is gone for good do not stay, sealed as they are.
    ///
    /// # Errors
    /// What the database says.
    pub async fn mend_worn(&self) -> Result<(), MailError> {
        for (account, mailbox) in self.store.index_worn(AT_ONCE).await? {
            for segment in self.store.index_segments(account, mailbox).await? {
                self.rewrite(account, mailbox, &[segment], None).await?;
            }
        }
        Ok(())
    }

    /// Indexes all that a mailbox holds and its index does not.
    ///
    /// # Errors
    /// What the database says.
    pub async fn catch_up_mailbox(
        &self,
        account: AccountId,
        mailbox: MailboxId,
    ) -> Result<Indexed, MailError> {
        self.index(account, mailbox, &mut Look::new()).await
    }

    async fn index(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        look: &mut Look,
    ) -> Result<Indexed, MailError> {
        let mut done = Indexed::default();
        let mut segments = self.standing(account, mailbox).await?;
        let mut from = segments.iter().map(|s| s.uids().1).max().unwrap_or(0) + 1;
        let mut again = false;
        loop {
            let rows = self.store.index_rows(account, mailbox, from..u32::MAX, DOCS_NEW).await?;
            let Some(end) = rows.last() else { return Ok(done) };
            let (segment, last) = self.read(account, &rows, look).await?;
            let fresh = Fresh::new((from, last), segment);
            let messages = fresh.docs;
            if messages > 0 {
                match self.put(account, mailbox, &mut segments, fresh).await? {
                    Put::Done => {}
                    // Somebody else has done it.
                    Put::Lost => return Ok(done),
                    // Once; what was just written and does not open is for the operator.
                    Put::Damaged if again => return Ok(done),
                    Put::Damaged => {
                        (segments, from, again) = (Vec::new(), 1, true);
                        continue;
                    }
                }
                done.messages += u64::from(messages);
                done.segments += 1;
            }
            // What has come since is looked at the next time.
            if last == end.uid && rows.len() < DOCS_NEW as usize {
                return Ok(done);
            }
            from = last + 1;
        }
    }

    /// What there is of a mailbox's index. Where some of it does not open, all of it goes: what lies around that could
    /// not be joined.
    async fn standing(&self, account: AccountId, mailbox: MailboxId) -> Result<Vec<IndexSegment>, MailError> {
        let all: Result<Vec<_>, _> =
            self.store.index_segments_checked(account, mailbox).await?.into_iter().collect();
        if let Ok(segments) = all {
            return Ok(segments);
        }
        self.drop_damaged(account, mailbox).await?;
        Ok(Vec::new())
    }

    async fn drop_damaged(&self, account: AccountId, mailbox: MailboxId) -> Result<(), StoreError> {
        tracing::error!(%mailbox, "a search index is damaged; it is dropped and built anew");
        self.store.index_drop(account, mailbox).await
    }

    /// Writes a new segment behind those that there are, joined with the last of them where that is time.
    async fn put(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        segments: &mut Vec<IndexSegment>,
        fresh: Fresh,
    ) -> Result<Put, MailError> {
        let mut sizes: Vec<Size> = segments.iter().map(size).collect();
        sizes.push(Size { docs: fresh.docs, bytes: fresh.segment.bytes() as u64 });
        let alone = segments.len() + 1 - joined(&sizes);
        let old = segments.split_off(alone);
        let written = if old.is_empty() {
            self.store.index_replace(account, mailbox, &[], segments.last(), fresh.into()).await?
        } else {
            match self.rewrite(account, mailbox, &old, Some(fresh)).await? {
                Rewritten::Done(written) => written,
                Rewritten::Damaged => return Ok(Put::Damaged),
            }
        };
        match written {
            IndexWritten::Lost => Ok(Put::Lost),
            IndexWritten::Empty => Ok(Put::Done),
            IndexWritten::Segment(segment) => {
                segments.push(segment);
                Ok(Put::Done)
            }
        }
    }

    /// The words of messages, as far as [`BYTES_NEW`] and [`WORDS_NEW`] go; and the last UID that was read.
    async fn read(
        &self,
        account: AccountId,
        rows: &[IndexRow],
        look: &mut Look,
    ) -> Result<(Segment, u32), MailError> {
        let Look { words, builder, lately } = look;
        // Of a look that was given up.
        builder.clear();
        let (mut bytes, mut last) = (0, 0);
        let mut rest = rows;
        while !rest.is_empty() && bytes <= BYTES_NEW && builder.bytes() <= WORDS_NEW {
            let (batch, behind) = rest.split_at(batch(rest));
            let known: Vec<Option<Whole>> = batch.iter().map(|row| lately.take(row.body)).collect();
            let unknown = batch.iter().zip(&known).filter(|(_, known)| known.is_none());
            let ids: Vec<BodyId> = unknown.map(|(row, _)| row.body).collect();
            let mut read = self.store.whole_in_passing(account, &ids).await?.into_iter();
            for (row, known) in batch.iter().zip(known) {
                last = row.uid;
                let new = known.is_none();
                // Gone meanwhile.
                let Some((facts, reader)) = known.or_else(|| read.next().flatten()) else { continue };
                words.clear();
                match FactsRef::parse(&facts) {
                    Ok(facts) => take_words(&facts, &reader, words).await?,
                    // Then a search must say so.
                    Err(_) => words.give_up(),
                }
                builder.add(row.uid, words);
                bytes += row.size;
                if new {
                    lately.put(row.body, (facts, reader));
                }
            }
            rest = behind;
            tokio::task::yield_now().await;
        }
        Ok((builder.finish(), last))
    }

    /// Makes one segment of neighbours, and of new messages behind them, without the messages that are gone.
    async fn rewrite(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        old: &[IndexSegment],
        fresh: Option<Fresh>,
    ) -> Result<Rewritten, MailError> {
        let mut parts = Vec::new();
        for segment in old {
            match self.load(segment).await {
                Ok(Some(segment)) => parts.push(segment),
                Ok(None) if !self.stands(account, mailbox, segment).await? => {
                    return Ok(Rewritten::Done(IndexWritten::Lost));
                }
                // It says nothing any more: it goes, and what it named is indexed anew or read.
                Ok(None) | Err(StoreError::Seal(_) | StoreError::Corrupt(_)) => {
                    self.drop_damaged(account, mailbox).await?;
                    return Ok(Rewritten::Damaged);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let old_uids = old.iter().map(IndexSegment::uids);
        let uids: Vec<_> = old_uids.chain(fresh.as_ref().map(|fresh| fresh.uids)).collect();
        let (Some(first), Some(last)) = (uids.first(), uids.last()) else {
            return Ok(Rewritten::Done(IndexWritten::Empty));
        };
        let uids = (first.0, last.1);
        parts.extend(fresh.map(|fresh| fresh.segment));
        let stay = self.store.index_uids(account, mailbox, uids.0..uids.1.saturating_add(1)).await?;
        let Ok(joined) = merge(&parts, |uid| stay.binary_search(&uid).is_ok()) else {
            self.drop_damaged(account, mailbox).await?;
            return Ok(Rewritten::Damaged);
        };
        drop(parts);
        let joined = Fresh::new(uids, joined).into();
        Ok(Rewritten::Done(self.store.index_replace(account, mailbox, old, None, joined).await?))
    }

    /// All of a segment; `None`: it was replaced.
    async fn load(&self, segment: &IndexSegment) -> Result<Option<Segment>, StoreError> {
        let mut loaded = Segment::default();
        let all = (0..PARTS).flat_map(|part| (0..segment.blocks(part)).map(move |idx| (part, idx)));
        for run in all.collect::<Vec<_>>().chunks(BLOCKS) {
            let Some(blocks) = self.store.index_blocks(segment, run).await? else { return Ok(None) };
            for ((part, _), block) in run.iter().zip(blocks) {
                loaded.parts[*part].push(block);
            }
        }
        Ok(Some(loaded))
    }

    /// Whether a segment of which something is missing was not replaced.
    async fn stands(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        segment: &IndexSegment,
    ) -> Result<bool, StoreError> {
        let now = self.store.index_segments(account, mailbox).await?;
        Ok(now.iter().any(|s| s.id() == segment.id()))
    }

    /// Opens and reads the whole index of a mailbox, and names what is wrong.
    ///
    /// # Errors
    /// What the database says; damage is an answer.
    pub async fn check(&self, account: AccountId, mailbox: MailboxId) -> Result<Vec<IndexFault>, StoreError> {
        let mut faults = Vec::new();
        for segment in self.store.index_segments_checked(account, mailbox).await? {
            let (uids, fault) = match segment {
                Err((uids, error)) => (uids, Some(error.to_string())),
                Ok(segment) => (segment.uids(), self.fault(account, mailbox, &segment).await?),
            };
            if let Some(what) = fault {
                let (from, to) = uids;
                faults.push(IndexFault { account, mailbox, what: format!("UIDs {from} to {to}: {what}") });
            }
        }
        Ok(faults)
    }

    async fn fault(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        segment: &IndexSegment,
    ) -> Result<Option<String>, StoreError> {
        match self.load(segment).await {
            Ok(Some(whole)) => Ok(merge(&[whole], |_| true).err().map(|error| error.to_string())),
            Ok(None) => {
                let still = self.stands(account, mailbox, segment).await?;
                Ok(still.then(|| "parts of the search index are missing".to_owned()))
            }
            Err(error @ (StoreError::Seal(_) | StoreError::Corrupt(_))) => Ok(Some(error.to_string())),
            Err(error) => Err(error),
        }
    }
}

/// What one mailbox after the other is indexed with.
struct Look {
    words: Words,
    builder: Builder,
    lately: Lately,
}

impl Look {
    fn new() -> Self {
        Self { words: Words::new(), builder: Builder::default(), lately: Lately::default() }
    }
}

/// A segment that is not written yet.
struct Fresh {
    uids: (u32, u32),
    docs: u32,
    segment: Segment,
}

impl Fresh {
    fn new(uids: (u32, u32), segment: Segment) -> Self {
        let docs = segment.parts[DOCS].first().and_then(|block| read_docs(block).ok()).map_or(0, |d| d.len());
        Self { uids, docs: docs as u32, segment }
    }
}

impl From<Fresh> for NewIndexSegment {
    fn from(fresh: Fresh) -> Self {
        Self { uids: fresh.uids, docs: fresh.docs, parts: fresh.segment.parts }
    }
}

/// What became of a new segment.
enum Put {
    Done,
    /// Another gateway has changed the mailbox's index.
    Lost,
    /// What was there did not open, and is dropped.
    Damaged,
}

/// What became of segments that are to be one.
enum Rewritten {
    Done(IndexWritten),
    Damaged,
}

fn size(segment: &IndexSegment) -> Size {
    let blocks: u32 = (1..PARTS).map(|part| segment.blocks(part)).sum();
    Size { docs: segment.docs(), bytes: u64::from(blocks) * BLOCK }
}

/// How many of these are read together.
fn batch(rows: &[IndexRow]) -> usize {
    let mut bytes = 0;
    let fit = rows.iter().take(BATCH).take_while(|row| {
        bytes += row.size.min(BATCH_EACH);
        bytes <= BATCH_BYTES
    });
    fit.count().max(1)
}
