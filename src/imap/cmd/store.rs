//! STORE and UID STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3).

use std::collections::HashMap;

use crate::imap::command::{By, Store};
use crate::imap::conn::{Answer, Client};
use crate::imap::reply::{Code, Reply};
use crate::imap::selected::{Telling, flags_fetch};
use crate::imap::view::FlagsSeen;
use crate::imap::wire::Bytes;
use crate::types::{FlagChange, Flags, SeqNum};

impl<S: Bytes> Client<S> {
    pub(super) async fn store(&mut self, store: Store) -> Answer {
        if store.unchanged_since.is_some() {
            self.use_condstore();
        }
        let selected = self.selected()?;
        let id = selected.id;
        let uids = selected.uids_at(&selected.positions(&store.set, store.by)?);
        if uids.is_empty() {
            return Ok(Reply::ok("no such messages"));
        }
        let mail = self.mail()?;
        let keywords = match store.change {
            // What the mailbox does not know cannot be set.
            FlagChange::Remove => mail.known_keywords(id, &store.flags.keywords).await?,
            FlagChange::Add | FlagChange::Replace => mail.make_keywords(id, &store.flags.keywords).await?,
        };
        let flags = store.flags.system.union(keywords);
        // Whom silence may be kept to: RFC 9051 §6.4.6, others' changes are told even so.
        let known = match &self.selected {
            Some(selected) if store.silent => selected.live.read(|now| selected.view.known_flags(now, &uids)),
            _ => HashMap::new(),
        };
        let stored = mail.store_flags(id, &uids, store.change, flags, store.unchanged_since).await?;

        let telling = Telling::to(self.session.enabled()).by(store.by);
        let Some(selected) = &mut self.selected else {
            return Err(Reply::bad("no mailbox is selected").into());
        };
        let expected = |uid: u32, now: Flags| {
            known.get(&uid).is_some_and(|before| before.changed(store.change, flags) == now)
        };
        // What else happened to it is told with the tagged reply.
        let mut all_told = true;
        for &(uid, now, modseq) in &stored.changed {
            let told = !store.silent || expected(uid, now);
            selected.view.answered(uid, now, modseq, told);
            all_told &= told;
        }
        if let (Some((.., modseq)), true) = (stored.changed.first(), all_told) {
            selected.view.answered_whole(*modseq);
        }
        for &(uid, now, modseq) in &stored.same {
            selected.view.answered(uid, now, modseq, !store.silent);
        }
        let keywords = selected.tell_keywords(&mut self.wire.out);
        let mut told = stored.changed;
        // RFC 7162 §3.1.3: of a conditional STORE each success is told, also of what was so already.
        if !store.silent || store.unchanged_since.is_some() {
            told.extend(stored.same);
            told.sort_unstable_by_key(|&(uid, ..)| uid);
        }
        for (uid, flags_now, modseq) in told {
            let Some(seq) = selected.view.seq(uid) else { continue };
            let out = &mut self.wire.out;
            if !store.silent {
                let told = FlagsSeen { seq, uid, flags: flags_now, modseq };
                flags_fetch(&selected.view, &told, &keywords, telling, out);
            } else if telling.condstore && expected(uid, flags_now) {
                // RFC 7162 §3.1.3: the new mod-sequence is told even so.
                let mut fetch = telling.begin(seq, uid, out);
                if telling.uid {
                    fetch.number("UID", uid.into());
                }
                fetch.mod_seq(modseq);
                fetch.finish();
            }
            self.wire.relieve().await?;
        }
        if stored.modified.is_empty() {
            return Ok(Reply::ok("STORE done"));
        }
        let mut modified: Vec<u32> = match store.by {
            By::Uid => stored.modified,
            By::Sequence => {
                stored.modified.iter().filter_map(|uid| selected.view.seq(*uid)).map(SeqNum::get).collect()
            }
        };
        modified.sort_unstable();
        Ok(Reply::ok("some messages had changed and were left").with(Code::Modified(modified)))
    }
}
