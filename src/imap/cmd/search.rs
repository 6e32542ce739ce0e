//! SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 7162 §3.1.5).

use crate::imap::codec::encode::Found;
use crate::imap::command::{By, Search, SearchReturn};
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::Reply;
use crate::imap::selected::Selected;
use crate::imap::wire::Bytes;
use crate::service::mailbox::MailboxState;
use crate::service::search::{FirstPass, Hit, Plan, Scope};
use crate::types::{ModSeq, SeqNum};

impl<S: Bytes> Client<S> {
    pub(super) async fn search(&mut self, tag: &str, search: Search) -> Answer {
        let Search { by, returns, key } = search;
        let mod_seq = key.mentions_modseq();
        // IMAP4rev2 knows no untagged SEARCH (RFC 9051 appendix E).
        let returns = returns.or_else(|| self.session.enabled().rev2.then(SearchReturn::all));
        if mod_seq {
            self.use_condstore();
        }
        // What others changed and committed counts, told or not.
        self.refresh().await?;
        let selected = self.selected()?;
        let (plan, pass) = selected.live.read(|now| {
            let scope = Scope { uids: selected.view.uids(), saved: &selected.saved, keywords: &now.keywords };
            let plan = Plan::new(&key, scope);
            let pass = first_pass(&plan, selected, now);
            (plan, pass)
        });
        let found = self.mail()?.search(&plan, pass).await;
        let save = returns.is_some_and(|r| r.save);
        let selected = self.selected()?;
        let hits = match found {
            Ok(hits) => hits,
            Err(error) => {
                // RFC 5182 §2.1: a search that fails leaves nothing saved.
                if save {
                    selected.saved.clear();
                }
                return Err(Failure::Mail(error));
            }
        };
        if save {
            selected.saved = saved(&hits, returns.unwrap_or_default());
        }
        let number = |hit: &Hit| match by {
            By::Uid => Some(hit.uid),
            By::Sequence => selected.view.seq(hit.uid).map(SeqNum::get),
        };
        match returns {
            None => {
                let all = hits.iter().filter_map(number).collect();
                let mod_seq = mod_seq.then(|| highest(&hits)).flatten();
                Found { all: Some(all), mod_seq, ..Found::default() }.write_search(&mut self.wire.out);
            }
            // RFC 5182 §2.1: SAVE alone is answered by the tagged reply.
            Some(r) if r.save && !(r.min || r.max || r.all || r.count) => {}
            Some(r) => {
                let (first, last) = (hits.first(), hits.last());
                let told = if r.all || r.count { &hits[..] } else { &[] };
                // RFC 4731 §3.2: of what is returned.
                let ends = [first.filter(|_| r.min), last.filter(|_| r.max)];
                let highest = highest(told).max(ends.iter().flatten().map(|hit| hit.modseq).max());
                let found = Found {
                    min: first.filter(|_| r.min).and_then(number),
                    max: last.filter(|_| r.max).and_then(number),
                    count: r.count.then_some(hits.len() as u32),
                    all: r.all.then(|| hits.iter().filter_map(number).collect()),
                    mod_seq: highest.filter(|_| mod_seq),
                };
                found.write_esearch(tag, by, &mut self.wire.out);
            }
        }
        Ok(Reply::ok("SEARCH done"))
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

/// What `$` stands for then (RFC 5182 §2.1): all, unless only the ends were asked for.
fn saved(hits: &[Hit], returns: SearchReturn) -> Vec<u32> {
    if returns.all || returns.count || !(returns.min || returns.max) {
        return hits.iter().map(|hit| hit.uid).collect();
    }
    let ends = [hits.first().filter(|_| returns.min), hits.last().filter(|_| returns.max)];
    let mut uids: Vec<u32> = ends.iter().flatten().map(|hit| hit.uid).collect();
    uids.dedup();
    uids
}

fn highest(hits: &[Hit]) -> Option<ModSeq> {
    hits.iter().map(|hit| hit.modseq).max()
}
