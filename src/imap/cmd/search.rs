//! SEARCH, SORT, THREAD and their UID forms, and ESEARCH over mailboxes (RFC 7377) (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 5256, RFC 5267 §3,
//! RFC 7162 §3.1.5, RFC 9394).

use std::collections::BTreeSet;

use crate::imap::codec::encode::Found;
use crate::imap::command::{By, MailboxFilter, MultiSearch, Search, SearchKey, SearchReturn, Sort, Thread};
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::context::Results;
use crate::imap::notify::covers;
use crate::imap::reply::Reply;
use crate::imap::selected::Selected;
use crate::imap::thread_response::thread_response;
use crate::imap::wire::Bytes;
use crate::imap::write;
use crate::service::mailbox::{MailError, MailboxInfo, MailboxState, Row};
use crate::service::search::{FirstPass, Hit, Plan, Scope};
use crate::types::{MailboxName, ModSeq, SeqNum};

/// Messages put back into order before others get a turn.
const TURN: usize = 16_384;

impl<S: Bytes> Client<S> {
    pub(super) async fn search(&mut self, tag: &str, search: Search) -> Answer {
        let Search { by, returns, update_items, key } = search;
        // IMAP4rev2 knows no untagged SEARCH (RFC 9051 appendix E).
        let returns = returns.or_else(|| self.session.enabled().rev2.then(SearchReturn::all));
        let hits = self.find(tag, &key, returns).await?;
        if returns.is_some_and(|r| r.update) {
            let results = Results::InMailboxOrder(hits.iter().map(|hit| hit.uid).collect());
            self.keep_context(tag, tag_alone(tag), by, &key, results, update_items)?;
        }
        self.answer_found(tag, by, returns, &key, "SEARCH", &hits)?;
        Ok(Reply::ok("SEARCH done"))
    }

    /// RFC 5256 SORT; with RETURN answered by ESEARCH (RFC 5267 §3).
    pub(super) async fn sort(&mut self, tag: &str, sort: Sort) -> Answer {
        let Sort { by, returns, update_items, criteria, key } = sort;
        let hits = self.find(tag, &key, returns).await?;
        let rows = self.rows_of(&hits)?;
        let mail = self.mail()?.clone();
        let order = match self.with_progress(tag, mail.sorted(&rows, &criteria)).await? {
            Ok(order) => order,
            Err(error) => {
                self.forget_saved(returns);
                return Err(Failure::Mail(error));
            }
        };
        let mut sorted: Vec<Hit> = Vec::with_capacity(order.len());
        for (i, uid) in order.uids().enumerate() {
            if i % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            sorted.extend(hits.binary_search_by_key(&uid, |hit| hit.uid).ok().map(|at| hits[at]));
        }
        if returns.is_some_and(|r| r.update) {
            self.keep_context(tag, tag_alone(tag), by, &key, Results::Sorted(order), update_items)?;
        }
        self.answer_found(tag, by, returns, &key, "SORT", &sorted)?;
        Ok(Reply::ok("SORT done"))
    }

    /// RFC 5256 THREAD
    pub(super) async fn thread(&mut self, tag: &str, thread: Thread) -> Answer {
        let hits = self.find(tag, &thread.key, None).await?;
        let rows = self.rows_of(&hits)?;
        let mail = self.mail()?.clone();
        let forest = self.with_progress(tag, mail.thread(&rows, thread.algorithm)).await??;
        let Some(selected) = &self.selected else { return Err(Reply::bad("no mailbox is selected").into()) };
        thread_response(&forest, |uid| number(selected, thread.by, uid), &mut self.wire.out);
        Ok(Reply::ok("THREAD done"))
    }

    /// RFC 7377: one ESEARCH response for each mailbox in which something is found.
    pub(super) async fn multi_search(&mut self, tag: &str, search: MultiSearch) -> Answer {
        let MultiSearch { sources, returns, update_items, key } = search;
        let infos = self.mail()?.list().await?;
        let subscribed: BTreeSet<MailboxName> = if sources.contains(&MailboxFilter::Subscribed) {
            self.mail()?.subscriptions().await?.into_iter().collect()
        } else {
            BTreeSet::new()
        };
        let selected = self.selected.as_ref().map(|selected| selected.id);
        for info in infos.iter().filter(|info| info.selectable) {
            let is_selected = selected == Some(info.id);
            let meant = |source: &MailboxFilter| is_meant(source, info, is_selected, &subscribed);
            if !sources.iter().any(meant) {
                continue;
            }
            // The selected mailbox is searched as its session sees it.
            let hits = if is_selected {
                self.find(tag, &key, Some(returns)).await?
            } else if info.messages == 0 {
                Vec::new()
            } else {
                self.find_elsewhere(tag, info, &key).await?
            };
            let mut correlators = tag_alone(tag);
            correlators.extend_from_slice(b" MAILBOX ");
            write::mailbox_name(&info.name, self.utf8(), &mut correlators);
            correlators.extend_from_slice(format!(" UIDVALIDITY {}", info.uidvalidity).as_bytes());
            // Only of the selected mailbox (RFC 7377 §2.2).
            if returns.update && is_selected {
                let results = Results::InMailboxOrder(hits.iter().map(|hit| hit.uid).collect());
                let items = update_items.clone();
                self.keep_context(tag, correlators.clone(), By::Uid, &key, results, items)?;
            }
            if returns.save
                && let Some(selected) = &mut self.selected
            {
                selected.saved = saved(&hits, returns);
            }
            if hits.is_empty() || answers_nothing(returns) {
                continue;
            }
            let found = found(&hits, returns, key.mentions_modseq(), |hit| Some(hit.uid));
            found.write_correlated(&correlators, By::Uid, &mut self.wire.out);
            self.wire.relieve().await?;
        }
        Ok(Reply::ok("ESEARCH done"))
    }

    /// All that match in a mailbox that is not selected, ascending by UID; nothing is recent there, and
    /// nothing saved.
    async fn find_elsewhere(
        &mut self,
        tag: &str,
        info: &MailboxInfo,
        key: &SearchKey,
    ) -> Result<Vec<Hit>, Failure> {
        let mail = self.mail()?.clone();
        let live = match mail.open(info.id).await {
            Ok(live) => live,
            // Deleted meanwhile.
            Err(MailError::NoMailbox) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let saved_at =
            if key.mentions_save_date() { mail.saved_at(info.id, 1..=u32::MAX).await? } else { Vec::new() };
        let (plan, pass) = live.read(|now| {
            let uids: Vec<u32> = now.rows.iter().map(|row| row.uid).collect();
            let scope = Scope {
                uids: &uids,
                saved: &[],
                keywords: &now.keywords,
                saved_at: &saved_at,
                now: mail.now(),
            };
            let plan = Plan::new(key, scope);
            let pass = plan.first_pass(now.rows.iter().map(|row| (row, false)));
            (plan, pass)
        });
        Ok(self.with_progress(tag, Box::pin(mail.search(&plan, pass))).await??)
    }

    /// All that match, ascending by UID.
    async fn find(
        &mut self,
        tag: &str,
        key: &SearchKey,
        returns: Option<SearchReturn>,
    ) -> Result<Vec<Hit>, Failure> {
        if key.mentions_modseq() {
            self.use_condstore();
        }
        // What others changed and committed counts, told or not.
        self.refresh().await?;
        let id = self.selected()?.id;
        let saved_at = if key.mentions_save_date() {
            self.mail()?.saved_at(id, 1..=u32::MAX).await?
        } else {
            Vec::new()
        };
        let today = self.mail()?.now();
        let selected = self.selected()?;
        let (plan, pass) = selected.live.read(|now| {
            let scope = Scope {
                uids: selected.view.uids(),
                saved: &selected.saved,
                keywords: &now.keywords,
                saved_at: &saved_at,
                now: today,
            };
            let plan = Plan::new(key, scope);
            let pass = first_pass(&plan, selected, now);
            (plan, pass)
        });
        let mail = self.mail()?.clone();
        match self.with_progress(tag, Box::pin(mail.search(&plan, pass))).await? {
            Ok(hits) => Ok(hits),
            Err(error) => {
                self.forget_saved(returns);
                Err(Failure::Mail(error))
            }
        }
    }

    /// RFC 5182 §2.1: a search that fails leaves nothing saved.
    fn forget_saved(&mut self, returns: Option<SearchReturn>) {
        if let (true, Some(selected)) = (returns.is_some_and(|r| r.save), &mut self.selected) {
            selected.saved.clear();
        }
    }

    /// The rows of what was found, as far as they can still be read.
    fn rows_of(&mut self, hits: &[Hit]) -> Result<Vec<Row>, Failure> {
        let selected = self.selected()?;
        let view = &selected.view;
        Ok(selected.live.read(|now| {
            // Both ascend.
            let mut rows = now.rows.iter().peekable();
            let row = |hit: &Hit| {
                while rows.next_if(|row| row.uid < hit.uid).is_some() {}
                rows.next_if(|row| row.uid == hit.uid).copied().or_else(|| view.row(now, hit.uid))
            };
            hits.iter().filter_map(row).collect()
        }))
    }

    /// Tells what was found, in its order, and saves it if that was asked for.
    fn answer_found(
        &mut self,
        tag: &str,
        by: By,
        returns: Option<SearchReturn>,
        key: &SearchKey,
        word: &str,
        hits: &[Hit],
    ) -> Result<(), Failure> {
        let mod_seq = key.mentions_modseq();
        let selected = self.selected()?;
        if let Some(returns) = returns.filter(|r| r.save) {
            selected.saved = saved(hits, returns);
        }
        let number = |hit: &Hit| number(selected, by, hit.uid);
        let found = match returns {
            None => {
                let all = hits.iter().filter_map(number).collect();
                let mod_seq = mod_seq.then(|| highest(hits)).flatten();
                Found { all: Some(all), mod_seq, ..Found::default() }
            }
            Some(r) if answers_nothing(r) => return Ok(()),
            Some(r) => found(hits, r, mod_seq, number),
        };
        let out = &mut self.wire.out;
        if returns.is_some() {
            found.write_esearch(tag, by, out);
        } else {
            found.write_plain(word, out);
        }
        Ok(())
    }
}

/// What says which search a response is about: `TAG "a"`. A tag holds nothing that must be quoted.
fn tag_alone(tag: &str) -> Vec<u8> {
    format!("TAG \"{tag}\"").into_bytes()
}

/// RFC 5182 §2.1: SAVE alone is answered by the tagged reply.
fn answers_nothing(r: SearchReturn) -> bool {
    r.save && !(r.min || r.max || r.all || r.count || r.partial.is_some())
}

/// What ESEARCH says of the hits, in their order.
fn found(hits: &[Hit], r: SearchReturn, mod_seq: bool, number: impl Fn(&Hit) -> Option<u32>) -> Found {
    let (first, last) = (hits.first().filter(|_| r.min), hits.last().filter(|_| r.max));
    let some = r.partial.map_or(&hits[..0], |range| &hits[range.places(hits.len())]);
    let told = if r.all || r.count { hits } else { some };
    // RFC 4731 §3.2: of what is returned.
    let ends = first.into_iter().chain(last).map(|hit| hit.modseq).max();
    Found {
        min: first.and_then(&number),
        max: last.and_then(&number),
        count: r.count.then_some(hits.len() as u32),
        all: r.all.then(|| hits.iter().filter_map(&number).collect()),
        partial: r.partial.map(|range| (range, some.iter().filter_map(&number).collect())),
        mod_seq: highest(told).max(ends).filter(|_| mod_seq),
    }
}

/// What the client calls this message.
fn number(selected: &Selected, by: By, uid: u32) -> Option<u32> {
    match by {
        By::Uid => Some(uid),
        By::Sequence => selected.view.seq(uid).map(SeqNum::get),
    }
}

/// Whether a filter means this mailbox.
fn is_meant(
    source: &MailboxFilter,
    info: &MailboxInfo,
    is_selected: bool,
    subscribed: &BTreeSet<MailboxName>,
) -> bool {
    match source {
        MailboxFilter::Selected => is_selected,
        _ => covers(source, &info.name, subscribed),
    }
}

/// The rows of this client's view, those included that others expunged and it does not know of.
fn first_pass(plan: &Plan, selected: &Selected, now: &MailboxState) -> FirstPass {
    let view = &selected.view;
    let mut rows = now.rows.iter().peekable();
    let rows = view.uids().iter().filter_map(|&uid| {
        while rows.next_if(|row| row.uid < uid).is_some() {}
        let row = rows.next_if(|row| row.uid == uid).or_else(|| view.gone(uid))?;
        Some((row, view.is_recent(uid)))
    });
    plan.first_pass(rows).within(selected.live.id())
}

/// What `$` stands for then (RFC 5182 §2.1, RFC 9394 §3.2), ascending: all, unless only the ends or a part
/// were asked for.
fn saved(hits: &[Hit], returns: SearchReturn) -> Vec<u32> {
    let ends = returns.min || returns.max;
    let mut uids: Vec<u32> = if returns.all || returns.count || (!ends && returns.partial.is_none()) {
        hits.iter().map(|hit| hit.uid).collect()
    } else {
        let part = returns.partial.map_or(&hits[..0], |range| &hits[range.places(hits.len())]);
        let ends = [hits.first().filter(|_| returns.min), hits.last().filter(|_| returns.max)];
        part.iter().chain(ends.into_iter().flatten()).map(|hit| hit.uid).collect()
    };
    uids.sort_unstable();
    uids.dedup();
    uids
}

fn highest(hits: &[Hit]) -> Option<ModSeq> {
    hits.iter().map(|hit| hit.modseq).max()
}
