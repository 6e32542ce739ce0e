//! Keeping the indexes of all mailboxes up with them.
//!
//! Invariants: whatever is not indexed is read by a search, so nothing here is ever in anybody's way; a
//! round reads what is new, makes a segment of it and joins it with the segments before it that are not
//! much larger, so that a message is written again only a few times in its life. Two gateways may do the
//! same work: the second to finish finds the place taken and drops its own.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use super::header;
use super::hunt::{Piece, Places, Walk};
use super::index::class;
use super::index::merge::merge;
use super::index::segment::{Builder, DOCS, PARTS, Segment, read_docs};
use super::index::words::Words;
use crate::mime::FactsRef;
use crate::service::mailbox::MailError;
use crate::store::{BodyReader, IndexBehind, IndexRow, IndexSegment, NewIndexSegment, Store, StoreError};
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
/// Messages of a segment at most.
const DOCS_MAX: u32 = 16 * 1024;
/// Bytes of segments that are joined, at most: they are in memory together.
const BYTES_MAX: usize = 24 * 1024 * 1024;
/// Messages whose facts, or first chunks, are read together.
const BATCH: usize = 32;
/// Blocks read by one statement.
const BLOCKS: u32 = 12;

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
                match self.catch_up_mailbox(box_.account, box_.mailbox).await {
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
                self.rewrite(account, mailbox, &[&segment]).await?;
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
        let mut done = Indexed::default();
        loop {
            let segments = self.store.index_segments(account, mailbox).await?;
            let from = segments.iter().map(|s| s.uids().1).max().unwrap_or(0) + 1;
            let rows = self.store.index_rows(account, mailbox, from..u32::MAX, DOCS_NEW).await?;
            let (Some(first), false) = (rows.first(), rows.is_empty()) else { return Ok(done) };
            let first = first.uid.min(from);
            let (segment, last) = self.read(account, &rows).await?;
            let messages = read_docs(&segment.parts[DOCS][0]).map_or(0, |d| d.len());
            if !self.store.index_replace(account, mailbox, &[], new((first, last), segment)).await? {
                return Ok(done);
            }
            done.messages += messages as u64;
            done.segments += 1;
            while self.join(account, mailbox).await? {
                done.segments += 1;
            }
        }
    }

    /// The words of messages, as far as [`BYTES_NEW`] goes; and the last UID that was read.
    async fn read(&self, account: AccountId, rows: &[IndexRow]) -> Result<(Segment, u32), MailError> {
        let mut builder = Builder::default();
        let mut words = Words::new();
        let (mut bytes, mut last) = (0, 0);
        for batch in rows.chunks(BATCH) {
            let mut rest = batch;
            while !rest.is_empty() {
                let ids: Vec<BodyId> = rest.iter().map(|row| row.body).collect();
                let facts = self.store.facts_in_passing(account, &ids).await?;
                let count = facts.len().clamp(1, rest.len());
                let readers = self.store.bodies_in_passing(account, &ids[..count]).await?;
                for ((row, facts), reader) in rest[..count].iter().zip(facts).zip(readers) {
                    last = row.uid;
                    // Gone meanwhile.
                    let (Some(facts), Some(reader)) = (facts, reader) else { continue };
                    words.clear();
                    match FactsRef::parse(&facts) {
                        Ok(facts) => take_words(&facts, &reader, &mut words).await?,
                        // Then a search must say so.
                        Err(_) => words.give_up(),
                    }
                    builder.add(row.uid, &words);
                    bytes += row.size;
                }
                rest = &rest[count..];
                tokio::task::yield_now().await;
            }
            if bytes > BYTES_NEW {
                break;
            }
        }
        Ok((builder.finish(), last))
    }

    /// Joins the last segments of a mailbox, if they are of a size. `false`: there is nothing to join.
    async fn join(&self, account: AccountId, mailbox: MailboxId) -> Result<bool, MailError> {
        let segments = self.store.index_segments(account, mailbox).await?;
        let [.., before, last] = &segments[..] else { return Ok(false) };
        if before.docs() > 2 * last.docs() || before.docs() + last.docs() > DOCS_MAX {
            return Ok(false);
        }
        self.rewrite(account, mailbox, &[before, last]).await
    }

    /// Makes one segment of neighbours, without the messages that are gone. `false`: it was not done.
    async fn rewrite(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        segments: &[&IndexSegment],
    ) -> Result<bool, MailError> {
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else { return Ok(false) };
        let mut parts = Vec::new();
        for segment in segments {
            match self.load(segment).await {
                Ok(Some(segment)) => parts.push(segment),
                Ok(None) => return Ok(false),
                // It says nothing any more: it goes, and what it named is indexed anew or read.
                Err(StoreError::Seal(_) | StoreError::Corrupt(_)) => {
                    tracing::error!(%mailbox, "a search index is damaged; it is dropped and built anew");
                    self.store.index_drop(account, mailbox).await?;
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            }
        }
        if parts.len() > 1 && parts.iter().map(Segment::bytes).sum::<usize>() > BYTES_MAX {
            return Ok(false);
        }
        let uids = (first.uids().0, last.uids().1);
        let stay: BTreeSet<u32> = self
            .store
            .index_rows(account, mailbox, uids.0..uids.1.saturating_add(1), u32::MAX)
            .await?
            .into_iter()
            .map(|row| row.uid)
            .collect();
        let Ok(joined) = merge(&parts, |uid| stay.contains(&uid)) else {
            return Err(StoreError::Corrupt("search_block.data").into());
        };
        Ok(self.store.index_replace(account, mailbox, segments, new(uids, joined)).await?)
    }

    /// All of a segment; `None`: it was replaced.
    async fn load(&self, segment: &IndexSegment) -> Result<Option<Segment>, StoreError> {
        let mut loaded = Segment::default();
        for part in 0..PARTS {
            let count = segment.blocks(part);
            for first in (0..count).step_by(BLOCKS as usize) {
                let run = first..count.min(first + BLOCKS);
                match self.store.index_block_run(segment, part, run).await? {
                    Some(blocks) => loaded.parts[part].extend(blocks),
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(loaded))
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
                let now = self.store.index_segments(account, mailbox).await?;
                let still = now.iter().any(|s| s.id() == segment.id());
                Ok(still.then(|| "parts of the search index are missing".to_owned()))
            }
            Err(error @ (StoreError::Seal(_) | StoreError::Corrupt(_))) => Ok(Some(error.to_string())),
            Err(error) => Err(error),
        }
    }
}

fn new(uids: (u32, u32), segment: Segment) -> NewIndexSegment {
    let docs = segment.parts[DOCS].first().and_then(|block| read_docs(block).ok()).map_or(0, |d| d.len());
    NewIndexSegment { uids, docs: docs as u32, parts: segment.parts }
}

/// A message's bytes.
pub(super) trait Source: Sync {
    fn bytes(&self, range: Range<u64>) -> impl Future<Output = Result<Bytes, MailError>> + Send;
}

impl Source for BodyReader {
    async fn bytes(&self, range: Range<u64>) -> Result<Bytes, MailError> {
        Ok(self.read(range).await?)
    }
}

/// The words of one message.
pub(super) async fn take_words(
    facts: &FactsRef<'_>,
    message: &impl Source,
    words: &mut Words,
) -> Result<(), MailError> {
    header::index(facts.header, words);
    let mut walk = Walk::new(facts, Places::TextAndHeaders);
    let mut text = words.begin(class::BODY);
    while let Some(range) = walk.wants() {
        let bytes = message.bytes(range).await?;
        match walk.feed(&bytes) {
            Some(Piece::Header(folded)) => {
                text.finish();
                let mut header = words.begin(class::HEAD);
                header.push_folded(&folded);
                header.finish();
                text = words.begin(class::BODY);
            }
            Some(Piece::Text(piece, over)) => {
                text.push(piece);
                if text.over() {
                    break;
                }
                if over {
                    text.finish();
                    text = words.begin(class::BODY);
                }
            }
            None => break,
        }
    }
    text.finish();
    Ok(())
}
