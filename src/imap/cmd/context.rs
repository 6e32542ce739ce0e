//! UPDATE and CANCELUPDATE (RFC 5267 §4.3, RFC 5465 §7): keeping searches, and telling what changes in them.

use crate::imap::command::{By, FetchItem, SearchKey};
use crate::imap::conn::{Client, Failure};
use crate::imap::context::{CONTEXTS, Context, RESULTS, Results, update_response};
use crate::imap::reply::{Code, Reply, Status};
use crate::imap::wire::Bytes;
use crate::service::mailbox::Row;
use crate::service::search::{Plan, Scope};
use crate::types::SeqNum;

impl<S: Bytes> Client<S> {
    /// Keeps a search; refuses with NOUPDATE where there are too many, or too much in it (§4.3.1).
    ///
    /// # Errors
    /// BAD for a tag that a kept search has.
    pub(super) fn keep_context(
        &mut self,
        tag: &str,
        correlators: Vec<u8>,
        by: By,
        key: &SearchKey,
        results: Results,
        update_items: Vec<FetchItem>,
    ) -> Result<(), Failure> {
        let selected = self.selected()?;
        if selected.contexts.iter().any(|context| context.tag == tag) {
            return Err(Reply::bad("this tag names a search that is kept up to date").into());
        }
        let kept: usize = selected.contexts.iter().map(|context| context.results.len()).sum();
        if selected.contexts.len() >= CONTEXTS || kept + results.len() > RESULTS {
            let refused = Reply {
                status: Status::No,
                code: Some(Code::NoUpdate(tag.to_owned())),
                text: "too much is kept up to date already".into(),
            };
            refused.write("*", &mut self.wire.out);
            return Ok(());
        }
        let key = key.clone().with_uids(selected.view.uids(), &selected.saved);
        selected.contexts.push(Context {
            tag: tag.to_owned(),
            correlators,
            by,
            key,
            results,
            modseq: selected.view.modseq(),
            next_uid: selected.view.next_uid(),
            update_items,
        });
        Ok(())
    }

    /// §4.3.5; a tag that names none is no error.
    pub(super) fn cancel_update(&mut self, tags: &[String]) -> Reply {
        if let Some(selected) = &mut self.selected {
            selected.contexts.retain(|context| !tags.contains(&context.tag));
        }
        Reply::ok("no further updates")
    }

    /// ADDTO and REMOVEFROM for what came or changed since the last time, after EXISTS and FETCH told it.
    pub(in crate::imap) async fn tell_contexts(&mut self) -> Result<(), Failure> {
        let count = self.selected.as_ref().map_or(0, |selected| selected.contexts.len());
        for at in 0..count {
            self.tell_context(at).await?;
        }
        Ok(())
    }

    async fn tell_context(&mut self, at: usize) -> Result<(), Failure> {
        let (Some(selected), Some(account)) = (&mut self.selected, &self.account) else { return Ok(()) };
        let mail = account.mail.clone();
        let (upto, next_uid) = (selected.view.modseq(), selected.view.next_uid());
        let context = &selected.contexts[at];
        if context.modseq == upto && context.next_uid == next_uid {
            return Ok(());
        }
        let id = selected.id;
        let saved_at = if context.key.mentions_save_date() {
            mail.saved_at(id, 1..=u32::MAX).await?
        } else {
            Vec::new()
        };
        let (changed, plan, pass) = selected.live.read(|now| {
            let is_new = |row: &&Row| row.uid >= context.next_uid || row.modseq > context.modseq;
            let known = now.rows.iter().filter(|row| row.uid < next_uid);
            let changed: Vec<Row> = known.filter(is_new).copied().collect();
            let scope = Scope {
                uids: selected.view.uids(),
                saved: &[],
                keywords: &now.keywords,
                saved_at: &saved_at,
                now: mail.now(),
            };
            let plan = Plan::new(&context.key, scope);
            let pass = plan.first_pass(changed.iter().map(|row| (row, selected.view.is_recent(row.uid))));
            (changed, plan, pass)
        });
        let hits = Box::pin(mail.search(&plan, pass)).await?;
        let matches = |uid: u32| hits.binary_search_by_key(&uid, |hit| hit.uid).is_ok();
        let left: Vec<u32> = changed.iter().map(|row| row.uid).filter(|uid| !matches(*uid)).collect();
        let known = if changed.is_empty() { Vec::new() } else { context.results.ascending() };
        let come = |row: &&Row| matches(row.uid) && known.binary_search(&row.uid).is_err();
        let come: Vec<Row> = changed.iter().filter(come).copied().collect();
        let sorted = match &context.results {
            Results::Sorted(sorted) if !come.is_empty() => Some(mail.sorted(&come, sorted.criteria()).await?),
            _ => None,
        };
        let context = &mut selected.contexts[at];
        let is_new = |row: &&Row| !context.update_items.is_empty() && row.uid >= context.next_uid;
        let new: Vec<u32> = come.iter().filter(is_new).map(|row| row.uid).collect();
        let items = context.update_items.clone();
        let removed = context.results.remove(&left);
        let added = if let Some(sorted) = sorted {
            context.results.add_sorted(sorted)
        } else {
            let uids: Vec<u32> = come.iter().map(|row| row.uid).collect();
            context.results.add_in_mailbox_order(&uids)
        };
        (context.modseq, context.next_uid) = (upto, next_uid);
        let (correlators, by) = (context.correlators.clone(), context.by);
        // §7: of new messages alone, before ESEARCH.
        self.fetch_new(&new, items).await?;
        let Some(selected) = &self.selected else { return Ok(()) };
        let view = &selected.view;
        let name = |uid| if by == By::Uid { Some(uid) } else { view.seq(uid).map(SeqNum::get) };
        update_response(&correlators, by, "REMOVEFROM", &removed, name, &mut self.wire.out);
        update_response(&correlators, by, "ADDTO", &added, name, &mut self.wire.out);
        Ok(())
    }
}
