//! Group commit: what is to be stored waits for what is being stored, and is then stored together.
//!
//! Invariants: a batch is whatever queued while the last one ran: one statement, one transaction, one round trip.
//! When that one had several members, the next waits for them to come again, [`GATHER`] at most: a batch of eight
//! costs little more than one of four, and clients that submit one message after the other come back within
//! the time that it takes to commit. Where they do not come it is not tried for a while. Who comes alone does not wait, but
//! once after a batch of several.
//! A second batch runs beside the first when many wait or when the first is slow (it
//! may wait for a mailbox): two small ones at the same time cost more than one of both. When a batch fails its
//! members are run alone, so that nobody fails for a neighbour's sake. Within a batch no two submissions have
//! the same sender and Message-ID. A member runs to its end even if whoever brought it goes away.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::append::{Appended, Prepared};
use super::connections::Warm;
use super::deliver::{Delivery, SubmitOutcome};
use super::mail_error::MailError;
use super::place::Homes;
use super::{Store, StoreError};
use crate::types::MailboxId;

/// Batches that run at the same time.
const COMMITTERS: usize = 2;
/// So many waiting are worth a batch of their own.
const CROWD: usize = 64;
/// A batch that runs longer than this holds nobody up.
const SLOW: Duration = Duration::from_millis(20);
/// Most members of one batch, and most bytes of message data that go with its statement.
const BATCH_MEMBERS: usize = 256;
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How long a batch waits for those of the last one to come again, at most.
const GATHER: Duration = Duration::from_millis(2);
/// For so many batches nobody is waited for when most did not come.
const SCEPTICAL: u32 = 64;

/// What is to be stored.
pub(super) enum Member {
    /// A submission.
    Delivery(Box<Delivery>),
    /// What a mail program puts into a mailbox.
    Append(Box<Prepared>),
}

/// What became of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Submitted(SubmitOutcome),
    Appended(Appended),
    /// The sender has no mailbox marked `\Sent`.
    NoSent,
    /// The recipient has no INBOX, which cannot be.
    NoInbox,
}

/// Whether those of the last batch came again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gathered {
    NotTried,
    All,
    Few,
}

type Outcome = Result<Verdict, MailError>;

/// A member that waits for its batch.
pub(super) struct Waiting {
    pub(super) member: Member,
    answer: oneshot::Sender<(Member, Outcome)>,
}

/// What waits to be committed.
#[derive(Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
    homes: Mutex<Homes>,
    /// The line is as long as was hoped for.
    gathered: Notify,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    running: usize,
    /// A committer waits until so many more have come; 0: none does.
    hoped: usize,
    /// Batches for which nobody is waited for.
    sceptical: u32,
}

impl Queue {
    /// Adds a member; `true`: the caller starts a committer.
    fn push(&self, waiting: Waiting) -> bool {
        let mut line = self.line.lock();
        line.waiting.push_back(waiting);
        if line.hoped > 0 {
            line.hoped -= 1;
            if line.hoped == 0 {
                self.gathered.notify_one();
            }
        }
        let start = line.running == 0 || (line.running < COMMITTERS && line.waiting.len() >= CROWD);
        line.running += usize::from(start);
        start
    }

    /// Somebody has waited for [`SLOW`]; `true`: the caller starts a committer.
    fn is_held_up(&self) -> bool {
        let mut line = self.line.lock();
        let start = !line.waiting.is_empty() && line.running < COMMITTERS;
        line.running += usize::from(start);
        start
    }

    /// Waits for the members of the batch that has just been answered to come again, unless that is vain.
    async fn gather(&self, last: usize) -> Gathered {
        {
            let mut line = self.line.lock();
            line.sceptical = line.sceptical.saturating_sub(1);
            if last < 2 || line.sceptical > 0 || line.running > 1 || line.waiting.len() >= CROWD {
                return Gathered::NotTried;
            }
            line.hoped = last;
        }
        let told = tokio::time::timeout(GATHER, self.gathered.notified()).await.is_ok();
        let missing = std::mem::take(&mut self.line.lock().hoped);
        if missing == 0 {
            if !told {
                // It came at the last moment: it is not for the next one to find.
                self.gathered.notified().await;
            }
            return Gathered::All;
        }
        if missing > last / 2 {
            self.line.lock().sceptical = SCEPTICAL;
        }
        Gathered::Few
    }

    /// The next batch; `None` ends the committer that asked.
    fn take(&self) -> Option<Vec<Waiting>> {
        let mut line = self.line.lock();
        let mut seen = HashSet::new();
        let mut bytes = 0;
        let count = line
            .waiting
            .iter()
            .take(BATCH_MEMBERS)
            .take_while(|waiting| {
                let first = bytes == 0;
                bytes += waiting.member.weight();
                let alone = match &waiting.member {
                    Member::Delivery(delivery) => seen.insert((delivery.sender, delivery.sender_msgid)),
                    Member::Append(_) => true,
                };
                (bytes <= BATCH_BYTES || first) && alone
            })
            .count();
        if count == 0 {
            line.running -= 1;
            return None;
        }
        Some(line.waiting.drain(..count).collect())
    }

    /// Where the two copies of a submission went, or that they are nowhere known.
    pub(super) fn note_homes(&self, delivery: &Delivery, inbox: Option<MailboxId>, sent: Option<MailboxId>) {
        self.homes.lock().note(delivery, inbox, sent);
    }

    /// INBOX of the recipient and `\Sent` of the sender, as far as they are known.
    pub(super) fn homes_of(&self, delivery: &Delivery) -> Option<(MailboxId, MailboxId)> {
        self.homes.lock().of(delivery)
    }
}

impl Member {
    /// Bytes of message data that go with the statement; more than none.
    fn weight(&self) -> usize {
        let body = match self {
            Self::Delivery(delivery) => &delivery.body,
            Self::Append(append) => &append.body,
        };
        let data = body.data.iter().flatten().map(Vec::len).sum::<usize>();
        1 + body.facts.len() + data
    }

    /// Its staged bytes belong to a message now.
    fn claimed(&mut self) {
        let staged = match self {
            Self::Delivery(delivery) => &mut delivery.staged,
            Self::Append(append) => &mut append.staged,
        };
        if let Some(staged) = staged {
            staged.claimed();
        }
    }
}

impl Store {
    /// Commits a member together with whatever else waits; gives it back with what became of it.
    ///
    /// # Errors
    /// [`MailError::OutcomeUnknown`] when nobody knows what became of it.
    pub(super) async fn commit_with_others(&self, member: Member) -> Result<(Member, Outcome), MailError> {
        let (answer, mut answered) = oneshot::channel();
        if self.0.queue.push(Waiting { member, answer }) {
            tokio::spawn(commit(self.clone()));
        } else if let Ok(done) = tokio::time::timeout(SLOW, &mut answered).await {
            return done.map_err(|_| MailError::OutcomeUnknown);
        } else if self.0.queue.is_held_up() {
            tokio::spawn(commit(self.clone()));
        }
        // A committer that ended without an answer may have committed.
        answered.await.map_err(|_| MailError::OutcomeUnknown)
    }
}

/// Commits batches until nothing waits.
async fn commit(store: Store) {
    while let Some(batch) = store.0.queue.take() {
        let members = batch.len();
        run(&store, batch).await;
        store.0.queue.gather(members).await;
    }
}

/// A connection, or everybody's answer that there is none.
async fn connection(store: &Store, batch: Vec<Waiting>) -> Option<(Warm, Vec<Waiting>)> {
    match store.0.placing.warm().await {
        Ok(conn) => Some((conn, batch)),
        Err(error) => {
            // Nothing was sent.
            tracing::warn!(%error, waiting = batch.len(), "no connection to store messages");
            for one in batch {
                answer(one, Err(StoreError::Database(sqlx::Error::PoolTimedOut).into()));
            }
            None
        }
    }
}

async fn run(store: &Store, batch: Vec<Waiting>) {
    let (plain, mut others): (Vec<_>, Vec<_>) =
        batch.into_iter().partition(|one| store.is_plain(&one.member));
    if !plain.is_empty() {
        others.extend(run_plain(store, plain).await);
    }
    // Submissions still share a statement; messages that are appended have one each.
    let (deliveries, appends): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|one| matches!(one.member, Member::Delivery(_)));
    if !deliveries.is_empty() {
        run_deliveries(store, deliveries).await;
    }
    for one in appends {
        run_append(store, one).await;
    }
}

/// Gives back those that turned out not to be plain.
async fn run_plain(store: &Store, batch: Vec<Waiting>) -> Vec<Waiting> {
    let Some((mut conn, batch)) = connection(store, batch).await else { return Vec::new() };
    match store.place(&mut conn, &batch).await {
        Ok(Some(verdicts)) => {
            store.0.placing.done(conn);
            answer_all(batch, verdicts);
            Vec::new()
        }
        Ok(None) => {
            store.0.placing.done(conn);
            batch
        }
        Err(error) => {
            drop(conn);
            failed(store, batch, error).await;
            Vec::new()
        }
    }
}

async fn run_deliveries(store: &Store, batch: Vec<Waiting>) {
    let Some((mut conn, batch)) = connection(store, batch).await else { return };
    let deliveries: Vec<&Delivery> = batch
        .iter()
        .filter_map(|one| match &one.member {
            Member::Delivery(delivery) => Some(&**delivery),
            Member::Append(_) => None,
        })
        .collect();
    match store.deliver(&mut conn, &deliveries).await {
        Ok(verdicts) => {
            store.0.placing.done(conn);
            answer_all(batch, verdicts);
        }
        Err(error) => {
            drop(conn);
            failed(store, batch, error).await;
        }
    }
}

async fn run_append(store: &Store, one: Waiting) {
    let Some((mut conn, mut batch)) = connection(store, vec![one]).await else { return };
    let Some(mut one) = batch.pop() else { return };
    let Member::Append(append) = &mut one.member else { return };
    let stored = append.store(&mut *conn).await;
    if stored.is_ok() {
        store.0.placing.done(conn);
    }
    if stored.as_ref().is_ok_and(|appended| !appended.existing) {
        store.wake_mailboxes([append.mailbox]);
    }
    answer(one, stored.map(Verdict::Appended));
}

/// A batch that did not go through: its members run alone, unless nobody knows whether it did.
async fn failed(store: &Store, mut batch: Vec<Waiting>, error: MailError) {
    if matches!(error, MailError::OutcomeUnknown) {
        for one in batch {
            answer(one, Err(MailError::OutcomeUnknown));
        }
        return;
    }
    if batch.len() == 1 {
        if let Some(one) = batch.pop() {
            answer(one, Err(error));
        }
        return;
    }
    tracing::warn!(%error, members = batch.len(), "messages could not be stored together; each is stored alone");
    for one in batch {
        Box::pin(run(store, vec![one])).await;
    }
}

fn answer_all(batch: Vec<Waiting>, verdicts: Vec<Verdict>) {
    for (one, verdict) in batch.into_iter().zip(verdicts) {
        answer(one, Ok(verdict));
    }
}

fn answer(Waiting { mut member, answer }: Waiting, outcome: Outcome) {
    match &outcome {
        Ok(Verdict::Submitted(SubmitOutcome::Delivered)) => member.claimed(),
        Ok(Verdict::Appended(appended)) if !appended.existing => member.claimed(),
        _ => {}
    }
    // Nobody waits any more when the client has gone; what is committed stays.
    let _gone = answer.send((member, outcome));
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::store::BodyShape;
    use crate::store::ingest::SealedBody;
    use crate::types::{AccountId, BodyId, Flags, SealKeyId};

    fn waiting() -> Waiting {
        let shape = BodyShape { id: BodyId(uuid::Uuid::nil()), size: 0, chunk_size: 1 };
        let body = SealedBody { shape, chunks: 0, seal_version: 1, facts: Vec::new(), data: None };
        let append = Prepared {
            account: AccountId(1),
            mailbox: MailboxId(1),
            body,
            staged: None,
            seal: SealKeyId(1),
            wrapped: Vec::new(),
            flags: Flags::NONE,
            internal_date: 0,
            msgid: None,
            fingerprint: None,
            tie: Zeroizing::new([0; 32]),
        };
        Waiting { member: Member::Append(Box::new(append)), answer: oneshot::channel().0 }
    }

    #[tokio::test]
    async fn the_next_batch_waits_for_those_of_the_last() {
        let queue = Queue::default();
        assert!(queue.push(waiting()));
        assert_eq!(queue.take().unwrap().len(), 1);
        assert_eq!(queue.gather(1).await, Gathered::NotTried, "who is alone does not wait");
        assert!(!queue.push(waiting()));
        // Two came again beside the one that waits already: nobody waits for more than them.
        let (gathered, ()) = tokio::join!(queue.gather(2), async {
            assert!(!queue.push(waiting()) && !queue.push(waiting()));
        });
        assert_eq!(gathered, Gathered::All);
        assert_eq!(queue.take().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn it_is_not_tried_again_at_once_where_nobody_comes() {
        let queue = Queue::default();
        queue.push(waiting());
        queue.take().unwrap();
        assert_eq!(queue.gather(4).await, Gathered::Few);
        for _ in 1..SCEPTICAL {
            assert_eq!(queue.gather(4).await, Gathered::NotTried);
        }
        assert_eq!(queue.gather(4).await, Gathered::Few);
        // Nobody is left: the committer ends, and the next one to come starts another.
        assert!(queue.take().is_none());
        assert!(queue.push(waiting()));
    }
}
