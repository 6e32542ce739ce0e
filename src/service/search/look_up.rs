//! Asking the index of a mailbox before any message is opened.

use super::index::question::{Answer, Question};
use super::index::segment::{DOCS, Half, read_docs};
use super::plan::Plan;
use super::{Hit, Open};
use crate::service::mailbox::{AccountMail, MailError, Row};
use crate::store::{IndexSegment, StoreError};
use crate::types::MailboxId;

/// Fewer undecided messages than this are opened: that is as fast, and asks no index.
const FEW: usize = 24;
/// Blocks asked for by one statement.
const BLOCKS: usize = 12;

/// Why a segment gave no answer; its messages are read instead.
enum Silent {
    /// Replaced meanwhile by a larger one.
    Replaced,
    /// Its bytes do not open, or are not what this program writes.
    Damaged,
}

impl AccountMail {
    /// What the index leaves undecided; what it finds goes to the hits.
    pub(super) async fn look_up(
        &self,
        plan: &Plan,
        mailbox: Option<MailboxId>,
        undecided: Vec<(Row, bool)>,
        hits: &mut Vec<Hit>,
    ) -> Result<Vec<Open>, MailError> {
        let whole = |(row, recent)| Open { row, recent, known: plan.unknown() };
        let question = if undecided.len() < FEW { None } else { Question::new(plan) };
        let (Some(question), Some(mailbox)) = (question, mailbox) else {
            return Ok(undecided.into_iter().map(whole).collect());
        };
        let mut open = Vec::new();
        let mut rest = undecided;
        let mut tries = 0;
        loop {
            let segments = self.store.index_segments(self.account, mailbox).await?;
            let mut replaced = Vec::new();
            let mut next = rest.into_iter().peekable();
            for segment in &segments {
                let (from, to) = segment.uids();
                let before = std::iter::from_fn(|| next.next_if(|(row, _)| row.uid < from));
                open.extend(before.map(whole));
                let within: Vec<_> = std::iter::from_fn(|| next.next_if(|(row, _)| row.uid <= to)).collect();
                if within.len() < FEW {
                    open.extend(within.into_iter().map(whole));
                    continue;
                }
                let answer = match self.answer(&question, segment).await? {
                    Ok(answer) => answer,
                    Err(Silent::Replaced) => {
                        replaced.extend(within);
                        continue;
                    }
                    Err(Silent::Damaged) => {
                        tracing::error!(segment = %segment.id(), "a search index is damaged; reindex");
                        open.extend(within.into_iter().map(whole));
                        continue;
                    }
                };
                for (row, recent) in within {
                    let known = answer.of(row.uid).unwrap_or_else(|| plan.unknown());
                    match plan.verdict(&row, recent, &known) {
                        Some(true) => hits.push(Hit { uid: row.uid, modseq: row.modseq }),
                        Some(false) => {}
                        None => open.push(Open { row, recent, known }),
                    }
                }
                tokio::task::yield_now().await;
            }
            open.extend(next.map(whole));
            tries += 1;
            if replaced.is_empty() || tries > 3 {
                open.extend(replaced.into_iter().map(whole));
                return Ok(open);
            }
            rest = replaced;
        }
    }

    async fn answer<'q>(
        &self,
        question: &'q Question,
        segment: &IndexSegment,
    ) -> Result<Result<Answer<'q>, Silent>, MailError> {
        let Some(docs) = told(self.store.index_block_run(segment, DOCS, 0..1).await)? else {
            return Ok(Err(Silent::Replaced));
        };
        let Some(Ok(docs)) = docs.first().map(|block| read_docs(block)) else {
            return Ok(Err(Silent::Damaged));
        };
        let mut answer = Answer::new(question, docs);
        for half in [Half::Content, Half::Header] {
            if !question.asks(half) {
                continue;
            }
            let count = segment.blocks(half.words());
            for first in (0..count).step_by(BLOCKS) {
                let run = first..count.min(first + BLOCKS as u32);
                match told(self.store.index_block_run(segment, half.words(), run).await)? {
                    None => return Ok(Err(Silent::Replaced)),
                    Some(blocks) => {
                        if blocks.is_empty() || blocks.iter().any(|b| answer.words(half, b).is_err()) {
                            return Ok(Err(Silent::Damaged));
                        }
                    }
                }
            }
            let wanted = answer.wants(half);
            let mut blocks = Vec::with_capacity(wanted.len());
            for some in wanted.chunks(BLOCKS) {
                match told(self.store.index_blocks(segment, half.lists(), some).await)? {
                    None => return Ok(Err(Silent::Replaced)),
                    Some(some_blocks) if some_blocks.is_empty() => return Ok(Err(Silent::Damaged)),
                    Some(some_blocks) => blocks.extend(some.iter().copied().zip(some_blocks)),
                }
            }
            if answer.lists(half, &blocks).is_err() {
                return Ok(Err(Silent::Damaged));
            }
        }
        Ok(Ok(answer))
    }
}

/// Damage is no failure of the search: an empty answer stands for it.
fn told(blocks: Result<Option<Vec<Vec<u8>>>, StoreError>) -> Result<Option<Vec<Vec<u8>>>, MailError> {
    match blocks {
        Err(StoreError::Seal(_) | StoreError::Corrupt(_)) => Ok(Some(Vec::new())),
        other => Ok(other?),
    }
}
