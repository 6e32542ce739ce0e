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
        let halves = [Half::Content, Half::Header].into_iter().filter(|half| question.asks(*half));
        let words = halves.clone().flat_map(|half| (0..segment.blocks(half.words())).map(move |n| (half, n)));
        let words: Vec<(Half, u32)> = words.collect();
        let mut wanted = vec![(DOCS, 0)];
        wanted.extend(words.iter().map(|(half, n)| (half.words(), *n)));
        let mut halves_of = words.iter().map(|(half, _)| *half);
        let mut answer = None;
        for run in wanted.chunks(BLOCKS) {
            let Some(blocks) = told(self.store.index_blocks(segment, run).await)? else {
                return Ok(Err(Silent::Replaced));
            };
            if blocks.is_empty() {
                return Ok(Err(Silent::Damaged));
            }
            for block in &blocks {
                let Some(answer) = &mut answer else {
                    let Ok(docs) = read_docs(block) else { return Ok(Err(Silent::Damaged)) };
                    answer = Some(Answer::new(question, docs));
                    continue;
                };
                let half = halves_of.next().unwrap_or(Half::Content);
                if answer.words(half, block).is_err() {
                    return Ok(Err(Silent::Damaged));
                }
            }
        }
        let Some(mut answer) = answer else { return Ok(Err(Silent::Damaged)) };
        let lists = halves.flat_map(|half| answer.wants(half).into_iter().map(move |n| (half, n)));
        let lists: Vec<(Half, u32)> = lists.collect();
        let wanted: Vec<_> = lists.iter().map(|(half, n)| (half.lists(), *n)).collect();
        let mut found: [Vec<(u32, Vec<u8>)>; 2] = Default::default();
        let mut of = lists.into_iter();
        for run in wanted.chunks(BLOCKS) {
            let Some(blocks) = told(self.store.index_blocks(segment, run).await)? else {
                return Ok(Err(Silent::Replaced));
            };
            if blocks.is_empty() {
                return Ok(Err(Silent::Damaged));
            }
            // The blocks first: what ends first takes none of the other.
            for (block, (half, n)) in blocks.into_iter().zip(of.by_ref()) {
                found[half as usize].push((n, block));
            }
        }
        for half in [Half::Content, Half::Header] {
            if answer.lists(half, &found[half as usize]).is_err() {
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
