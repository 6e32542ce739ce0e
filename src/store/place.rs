//! The one statement that places a batch of messages in their mailboxes (`place_messages`, migration 0013).
//!
//! Invariants: it does what is plain, and then all of it, or it does nothing and says so: then each member
//! goes by the statement of its kind. What this process believes (which mailbox is an account's INBOX, which
//! its `\Sent`) is checked in the statement, under the mailboxes' locks. Mailboxes are named in (account, id)
//! order, the order in which everybody locks them.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;
use uuid::Uuid;

use super::append::Appended;
use super::deliver::{Delivery, SubmitOutcome};
use super::group_commit::{Member, Verdict, Waiting};
use super::ingest::SealedBody;
use super::live::uidvalidity;
use super::mail_error::{MailError, ended};
use super::{Store, StoreError};
use crate::types::{AccountId, Flags, MailboxId, SystemFlag};

/// Accounts whose mailboxes are remembered, of each kind; then all are forgotten.
const HOMES_MOST: usize = 100_000;

/// What a mailbox must be; `place_messages` explains the bits.
const INBOX: i16 = 1;
const SENT: i16 = 2;
const NOT_SENT: i16 = 4;
const SELECTABLE: i16 = 8;

/// Which mailbox is whose INBOX and whose `\Sent`, as it was last seen. 16 bytes an account and kind.
#[derive(Default)]
pub(super) struct Homes {
    inbox: HashMap<AccountId, MailboxId>,
    sent: HashMap<AccountId, MailboxId>,
}

impl Homes {
    /// The INBOX of the recipient and the `\Sent` of the sender.
    pub(super) fn of(&self, delivery: &Delivery) -> Option<(MailboxId, MailboxId)> {
        Some((*self.inbox.get(&delivery.recipient)?, *self.sent.get(&delivery.sender)?))
    }

    /// Remembers them, or forgets them.
    pub(super) fn note(&mut self, delivery: &Delivery, inbox: Option<MailboxId>, sent: Option<MailboxId>) {
        let both = [(&mut self.inbox, delivery.recipient, inbox), (&mut self.sent, delivery.sender, sent)];
        for (known, account, mailbox) in both {
            if known.len() >= HOMES_MOST {
                known.clear();
            }
            match mailbox {
                Some(mailbox) => known.insert(account, mailbox),
                None => known.remove(&account),
            };
        }
    }
}

type Place = (AccountId, MailboxId);

/// What a mailbox must be, and how much it grows.
#[derive(Default)]
struct Growth<'a> {
    role: i16,
    name_key: &'a [u8],
    count: i64,
    unseen: i64,
    deleted: i64,
    size: i64,
    deleted_size: i64,
}

/// An entry: the how manieth of its mailbox's new ones.
struct Entry<'a> {
    place: Place,
    offset: i64,
    flags: Flags,
    body: &'a SealedBody,
    date: i64,
    tie: &'a [u8],
}

/// The batch, as the statement wants it.
#[derive(Default)]
struct Batch<'a> {
    boxes: BTreeMap<Place, Growth<'a>>,
    entries: Vec<Entry<'a>>,
    bodies: Vec<&'a SealedBody>,
    keys: Vec<(Uuid, i64, &'a [u8])>,
    /// With the place of the sender's copy in `entries`.
    deliveries: Vec<(&'a Delivery, usize)>,
    /// Who appends (R20).
    appending: Vec<i64>,
    /// Of each member, its entry: the sender's copy, or what was appended.
    members: Vec<usize>,
}

impl<'a> Batch<'a> {
    /// Of plain members; `None`: where a submission goes was forgotten since.
    fn of(store: &Store, waiting: &'a [Waiting]) -> Option<Self> {
        let mut batch = Self::default();
        for Waiting { member, .. } in waiting {
            match member {
                Member::Delivery(delivery) => {
                    let (inbox, sent) = store.0.queue.homes_of(delivery)?;
                    batch.deliver(delivery, (delivery.recipient, inbox), (delivery.sender, sent));
                }
                Member::Append(append) => {
                    let place = (append.account, append.mailbox);
                    let at =
                        batch.entry(place, append.flags, &append.body, append.internal_date, &*append.tie);
                    // What a mail program appends elsewhere is no copy of a submission (R28).
                    batch.boxes.entry(place).or_default().role |= NOT_SENT | SELECTABLE;
                    batch.bodies.push(&append.body);
                    batch.keys.push((append.body.shape.id.0, append.seal.0, &append.wrapped));
                    batch.appending.push(append.account.0);
                    batch.members.push(at);
                }
            }
        }
        Some(batch)
    }

    fn deliver(&mut self, delivery: &'a Delivery, inbox: Place, sent: Place) {
        let body = &delivery.body;
        self.entry(inbox, Flags::NONE, body, delivery.date, &*delivery.inbox_tie);
        let seen = Flags::of(SystemFlag::Seen);
        let at = self.entry(sent, seen, body, delivery.date, &*delivery.sent_tie);
        let growth = self.boxes.entry(inbox).or_default();
        growth.role |= INBOX;
        growth.name_key = &delivery.inbox_key;
        self.boxes.entry(sent).or_default().role |= SENT;
        self.bodies.push(body);
        let id = body.shape.id.0;
        self.keys.extend(delivery.keys.iter().map(|(seal, wrapped)| (id, *seal, wrapped.as_slice())));
        self.deliveries.push((delivery, at));
        self.members.push(at);
    }

    fn entry(&mut self, place: Place, flags: Flags, body: &'a SealedBody, date: i64, tie: &'a [u8]) -> usize {
        let growth = self.boxes.entry(place).or_default();
        let size = body.shape.size.cast_signed();
        let offset = growth.count;
        growth.count += 1;
        growth.size += size;
        growth.unseen += i64::from(!flags.has(SystemFlag::Seen));
        if flags.has(SystemFlag::Deleted) {
            growth.deleted += 1;
            growth.deleted_size += size;
        }
        self.entries.push(Entry { place, offset, flags, body, date, tie });
        self.entries.len() - 1
    }
}

/// One column of the statement's arrays.
fn column<T, U>(items: &[T], of: impl Fn(&T) -> U) -> Vec<U> {
    items.iter().map(of).collect()
}

impl Store {
    /// Whether a member is plain, as far as this process can know.
    pub(super) fn is_plain(&self, member: &Member) -> bool {
        match member {
            Member::Delivery(delivery) => {
                delivery.link.is_none() && self.0.queue.homes_of(delivery).is_some()
            }
            Member::Append(append) => append.msgid.is_none(),
        }
    }

    /// Places all members, in one statement; what became of each, in order. `None`: they are not plain, and
    /// nothing was done.
    pub(super) async fn place(
        &self,
        conn: &mut PgConnection,
        waiting: &[Waiting],
    ) -> Result<Option<Vec<Verdict>>, MailError> {
        let Some(batch) = Batch::of(self, waiting) else { return Ok(None) };
        let nth: HashMap<Place, i32> = batch.boxes.keys().copied().zip(1..).collect();
        let nth = |place: &Place| nth.get(place).copied().unwrap_or_default();
        let boxes: Vec<(&Place, &Growth<'_>)> = batch.boxes.iter().collect();
        let chunks: Vec<(Uuid, i32, &[u8])> = (batch.bodies.iter())
            .flat_map(|b| {
                (0..).zip(b.data.iter().flatten()).map(|(idx, data)| (b.shape.id.0, idx, data.as_slice()))
            })
            .collect();
        let staged: Vec<&SealedBody> = batch.bodies.iter().copied().filter(|b| b.data.is_none()).collect();
        let (bodies, keys, entries) = (&batch.bodies, &batch.keys, &batch.entries);
        let deliveries: Vec<&Delivery> = column(&batch.deliveries, |(delivery, _)| *delivery);
        let copies: Vec<&Entry<'_>> = column(&batch.deliveries, |(_, at)| &entries[*at]);
        // To oneself needs no telling.
        let told: Vec<&Delivery> = deliveries.iter().copied().filter(|d| d.sender != d.recipient).collect();
        let row = sqlx::query!(
            r#"select placed as "placed!", uidnext, uidvalidity, noticed
                 from place_messages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                                     $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,
                                     $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43)"#,
            &column(&boxes, |((account, _), _)| account.0),
            &column(&boxes, |((_, id), _)| id.0),
            &column(&boxes, |(_, grows)| grows.role),
            &column(&boxes, |(_, grows)| grows.name_key) as _,
            &column(&boxes, |(_, grows)| grows.count),
            &column(&boxes, |(_, grows)| grows.unseen),
            &column(&boxes, |(_, grows)| grows.deleted),
            &column(&boxes, |(_, grows)| grows.size),
            &column(&boxes, |(_, grows)| grows.deleted_size),
            &column(bodies, |b| b.shape.id.0),
            &column(bodies, |b| b.shape.size.cast_signed()),
            &column(bodies, |b| b.shape.chunk_size.cast_signed()),
            &column(bodies, |b| b.chunks.cast_signed()),
            &column(bodies, |b| b.seal_version),
            &column(bodies, |b| b.facts.as_slice()) as _,
            &column(&staged, |b| b.shape.id.0),
            &column(keys, |(id, ..)| *id),
            &column(keys, |(_, seal, _)| *seal),
            &column(keys, |(.., wrapped)| *wrapped) as _,
            &column(&chunks, |(id, ..)| *id),
            &column(&chunks, |(_, idx, _)| *idx),
            &column(&chunks, |(.., data)| *data) as _,
            &column(entries, |e| nth(&e.place)),
            &column(entries, |e| e.offset),
            &column(entries, |e| e.flags.0.cast_signed()),
            &column(entries, |e| e.body.shape.id.0),
            &column(entries, |e| e.body.shape.size.cast_signed()),
            &column(entries, |e| e.date),
            &column(entries, |e| e.tie) as _,
            &column(&deliveries, |d| d.sender.0),
            &column(&deliveries, |d| d.sender_msgid.as_slice()) as _,
            &column(&deliveries, |d| d.fingerprint.as_slice()) as _,
            &column(&deliveries, |d| d.recipient.0),
            &column(&deliveries, |d| d.recipient_msgid.as_slice()) as _,
            &column(&deliveries, |d| d.body.shape.id.0),
            &column(&copies, |e| nth(&e.place)),
            &column(&copies, |e| e.offset),
            &column(&deliveries, |d| d.date),
            &column(&deliveries, |d| d.from.clone()) as &[Option<String>],
            &column(&told, |d| d.recipient.0),
            &column(&told, |d| d.date),
            &batch.appending,
            &*self.0.gateway
        )
        .fetch_one(conn)
        .await
        .map_err(ended)?;
        if !row.placed {
            for delivery in &deliveries {
                self.0.queue.note_homes(delivery, None, None);
            }
            return Ok(None);
        }
        let uidnext = row.uidnext.ok_or(MailError::OutcomeUnknown)?;
        let uidvalidities = row.uidvalidity.ok_or(MailError::OutcomeUnknown)?;
        let woken: Vec<MailboxId> = batch.boxes.keys().map(|(_, id)| *id).collect();
        if batch.deliveries.is_empty() {
            self.wake_mailboxes(woken);
        } else {
            self.stored(woken, row.noticed.is_some_and(|due| !due.is_empty()));
        }
        let verdicts = waiting.iter().zip(&batch.members).map(|(Waiting { member, .. }, at)| {
            if matches!(member, Member::Delivery(_)) {
                return Ok(Verdict::Submitted(SubmitOutcome::Delivered));
            }
            let entry = &batch.entries[*at];
            let nth = (nth(&entry.place) - 1) as usize;
            let of = |column: &[i64]| column.get(nth).copied().ok_or(StoreError::Corrupt("mailbox"));
            Ok(Verdict::Appended(Appended {
                uidvalidity: uidvalidity(of(&uidvalidities)?)?,
                uid: (of(&uidnext)? + entry.offset) as u32,
                existing: false,
            }))
        });
        // It is committed: an answer that makes no sense must not have it stored again.
        let verdicts: Result<Vec<_>, StoreError> = verdicts.collect();
        verdicts.map(Some).map_err(|_| MailError::OutcomeUnknown)
    }
}
