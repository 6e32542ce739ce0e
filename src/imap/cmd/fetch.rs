//! FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 7162 §3.1.4).
//!
//! Runs in batches: rows from the shared state, `\Seen` set in one statement, facts in statements bounded
//! by size, bodies chunk by chunk; what is ready is written before more is read, and nothing of the
//! database is held meanwhile.

use std::ops::Range;

use bytes::Bytes;

use crate::imap::codec::encode::FetchWriter;
use crate::imap::command::{By, Fetch, FetchItem, FetchModifiers, MessageSet, PartialRange};
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::fetch_item::{self, Rest};
use crate::imap::reply::{Code, Reply};
use crate::imap::selected::{Positions, Selected, Telling, flags_item};
use crate::imap::wire::{self, Wire};
use crate::imap::write;
use crate::mime::{FactsRef, TransferDecoder, TransferEncoding};
use crate::service::mailbox::{AccountMail, MailError, Row};
use crate::service::read::{BATCH, BodyReader};
use crate::types::{FlagChange, Flags, Keyword, SeqNum, SystemFlag};

/// Messages looked at together when nothing but rows is needed.
const ROWS: usize = 4096;
/// Bytes of a body read at a time.
const PIECE: u64 = 256 * 1024;
/// Of each message at most this much is read together with others: its first chunk.
const FIRST: u64 = 128 * 1024;
/// Bytes of bodies read together.
const TOGETHER: u64 = 512 * 1024;
/// Longest header block that is read to choose fields from; facts keep longer ones opaque.
const HEADER: u64 = 512 * 1024;

/// What the command asks of every message.
struct Plan {
    items: Vec<FetchItem>,
    needs_facts: bool,
    telling: Telling,
    keywords: Vec<(u8, Keyword)>,
}

/// One message on its way.
struct Message<'a> {
    seq: SeqNum,
    row: Row,
    facts: Option<FactsRef<'a>>,
    /// Unix seconds, if asked for.
    saved_at: Option<i64>,
    /// This command set `\Seen`.
    seen_now: bool,
}

impl<S: wire::Bytes> Client<S> {
    pub(super) async fn fetch(&mut self, fetch: Fetch) -> Answer {
        let Fetch { by, set, mut items, modifiers: FetchModifiers { changed_since, vanished, partial } } =
            fetch;
        if vanished && !self.session.enabled().qresync {
            return Err(Reply::bad("VANISHED needs ENABLE QRESYNC").into());
        }
        if changed_since.is_some() || items.contains(&FetchItem::ModSeq) {
            self.use_condstore();
        }
        if changed_since.is_some() && !items.contains(&FetchItem::ModSeq) {
            items.push(FetchItem::ModSeq);
        }
        if by == By::Uid && !items.contains(&FetchItem::Uid) && !self.session.enabled().uid_only {
            items.insert(0, FetchItem::Uid);
        }
        if let (true, Some(since), MessageSet::Numbers(numbers)) = (vanished, changed_since, &set) {
            // "*" is the highest UID there ever was: what stood at the end may be gone.
            let highest = self.selected()?.view.next_uid() - 1;
            self.tell_gone(&numbers.resolve(highest), since, None).await?;
        }
        let sets_seen = self.session.may_write() && items.iter().any(FetchItem::sets_seen);
        let telling = Telling::to(self.session.enabled());
        let (Some(selected), Some(account)) = (&mut self.selected, &self.account) else {
            return Err(Reply::bad("no mailbox is selected").into());
        };
        let mail = &account.mail;
        let mut positions = selected.positions(&set, by)?;
        if let Some(range) = partial {
            positions = part_of(&positions, range);
        }
        let keywords = selected.tell_keywords(&mut self.wire.out);
        let needs_facts = items.iter().any(fetch_item::needs_facts);
        let plan = Plan { items, needs_facts, telling, keywords };
        let size = if needs_facts || sets_seen { BATCH } else { ROWS };
        let mut unknown_encoding = false;

        let mut left = positions.into_iter().flatten().peekable();
        while left.peek().is_some() {
            let mut rows = selected.rows_at(left.by_ref().take(size));
            if let Some(since) = changed_since {
                rows.retain(|(_, row)| row.modseq > since);
            }
            let seen = if sets_seen { set_seen(mail, selected, &mut rows).await? } else { Vec::new() };
            let saved_at = match (rows.first(), rows.last()) {
                (Some((_, first)), Some((_, last))) if plan.items.contains(&FetchItem::SaveDate) => {
                    mail.saved_at(selected.id, first.uid..=last.uid).await?
                }
                _ => Vec::new(),
            };
            let mut rest = &rows[..];
            while !rest.is_empty() {
                let facts: Vec<Option<Bytes>> = if plan.needs_facts {
                    let bodies: Vec<_> = rest.iter().map(|(_, row)| row.body).collect();
                    mail.facts(&bodies).await?
                } else {
                    vec![None; rest.len()]
                };
                let count = facts.len().clamp(1, rest.len());
                let mut messages = Vec::with_capacity(count);
                for (&(seq, row), facts) in rest[..count].iter().zip(&facts) {
                    let facts = match facts.as_deref().map(FactsRef::parse).transpose() {
                        Ok(facts) => facts,
                        Err(error) => {
                            tracing::error!(%error, "stored facts cannot be read");
                            None
                        }
                    };
                    // Gone for good; the client hears of it by EXPUNGE.
                    if plan.needs_facts && facts.is_none() {
                        continue;
                    }
                    let seen_now = seen.binary_search(&row.uid).is_ok();
                    let saved = saved_at.binary_search_by_key(&row.uid, |s| s.0).ok();
                    let saved_at = saved.map(|at| saved_at[at].1);
                    let message = Message { seq, row, facts, saved_at, seen_now };
                    if plan.items.iter().any(|item| fetch_item::check(item, message.facts.as_ref()).is_err())
                    {
                        unknown_encoding = true;
                    } else {
                        messages.push(message);
                    }
                }
                send_all(&mut self.wire, mail, selected, &plan, &messages).await?;
                rest = &rest[count..];
            }
        }
        if unknown_encoding {
            let text = "A part has an unknown encoding and cannot be decoded";
            return Err(Reply::no(text).with(Code::UnknownCte).into());
        }
        Ok(Reply::ok("FETCH done"))
    }
}

/// Which of the positions a PARTIAL leaves (RFC 9394 §3.3).
fn part_of(positions: &[Range<usize>], range: PartialRange) -> Positions {
    let count = positions.iter().map(ExactSizeIterator::len).sum();
    let Range { start, end } = range.places(count);
    let mut left = Vec::new();
    let mut before = 0;
    for piece in positions {
        let (from, to) = (start.clamp(before, before + piece.len()), end.clamp(before, before + piece.len()));
        if from < to {
            left.push(piece.start + (from - before)..piece.start + (to - before));
        }
        before += piece.len();
    }
    left
}

/// Sets `\Seen` where it is not; the UIDs that changed, ascending.
async fn set_seen(
    mail: &AccountMail,
    selected: &mut Selected,
    rows: &mut [(SeqNum, Row)],
) -> Result<Vec<u32>, MailError> {
    let seen = Flags::of(SystemFlag::Seen);
    let unseen: Vec<u32> =
        rows.iter().filter(|(_, r)| !r.flags.has(SystemFlag::Seen)).map(|(_, r)| r.uid).collect();
    if unseen.is_empty() {
        return Ok(Vec::new());
    }
    let mut stored = mail.store_flags(selected.id, &unseen, FlagChange::Add, seen, None).await?.changed;
    stored.sort_unstable_by_key(|s| s.0);
    for (_, row) in rows {
        if let Ok(at) = stored.binary_search_by_key(&row.uid, |s| s.0) {
            (_, row.flags, row.modseq) = stored[at];
            selected.view.answered(row.uid, row.flags, row.modseq, true);
        }
    }
    Ok(stored.into_iter().map(|s| s.0).collect())
}

/// Sends the responses, reading bodies for some messages together.
async fn send_all<S: wire::Bytes>(
    wire: &mut Wire<S>,
    mail: &AccountMail,
    selected: &Selected,
    plan: &Plan,
    mut messages: &[Message<'_>],
) -> Result<(), Failure> {
    let needs_body = |message: &Message<'_>| {
        plan.items.iter().any(|item| fetch_item::needs_body(item, message.facts.as_ref()))
    };
    while !messages.is_empty() {
        let mut sum = 0;
        let together = messages.iter().take_while(|message| {
            let first = sum == 0;
            sum += if needs_body(message) { message.row.size.clamp(1, FIRST) } else { 0 };
            first || sum <= TOGETHER
        });
        let group;
        (group, messages) = messages.split_at(together.count());
        let ids: Vec<_> = group.iter().filter(|m| needs_body(m)).map(|m| m.row.body).collect();
        let mut readers = if ids.is_empty() { Vec::new() } else { mail.bodies(&ids).await? }.into_iter();
        if !ids.is_empty() {
            // Before the first byte leaves.
            mail.note_read(selected.id, group.iter().filter(|m| needs_body(m)).map(|m| m.row.uid));
        }
        for message in group {
            let reader = if needs_body(message) { readers.next().flatten() } else { None };
            if reader.is_some() || !needs_body(message) {
                send(wire, selected, plan, message, reader.as_ref()).await?;
            }
        }
    }
    Ok(())
}

/// Sends one FETCH response.
async fn send<S: wire::Bytes>(
    wire: &mut Wire<S>,
    selected: &Selected,
    plan: &Plan,
    message: &Message<'_>,
    reader: Option<&BodyReader>,
) -> Result<(), Failure> {
    let Message { seq, row, facts, saved_at, seen_now } = message;
    wire.set_inside(true);
    let mut begun = false;
    for item in &plan.items {
        let mut fetch = if std::mem::replace(&mut begun, true) {
            FetchWriter::resume(&mut wire.out)
        } else {
            plan.telling.begin(*seq, row.uid, &mut wire.out)
        };
        match item {
            FetchItem::Uid => fetch.number("UID", row.uid.into()),
            FetchItem::ModSeq => fetch.mod_seq(row.modseq),
            FetchItem::SaveDate => match saved_at {
                Some(time) => write::date_time(*time, fetch.item("SAVEDATE")),
                None => fetch.item("SAVEDATE").extend_from_slice(b"NIL"),
            },
            FetchItem::Flags => {
                flags_item(&selected.view, row.uid, row.flags, &plan.keywords, plan.telling, &mut fetch);
            }
            _ => {
                let rest = fetch_item::begin(item, row, facts.as_ref(), &mut fetch);
                if let (Some(rest), Some(reader)) = (rest, reader) {
                    send_rest(wire, reader, item, rest).await?;
                }
            }
        }
    }
    let mut fetch = FetchWriter::resume(&mut wire.out);
    if *seen_now {
        // RFC 7162 §3.2.4: whose flags changed is said by UID too.
        if plan.telling.uid && !plan.items.contains(&FetchItem::Uid) {
            fetch.number("UID", row.uid.into());
        }
        if !plan.items.contains(&FetchItem::Flags) {
            flags_item(&selected.view, row.uid, row.flags, &plan.keywords, plan.telling, &mut fetch);
        }
        if plan.telling.condstore && !plan.items.contains(&FetchItem::ModSeq) {
            fetch.mod_seq(row.modseq);
        }
    }
    fetch.finish();
    wire.set_inside(false);
    wire.relieve().await?;
    Ok(())
}

async fn send_rest<S: wire::Bytes>(
    wire: &mut Wire<S>,
    reader: &BodyReader,
    item: &FetchItem,
    rest: Rest,
) -> Result<(), Failure> {
    match rest {
        Rest::Octets(range) => {
            let mut pieces = Pieces::new(reader, range);
            while let Some(piece) = pieces.next().await? {
                wire.send(&piece).await?;
            }
        }
        Rest::Decoded { range, encoding, skip, take } => {
            send_decoded(wire, reader, range, encoding, skip, take).await?;
        }
        Rest::Preview { range, encoding, charset, form } => {
            let text = read(reader, range).await?;
            fetch_item::finish_preview(&text, encoding, charset.as_deref(), form, &mut wire.out);
        }
        Rest::Fields(range) => {
            let end = range.end.min(range.start.saturating_add(HEADER));
            let block = read(reader, range.start..end).await?;
            fetch_item::finish_fields(item, &block, &mut wire.out);
        }
    }
    Ok(())
}

/// Sends a literal of what a part decodes to: a literal8 if there is NUL in it, or if it is too long to be looked
/// through first (RFC 3516 §4.3).
async fn send_decoded<S: wire::Bytes>(
    wire: &mut Wire<S>,
    reader: &BodyReader,
    range: Range<u64>,
    encoding: TransferEncoding,
    mut skip: u64,
    mut take: u64,
) -> Result<(), Failure> {
    let mut held = (take <= PIECE).then(Vec::new);
    if held.is_none() {
        wire.out.push(b'~');
        write::literal(take, &mut wire.out);
    }
    let mut decoder = TransferDecoder::new(encoding);
    let mut pieces = Pieces::new(reader, range);
    let mut decoded = Vec::new();
    while take > 0 {
        let piece = pieces.next().await?;
        decoded.clear();
        match &piece {
            Some(piece) => decoder.push(piece, &mut decoded),
            None => decoder.finish(&mut decoded),
        }
        let skipped = skip.min(decoded.len() as u64);
        skip -= skipped;
        let chosen = &decoded[skipped as usize..];
        let chosen = &chosen[..take.min(chosen.len() as u64) as usize];
        match &mut held {
            Some(held) => held.extend_from_slice(chosen),
            None => wire.send(chosen).await?,
        }
        take -= chosen.len() as u64;
        if piece.is_none() && take > 0 {
            return Err(cut_short());
        }
    }
    if let Some(held) = held {
        if memchr::memchr(0, &held).is_some() {
            wire.out.push(b'~');
        }
        write::literal(held.len() as u64, &mut wire.out);
        wire.send(&held).await?;
    }
    Ok(())
}

/// The bytes of a range, piece by piece, at chunk boundaries.
struct Pieces<'a> {
    reader: &'a BodyReader,
    left: Range<u64>,
}

impl<'a> Pieces<'a> {
    fn new(reader: &'a BodyReader, range: Range<u64>) -> Self {
        Self { reader, left: range }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let Range { start, end } = self.left;
        if start >= end {
            return Ok(None);
        }
        let stop = end.min((start / PIECE + 1) * PIECE);
        self.left.start = stop;
        read(self.reader, start..stop).await.map(Some)
    }
}

/// Reads in the middle of a response, where nothing but closing helps when it fails.
async fn read(reader: &BodyReader, range: Range<u64>) -> Result<Bytes, Failure> {
    let wanted = range.end - range.start;
    match reader.read(range).await {
        Ok(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
        Ok(_) => Err(cut_short()),
        Err(error) => {
            tracing::error!(%error, "a message broke off while it was sent");
            Err(Failure::Broken(std::io::Error::other("the message broke off")))
        }
    }
}

fn cut_short() -> Failure {
    tracing::error!("a message is shorter than its facts say");
    Failure::Broken(std::io::Error::other("the message is too short"))
}
