//! Searching a mailbox: right first (decoded, every charset, any case, substrings), and what is
//! cheap before what is dear.
//!
//! Four passes, each over what the last left undecided: [`Plan::first_pass`] looks at rows only
//! (pure, meant to run under the mailbox's read lock); then the mailbox's index of words ([`index`],
//! [`tend`]) decides most messages and narrows the rest, as far as it reaches; then facts come in batches
//! for what header fields decide; then bodies, small ones by the batch, large ones piece by piece. No
//! connection of the database is held between two statements and memory is bounded whatever is
//! searched, so a search may be dropped at any `await`.
//!
//! Statements: none for what rows decide; for words two for each small segment of the index, more for a large one (up to
//! 16,000 messages); one per [`FACTS`] messages for the header; one per [`BODIES`] bytes of bodies, and one per
//! half MiB of a large one.

pub(super) mod fold;
mod header;
mod hunt;
mod index;
mod joining;
mod lately;
mod look_up;
mod message;
mod plan;
mod tend;
#[cfg(test)]
mod tests;

pub use plan::{Plan, Scope};
pub use tend::{IndexFault, Indexed, Tender};

use bytes::Bytes;

use crate::mime::FactsRef;
use crate::service::mailbox::{AccountMail, MailError, Row};
use crate::store::BodyReader;
use crate::types::{BodyId, MailboxId, ModSeq};
use hunt::Hunt;
use plan::Known;

/// Messages whose facts are read together.
const FACTS: usize = 200;
/// Bytes of bodies that are read together.
const BODIES: u64 = 2 * 1024 * 1024;
/// Of each message at most this much is read together with others.
const FIRST: u64 = 128 * 1024;
/// Bytes looked at before others get their turn.
const TURN: u64 = 1024 * 1024;

/// A message that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its UID.
    pub uid: u32,
    /// When it last changed.
    pub modseq: ModSeq,
}

/// What the rows alone decided.
#[derive(Clone, Debug, Default)]
pub struct FirstPass {
    hits: Vec<Hit>,
    /// With whether the message is recent in the session.
    undecided: Vec<(Row, bool)>,
    /// Whose index may be asked.
    mailbox: Option<MailboxId>,
}

/// A message that is not decided yet.
struct Open {
    row: Row,
    recent: bool,
    known: Known,
}

impl FirstPass {
    /// The hits, if the rows decided everything.
    pub fn decided(&self) -> Option<&[Hit]> {
        self.undecided.is_empty().then_some(&self.hits)
    }

    /// The rows are this mailbox's: its index may be asked.
    #[must_use]
    pub fn within(self, mailbox: MailboxId) -> Self {
        Self { mailbox: Some(mailbox), ..self }
    }
}

impl Plan {
    /// Looks at rows, ascending by UID, each with whether it is `\Recent` in the session.
    pub fn first_pass<'r>(&self, rows: impl Iterator<Item = (&'r Row, bool)>) -> FirstPass {
        let unknown = self.unknown();
        let mut pass = FirstPass::default();
        for (row, recent) in rows {
            match self.verdict(row, recent, &unknown) {
                Some(true) => pass.hits.push(Hit { uid: row.uid, modseq: row.modseq }),
                Some(false) => {}
                None => pass.undecided.push((*row, recent)),
            }
        }
        pass
    }
}

impl AccountMail {
    /// All that match, ascending by UID. A message that is gone for good matches nothing.
    pub async fn search(&self, plan: &Plan, pass: FirstPass) -> Result<Vec<Hit>, MailError> {
        let FirstPass { mut hits, undecided, mailbox } = pass;
        let undecided = self.look_up(plan, mailbox, undecided, &mut hits).await?;
        let mut rest = &undecided[..];
        let mut ready = None;
        while !rest.is_empty() {
            let batch = &rest[..rest.len().min(FACTS)];
            let facts = match ready.take() {
                Some(facts) => facts,
                None => self.facts_of(batch).await?,
            };
            let count = facts.len().clamp(1, batch.len());
            let mut hunts = Vec::new();
            for (open, facts) in batch[..count].iter().zip(&facts) {
                let Some(facts) = facts.as_deref() else { continue };
                let facts = match FactsRef::parse(facts) {
                    Ok(facts) => facts,
                    Err(error) => {
                        tracing::error!(%error, "stored facts cannot be read");
                        continue;
                    }
                };
                let (row, recent) = (open.row, open.recent);
                let mut known = open.known.clone();
                header::examine(plan, facts.header, row.body, &mut known);
                match plan.verdict(&row, recent, &known) {
                    Some(true) => hits.push(Hit { uid: row.uid, modseq: row.modseq }),
                    Some(false) => {}
                    None => hunts.push((row, Hunt::new(plan, row, recent, known, &facts))),
                }
            }
            drop(facts);
            rest = &rest[count..];
            // The database answers the next question while this answer is looked through.
            let next = async {
                let batch = &rest[..rest.len().min(FACTS)];
                if batch.is_empty() { Ok(None) } else { self.facts_of(batch).await.map(Some) }
            };
            let (fetched, looked) = tokio::join!(next, self.look_into(hunts, &mut hits));
            looked?;
            ready = fetched?;
        }
        hits.sort_unstable_by_key(|hit| hit.uid);
        Ok(hits)
    }

    async fn facts_of(&self, batch: &[Open]) -> Result<Vec<Option<Bytes>>, MailError> {
        let bodies: Vec<BodyId> = batch.iter().map(|open| open.row.body).collect();
        self.facts(&bodies).await
    }

    async fn look_into(&self, mut hunts: Vec<(Row, Hunt<'_>)>, hits: &mut Vec<Hit>) -> Result<(), MailError> {
        let mut looked_at = 0;
        let mut readers = self.first_chunks(&hunts).await?;
        while !hunts.is_empty() {
            let now: Vec<_> = hunts.drain(..readers.len()).zip(readers).collect();
            let hunt = async {
                for ((row, mut hunt), reader) in now {
                    let Some(reader) = reader else { continue };
                    while let Some(range) = hunt.wants() {
                        let bytes = reader.read(range).await?;
                        hunt.feed(&bytes);
                        looked_at += bytes.len() as u64;
                        if looked_at >= TURN {
                            looked_at = 0;
                            tokio::task::yield_now().await;
                        }
                    }
                    if hunt.matches() {
                        hits.push(Hit { uid: row.uid, modseq: row.modseq });
                    }
                }
                Ok::<_, MailError>(())
            };
            let (next, hunted) = tokio::join!(self.first_chunks(&hunts), hunt);
            hunted?;
            readers = next?;
        }
        Ok(())
    }

    /// The messages of the first hunts, as many as are held together.
    async fn first_chunks(&self, hunts: &[(Row, Hunt<'_>)]) -> Result<Vec<Option<BodyReader>>, MailError> {
        if hunts.is_empty() {
            return Ok(Vec::new());
        }
        let mut sum = 0;
        let count = hunts.iter().take_while(|(row, _)| {
            let first = sum == 0;
            sum += row.size.min(FIRST);
            first || sum <= BODIES
        });
        let ids: Vec<BodyId> = hunts[..count.count()].iter().map(|(row, _)| row.body).collect();
        self.bodies(&ids).await
    }
}
